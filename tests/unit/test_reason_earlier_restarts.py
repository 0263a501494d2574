"""A restart that was over before the trouble began is told as earlier and explains nothing of it now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, found, graph, opened, share, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact, WorkloadState
from primitives.records import Symptom

MINUTE = timedelta(minutes=1)
EARLIER = "earlier: it has run and been ready since before the trouble began"


def restarted(resource: str, minutes_before: float, *, state: str = "RestartedRecently", **more: Any) -> WorkloadState:
    """One container that ended so long before the onset, and has been ready since half a minute after that."""
    since = ONSET - minutes_before * MINUTE
    ready = f"{since + MINUTE / 2:%Y-%m-%dT%H:%M:%SZ}"
    known: dict[str, Any] = {"since": since, "restarts": 1, "count": 1, "exit_code": 1, "container": "app"}
    details = {"running": True, "ready_since": ready, "weight": "symptom", "family": "pods", **more.pop("details", {})}
    return state_of(resource, state, details=details, **{**known, **more})


PARCELS = graph(
    {"gate": "service", "labels": "service", "tariffs": "service"}, ("gate", "labels"), ("labels", "tariffs")
)
LIBRARY = graph(
    {"desk": "service", "loans": "service", "catalogue": "database"}, ("desk", "loans"), ("loans", "catalogue")
)
SYSTEMS = {
    # The tariffs become slow; who prints labels was restarted before.
    "parcels": (PARCELS, "gate", "labels", (shift("gate"), shift("labels"), shift("tariffs"), share("tariffs", 0.9))),
    # The catalogue becomes slow; the desk itself, which complains, was restarted before.
    "library": (LIBRARY, "desk", "desk", (shift("desk"), shift("loans"), shift("catalogue"), share("catalogue", 0.8))),
}


def ranked(system: str, restart: WorkloadState | None) -> tuple[Hypothesis, ...]:
    known, complaining, _, facts = SYSTEMS[system]
    about = opened(Symptom(resource=complaining, metric="latency_p95", direction="above"))
    every: tuple[Fact, ...] = (known, *facts, *([restart] if restart is not None else []))
    return rank_facts(found(*every), about).hypotheses


def confidences(hypotheses: tuple[Hypothesis, ...]) -> dict[tuple[str, str | None], float]:
    return {(each.cause_id, each.resource): each.confidence for each in hypotheses}


def blamed_on_restart(hypotheses: tuple[Hypothesis, ...]) -> list[str]:
    """The reasons that a restart gives, where it counts."""
    return [item.why for each in hypotheses for item in each.evidence if item.fact == "F6" and item.weight > 0]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("state", ["RestartedRecently", "OOMKilled", "KilledByProbe"])
def test_a_restart_that_was_over_long_before_the_onset_changes_no_answer(system: str, state: str) -> None:
    without = ranked(system, None)
    beside = ranked(system, restarted(SYSTEMS[system][2], 6, state=state))
    assert not blamed_on_restart(beside)
    assert confidences(beside)[without[0].cause_id, without[0].resource] == pytest.approx(
        without[0].confidence, abs=0.02
    )
    assert (beside[0].cause_id, beside[0].resource) == (without[0].cause_id, without[0].resource)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "still_counts",
    [
        {"minutes_before": 1},
        {"minutes_before": -1},
        {"minutes_before": 6, "restarts": 4},
        {"minutes_before": 6, "count": 3},
        {"minutes_before": 6, "details": {"ready_since": None}},
        {"minutes_before": 6, "details": {"ready_since": f"{ONSET - MINUTE:%Y-%m-%dT%H:%M:%SZ}"}},
        {"minutes_before": 6, "details": {"running": False}},
        {"minutes_before": 6, "state": "CrashLoopBackOff"},
    ],
    ids=["just before", "after", "again and again", "several pods", "not known to be ready", "ready just now",
         "not running", "crashing"],
)  # fmt: skip
def test_a_restart_that_is_not_over_or_near_the_onset_counts(system: str, still_counts: dict[str, Any]) -> None:
    assert blamed_on_restart(ranked(system, restarted(SYSTEMS[system][2], **still_counts)))


def test_without_a_known_onset_a_restart_counts() -> None:
    about = opened(Symptom(resource="gate"), query="labels fail")
    facts = (PARCELS, restarted("labels", 6))
    assert any(
        item.weight > 0 and item.fact == "F2"
        for each in rank_facts(found(*facts), about).hypotheses for item in each.evidence
    )  # fmt: skip


@pytest.mark.parametrize("ready", ["yesterday", "2026-01-01T00:00:00", "", 7])
def test_a_time_that_can_not_be_read_is_no_time(ready: Any) -> None:
    ranked("parcels", restarted("labels", 40, details={"ready_since": ready}))
