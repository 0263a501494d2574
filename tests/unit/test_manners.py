"""A service that misbehaves: the cause says how, where a fact tells it."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, graph, log, opened, shift

from engine.reason import rank_facts
from engine.reason.candidates import Candidate
from engine.reason.catalogue import causes
from engine.reason.claims import HypothesisKey, Weighed
from engine.reason.manners import manner_of
from primitives.facts import Fact, MoreCalls, SpanErrors

EXCEPTION = log("stock", "exception").model_copy(update={"template": "java.lang.IllegalStateException: no price"})
STOPPED = log("stock", "x", 0).model_copy(
    update={"severity": "INFO", "family": None, "baseline_count": 25.0, "template": "[orders] made the page"}
)
SHOP = graph({"api": "service", "stock": "service", "pay": "service"}, ("api", "stock"), ("api", "pay"))
CALLS = MoreCalls(
    resource="stock", operation="GET /", called="db", called_operation="SELECT", baseline=1.0, current=24.0, samples=80,
    **SEEN,
)  # fmt: skip
FAILED = SpanErrors(resource="stock", operation="GET /", errors=8, total=9, message="", **SEEN)


@pytest.mark.parametrize(
    ("fact", "how"),
    [
        (EXCEPTION, "throws exceptions"),
        (STOPPED, "usual messages stopped"),
        (FAILED, "fails requests"),
        (shift("stock", "error_ratio", kind="errors", baseline=0.001, current=0.4, unit="1"), "fails"),
    ],
)
def test_how_it_misbehaves_is_told(fact: Fact, how: str) -> None:
    ranked = rank_facts(found(SHOP, fact), opened()).hypotheses
    causes = {(item.cause_id, item.resource): item.cause for item in ranked}
    assert causes["application_error", "stock"] == f"stock itself misbehaves: {how}"


def test_a_fact_about_another_tells_nothing_of_it() -> None:
    evidence = (Weighed(fact="F1", weight=2.0, why="", group="x"), Weighed(fact="F2", weight=-1.0, why="", group="x"))
    candidate = Candidate(
        HypothesisKey("application_error", "stock", None), causes()["application_error"], evidence, True, 1.0
    )
    other = EXCEPTION.model_copy(update={"resource": "pay"})
    assert manner_of(candidate, {"F1": other, "F2": EXCEPTION}) == ""
    assert manner_of(candidate, {"F1": EXCEPTION}) == "throws exceptions"
