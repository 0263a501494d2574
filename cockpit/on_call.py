"""What came in, what runs and what waits for a person, in plain lines; and the bell for what nobody has taken."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from cockpit.engine_access import ask_engine
from cockpit.output import say, say_document
from cockpit.settings import Settings
from cockpit.signals import run
from cockpit.tables import Column, count, printed_width, table_lines
from engine.alerts import AlertGroup
from engine.port import EnginePort, IncidentSummary
from primitives.alert_payloads.model import SEVERITIES
from primitives.clock import Clock, SystemClock
from primitives.errors import EngineGone, Interrupted

__all__ = ["Bell", "show", "show_payload", "take", "text_of", "watch"]

_LOOK_S: Final = 2.0
_RING_AGAIN: Final = timedelta(seconds=60)
_OVER_SHOWN: Final = 10
_STATES: Final[Mapping[str, str]] = {
    "noted": "not investigated",
    "waiting": "waits for its investigation",
    "opening": "begins",
    "running": "is investigated",
    "investigated": "investigated",
    "failed": "can't be investigated",
}


class Bell:
    """When to ring: for what is new and nobody has taken, and again every minute for what is escalated."""

    def __init__(self) -> None:
        self._rung: dict[str, datetime] = {}

    def due(self, groups: Iterable[AlertGroup], now: datetime) -> bool:
        """Whether to ring now; it counts as rung then."""
        waiting = [group for group in groups if group.waits_for_person and group.severity != "info"]
        due = [group for group in waiting if self._is_due(group, now)]
        self._rung = {group.id: self._rung.get(group.id, now) for group in waiting}
        self._rung |= {group.id: now for group in due}
        return bool(due)

    def _is_due(self, group: AlertGroup, now: datetime) -> bool:
        rung = self._rung.get(group.id)
        return rung is None or (group.escalated_at is not None and now - rung >= _RING_AGAIN)


def show(settings: Settings, *, as_json: bool) -> int:
    """List what came in."""
    groups, incidents = run(ask_engine(settings, _asked)) if settings.store.exists() else ((), {})
    if as_json:
        say_document([_document(group, incidents) for group in groups])
    else:
        say(text_of(groups, incidents, SystemClock().now()))
    return 0


def take(settings: Settings, name: str) -> int:
    """Look after an alert. Raises `UsageError` when there is none."""

    async def taken(port: EnginePort) -> AlertGroup:
        return await port.take_alert(name)

    group = run(ask_engine(settings, taken))
    say(f"{group.id} is yours ({group.taken_by}): {group.title}\n")
    return 0


def show_payload(settings: Settings, name: str) -> int:
    """Print the kept payloads of a group. Raises `UsageError` when there is none."""

    async def payloads(port: EnginePort) -> tuple[object, ...]:
        return await port.alert_payloads(name)

    say_document(list(run(ask_engine(settings, payloads))))
    return 0


def watch(settings: Settings, *, ring: bool) -> int:
    """List what came in again and again until a signal ends it; without a terminal, whenever it changes."""
    with suppress(Interrupted):
        run(_watch(settings, Bell() if ring else None, SystemClock()))
    return 0


async def _watch(settings: Settings, bell: Bell | None, clock: Clock) -> None:
    shown = ""
    while True:
        with suppress(EngineGone):
            groups, incidents = await ask_engine(settings, _asked) if settings.store.exists() else ((), {})
            now = clock.now()
            text = text_of(groups, incidents, now)
            if sys.stdout.isatty():
                say("\x1b[H\x1b[2J" + text)
            elif text != shown:
                say(text + "\n")
            shown = text
            if bell is not None and bell.due(groups, now):
                sys.stderr.write("\a")
                sys.stderr.flush()
        await clock.sleep(_LOOK_S)


async def _asked(port: EnginePort) -> tuple[tuple[AlertGroup, ...], dict[str, IncidentSummary]]:
    groups = await port.alert_groups()
    return groups, {summary.execution_id: summary for summary in await port.incidents()} if groups else {}


def text_of(groups: Sequence[AlertGroup], incidents: Mapping[str, IncidentSummary], now: datetime) -> str:
    """What a person on call needs to see, the most urgent first."""
    waiting = sorted((group for group in groups if group.waits_for_person), key=_urgency)
    taken = [group for group in groups if group.open and group.taken_by is not None]
    over = [group for group in groups if not group.open][:_OVER_SHOWN]
    if not groups:
        return "No alerts came in; `cloudops serve` takes them (docs/serve.md).\n"
    sections = (("Nobody has taken", waiting), ("Taken", taken), ("Over", over))
    return "\n".join(_section(title, some, incidents, now) for title, some in sections if some)


def _section(title: str, groups: Sequence[AlertGroup], incidents: Mapping[str, IncidentSummary], now: datetime) -> str:
    columns = [Column(name) for name in ("ID", "SEVERITY", "SINCE", "ALERTS", "STATE", "TITLE")]
    lines = table_lines(columns, (list(_cells(group, incidents, now)) for group in groups), printed_width())
    return "\n".join((f"{title} ({len(groups)})", *lines)) + "\n"


def _cells(group: AlertGroup, incidents: Mapping[str, IncidentSummary], now: datetime) -> Iterator[str]:
    yield group.id
    yield group.severity + (" !" if group.escalated_at is not None and group.waits_for_person else "")
    yield _age(now - group.opened_at)
    yield f"{group.firing} of {group.alerts}" if group.alerts > 1 else str(group.alerts)
    yield _state(group, incidents)
    yield group.title


def _state(group: AlertGroup, incidents: Mapping[str, IncidentSummary]) -> str:
    words = _STATES[group.state]
    summary = incidents.get(group.execution_id or "")
    if summary is not None and summary.top_cause and summary.confidence is not None:
        words = f"{summary.top_cause} ({summary.confidence:.0%}), {summary.execution_id}"
    elif group.execution_id is not None:
        words = f"{words}, {group.execution_id}"
    if group.state == "waiting" and group.problem:
        words = f"{words}: {group.problem}"
    return f"{words}; taken by {group.taken_by}" if group.taken_by else words


def _urgency(group: AlertGroup) -> tuple[bool, int, datetime]:
    return group.escalated_at is None, SEVERITIES.index(group.severity), group.opened_at


def _age(age: timedelta) -> str:
    minutes = max(int(age.total_seconds()), 0) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 24 * 60 else count(minutes // (24 * 60), "day")


def _document(group: AlertGroup, incidents: Mapping[str, IncidentSummary]) -> dict[str, object]:
    summary = incidents.get(group.execution_id or "")
    answer = {"top_cause": summary.top_cause, "confidence": summary.confidence} if summary is not None else {}
    return {**group.model_dump(mode="json"), **answer}
