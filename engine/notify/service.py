"""Notifications for as long as an engine lives: derives notices from its log and delivers them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from engine.log import EventLog
from engine.notify.delivering import Deliverer
from engine.notify.deriving import Deriver
from engine.notify.holding import StoreOutbox
from engine.notify.outbox import Outbox
from engine.notify.receiver import Receiver
from engine.notify.receivers.opening import open_receivers
from engine.notify.settings import NotificationSettings
from primitives.clock import Clock, SystemClock

__all__ = ["notification_job", "run_notifications"]


class _Engine(Protocol):
    """What is needed of an engine."""

    store: EventLog
    outbox: StoreOutbox


def notification_job(
    settings: NotificationSettings, environ: Mapping[str, str], *, clock: Clock | None = None
) -> Callable[[_Engine], Coroutine[Any, Any, None]]:
    """The job that sends an engine's notifications until it is cancelled.

    Credentials come from `environ`, now. Raises `UsageError` where one is missing or can't be used.
    """
    receivers = open_receivers(settings, environ, clock or SystemClock())

    async def notify(engine: _Engine) -> None:
        await run_notifications(engine.store, await engine.outbox.get(), settings, receivers, clock=clock)

    return notify


async def run_notifications(
    store: EventLog,
    outbox: Outbox,
    settings: NotificationSettings,
    receivers: Mapping[str, Receiver],
    *,
    clock: Clock | None = None,
) -> None:
    """Send the notices of what happens in `store` until cancelled. Closes the receivers at the end.

    Cancelling loses nothing: what was not delivered waits in the outbox. The outbox stays open.
    """
    clock = clock or SystemClock()
    deliverer = Deliverer(outbox, receivers, clock, store.state, give_up_after_s=settings.give_up_after_hours * 3600)
    outbox.added = deliverer.wake
    deriver = Deriver(store, outbox, settings, clock, deliverer.wake)
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(asyncio.to_thread(_load_libraries, settings), name="notify-load")
            both.create_task(deriver.run(), name="notify-derive")
            both.create_task(deliverer.run(), name="notify-deliver")
    finally:
        await asyncio.gather(*(receiver.close() for receiver in receivers.values()), return_exceptions=True)


def _load_libraries(settings: NotificationSettings) -> None:
    """Load what receivers need, so that the first notice doesn't wait for it."""
    from importlib import import_module

    kinds = {receiver.kind for receiver in settings.receivers.values()}
    if kinds & {"slack", "teams", "webhook", "pagerduty"}:
        import_module("primitives.guarded_http")
    if "email" in kinds:
        import_module("aiosmtplib")
    if "apprise" in kinds:
        import_module("apprise")
