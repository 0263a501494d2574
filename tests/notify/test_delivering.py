"""Notices are delivered at least once, in order, each receiver by itself; retries are bounded and can be seen."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from made_notices import ANNA, DELIVERED, NOON, STEP, Kept, opened, settings_of, story, write

from engine.events import ENGINE, PlanConfirmed, PlanProposed
from engine.log import EventLog
from engine.notify import deriving
from engine.notify.delivering import Deliverer, retry_wait
from engine.notify.deriving import Deriver
from engine.notify.outbox import Outbox
from engine.notify.receiver import NothingToDo, Parcel, RefusedForGood, TryLater
from engine.notify.service import run_notifications
from engine.notify.settings import NotificationSettings
from primitives.clock import ManualClock, SystemClock
from primitives.errors import StoreError

HOUR = 3600.0


class Setting:
    """An outbox with the notices of a story, and who delivers them."""

    def __init__(self, log: EventLog, outbox: Outbox, clock: ManualClock, **receivers: Kept) -> None:
        self.log, self.outbox, self.clock = log, outbox, clock
        self.receivers = receivers
        self.deliverer = Deliverer(outbox, receivers, clock, log.state, give_up_after_s=24 * HOUR, within_s=0.2)

    async def tell(self, story: list, execution: str = "exec-a", **rule: object) -> None:  # type: ignore[type-arg]
        settings = settings_of({"to": list(self.receivers), **rule})
        await write(self.log, story, execution, self.clock.now())
        await Deriver(self.log, self.outbox, settings, self.clock, lambda: None).derive(execution)

    async def deliver(self, name: str = "hook") -> None:
        """Deliver what is due until nothing is."""
        while await self.deliverer.deliver_due(name):
            pass

    async def statuses(self) -> list[str]:
        return sorted(line.status for line in await self.outbox.deliveries())


async def test_everything_arrives_in_order_with_its_key(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    kept = Kept()
    setting = Setting(log, outbox, clock, hook=kept)
    await setting.tell(story())
    await setting.deliver()
    assert kept.kinds == DELIVERED
    clock.advance(2)
    await setting.deliver()
    lines = await outbox.deliveries()
    assert {line.key for line in lines if line.status == "sent"} == {parcel.key for parcel in kept.parcels}
    assert await setting.statuses() == ["dropped"] + ["sent"] * 4
    assert not any(parcel.again for parcel in kept.parcels)


async def test_a_failed_try_is_repeated_later_and_holds_back_what_follows(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    kept = Kept(TryLater("it is full of topsecret-value"), TryLater("still"))
    setting = Setting(log, outbox, clock, hook=kept)
    await setting.tell(story())
    await setting.tell(story()[:1], "exec-b")
    await setting.deliver()
    assert kept.kinds == []  # both incidents' first tries failed
    problems = [line.problem for line in await outbox.deliveries() if line.problem]
    assert len(problems) == 2
    assert not any("topsecret" in problem for problem in problems)
    clock.advance(2.1)
    await setting.deliver()
    assert kept.kinds.count("opened") == 2
    assert [parcel.again for parcel in kept.parcels if parcel.notice.kind == "opened"] == [True, True]
    assert [parcel.notice.kind for parcel in kept.parcels if parcel.notice.execution_id == "exec-a"] == DELIVERED


def test_waits_double_up_to_a_quarter_of_an_hour_with_jitter_and_keep_what_was_asked() -> None:
    for attempts, usual in ((1, 2.0), (2, 4.0), (5, 32.0), (10, 900.0), (60, 900.0)):
        waits = {retry_wait(f"key{at}", attempts, None) for at in range(50)}
        assert usual / 2 <= min(waits) < max(waits) <= usual
        assert len(waits) > 40
    assert retry_wait("key", 3, None) == retry_wait("key", 3, None)
    assert 30.0 <= retry_wait("key", 1, 30.0) <= 30.2
    assert retry_wait("key", 1, 1e9) <= 3601


async def test_a_receiver_that_asks_for_a_pause_gets_it_for_all(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    kept = Kept(TryLater("429", 30.0, pause=True))
    setting = Setting(log, outbox, clock, hook=kept)
    await setting.tell(story()[:1], "exec-a")
    await setting.tell(story()[:1], "exec-b")
    await setting.deliver()
    first = len(kept.parcels)
    clock.advance(29)
    await setting.deliver()
    assert len(kept.parcels) == first
    clock.advance(2)
    await setting.deliver()
    assert sorted(parcel.notice.execution_id for parcel in kept.parcels) == ["exec-a", "exec-b"]


async def test_what_ended_long_ago_is_forgotten(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    setting = Setting(log, outbox, clock, hook=Kept(RefusedForGood("no"), TryLater("busy")))
    await setting.tell(story()[:1])
    await setting.tell(story()[:1], "exec-b")
    await setting.deliver()
    await outbox.forget(clock.now().timestamp() + 29 * 24 * HOUR)
    assert await setting.statuses() == ["dead", "waiting"]
    await outbox.forget(clock.now().timestamp() + 31 * 24 * HOUR)
    assert await setting.statuses() == ["waiting"]


async def test_a_refusal_is_dead_and_can_be_retried(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    kept = Kept(RefusedForGood("no such channel"))
    setting = Setting(log, outbox, clock, hook=kept)
    await setting.tell(story()[:1])
    await setting.deliver()
    (line,) = await outbox.deliveries()
    assert (line.status, line.problem, line.attempts) == ("dead", "no such channel", 1)
    assert await outbox.retry(["0000nothing"], clock.now().timestamp()) == 0
    assert await outbox.retry([line.key[:6]], clock.now().timestamp()) == 1
    await setting.deliver()
    assert kept.kinds == ["opened"]


async def test_what_fails_for_a_day_is_given_up(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    kept = Kept(*(TryLater("down") for _ in range(300)))
    setting = Setting(log, outbox, clock, hook=kept)
    await setting.tell(story()[:1])
    for _ in range(300):
        await setting.deliver()
        clock.advance(600)
    (line,) = await outbox.deliveries()
    assert line.status == "dead"
    assert line.problem.startswith("given up after ")
    assert 60 < line.attempts < 250


async def test_a_receiver_that_never_answers_holds_up_no_other(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    class Silent(Kept):
        async def deliver(self, parcel: Parcel) -> None:
            await asyncio.Event().wait()

    silent, kept = Silent(), Kept()
    setting = Setting(log, outbox, clock, silent=silent, hook=kept)
    await setting.tell(story())
    await asyncio.gather(setting.deliverer.deliver_due("silent"), setting.deliver("hook"))
    assert kept.kinds == DELIVERED
    problems = {line.problem for line in await outbox.deliveries() if line.receiver == "silent"}
    assert "no answer within 0.2 s" in problems


async def test_a_fault_in_a_receiver_is_a_problem_of_its_delivery(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    setting = Setting(log, outbox, clock, hook=Kept(ZeroDivisionError("division by zero")))
    await setting.tell(story()[:1])
    await setting.deliver()
    assert [line.problem for line in await outbox.deliveries()] == ["ZeroDivisionError: division by zero"]


async def test_what_is_not_for_a_receiver_is_dropped(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    setting = Setting(log, outbox, clock, hook=Kept(NothingToDo("not from there")))
    await setting.tell(story()[:1])
    await setting.deliver()
    assert [(line.status, line.problem) for line in await outbox.deliveries()] == [("dropped", "not from there")]


@pytest.mark.parametrize("confirmed", [True, False])
async def test_nobody_confirms_the_plan(log: EventLog, outbox: Outbox, clock: ManualClock, confirmed: bool) -> None:
    hook, boss = Kept(), Kept()
    setting = Setting(log, outbox, clock, hook=hook, boss=boss)
    plan = [(ANNA, opened()), (ENGINE, PlanProposed(steps=(STEP,)))]
    await setting.tell(plan, to=["hook"], escalate={"after_minutes": 10, "to": ["boss"]})
    if confirmed:
        await write(log, [(ANNA, PlanConfirmed())])
    clock.advance(599)
    await setting.deliver("boss")
    assert boss.parcels == []
    clock.advance(2)
    await setting.deliver("boss")
    assert boss.kinds == ([] if confirmed else ["escalated"])
    if not confirmed:
        assert boss.parcels[0].notice.said == "Plan waits for a person: nobody has answered for 10 minutes."


@pytest.mark.parametrize("jump", [-HOUR, HOUR, -365 * 24 * HOUR])
async def test_a_clock_that_is_set_changes_no_wait(
    log: EventLog, outbox: Outbox, clock: ManualClock, jump: float
) -> None:
    kept = Kept(TryLater("busy"))
    setting = Setting(log, outbox, clock, hook=kept)
    await setting.tell(story()[:1])
    await setting.deliver()
    clock._now += timedelta(seconds=jump)
    await setting.deliver()
    assert kept.kinds == []
    clock.advance(2.1)
    await setting.deliver()
    assert kept.kinds == ["opened"]


async def test_a_clock_that_was_set_back_while_nothing_ran_delays_nothing(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    setting = Setting(log, outbox, clock, hook=Kept(TryLater("busy")))
    await setting.tell(story()[:1])
    await setting.deliver()
    earlier = ManualClock(NOON - timedelta(days=30))
    again = Kept()
    later = Setting(log, outbox, earlier, hook=again)
    await outbox.clamp(earlier.now().timestamp())
    earlier.advance(2.1)
    await later.deliver()
    assert again.kinds == ["opened"]


async def test_quiet_hours_hold_back_all_but_the_latest(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    kept = Kept()
    setting = Setting(log, outbox, clock, hook=kept)
    quiet = {"from": "11:00", "to": "13:00", "except_for": []}
    await setting.tell(story(), quiet=quiet)
    await setting.deliver()
    assert kept.kinds == []
    clock.advance(HOUR + 1)
    await setting.deliver()
    assert kept.kinds == ["closed"]
    assert await setting.statuses() == ["dropped"] * 4 + ["sent"]


async def test_what_an_outbox_holds_outlives_its_process(log: EventLog, tmp_path: Path, clock: ManualClock) -> None:
    first = await Outbox.open(tmp_path / "outbox")
    setting = Setting(log, first, clock, hook=Kept(TryLater("busy")))
    await setting.tell(story()[:1])
    await setting.deliver()
    await first.close()
    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o600
    second = await Outbox.open(tmp_path / "outbox")
    kept = Kept()
    clock.advance(5)
    await Setting(log, second, clock, hook=kept).deliver()
    assert [(parcel.notice.kind, parcel.again) for parcel in kept.parcels] == [("opened", True)]
    await second.close()


class FullOnce(Outbox):
    """An outbox on a disk that is full at first."""

    refusals = 2

    async def add(self, *args: object, **kwargs: object) -> int:
        if self.refusals:
            self.refusals -= 1
            raise StoreError("the disk is full")
        return await super().add(*args, **kwargs)  # type: ignore[arg-type]


async def test_a_full_disk_delays_and_loses_nothing(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriving, "_PAUSE_S", 0.01)
    outbox, kept = await FullOnce.open(None), Kept()
    settings: NotificationSettings = settings_of({"to": ["hook"]})
    serving = asyncio.create_task(run_notifications(log, outbox, settings, {"hook": kept}))
    while not await outbox.begun():
        await asyncio.sleep(0.01)
    await write(log, story(), at=SystemClock().now())
    async with asyncio.timeout(60):
        while len(kept.parcels) < len(DELIVERED):
            await asyncio.sleep(0.01)
    assert kept.kinds == DELIVERED
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert kept.closed
    await outbox.close()


async def test_a_disk_that_is_really_full_keeps_nothing_by_halves(
    log: EventLog, clock: ManualClock, tmp_path: Path
) -> None:
    outbox = await Outbox.open(tmp_path / "outbox")
    ((pages,),) = await outbox._connection.rows("PRAGMA page_count")
    await outbox._connection.rows(f"PRAGMA max_page_count = {pages}")
    await write(log, [(ANNA, opened("long " * 60)), *story()[1:]])
    reading = Deriver(log, outbox, settings_of({"to": ["hook"]}), clock, lambda: None)
    with pytest.raises(StoreError, match="the disk is full"):
        await reading.derive("exec-a")
    assert await outbox.cursors() == {}
    assert await outbox.deliveries() == ()
    await outbox._connection.rows("PRAGMA max_page_count = 1000000")
    again = Deriver(log, outbox, settings_of({"to": ["hook"]}), clock, lambda: None)
    assert await again.derive("exec-a") == len(DELIVERED) + 1
    await outbox.close()


async def test_news_are_delivered_as_they_come(log: EventLog, outbox: Outbox) -> None:
    kept = Kept()
    settings = settings_of({"to": ["hook"]})
    serving = asyncio.create_task(run_notifications(log, outbox, settings, {"hook": kept}))
    async with asyncio.timeout(60):
        while not await outbox.begun():
            await asyncio.sleep(0.01)
        for at, (who, body) in enumerate(story(), start=1):
            await write(log, [(who, body)], at=SystemClock().now())
            while len(kept.parcels) < len([kind for kind in (await log.read("exec-a"))[:at] if kind.body.type in TOLD]):
                await asyncio.sleep(0.01)
    assert kept.kinds == DELIVERED
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


TOLD = {"incident_opened", "investigation_finished", "symptom_changed", "incident_closed"}
