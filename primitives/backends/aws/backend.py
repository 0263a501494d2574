"""AWS as a source: series of CloudWatch."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primitives.backends.aws.checks import describe_access
from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.metrics.inventory import Inventory, take_inventory
from primitives.backends.aws.metrics.samples import choose_period
from primitives.backends.aws.metrics.series import ask_series
from primitives.backends.aws.spending import Spending
from primitives.clock import Clock
from primitives.errors import SourceDenied, SourceError
from primitives.records import Series, Window
from primitives.telemetry import Answer, BackendStatus, Query, Question, SeriesQuery
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.backends.aws import AwsSettings

__all__ = ["AwsBackend"]

_RECENT: Final = timedelta(hours=3)
"""So long ListMetrics knows what is recently active."""


class AwsBackend:
    """One account and region. Neither address nor credentials ever show in a name, a fact or an error."""

    questions: ClassVar[frozenset[Question]] = frozenset({"series"})

    def __init__(self, settings: AwsSettings, *, clock: Clock, name: str) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._client = AwsClient(settings, source=name)
        self._spending = Spending(settings.budget_usd)
        self._listing = asyncio.Lock()
        self._inventories: dict[bool, Inventory] = {}
        self._period: int | None = None

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
        return None

    async def _ask(self, query: Query) -> Answer[Any]:
        match query:
            case SeriesQuery():
                return await self._series(query)
            case _:
                raise SourceError(self.name, f"can't be asked for {query.question.replace('_', ' ')}")

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
            if recent not in self._inventories:
                self._inventories[recent] = await take_inventory(
                    self._client, await self._client.place(), recent=recent
                )
            return self._inventories[recent]
