"""Which change is blamed, by its time: what shows at once, what may take its time, and what all was well after."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import ONSET, WINDOW, change, found, graph, limit, log, opened, shift

from engine.reason import rank_facts
from engine.reason.change_timing import timing_of
from engine.reason.fact_index import FactIndex
from primitives.facts import ChangeFound, Fact, LogPattern
from primitives.records import Symptom

SHOP = graph({"api": "service", "ledger": "database"}, ("api", "ledger"))
PIT = graph({"mine": "service", "pump": "service"}, ("mine", "pump"))


def weight(made: ChangeFound, *facts: Fact, symptom: Symptom | None = None) -> float:
    case = FactIndex(opened(symptom), None, found(made, *facts))
    assert made.change is not None
    timing = timing_of(case, made, made.resource or "", [made.change], None)
    return timing.weight + (timing.late[1] if timing.late else 0.0)


@pytest.mark.parametrize("resource", ["api", "mine"])
@pytest.mark.parametrize("kind", ["deployment", "configuration", "feature_flag"])
def test_minutes_count_and_a_long_calm_acquits(resource: str, kind: str) -> None:
    felt = shift(resource)
    weights = [weight(change("c1", resource, minutes_before=minutes, kind=kind), felt) for minutes in (2, 7, 16, 40)]
    assert weights[0] == weights[1] > weights[2] > 0 > weights[3]


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        # A leak fills what it has; a certificate, a lease and a timetable have a clock of their own.
        (change("c1", "api", minutes_before=300), (limit("api", "memory_bytes", 0.99),)),
        (change("c1", "mine", minutes_before=300), (limit("mine", "disk_used_percent", 0.99),)),
        (change("c1", "api", minutes_before=300, kind="configuration", summary="certificate valid for 5 h"), ()),
        (change("c1", "mine", minutes_before=300, kind="configuration", summary="lease lowered to 5 h"), ()),
    ],
)
def test_what_takes_its_time_is_not_acquitted_by_a_calm(made: ChangeFound, facts: tuple[Fact, ...]) -> None:
    felt = shift(made.resource or "")
    at_once = change("c2", made.resource, minutes_before=300)
    assert weight(made, felt, *facts) > weight(at_once, felt)


def test_a_slow_climb_may_have_begun_as_early_as_its_beginning_is_uncertain() -> None:
    made = change("c1", "api", minutes_before=25)
    assert weight(made, shift("api", onset_uncertainty_s=1200.0)) > weight(made, shift("api"))


def told(minutes_after: float, resource: str = "api") -> LogPattern:
    first = ONSET.timestamp() + 60 * minutes_after
    return log(resource, "dns").model_copy(update={"first_seen": ONSET.fromtimestamp(first, ONSET.tzinfo)})


def test_without_a_metric_the_first_message_shows_when_it_began() -> None:
    early = opened().model_copy(update={"window": WINDOW.model_copy(update={"start": ONSET.replace(hour=10)})})

    def by_messages(minutes_before: float, *facts: Fact) -> float:
        made = change("c1", "api", minutes_before=minutes_before).model_copy(update={"lead_s": None})
        assert made.change is not None
        return timing_of(FactIndex(early, None, found(made, *facts)), made, "api", [made.change], None).weight

    assert by_messages(3, told(0)) > 0 > by_messages(100, told(0))
    # No message, and one that is older than the change, say nothing of it.
    assert by_messages(3) == by_messages(3, told(-30)) == 0


ERRORS = shift("api", "errors", kind="errors", baseline=0.001, current=0.2, unit="1")
READ_ONLY = "cannot execute INSERT in a read-only transaction"


def first(*facts: Fact) -> tuple[str, str | None, str | None]:
    best = rank_facts(found(SHOP, PIT, *facts), opened(Symptom(resource="api", metric="errors", direction="above")))
    return best.hypotheses[0].cause_id, best.hypotheses[0].resource, best.hypotheses[0].change


@pytest.mark.parametrize(("minutes", "blamed"), [(3, "c1"), (60, None)])
def test_what_went_wrong_speaks_for_a_change_that_could_show_now(minutes: float, blamed: str | None) -> None:
    said = log("api", "deadlock").model_copy(update={"template": "deadlock detected"})
    assert first(ERRORS, said, change("c1", "api", minutes_before=minutes))[2] == blamed


@pytest.mark.parametrize(
    ("family", "cause_id"), [("missing_configuration", "missing_configuration"), ("port_in_use", "port_conflict")]
)
def test_what_is_said_to_be_wrong_with_a_setting_is_the_cause_and_the_change_its_evidence(
    family: str, cause_id: str
) -> None:
    made = change("c1", "api", minutes_before=2, kind="configuration", summary="environment replaced")
    best = rank_facts(found(SHOP, ERRORS, log("api", family), made), opened()).hypotheses[0]
    assert (best.cause_id, best.resource) == (cause_id, "api")
    assert any("a setting was changed" in item.why for item in best.evidence)


@pytest.mark.parametrize(
    "facts",
    [
        # Another thing's setting, and a message that says nothing of settings.
        (change("c1", "ledger", minutes_before=2, kind="configuration"), log("api", "missing_configuration")),
        (change("c1", "api", minutes_before=2, kind="configuration"), log("api", "timeout")),
    ],
)
def test_no_other_change_is_evidence_for_a_setting(facts: tuple[Any, ...]) -> None:
    hypotheses = rank_facts(found(SHOP, ERRORS, *facts), opened()).hypotheses
    assert not any("a setting was changed" in item.why for entry in hypotheses for item in entry.evidence)


def restarted(summary: str, before: Any = None, after: Any = None) -> float:
    made = change("c1", "api", minutes_before=3, summary=summary, after=after)
    assert made.change is not None
    made = made.model_copy(update={"change": made.change.model_copy(update={"before": before})})
    hypotheses = rank_facts(found(SHOP, ERRORS, made), opened()).hypotheses
    return sum(item.weight for entry in hypotheses if entry.change == "c1" for item in entry.evidence
               if item.why == "it starts the same version anew")  # fmt: skip


def test_a_restart_of_the_same_version_brings_nothing_new() -> None:
    assert restarted("kiln patched and started", {"version": "4.1"}, {"version": "4.1"}) < 0
    assert restarted("api restarted with the same template") < 0
    assert restarted("api rolled out", {"version": "4.1"}, {"version": "4.2"}) == pytest.approx(0)
    assert restarted("fix the restart button") == pytest.approx(0)
