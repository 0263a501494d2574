"""Delivers what is in the outbox: each receiver by itself, each incident in order, with retries.

A receiver that is slow, full or gone delays no other. A try is recorded before it is made, and a receiver's progress is
durable before its next call. So after a kill the same notice is sent again with the same key, and a receiver that knows
keys shows it once.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from engine.incident import IncidentState
from engine.notify.composing import compose_escalation
from engine.notify.notice import Notice
from engine.notify.outbox import Outbox, Waiting
from engine.notify.receiver import NothingToDo, Parcel, Receiver, RefusedForGood, TryLater
from engine.notify.triggers import still_waits
from primitives.clock import Clock
from primitives.errors import CloudopsError, StoreError
from primitives.outgoing import OutgoingRefused
from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["Deliverer", "retry_wait"]

StateOf = Callable[[str], Awaitable[IncidentState]]

ATTEMPT_WITHIN_S: Final = 30.0
"""The most that one try may take, all its calls together: a receiver may accept a connection and never answer."""
_SIDE_BY_SIDE: Final = 4
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 900.0
_LONGEST_ASKED_S: Final = 3600.0
_LONGEST_SLEEP_S: Final = 60.0
"""Nothing announces that the clock was set, so no sleep is longer."""
_JUMP_S: Final = 5.0
_FORGET_EVERY_S: Final = 3600.0
_PAUSE_S: Final = 5.0

_log = logging.getLogger("cloudops.notify")


def retry_wait(key: str, attempts: int, asked_s: float | None) -> float:
    """Seconds until the next try: twice as long each time, up to 15 minutes, less up to half of it by the key.

    What a receiver asked for is kept, up to an hour. The jitter comes from the key and the try, so that it repeats.
    """
    usual = min(_FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20), _LONGEST_WAIT_S)
    drawn = int.from_bytes(hashlib.sha256(f"{key}:{attempts}".encode()).digest()[:4], "big") / 2**32
    jittered = usual * (1 - drawn / 2)
    return jittered if asked_s is None else min(max(asked_s, 0.0), _LONGEST_ASKED_S) + jittered / 10


class Deliverer:
    """Delivers to `receivers`, by their names. `state_of` gives an incident's state by now.

    A delivery is given up `give_up_after_s` after it was made; it is dead then, until a person retries it.
    """

    def __init__(
        self, outbox: Outbox, receivers: Mapping[str, Receiver], clock: Clock, state_of: StateOf, *,
        give_up_after_s: float, within_s: float = ATTEMPT_WITHIN_S,
    ) -> None:  # fmt: skip
        self._outbox = outbox
        self._receivers = receivers
        self._clock = clock
        self._state_of = state_of
        self._give_up_after_s = give_up_after_s
        self._within_s = within_s
        self._wakes = {name: asyncio.Event() for name in receivers}
        self._paused: dict[str, float] = {}
        self._times = (clock.now().timestamp(), clock.monotonic())

    def wake(self) -> None:
        """Look now: something was added."""
        for wake in self._wakes.values():
            wake.set()

    async def run(self) -> None:
        """Deliver for as long as nobody cancels it."""
        await self._outbox.clamp(self._now())
        async with asyncio.TaskGroup() as workers:
            workers.create_task(self._forget(), name="notify-forget")
            for name in self._receivers:
                workers.create_task(self._serve(name), name=f"notify-{name}")

    async def deliver_due(self, name: str) -> int:
        """Try what is due for one receiver, once each. Returns how many tries were made."""
        await self._notice_jumps()
        if self._clock.monotonic() < self._paused.get(name, 0.0):
            return 0
        due = await self._outbox.due(name, self._now())
        slots = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def attempted(delivery: Waiting) -> None:
            async with slots:
                if self._clock.monotonic() >= self._paused.get(name, 0.0):
                    await self._attempt(delivery)

        ended = await asyncio.gather(*(attempted(delivery) for delivery in due), return_exceptions=True)
        if problem := next((each for each in ended if isinstance(each, BaseException)), None):
            raise problem
        return len(due)

    async def _serve(self, name: str) -> None:
        wake = self._wakes[name]
        while True:
            wake.clear()
            try:
                tried = await self.deliver_due(name)
                wait_s = 0.0 if tried else await self._wait(name)
            except StoreError as error:
                _log.warning("the outbox can't be used: %s", error)
                wait_s = _PAUSE_S
            if wait_s > 0:
                await self._sleep(wake, wait_s)

    async def _forget(self) -> None:
        """Once an hour, remove what ended long ago."""
        while True:
            try:
                await self._outbox.forget(self._now())
            except StoreError as error:
                _log.warning("what was delivered long ago can't be removed: %s", error)
            await self._clock.sleep(_FORGET_EVERY_S)

    async def _wait(self, name: str) -> float:
        due = await self._outbox.next_due(name, self._now())
        wait_s = _LONGEST_SLEEP_S if due is None else min(due - self._now(), _LONGEST_SLEEP_S)
        return max(wait_s, self._paused.get(name, 0.0) - self._clock.monotonic(), 0.0)

    async def _sleep(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait, or until something is added."""
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        waking = asyncio.ensure_future(wake.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()
            await asyncio.gather(sleeping, waking, return_exceptions=True)

    async def _notice_jumps(self) -> None:
        """Where the clock was set, waits keep their length: an hour back must not mean an hour of silence."""
        before, now = self._times, (self._clock.now().timestamp(), self._clock.monotonic())
        self._times = now
        jump = (now[0] - before[0]) - (now[1] - before[1])
        if abs(jump) > _JUMP_S:
            await self._outbox.shift(jump)

    async def _attempt(self, delivery: Waiting) -> None:
        receiver = self._receivers[delivery.receiver]
        try:
            notice = await self._notice(delivery)
            if notice is None:
                await self._outbox.settle(delivery, "dropped", self._now(), "it was answered meanwhile")
                return
            await self._outbox.attempt(delivery)
            parcel = await self._parcel(delivery, notice)
            async with asyncio.timeout(self._within_s):
                await receiver.deliver(parcel)
        except StoreError:
            raise
        except NothingToDo as error:
            await self._outbox.settle(delivery, "dropped", self._now(), self._clean(receiver, error))
        except (RefusedForGood, OutgoingRefused) as error:
            await self._outbox.settle(delivery, "dead", self._now(), self._clean(receiver, error))
        except TryLater as error:
            if error.pause and error.wait_s is not None:
                self._paused[delivery.receiver] = self._clock.monotonic() + min(error.wait_s, _LONGEST_ASKED_S)
            await self._postpone(delivery, self._clean(receiver, error), error.wait_s)
        except TimeoutError:
            await self._postpone(delivery, f"no answer within {self._within_s:g} s")
        except Exception as error:  # A fault in one receiver must not end the others; it shows in the list.
            await self._postpone(delivery, self._clean(receiver, error) or type(error).__name__)
        else:
            await self._outbox.settle(delivery, "sent", self._now(), progress=parcel.progress, thread=parcel.thread)

    async def _notice(self, delivery: Waiting) -> Notice | None:
        """What is sent; None where nobody needs it any more."""
        notice = Notice.model_validate_json(delivery.notice)
        if not delivery.needs:
            return notice
        state = await self._state_of(delivery.execution_id)
        if not still_waits(delivery.needs, state):
            return None
        if delivery.kind != "escalated":
            return notice
        return compose_escalation(notice, state, round((self._now() - delivery.made_at) / 60, 1))

    async def _parcel(self, delivery: Waiting, notice: Notice) -> Parcel:
        thread = await self._outbox.thread(delivery.receiver, delivery.execution_id)

        async def keep(progress: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
            await self._outbox.keep_progress(delivery, progress, kept)

        return Parcel(notice, delivery.key, delivery.attempts > 0, dict(delivery.progress), thread, keep)

    async def _postpone(self, delivery: Waiting, problem: str, asked_s: float | None = None) -> None:
        wait_s = retry_wait(delivery.key, delivery.attempts + 1, asked_s)
        if self._now() + wait_s - delivery.made_at > self._give_up_after_s:
            gave_up = f"given up after {delivery.attempts + 1} tries: {problem}" if delivery.attempts else problem
            await self._outbox.settle(delivery, "dead", self._now(), gave_up)
        else:
            await self._outbox.postpone(delivery, self._now() + wait_s, wait_s, problem)

    def _clean(self, receiver: Receiver, error: Exception) -> str:
        text = str(error) if isinstance(error, CloudopsError) else f"{type(error).__name__}: {error}"
        return Redactor(receiver.secrets).redact(safe_line(text, limit=300))

    def _now(self) -> float:
        return self._clock.now().timestamp()
