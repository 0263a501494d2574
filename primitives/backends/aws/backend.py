"""AWS as a source: CloudWatch's metrics, alarms and logs, and what the services say of their resources and changes.

State (topology, configuration, health) is what is now: of a window that ended a while ago nothing is said.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primitives.backends.aws.account import take_look
from primitives.backends.aws.alarms import ask_alarms
from primitives.backends.aws.checks import describe_access
from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.history import ask_changes
from primitives.backends.aws.logs.answer import ask_logs
from primitives.backends.aws.look import Look
from primitives.backends.aws.metrics.inventory import Inventory, take_inventory
from primitives.backends.aws.metrics.samples import choose_period
from primitives.backends.aws.metrics.series import ask_series
from primitives.backends.aws.spending import Spending
from primitives.backends.aws.traces.spans import ask_spans
from primitives.clock import Clock
from primitives.errors import SourceDenied, SourceError
from primitives.records import ConfigurationSnapshot, Coverage, Observation, Probe, Series, Topology, Window
from primitives.telemetry import (
    AlertsQuery,
    Answer,
    BackendStatus,
    ChangesQuery,
    ConfigurationQuery,
    LogsQuery,
    ObservationsQuery,
    ProbesQuery,
    Query,
    Question,
    SeriesQuery,
    SpansQuery,
    TopologyQuery,
)
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.backends.aws import AwsSettings

__all__ = ["AwsBackend"]

_RECENT: Final = timedelta(hours=3)
"""So long ListMetrics knows what is recently active."""
_STATE: Final = timedelta(minutes=10)
"""A window that ended at most so long ago ends now, for what has no past: state."""
_FRESH: Final = timedelta(seconds=15)
"""A look so much older than a window's end is of now as well; a later question looks again."""
_NO_PAST: Final = "AWS says what is now, and nothing of the past"


class AwsBackend:
    """One account and region. Neither address nor credentials ever show in a name, a fact or an error."""

    questions: ClassVar[frozenset[Question]] = frozenset({
        "series", "alerts", "topology", "changes", "configuration", "observations", "probes", "logs", "spans",
    })  # fmt: skip

    def __init__(self, settings: AwsSettings, *, clock: Clock, name: str) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._client = AwsClient(settings, source=name)
        self._spending = Spending(settings.budget_usd)
        self._listing = asyncio.Lock()
        self._inventories: dict[bool, tuple[datetime, Inventory]] = {}
        self._period: int | None = None
        self._looking = asyncio.Lock()
        self._look: Look | None = None

    @property
    def cost_usd(self) -> float:
        """What was charged by now."""
        return self._spending.usd

    async def ask(self, query: Query) -> Answer[Any]:
        now = self._clock.now()
        if query.window.end <= now:
            return await self._ask(query)
        # Nothing is known of what is to come: an answer must not cover it.
        past = Window(start=min(query.window.start, now), end=now)
        return replace(await self._ask(query.model_copy(update={"window": past})), query=query)

    async def check(self) -> BackendStatus:
        """Whether it can be reached, as whom, and which questions it may be asked."""
        questions: tuple[Question, ...] = tuple(sorted(self.questions))
        try:
            place = await self._client.place()
            said = await describe_access(self._client, place, self._clock.now())
        except SourceDenied as error:
            return BackendStatus(self.name, "denied", error.problem, questions)
        except SourceError as error:
            return BackendStatus(self.name, "unreachable", error.problem, questions)
        address = safe_line(self._settings.endpoint_url or place.region, limit=200)
        return BackendStatus(self.name, "reachable", said, questions, address)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, query: Query) -> Answer[Any]:
        match query:
            case SeriesQuery():
                return await self._series(query)
            case AlertsQuery():
                return await ask_alarms(self._client, await self._client.place(), query, self._clock.now())
            case ChangesQuery():
                return await ask_changes(self._client, await self._look_at(query.window), query, self._clock)
            case LogsQuery():
                look, groups = await self._look_at(query.window), self._settings.log_groups
                return await ask_logs(self._client, look, query, groups, self._clock, self._spending)
            case SpansQuery():
                return await ask_spans(self._client, await self._look_at(query.window), query)
            case TopologyQuery() | ConfigurationQuery() | ObservationsQuery() | ProbesQuery():
                return await self._state(query)
            case _:
                raise SourceError(self.name, f"can't be asked for {query.question.replace('_', ' ')}")

    async def _state(self, query: TopologyQuery | ConfigurationQuery | ObservationsQuery | ProbesQuery) -> Answer[Any]:
        if self._clock.now() - query.window.end > _STATE:
            return Answer(query, self.name, "not_recorded", detail=_NO_PAST)
        look = await self._look_at(query.window)
        if look.denied and not look.answered:
            raise SourceDenied(self.name, "; ".join(look.notes)[:400])
        records = _records(look, query)
        covered = Coverage(
            source=self.name, kinds=(query.question,), start=query.window.end, end=query.window.end, status="answered"
        )
        return Answer(
            query, self.name, "partial" if look.notes else "answered", records, () if look.notes else (covered,),
            detail="; ".join(look.notes)[:500] or None,
        )  # fmt: skip

    async def _look_at(self, window: Window) -> Look:
        # All diagnostics of an investigation ask about the same moment: one look serves them.
        async with self._looking:
            if self._look is None or not -_FRESH <= self._look.end - window.end <= _STATE:
                self._look = await take_look(self._client, max(window.end, self._clock.now() - _STATE))
                self._spending.metrics += self._look.paid_metrics
            return self._look

    async def _series(self, query: SeriesQuery) -> Answer[Series]:
        now = self._clock.now()
        inventory = await self._inventory(recent=now - query.window.end < _RECENT)
        if inventory.failure is not None:
            raise inventory.failure
        period = choose_period(query.window, now, query.step_s, self._period)
        if query.step_s is None:
            # All questions of an investigation have one period, so that a week ago compares with now.
            self._period = period
        return await ask_series(self._client, query, inventory, period, self._settings.most_metrics, self._spending)

    async def _inventory(self, *, recent: bool) -> Inventory:
        # Several diagnostics ask at the same time: one list serves them all.
        async with self._listing:
            listed = self._inventories.get(recent)
            if listed is None or self._clock.now() - listed[0] > _STATE:
                inventory = await take_inventory(self._client, await self._client.place(), recent=recent)
                listed = self._inventories[recent] = (self._clock.now(), inventory)
            return listed[1]


def _records(
    look: Look, query: TopologyQuery | ConfigurationQuery | ObservationsQuery | ProbesQuery
) -> tuple[Topology | ConfigurationSnapshot | Observation | Probe, ...]:
    """What the look holds for the question; a configuration may be from before the window."""
    window = query.window
    match query:
        case TopologyQuery():
            return (look.topology,)
        case ConfigurationQuery():
            taken = (each.model_copy(update={"time": min(each.time, window.end)}) for each in look.snapshots)
            return tuple(sorted(taken, key=lambda each: (each.time, each.resource, each.kind)))
        case ObservationsQuery():
            wanted = (each for each in look.observations if query.kinds is None or each.kind in query.kinds)
            return tuple(each for each in wanted if window.holds(each.time))
        case ProbesQuery():
            return tuple(each for each in look.probes if window.holds(each.time))
