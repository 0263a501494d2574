"""What every store must do: follow, fold, list, resolve, keep blobs and be audited."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest
from stores import (
    ENGINE,
    NOON,
    begin,
    collect,
    entries,
    opening,
    progress,
    shift,
    until,
)

from engine.events import (
    Event,
    FactFound,
    HypothesesRanked,
    IncidentClassified,
    IncidentClosed,
    InvestigationFinished,
    StepStarted,
)
from engine.hypotheses import Classification, Hypothesis
from engine.incident import fold
from engine.log import EventLog
from primitives.errors import StoreError, UsageError
from primitives.terms import IncidentClass


async def test_a_follower_sees_every_event_in_order_and_ends_with_the_incident(store: EventLog) -> None:
    early = asyncio.ensure_future(collect(store.follow("exec-1")))
    await asyncio.sleep(0)
    await begin(store)
    late = asyncio.ensure_future(collect(store.follow("exec-1", after=1)))
    for number in range(40):
        await store.append("exec-1", "inc-1", progress(100, 100 * number))
    await store.append("exec-1", "inc-1", entries(InvestigationFinished(status="completed", duration_s=1.0)))
    await store.append("exec-1", "inc-1", entries(IncidentClosed(reason="person")))
    async with asyncio.timeout(20):
        assert await early == list(await store.read("exec-1"))
        assert await late == list(await store.read("exec-1", after=1))


async def test_a_slow_follower_misses_nothing(store: EventLog) -> None:
    await begin(store)
    following = store.follow("exec-1")
    first = await anext(following)
    assert [event.seq for event in first] == [1, 2]
    for number in range(12):
        await store.append("exec-1", "inc-1", progress(500, 500 * number))
    await store.append("exec-1", "inc-1", entries(IncidentClosed(reason="person")))
    assert [event.seq for event in await collect(following)] == list(range(3, 6_004))


async def test_a_follower_of_a_closed_log_gets_it_and_ends(store: EventLog) -> None:
    await begin(store)
    await store.append("exec-1", "inc-1", entries(IncidentClosed(reason="person")))
    async with asyncio.timeout(5):
        assert len(await collect(store.follow("exec-1"))) == 3


async def test_closing_ends_every_follower(store: EventLog) -> None:
    await begin(store)
    seen: list[Event] = []

    async def watch() -> None:
        async for batch in store.follow("exec-1"):
            seen.extend(batch)

    watcher = asyncio.ensure_future(watch())
    await until(lambda: len(seen) == 2)
    await store.close()
    async with asyncio.timeout(5):
        await watcher


async def test_a_follower_is_told_of_its_own_execution_only(store: EventLog) -> None:
    await begin(store)
    seen: list[Event] = []

    async def watch() -> None:
        async for batch in store.follow("exec-1"):
            seen.extend(batch)

    watcher = asyncio.ensure_future(watch())
    await begin(store, "exec-2", "inc-2")
    await store.append("exec-1", "inc-1", progress(1))
    await until(lambda: len(seen) == 3)
    assert {event.execution_id for event in seen} == {"exec-1"}
    watcher.cancel()


async def test_the_state_is_the_fold_of_the_log_at_every_event(store: EventLog) -> None:
    events = list(await begin(store))
    facts = entries(*(FactFound(id=f"F{n}", step="S1", key=f"{n:016x}", fact=shift(score=float(n))) for n in range(9)))
    events += await store.append("exec-1", "inc-1", entries(StepStarted(step="S1")) + facts)
    events += await store.append("exec-1", "inc-1", progress(2_300))
    for seq in (1, 2, 11, 12, 999, 1_000, 1_001, 2_000, 2_312, None):
        assert (await store.state("exec-1", seq)).digest() == fold(events[:seq]).digest()
    assert (await store.state("exec-1", 0)).seq == 0


async def test_a_state_belongs_to_whoever_asked_for_it(store: EventLog) -> None:
    await begin(store)
    mine = await store.state("exec-1")
    mine.steps["S1"].note = "changed by its owner"
    mine.steps["S2"] = mine.steps["S1"]
    await store.append("exec-1", "inc-1", entries(StepStarted(step="S1")))
    steps = (await store.state("exec-1")).steps
    assert [(name, step.note) for name, step in steps.items()] == [("S1", "")]


async def test_a_state_that_is_not_there_is_a_usage_error(store: EventLog) -> None:
    with pytest.raises(UsageError, match="no execution exec-1"):
        await store.state("exec-1")
    await begin(store)
    with pytest.raises(UsageError, match="has 2 events"):
        await store.state("exec-1", 3)


async def test_the_list_shows_each_execution_as_its_log_says_newest_first(store: EventLog) -> None:
    await begin(store, "exec-1", "inc-1")
    await store.append("exec-2", "inc-2", entries(opening("Errors")))
    classification = Classification(primary_class=IncidentClass.TRAFFIC_SURGE, confidence=0.9)
    cause = Hypothesis(
        id="H1", cause="too many requests", cause_id="surge", cause_class=IncidentClass.TRAFFIC_SURGE, prior=0.0,
        confidence=0.8,
    )  # fmt: skip
    done = [IncidentClassified(classification=classification), HypothesesRanked(hypotheses=(cause,))]
    done.append(InvestigationFinished(status="completed", duration_s=2.0))
    await store.append("exec-1", "inc-1", [(NOON + timedelta(seconds=9), ENGINE, body) for body in done])
    second, first = await store.incidents()
    assert (second.execution_id, second.incident_id, second.title, second.phase) == (
        "exec-2",
        "inc-2",
        "Errors",
        "opened",
    )
    assert (second.primary_class, second.top_cause, second.confidence, second.events) == (None, None, None, 1)
    assert (first.phase, first.primary_class, first.top_cause) == ("completed", "TRAFFIC_SURGE", "too many requests")
    assert (first.confidence, first.events) == (0.8, 5)
    assert (first.opened_at, first.updated_at) == (NOON, NOON + timedelta(seconds=9))


async def test_a_name_is_resolved(store: EventLog) -> None:
    for execution_id, incident_id in (
        ("exec-1a", "inc-1"),
        ("exec-1b", "inc-1"),
        ("exec-2", "inc-2"),
        ("exec-20", "x"),
    ):
        await begin(store, execution_id, incident_id)
    assert await store.resolve("exec-1a") == "exec-1a"
    assert await store.resolve("exec-2") == "exec-2"
    assert await store.resolve("inc-1") == "exec-1b"
    assert await store.resolve("exec-20") == "exec-20"
    for name, what in (("exec-1", "could be"), ("exec-3", "no incident"), ("", "no incident"), ("%", "no incident")):
        with pytest.raises(UsageError, match=what):
            await store.resolve(name)
    for hostile in ("\udcff", "\0", "exec-1a\x1b[2J"):
        with pytest.raises(UsageError):
            await store.resolve(hostile)


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5_000])
async def test_a_blob_is_kept_under_its_digest(store: EventLog, data: bytes) -> None:
    digest = await store.put_blob(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert await store.put_blob(data) == digest
    assert await store.get_blob(digest) == data


async def test_blobs_come_with_the_events_that_name_them_or_not_at_all(store: EventLog) -> None:
    await begin(store)
    data = b"recorded with the event"
    with pytest.raises(ValueError, match="can't follow"):
        await store.append("exec-1", "inc-1", entries(StepStarted(step="S9")), blobs=(data,))
    with pytest.raises(StoreError, match="no recorded answer"):
        await store.get_blob(hashlib.sha256(data).hexdigest())
    await store.append("exec-1", "inc-1", entries(StepStarted(step="S1")), blobs=(data,))
    assert await store.get_blob(hashlib.sha256(data).hexdigest()) == data


async def test_an_untouched_log_verifies_and_is_anchored_outside(store: EventLog) -> None:
    await begin(store)
    await begin(store, "exec-2", "inc-2")
    await store.append("exec-1", "inc-1", progress(1_500))
    (one,) = await store.verify("exec-1")
    assert (one.ok, one.events, one.anchored, one.seq, one.problem) == (True, 1_502, 1_502, None, "")
    assert [result.execution_id for result in await store.verify()] == ["exec-1", "exec-2"]


async def test_the_audit_of_nothing_is_a_usage_error(store: EventLog) -> None:
    assert await store.verify() == ()
    with pytest.raises(UsageError, match="no execution"):
        await store.verify("exec-1")
