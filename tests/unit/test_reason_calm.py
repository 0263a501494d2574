"""Changes that a calm normal time has tested, deaths that follow a change, and more load than there is room for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, change, found, graph, limit, opened, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact, Observed
from primitives.records import Window

MINUTE = timedelta(minutes=1)
NORMAL = Window(start=ONSET - 40 * MINUTE, end=ONSET - 10 * MINUTE)
TESTED = "all was well after it, throughout the normal time"
DIED = "it dies since minutes after this change of it"
YARD = graph({"api": "service", "kiln": "service", "gate": "service"}, ("gate", "api"), ("api", "kiln"))
RELEASE = change("c1", "api", minutes_before=60)
REQUESTS: dict[str, Any] = {"kind": "traffic", "unit": "{request}/s", "baseline": 100.0, "current": 300.0}


def ranked(*facts: Fact, **about: Any) -> tuple[Hypothesis, ...]:
    return rank_facts(found(YARD, *facts), opened(**about)).hypotheses


def reasons(*facts: Fact, **about: Any) -> set[str]:
    return {item.why for entry in ranked(*facts, **about) if entry.change == "c1" for item in entry.evidence}


def setting(before: str, after: str, summary: str = "settings") -> Fact:
    diff = {"diff": f"-{before}\n+{after}", "files": ["values"]}
    return change("c1", "api", minutes_before=60, kind="configuration", summary=summary, after=diff)


@pytest.mark.parametrize(
    "blamed", [RELEASE, setting("pool_size: 40", "pool_size: 30"), change("c1", "kiln", minutes_before=300)]
)
def test_a_change_before_a_calm_normal_time_is_acquitted(blamed: Fact) -> None:
    assert TESTED in reasons(shift("api"), shift("kiln"), blamed, baseline=NORMAL)
    before, after = (
        sum(item.weight for entry in ranked(shift("api"), shift("kiln"), blamed, baseline=normal)
            if entry.change == "c1" for item in entry.evidence) for normal in (None, NORMAL)
    )  # fmt: skip
    assert after < before


@pytest.mark.parametrize(
    ("facts", "normal"),
    [
        ((shift("api"), change("c1", "api", minutes_before=20)), NORMAL),
        ((shift("api"), RELEASE), None),
        ((shift("api", onset=ONSET - 30 * MINUTE), RELEASE), NORMAL),
        ((shift("api", baseline_samples=2), RELEASE), NORMAL),
        ((shift("api"), setting("ttl: 90m", "ttl: 60m", "shorter leases")), NORMAL),
        ((shift("api"), limit("api", "memory_used", 0.97), RELEASE), NORMAL),
    ],
    ids=["in the normal time", "no normal time", "ill in it", "hardly measured", "by the clock", "it leaks"],
)
def test_what_the_normal_time_did_not_test(facts: tuple[Fact, ...], normal: Window | None) -> None:
    assert TESTED not in reasons(*facts, baseline=normal)


def test_a_lowered_limit_that_more_load_fills_stays_plausible() -> None:
    full = limit("api", "connections", 0.98).model_copy(update={"since": ONSET})
    lowered = setting("max_connections: 80", "max_connections: 20")
    said = reasons(shift("api"), full, lowered, shift("api", "requests", **REQUESTS), baseline=NORMAL)
    assert "all was well after it until there was more load" in said


def died(state: str = "OOMKilled", minutes: float = 4, **more: Any) -> Fact:
    return state_of("api", state, since=ONSET + minutes * MINUTE, **more)


def commit(summary: str, **more: Any) -> Fact:
    return change("c1", "api", minutes_before=0, kind="code", summary=summary, **more)


@pytest.mark.parametrize(
    "facts",
    [
        (commit("raise the batch from 10 to 500"), died(restarts=3)),
        (change("c1", "api", minutes_before=0), died("CrashLoopBackOff", restarts=2)),
        (change("c1", "api", minutes_before=0, kind="configuration", summary="new broker address"),
         died("ContainerFailed", 0.3)),
    ],
)  # fmt: skip
def test_a_death_minutes_after_a_change_is_its_effect(facts: tuple[Fact, ...]) -> None:
    assert DIED in reasons(*facts)
    assert ranked(*facts)[0].change == "c1"


@pytest.mark.parametrize(
    "facts",
    [
        (commit("a new batch size"), died(minutes=-6)),
        (commit("a new batch size"), died(minutes=2, restarts=9)),
        (commit("a new batch size"), died(minutes=90)),
        (commit("docs: how to restart", after={"files": ["docs/run.md"]}), died()),
        (commit("scale to 5 replicas"), died()),
        (commit("scheduled restart"), died()),
        (commit("shipper reads less"), died(container="main"), state_of("api", "NotReady", container="shipper")),
        (commit("a new batch size"), change("c2", "api", minutes_before=-2), died()),
        (commit("a new batch size"), died(),
         Observed(kind="container_terminated", subject="exit 137", resource="api", observed_at=ONSET - 9 * MINUTE,
                  source="test")),
    ],
    ids=["before it", "too often for the time", "long after", "documents", "replicas", "a restart", "another container",
         "another change between", "one died before"],
)  # fmt: skip
def test_deaths_that_are_not_the_changes_doing(facts: tuple[Fact, ...]) -> None:
    assert DIED not in reasons(*facts)


SURGE = (
    shift("gate", "requests", **REQUESTS),
    shift("api", "requests", **{**REQUESTS, "current": 190.0}),
    shift("kiln", "requests", **{**REQUESTS, "current": 170.0}),
    shift("api"),
    limit("api", "pool_used", 1.0).model_copy(update={"since": ONSET + MINUTE}),
)


def test_more_load_at_the_entry_is_why_something_behind_runs_full() -> None:
    entries = {(entry.cause_id, entry.resource): entry for entry in ranked(*SURGE)}
    whys = {item.why for item in entries["traffic_surge", "gate"].evidence}
    assert {"what it calls ran full since then", "what it calls gets as many times more requests"} <= whys


def test_an_autoscaler_that_does_not_scale_was_made_for_such_load() -> None:
    ranking = ranked(*SURGE, state_of("api", "AutoscalerNotScaling"))
    whys = {item.why for entry in ranking if entry.cause_id == "traffic_surge" for item in entry.evidence}
    assert "what it calls ran full since then" not in whys


def test_what_was_full_before_the_load_came_is_not_its_doing() -> None:
    early = limit("api", "pool_used", 1.0).model_copy(update={"since": ONSET - 5 * MINUTE})
    whys = {item.why for entry in ranked(*SURGE[:-1], early) if entry.cause_id == "traffic_surge"
            for item in entry.evidence}  # fmt: skip
    assert "what it calls ran full since then" not in whys
