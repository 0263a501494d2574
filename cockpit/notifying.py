"""What the command line does with notifications: list, retry, test a receiver, send a run's result, and check them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cockpit.checks import Check
from cockpit.engine_access import ask_engine
from cockpit.output import note
from cockpit.settings import Settings
from cockpit.signals import run
from cockpit.tables import Column, count, table_lines
from engine.incident import IncidentState
from engine.notify.composing import compose_result, compose_test
from engine.notify.delivery import Delivery
from engine.notify.once import NotDelivered, deliver_once
from engine.notify.receivers.opening import open_receiver, open_receivers
from engine.notify.rules import assign
from engine.notify.settings import NotificationSettings
from primitives.clock import SystemClock
from primitives.errors import CloudopsError, OutputError, UsageError
from primitives.outgoing import OutgoingGuard
from primitives.text import safe_line

__all__ = [
    "deliveries",
    "delivery_table",
    "notification_check",
    "preview",
    "retry_deliveries",
    "tell_result",
    "try_receiver",
]

_SIGNS: Final = {"waiting": "…", "sent": "✓", "dead": "✗", "dropped": "·"}
_KEY: Final = 8
"""How many digits of a key are shown: enough to tell a thousand keys apart."""


def deliveries(settings: Settings) -> tuple[Delivery, ...]:
    """The lines of the outbox. Raises `CloudopsError`."""
    if not settings.store.exists():
        return ()
    return run(ask_engine(settings, lambda port: port.deliveries()))


def delivery_table(lines: Sequence[Delivery]) -> str:
    """The lines as a table."""
    if not lines:
        return "Nothing was to be delivered.\n"
    rows = (
        (
            f"{_SIGNS[line.status]} {line.key[:_KEY]}", line.status, line.receiver, line.kind.replace("_", " "),
            line.execution_id, f"{line.made_at:%Y-%m-%d %H:%M}", _tries(line), safe_line(line.title, limit=60),
            safe_line(line.problem, limit=200),
        )
        for line in lines
    )  # fmt: skip
    columns = [
        Column(title) for title in ("KEY", "STATUS", "RECEIVER", "NEWS", "INCIDENT", "SINCE", "TRIES", "TITLE", "")
    ]
    return "\n".join(table_lines(columns, rows)) + "\n"


def retry_deliveries(settings: Settings, keys: tuple[str, ...]) -> str:
    """Try dead notices again, and say how many. Raises `UsageError` where a key names none."""
    retried = run(ask_engine(settings, lambda port: port.retry_deliveries(keys))) if settings.store.exists() else 0
    if keys and not retried:
        raise UsageError("no dead notice has such a key: `cloudops notifications list --dead` shows them")
    return f"{count(retried, 'notice')} will be tried again" if retried else "nothing is dead"


def preview(settings: Settings, name: str) -> str:
    """What the receiver would be sent as a test; no credentials are needed for it. Raises `UsageError`."""
    configured = _configured(settings, name)
    clock = SystemClock()
    receiver = open_receiver(name, configured.receivers[name], _AnyVariable(), clock, OutgoingGuard())
    return receiver.preview(compose_test(name, clock.now(), configured.link), "0" * 32).rstrip("\n") + "\n"


def try_receiver(settings: Settings, name: str) -> str:
    """Send a test to the receiver. Raises `UsageError`, or `OutputError` where it could not be delivered."""
    configured = _configured(settings, name)
    clock = SystemClock()
    receiver = open_receiver(
        name, configured.receivers[name], os.environ, clock, OutgoingGuard(configured.allow_hosts)
    )  # fmt: skip
    notice = compose_test(name, clock.now(), configured.link)
    try:
        run(deliver_once({name: receiver}, [(notice, "test", name)], clock, within_s=0.0))
    except NotDelivered as error:
        raise OutputError(f"the test was not delivered to {name}: {error.problems[name]}") from None
    return f"{name} has taken the test"


def tell_result(settings: Settings, state: IncidentState) -> None:
    """Send an investigation's result to the receivers that the rules choose. Failures are printed, not kept."""
    configured = settings.notifications
    if configured is None or not configured.rules:
        note("cloudops: nobody was told: the configuration has no `notifications` with rules")
        return
    clock = SystemClock()
    notice = compose_result(state, configured.link)
    # Who asks by an option wants the result of this run, recorded or not.
    chosen = list(assign(notice, configured, clock.now(), recorded=False))
    for each in chosen:
        if each.after is not None:
            note(f"cloudops: {each.receiver} was not told: its quiet hours end at {each.after:%H:%M} UTC")
    parcels = [(notice, each.rule.name, each.receiver) for each in chosen if each.after is None]
    try:
        receivers = open_receivers(configured, os.environ, clock)
        run(deliver_once(receivers, parcels, clock))
    except NotDelivered as error:
        for name, problem in error.problems.items():
            note(f"cloudops: {name} was not told: {problem}")
    except CloudopsError as error:
        note(f"cloudops: nobody was told: {error}")


async def notification_check(settings: Settings) -> Check:
    """The line of `cloudops doctor`."""
    configured = settings.notifications
    if configured is None or not configured.receivers:
        return Check(name="notifications", status="off", detail="nobody is told: see docs/notifications.md")
    try:
        receivers = open_receivers(configured, os.environ, SystemClock())
        await asyncio.gather(*(receiver.close() for receiver in receivers.values()))
        lines = await ask_engine(settings, lambda port: port.deliveries()) if settings.store.exists() else ()
    except CloudopsError as error:
        return Check(name="notifications", status="bad", detail=str(error))
    dead, waiting = (sum(line.status == status for line in lines) for status in ("dead", "waiting"))
    words = [", ".join(receivers), count(len(configured.rules), "rule"), *([f"{waiting} waiting"] if waiting else [])]
    if not configured.rules:
        return Check(name="notifications", status="warning", detail=f"{words[0]}: no rule says who is told of what")
    if dead:
        words.append(f"{dead} could not be delivered: see `cloudops notifications list --dead`")
    return Check(name="notifications", status="warning" if dead else "ok", detail="; ".join(words))


def _tries(line: Delivery) -> str:
    return str(line.attempts) if line.attempts else ""


def _configured(settings: Settings, name: str) -> NotificationSettings:
    configured = settings.notifications or NotificationSettings()
    if name not in configured.receivers:
        known = ", ".join(configured.receivers) or "none is configured"
        raise UsageError(f"there is no receiver {safe_line(name, limit=60)!r}; there are: {known}")
    return configured


class _AnyVariable(Mapping[str, str]):
    """An environment that has every variable, for what is only shown."""

    def __getitem__(self, name: str) -> str:
        return "whsec_c2hvd24gb25seSwgYW5kIG5ldmVyIHNlbnQ="

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
