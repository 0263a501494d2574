"""What requests no longer do, and shares that contradict each other, as the reasoner weighs them."""

from __future__ import annotations

from collections.abc import Sequence

from incident_facts import found, graph, log, opened, share

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact, LogPattern

SHOP = graph({"api": "service", "stock": "service", "pay": "service"}, ("api", "stock"), ("api", "pay"))


def _ranked(*facts: Fact) -> tuple[Hypothesis, ...]:
    return rank_facts(found(SHOP, *facts), opened()).hypotheses


def _stopped(resource: str, expected: float) -> LogPattern:
    values = {"template": "counted items", "severity": "INFO", "family": None, "count": 0, "baseline_count": expected}
    return log(resource, "exception").model_copy(update=values)


def _alike(resource: str) -> LogPattern:
    """As many failures as ever."""
    return log(resource, "exception", 20).model_copy(update={"baseline_count": 18.0})


def _whys(hypotheses: Sequence[Hypothesis], resource: str) -> list[str]:
    return [evidence.why for one in hypotheses if one.resource == resource for evidence in one.evidence]


def test_what_stopped_doing_what_it_did_for_each_request_misbehaves() -> None:
    best = _ranked(_stopped("stock", 12.0))[0]
    assert (best.cause_id, best.resource) == ("application_error", "stock")


def test_the_more_requests_stopped_the_surer() -> None:
    few, many = _ranked(_stopped("stock", 3.0))[0], _ranked(_stopped("stock", 14.0))[0]
    assert many.confidence >= few.confidence
    assert many.evidence_for[0].weight > few.evidence_for[0].weight


def test_what_gives_up_early_is_not_cleared_by_taking_no_time() -> None:
    cleared = share("stock", 0.0).model_copy(update={"polarity": "absent"})
    assert "explains nothing of the symptom by itself" not in _whys(_ranked(_stopped("stock", 12.0), cleared), "stock")
    assert "explains nothing of the symptom by itself" in _whys(_ranked(_alike("stock"), cleared), "stock")


def test_resources_that_each_explain_all_of_a_symptom_are_less_sure_than_one_alone() -> None:
    def weight(hypotheses: Sequence[Hypothesis]) -> float:
        return max(evidence.weight for one in hypotheses if one.resource == "pay" for evidence in one.evidence
                   if evidence.why == "explains the symptom by itself")  # fmt: skip

    alone, disputed = _ranked(share("pay", 1.0)), _ranked(share("pay", 1.0), share("stock", 1.0))
    assert weight(alone) > weight(disputed) > 0
