"""A check that is broken raises an alarm about who is well; a check that is right never counts as broken."""

from __future__ import annotations

import pytest
from incident_facts import NOW, SEEN, change, found, graph, log, opened, shift

from engine.reason import rank_facts
from engine.reason.broken_checks import broken_check
from engine.reason.fact_index import FactIndex
from primitives.facts import Fact, ProbeResult
from primitives.records import Symptom

ABOUT = Symptom(resource="ticket-shop", metric="check_success", direction="below")
SHOP = "https://tickets.example/"
KNOWN = graph(
    {"ticket-shop": "service", "seats": "database", "watcher": "other", "watcher-2": "other"},
    ("ticket-shop", "seats"), ("watcher", "ticket-shop"), ("watcher-2", "ticket-shop"),
)  # fmt: skip


def checked(by: str, healthy: bool, target: str = SHOP) -> ProbeResult:
    result = "200" if healthy else "failed"
    seen = {**SEEN, "observed_at": NOW}
    return ProbeResult(probe="http_get", resource=by, target=target, result=result, healthy=healthy, **seen)


def calm(resource: str, metric: str, kind: str) -> Fact:
    return shift(resource, metric, kind=kind, absent=True)


DOWN = shift("ticket-shop", "check_success", kind="availability", baseline=1.0, current=0.0, unit="1")
SERVED = (calm("ticket-shop", "requests_rate", "traffic"), calm("ticket-shop", "latency_p95", "latency"))
FAILS = (checked("watcher", False), log("watcher", "dns"))
PASSES = checked("watcher-2", True)
BROKEN = (KNOWN, DOWN, *SERVED, *FAILS, PASSES)


def is_broken(*facts: Fact) -> bool:
    return broken_check(FactIndex(opened(ABOUT), None, found(*facts))) is not None


def test_a_check_that_cannot_ask_is_broken_while_users_are_served_and_others_get_through() -> None:
    assert is_broken(*BROKEN)
    first = rank_facts(found(*BROKEN), opened(ABOUT)).hypotheses[0]
    assert (first.cause_id, first.resource) == ("false_alarm", None)


@pytest.mark.parametrize(
    "own",
    [
        # It was changed minutes before, reaches nobody else either, or trusts no authority.
        (checked("watcher", False), change("w-9", "watcher", minutes_before=4)),
        (checked("watcher", False), checked("watcher", False, "https://elsewhere.example/")),
        (checked("watcher", False), log("watcher", "certificate")),
    ],
)
def test_what_a_check_fails_by_is_its_own(own: tuple[Fact, ...]) -> None:
    assert is_broken(KNOWN, DOWN, *SERVED, PASSES, *own)


@pytest.mark.parametrize(
    "facts",
    [
        # Fewer users come, nobody counts them, or nobody measures what they get.
        (KNOWN, DOWN, SERVED[1], shift("ticket-shop", "requests_rate", kind="traffic", baseline=90, current=40),
         *FAILS, PASSES),
        (KNOWN, DOWN, SERVED[1], *FAILS, PASSES),
        (KNOWN, DOWN, SERVED[0], *FAILS, PASSES),
        # Nobody else got through, or two fail.
        (KNOWN, DOWN, *SERVED, *FAILS),
        (*BROKEN, checked("watcher-2", False)),
        # What serves the users fails too: errors are logged, requests fail.
        (*BROKEN, log("seats", "timeout")),
        (*BROKEN, shift("seats", "errors", kind="errors", unit="{error}", baseline=1, current=60)),
        # It fails by what anybody would fail by.
        (KNOWN, DOWN, *SERVED, checked("watcher", False), log("watcher", "connection_refused"), PASSES),
        # Who checks is a part of what serves.
        (KNOWN, DOWN, *SERVED, checked("seats", False), log("seats", "dns"), PASSES),
    ],
)  # fmt: skip
def test_a_check_that_may_be_right_is_not_broken(facts: tuple[Fact, ...]) -> None:
    assert not is_broken(*facts)
    assert rank_facts(found(*facts), opened(ABOUT)).hypotheses[0].cause_id != "false_alarm"
