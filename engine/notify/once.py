"""Delivers a few notices now, for a command that then ends: nothing is stored, failures are raised."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from engine.notify.delivering import Deliverer
from engine.notify.notice import Notice
from engine.notify.outbox import NewDelivery, Outbox
from engine.notify.receiver import Receiver
from primitives.clock import Clock
from primitives.errors import CloudopsError

__all__ = ["NotDelivered", "deliver_once"]

WITHIN_S: Final = 30.0
"""The longest wait for receivers after a command's own work is done."""
_LOOK_S: Final = 0.2


class NotDelivered(CloudopsError):
    """Some notices were not delivered; `problems` says why, by receiver."""

    exit_code = 3

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = dict(problems)


async def deliver_once(
    receivers: Mapping[str, Receiver],
    parcels: Sequence[tuple[Notice, str, str]],
    clock: Clock,
    *,
    within_s: float = WITHIN_S,
) -> None:
    """Deliver each notice to its receiver by its rule, with retries within `within_s` seconds (0: one try each).

    Closes the receivers. Raises `NotDelivered`.
    """
    outbox = await Outbox.open(None)
    try:
        now = clock.now().timestamp()
        deliveries = [
            NewDelivery.of_notice(notice, rule=rule, receiver=receiver, now=now) for notice, rule, receiver in parcels
        ]
        await outbox.add("", 0, deliveries)
        deliverer = Deliverer(outbox, receivers, clock, _no_state, give_up_after_s=max(within_s, 1e-3))
        await _deliver(outbox, deliverer, clock, within_s)
        lines = await outbox.deliveries()
    finally:
        await outbox.close()
        await asyncio.gather(*(receiver.close() for receiver in receivers.values()), return_exceptions=True)
    if problems := {line.receiver: line.problem for line in lines if line.status != "sent"}:
        raise NotDelivered(problems)


async def _deliver(outbox: Outbox, deliverer: Deliverer, clock: Clock, within_s: float) -> None:
    until = clock.monotonic() + within_s
    while waiting := {line.receiver for line in await outbox.deliveries() if line.status == "waiting"}:
        await asyncio.gather(*(deliverer.deliver_due(name) for name in waiting))
        if clock.monotonic() >= until:
            return
        await clock.sleep(_LOOK_S)


async def _no_state(execution_id: str) -> NoReturn:
    raise AssertionError(f"nothing is planned for later, yet {execution_id} was asked for")
