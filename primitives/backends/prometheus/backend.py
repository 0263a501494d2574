"""Prometheus as a source: series by the usual metric names, topology from client metrics, alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Final

from primitives.backends.prometheus.alerts import build_alerts
from primitives.backends.prometheus.catalogue import catalogue_of
from primitives.backends.prometheus.changes import find_changes
from primitives.backends.prometheus.client import PRODUCT, PrometheusClient, PrometheusHttp, Reply
from primitives.backends.prometheus.endpoint import Endpoint
from primitives.backends.prometheus.mapping import Mapping
from primitives.backends.prometheus.promql import Grid, choose_step, grid
from primitives.backends.prometheus.series import answer_series, select
from primitives.backends.prometheus.survey import Survey, gather_results, sample_expression, survey
from primitives.backends.prometheus.topology import build_topology, edges_expression
from primitives.clock import Clock
from primitives.errors import SourceDenied, SourceError
from primitives.examination import Examination
from primitives.records import Alert, Change, Coverage, Series, Topology, Window
from primitives.telemetry import (
    AlertsQuery,
    Answer,
    BackendStatus,
    ChangesQuery,
    Query,
    Question,
    SeriesQuery,
    TopologyQuery,
)
from primitives.text import safe_line

__all__ = ["PrometheusBackend"]

_LIVE_S: Final = 60.0
"""A window that ended at most so long ago ends now: what the API calls active was active at its end."""

_NOTHING_KNOWN: Final = "it holds none of the known metrics (docs/prometheus.md lists them)"
_RECENT: Final = timedelta(hours=1)

_REMEMBERED: Final = 128
"""Evaluated expressions that are kept: questions that differ in their resources alone are asked once."""


class PrometheusBackend:
    """One Prometheus, or what speaks its API (Thanos, Mimir, VictoriaMetrics).

    Neither address nor credentials ever show in a name, a fact or an error. `timeout_s` bounds each request, `within_s`
    all expressions of one question: what is not there by then is left out, and said.
    """

    questions: ClassVar[frozenset[Question]] = frozenset({"series", "topology", "alerts", "changes"})

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        timeout_s: float = 8.0,
        within_s: float = 12.0,
        name: str = "prometheus",
        warning: str = "",
        mapping: Mapping | None = None,
    ) -> None:
        self.name = name
        self._clock = clock
        self._within_s = within_s
        self._http = PrometheusHttp(
            endpoint, PRODUCT, source=name, timeout_s=timeout_s, secrets=endpoint.secrets, warning=warning
        )
        self._client = PrometheusClient(self._http)
        self._catalogue = catalogue_of(mapping or Mapping())
        self._looking = asyncio.Lock()
        self._surveys: dict[Window, Survey] = {}
        self._replies: dict[tuple[str, Grid], Reply] = {}
        self._step: int | None = None

    async def ask(self, query: Query) -> Answer[Any]:
        now = self._clock.now()
        if query.window.end <= now:
            return await self._ask(query)
        # Nothing is known of what is to come: an answer must not cover it.
        past = Window(start=min(query.window.start, now), end=now)
        return replace(await self._ask(query.model_copy(update={"window": past})), query=query)

    async def _ask(self, query: Query) -> Answer[Any]:
        match query:
            case SeriesQuery():
                return await self._series(query)
            case TopologyQuery():
                return await self._topology(query)
            case AlertsQuery():
                return await self._alerts(query)
            case ChangesQuery():
                return await self._changes(query)
            case _:
                raise SourceError(self.name, f"can't be asked for {query.question.replace('_', ' ')}")

    async def check(self) -> BackendStatus:
        """Whether it can be reached; `detail` has its version, and a hint where it holds nothing of use."""
        questions: tuple[Question, ...] = tuple(sorted(self.questions))
        at = safe_line(self._http.endpoint.base, limit=200)
        try:
            version = await self._client.version()
            now = self._clock.now()
            inventory = await survey(self._client, Window(start=now - _RECENT, end=now), self._catalogue)
        except SourceDenied as error:
            return BackendStatus(self.name, "denied", error.problem, questions, at)
        except SourceError as error:
            return BackendStatus(self.name, "unreachable", error.problem, questions, at)
        served = f"version {version or 'unknown'}"
        hint = f"{len(inventory.families)} known metric families" if inventory.families else f"but {_NOTHING_KNOWN}"
        return BackendStatus(self.name, "reachable", f"{served}, {hint}", questions, at)

    async def examine(self) -> Examination:
        """As whom it is asked, and its clock."""
        await self._client.version()
        return self._http.examination(self._clock.now())

    async def close(self) -> None:
        await self._client.close()

    async def _series(self, query: SeriesQuery) -> Answer[Series]:
        inventory = await self._look(query.window)
        if not inventory.families:
            return await self._nothing(query)
        since = inventory.since_in(query.window)
        known = Window(start=since, end=query.window.end) if since is not None else query.window
        step = choose_step(
            known.seconds, inventory.interval_s, query.step_s, self._step, series=inventory.expected_series
        )
        if query.step_s is None:
            self._step = step
        times = grid(known, step)
        asked = select(query, inventory, times)
        questions = (self._evaluate(question.expression, times) for question in asked)
        replies = await gather_results(questions, source=self.name, within_s=self._within_s)
        return answer_series(query, self.name, inventory, times, zip(asked, replies, strict=True))

    async def _topology(self, query: TopologyQuery) -> Answer[Topology]:
        inventory = await self._look(query.window)
        families, clients = inventory.families, inventory.clients
        known = await gather_results(
            sample_expression(
                self._client, inventory.grouping(family, 0).max(family.probe + family.selector), query.window
            )
            for family in families
        )
        calls = await gather_results(
            sample_expression(self._client, edges_expression(client), query.window) for client in clients
        )
        topology = build_topology(inventory, zip(families, known, strict=True), zip(clients, calls, strict=True))
        if not topology.resources:
            return Answer(query, self.name, "not_recorded", detail=_NOTHING_KNOWN)
        notes = _notes((*known, *calls))
        return Answer(
            query,
            self.name,
            "partial" if notes else "answered",
            records=(topology,),
            coverage=self._coverage("topology", query.window, inventory),
            detail="; ".join(notes) or None,
        )

    async def _alerts(self, query: AlertsQuery) -> Answer[Alert]:
        inventory = await self._look(query.window)
        times = grid(query.window, choose_step(query.window.seconds, inventory.interval_s, None, self._step))
        states, since = await gather_results(self._evaluate(name, times) for name in ("ALERTS", "ALERTS_FOR_STATE"))
        live = 0 <= (self._clock.now() - query.window.end).total_seconds() <= _LIVE_S
        alerts = build_alerts(
            states.rows if isinstance(states, Reply) else (),
            since.rows if isinstance(since, Reply) else (),
            await self._client.active_alerts() if live else (),
            grid=times,
            window=query.window,
            names=inventory.names,
            clean=self._http.clean,
        )
        notes = _notes((states, since))
        return Answer(
            query,
            self.name,
            "partial" if notes else "answered",
            records=alerts,
            coverage=self._coverage("alerts", query.window, inventory),
            detail="; ".join(notes) or None,
        )

    async def _changes(self, query: ChangesQuery) -> Answer[Change]:
        # Without coverage: what metrics don't show may have been changed all the same.
        inventory = await self._look(query.window)
        since = inventory.since_in(query.window)
        if since is None:
            return Answer(query, self.name, "answered")
        known = Window(start=since, end=query.window.end)
        changes, notes = await find_changes(self._client, inventory, known, self._within_s)
        wanted = tuple(change for change in changes if query.kinds is None or change.kind in query.kinds)
        return Answer(
            query, self.name, "partial" if notes else "answered", records=wanted, detail="; ".join(notes) or None
        )

    async def _nothing(self, query: SeriesQuery) -> Answer[Series]:
        """The answer for a window without samples: it may have some at other times, or none ever."""
        now = self._clock.now()
        recent = await self._client.metric_names(self._catalogue.names, (now - _RECENT).timestamp(), now.timestamp())
        if recent:
            return Answer(query, self.name, "answered", detail="it holds no samples of that time")
        return Answer(query, self.name, "not_recorded", detail=_NOTHING_KNOWN)

    async def _look(self, window: Window) -> Survey:
        # Several diagnostics ask at the same time about the same window: one look serves them all.
        async with self._looking:
            if window not in self._surveys:
                self._surveys[window] = await survey(self._client, window, self._catalogue)
            return self._surveys[window]

    async def _evaluate(self, expression: str, times: Grid) -> Reply:
        key = (expression, times)
        if key not in self._replies:
            reply = await self._client.over(expression, times.start, times.end, times.step)
            while len(self._replies) >= _REMEMBERED:
                self._replies.pop(next(iter(self._replies)))
            self._replies[key] = reply
        return self._replies[key]

    def _coverage(self, kind: str, window: Window, inventory: Survey) -> tuple[Coverage, ...]:
        start = inventory.since_in(window)
        if start is None:
            return ()
        return (Coverage(source=self.name, kinds=(kind,), start=start, end=window.end, status="answered"),)


def _notes(replies: Iterable[Reply | SourceError]) -> list[str]:
    """What was refused or warned of, each once."""
    notes: dict[str, None] = {}
    for reply in replies:
        texts = reply.warnings if isinstance(reply, Reply) else (reply.problem,)
        notes.update(dict.fromkeys(texts))
    return list(notes)[:5]
