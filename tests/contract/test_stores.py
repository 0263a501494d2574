"""What every store must do: append."""

from __future__ import annotations

import asyncio
import hashlib
import math
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from stores import (
    ENGINE,
    NOON,
    STORES,
    Opener,
    begin,
    entries,
    opening,
    planning,
    progress,
)

from engine.events import (
    GENESIS,
    Body,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
    encode_body,
    event_hash,
)
from engine.log import EventLog, Head
from engine.store.locations import SCHEMES
from engine.store.rows import Commit
from primitives.errors import HeadMoved, StoreError


def test_every_kind_of_store_is_held_to_the_contract() -> None:
    assert set(STORES) == set(SCHEMES)


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
    assert [row.execution_id for row in await store.incidents(1)] == ["exec-2"]
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
