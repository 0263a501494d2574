"""Escalates alerts that nobody has taken. The service's desk decides this; the log has no event for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.incident import IncidentState
from engine.notify.composing import compose_unattended
from engine.notify.outbox import NewDelivery, Outbox
from engine.notify.rules import matches
from engine.notify.settings import NotificationSettings
from primitives.clock import Clock

if TYPE_CHECKING:
    from engine.engine import Engine

__all__ = ["tell_of_unattended", "tell_unattended"]

_LOOK_S: Final = 5.0


async def tell_unattended(
    outbox: Outbox, settings: NotificationSettings, state: IncidentState, minutes: float, clock: Clock
) -> int:
    """Notify the receivers of each rule's `escalate` that nobody has taken this incident's alert. Returns how many.

    Each is notified once, however often this is called. Raises `StoreError`.
    """
    notice = compose_unattended(state, minutes, settings.link)
    now = clock.now().timestamp()
    told = {
        receiver: rule.name
        for rule in reversed(settings.rules)
        if rule.escalate is not None and matches(rule, notice, recorded=not state.live, kind="opened")
        for receiver in rule.escalate.to
    }
    deliveries = [
        NewDelivery.of_notice(notice, rule=rule, receiver=receiver, now=now) for receiver, rule in told.items()
    ]
    added = await outbox.add(state.execution_id, 0, deliveries)
    outbox.added()
    return added


async def tell_of_unattended(settings: NotificationSettings, engine: Engine) -> None:
    """Escalate each alert that the service's desk marks as taken by nobody, until cancelled."""
    desk = await engine.desk()
    if desk is None:
        return
    known: set[str] = set()
    while True:
        for group in desk.groups:
            if group.id in known or group.escalated_at is None or not group.waits_for_person or not group.execution_id:
                continue
            minutes = round((group.escalated_at - group.opened_at).total_seconds() / 60, 1)
            state = await engine.state(group.execution_id)
            await tell_unattended(await engine.outbox.get(), settings, state, minutes, desk.clock)
            known.add(group.id)
        await desk.changed(_LOOK_S)
