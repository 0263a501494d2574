"""What every store must do. A new store joins by adding its opener to `STORES`."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from engine.events import (
    GENESIS,
    Body,
    Event,
    FactFound,
    HypothesesRanked,
    IncidentClassified,
    IncidentClosed,
    IncidentOpened,
    InvestigationFinished,
    PlannedStep,
    PlanProposed,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
    encode_body,
    event_hash,
)
from engine.hypotheses import Classification, Hypothesis
from engine.incident import fold
from engine.log import Entry, EventLog, Head
from engine.store.locations import SCHEMES
from engine.store.rows import Commit
from primitives.errors import HeadMoved, StoreError, UsageError
from primitives.facts import MetricShift
from primitives.records import Window
from primitives.terms import IncidentClass

Opener = Callable[[Path], Awaitable[EventLog]]
STORES: dict[str, Opener] = {
    "memory": lambda path: EventLog.open(f"memory://{path}"),
    "sqlite": EventLog.open,
}
"""Opens the store that belongs to a path: opened twice with the same path it is the same store."""

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
WINDOW = Window(start=NOON, end=NOON)


def test_every_kind_of_store_is_held_to_the_contract() -> None:
    assert set(STORES) == set(SCHEMES)


@pytest.fixture(params=sorted(STORES))
def opener(request: pytest.FixtureRequest) -> Opener:
    return STORES[request.param]


@pytest.fixture
async def store(opener: Opener, tmp_path: Path) -> AsyncIterator[EventLog]:
    opened = await opener(tmp_path / "store" / "incidents.db")
    yield opened
    await opened.close()


def opening(title: str = "Latency") -> IncidentOpened:
    return IncidentOpened(title=title, query=title, origin="recorded", detected_at=NOON, now=NOON, window=WINDOW)


def planning() -> PlanProposed:
    step = PlannedStep(id="S1", primitive="analyze_logs", target="web", arguments={}, effect="read", reason="errors")
    return PlanProposed(steps=(step,))


def entries(*bodies: Body) -> list[Entry]:
    return [(NOON, ENGINE, body) for body in bodies]


def progress(count: int, first: int = 0) -> list[Entry]:
    return entries(*(StepProgressed(step="S1", done=first + number, total=10**6) for number in range(count)))


def shift(**changes: Any) -> MetricShift:
    values: dict[str, Any] = {
        "resource": "web", "window": WINDOW, "observed_at": NOON, "source": "metrics", "metric": "latency",
        "kind": "latency", "unit": "ms", "statistic": "p95", "worse": True, "baseline": 200.0, "spread": 10.0,
        "current": 1500.0, "peak": 1600.0, "score": 130.0, "samples": 30, "baseline_samples": 300,
    }  # fmt: skip
    return MetricShift.model_validate(values | changes)


async def begin(store: EventLog, execution_id: str = "exec-1", incident_id: str = "inc-1") -> tuple[Event, ...]:
    return await store.append(execution_id, incident_id, entries(opening(), planning()))


async def collect(batches: AsyncIterator[tuple[Event, ...]]) -> list[Event]:
    return [event async for batch in batches for event in batch]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


# Appending and reading


async def test_what_was_appended_is_read_back(store: EventLog) -> None:
    first = await begin(store)
    second = await store.append("exec-1", "inc-1", entries(StepStarted(step="S1")))
    assert await store.read("exec-1") == first + second
    assert await store.read("exec-1", after=1, limit=1) == first[1:]
    assert await store.read("exec-1", after=3) == ()
    assert await store.read("exec-2") == ()


async def test_sequence_numbers_have_no_gaps_and_hashes_chain(store: EventLog) -> None:
    events = await begin(store)
    events += await store.append("exec-1", "inc-1", progress(5))
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert [event.previous for event in events] == [GENESIS, *(event.hash for event in events[:-1])]


async def test_a_hash_covers_what_is_stored(store: EventLog) -> None:
    first, *_ = await begin(store)
    time, who = "2026-03-10T12:00:00.000000+00:00", ENGINE.model_dump_json().encode()
    assert first.hash == event_hash(GENESIS, "exec-1", "inc-1", 1, time, who, encode_body(first.body))


async def test_times_are_kept_as_they_are_even_when_the_clock_goes_back(store: EventLog) -> None:
    local = timezone(timedelta(hours=5, minutes=30))
    await begin(store)
    times = [NOON + timedelta(hours=1), NOON - timedelta(days=1), datetime(2026, 3, 10, 12, 0, 0, 7, tzinfo=local)]
    for time in times:
        await store.append("exec-1", "inc-1", [(time, ENGINE, StepStarted(step="S1"))])
    assert [event.time for event in await store.read("exec-1", after=2)] == times
    assert [event.seq for event in await store.read("exec-1")] == [1, 2, 3, 4, 5]


async def test_who_did_it_is_kept(store: EventLog) -> None:
    ann = Who(kind="person", name="ann")
    await store.append("exec-1", "inc-1", [(NOON, ann, opening())])
    assert (await store.read("exec-1"))[0].who == ann
    assert (await store.state("exec-1")).opened_by == ann


async def test_a_whole_log_is_read_in_batches(store: EventLog) -> None:
    await begin(store)
    await store.append("exec-1", "inc-1", progress(2_500))
    batches = [batch async for batch in store.batches("exec-1", after=2)]
    assert [event.seq for batch in batches for event in batch] == list(range(3, 2_503))
    assert max(map(len, batches)) <= 1_000


async def test_appending_nothing_changes_nothing(store: EventLog) -> None:
    await begin(store)
    assert await store.append("exec-1", "inc-1", ()) == ()
    assert (await store.last("exec-1")).seq == 2


async def test_appends_at_the_same_time_are_each_kept_whole_and_in_order(store: EventLog) -> None:
    names = [f"exec-{number}" for number in range(8)]
    await asyncio.gather(*(begin(store, name, f"inc-{name}") for name in names))
    await asyncio.gather(
        *(store.append(name, f"inc-{name}", progress(3, 10 * turn)) for turn in range(20) for name in names)
    )
    for name in names:
        done = [event.body.done for event in await store.read(name, after=2) if isinstance(event.body, StepProgressed)]
        assert done == [10 * turn + number for turn in range(20) for number in range(3)]
    assert all(result.ok for result in await store.verify())


async def test_appends_that_wait_at_the_same_time_share_a_commit(
    store: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0
    write = store.rows.append

    async def counted(commit: Commit) -> None:
        nonlocal commits
        commits += 1
        await write(commit)

    await begin(store)
    monkeypatch.setattr(store.rows, "append", counted)
    await asyncio.gather(*(store.append("exec-1", "inc-1", progress(1, number)) for number in range(50)))
    assert commits <= 2


async def test_a_cancelled_caller_takes_nothing_from_the_others(store: EventLog) -> None:
    await begin(store)
    cancelled = asyncio.ensure_future(store.append("exec-1", "inc-1", progress(1, 1)))
    other = asyncio.ensure_future(store.append("exec-1", "inc-1", progress(1, 2)))
    await asyncio.sleep(0)
    cancelled.cancel()
    await other
    with suppress(asyncio.CancelledError):
        await cancelled
    assert other.result()[0] == (await store.read("exec-1"))[-1]
    assert (await store.verify())[0].ok


# What is refused


@pytest.mark.parametrize("first", [planning(), StepProgressed(step="S1", done=1, total=2)])
async def test_an_execution_begins_with_its_opening(store: EventLog, first: Body) -> None:
    with pytest.raises(ValueError, match=r"can't follow|begins with incident_opened"):
        await store.append("exec-1", "inc-1", entries(first))
    assert await store.read("exec-1") == ()


async def test_entries_that_cannot_follow_are_refused_whole_and_the_log_goes_on(store: EventLog) -> None:
    await begin(store)
    with pytest.raises(ValueError, match="can't follow event 3"):
        await store.append("exec-1", "inc-1", entries(StepStarted(step="S1"), StepStarted(step="nobody planned this")))
    events = await store.append("exec-1", "inc-1", entries(StepStarted(step="S1", attempt=7)))
    assert [event.seq for event in events] == [3]
    assert (await store.state("exec-1")).steps["S1"].attempt == 7
    assert (await store.verify())[0].ok


async def test_a_refused_append_spoils_none_that_waits_with_it(store: EventLog) -> None:
    await begin(store)
    waiting = [
        store.append("exec-1", "inc-1", entries(StepStarted(step="S1", attempt=1))),
        store.append("exec-1", "inc-1", entries(StepStarted(step="S1", attempt=2), StepStarted(step="S9"))),
        store.append("exec-1", "inc-1", entries(StepStarted(step="S1", attempt=3))),
        begin(store, "exec-2", "inc-2"),
    ]
    one, refused, three, other = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(refused, ValueError)
    assert await store.read("exec-1", after=2) == (*one, *three)
    assert await store.read("exec-2") == other
    assert [(row.execution_id, row.events) for row in await store.incidents()] == [("exec-2", 2), ("exec-1", 4)]
    assert all(result.ok for result in await store.verify())


@pytest.mark.parametrize("number", [math.nan, math.inf])
async def test_a_number_that_json_cannot_hold_is_refused(store: EventLog, number: float) -> None:
    await begin(store)
    body = StepFinished.model_construct(step="S1", status="completed", summary="", duration_s=number)
    with pytest.raises(ValueError, match="number that is none"):
        await store.append("exec-1", "inc-1", entries(body))
    assert len(await store.read("exec-1")) == 2


async def test_a_time_without_zone_is_refused(store: EventLog) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await store.append("exec-1", "inc-1", [(NOON.replace(tzinfo=None), ENGINE, opening())])


async def test_an_execution_stays_with_its_incident(store: EventLog) -> None:
    await begin(store)
    with pytest.raises(ValueError, match="belongs to inc-1"):
        await store.append("exec-1", "inc-2", progress(1))


async def test_an_append_at_the_expected_head_is_kept(store: EventLog) -> None:
    events = await store.append("exec-1", "inc-1", entries(opening(), planning()), expected=Head(0, GENESIS))
    head = await store.last("exec-1")
    assert head == Head(2, events[-1].hash)
    await store.append("exec-1", "inc-1", progress(1), expected=head, blobs=(b"kept",))
    assert (await store.last("exec-1")).seq == 3


@pytest.mark.parametrize("expected", [Head(0, GENESIS), Head(1, GENESIS), Head(2, GENESIS), Head(9, "f" * 64)])
async def test_a_writer_that_expects_another_head_is_refused_and_keeps_nothing(store: EventLog, expected: Head) -> None:
    before = await begin(store)
    with pytest.raises(HeadMoved, match=r"exec-1 ends at event 2, its writer expected event"):
        await store.append("exec-1", "inc-1", progress(3), expected=expected, blobs=(b"not kept",))
    assert await store.read("exec-1") == before
    with pytest.raises(StoreError, match="no recorded answer"):
        await store.get_blob(hashlib.sha256(b"not kept").hexdigest())
    await store.append("exec-1", "inc-1", progress(1), expected=Head(2, before[-1].hash))


async def test_of_two_writers_at_once_that_expect_the_same_head_one_is_refused(store: EventLog) -> None:
    head = Head(2, (await begin(store))[-1].hash)
    waiting = [store.append("exec-1", "inc-1", progress(1, number), expected=head) for number in range(2)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert sorted(isinstance(result, HeadMoved) for result in results) == [False, True]
    assert (await store.last("exec-1")).seq == 3
    assert (await store.verify())[0].ok


async def test_a_closed_store_says_so(store: EventLog) -> None:
    await begin(store)
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.append("exec-1", "inc-1", progress(1))
    with pytest.raises(StoreError, match="closed"):
        await store.read("exec-1")


# Going on


async def test_a_log_goes_on_after_reopening(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "incidents.db"
    store = await opener(path)
    before = await begin(store)
    await store.close()
    store = await opener(path)
    after = await store.append("exec-1", "inc-1", entries(StepStarted(step="S1")))
    assert after[0].previous == before[-1].hash
    assert await store.read("exec-1") == before + after
    assert (await store.verify())[0].ok
    await store.close()


async def test_what_waits_to_be_written_is_written_before_closing(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "incidents.db"
    store = await opener(path)
    await begin(store)
    waiting = [asyncio.ensure_future(store.append("exec-1", "inc-1", progress(1, number))) for number in range(30)]
    await asyncio.sleep(0)
    await store.close()
    assert all([await one for one in waiting])
    store = await opener(path)
    assert (await store.last("exec-1")).seq == 32
    await store.close()


# Following


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


# States and snapshots


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


# The list


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


# Blobs


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


# The audit


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
