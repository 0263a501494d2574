"""Loki as a source: lines within a budget, counts that it makes itself, and who writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primitives.backends.loki.client import LokiClient
from primitives.backends.loki.counting import aggregated, by_pattern, count_lines, grouping
from primitives.backends.loki.lines import Reading, joined, read_lines, records_of
from primitives.backends.loki.logql import all_streams, counted, line_filters, streams_named
from primitives.backends.loki.streams import Stream, StreamNames
from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError
from primitives.examination import Examination
from primitives.http_source import HttpSource, Product
from primitives.identity import is_kubernetes
from primitives.quantities import quantity
from primitives.records import Aggregate, Coverage, LogRecord, Resource, Topology, Window
from primitives.reductions import logs_in_scope, reduced, within_budget
from primitives.side_by_side import outcomes, side_by_side
from primitives.telemetry import (
    Answer,
    BackendStatus,
    Budget,
    CountByLabel,
    CountByTemplate,
    LogsQuery,
    Query,
    Question,
    TopK,
    TopologyQuery,
)
from primitives.terms import ResourceKind, Severity
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.backends.loki import LokiSettings

__all__ = ["LokiBackend"]

_PRODUCT: Final = Product(
    "Loki",
    "/loki/api",
    "put USER:PASSWORD@ into the URL, a token into CLOUDOPS_LOKI_TOKEN, or set the source's `tenant`",
)
_RECENT: Final = timedelta(hours=1)
_GRAVE: Final[tuple[Severity, ...]] = ("WARN", "ERROR", "FATAL")
_EXAMPLES: Final = Budget(rows=5_000, text_bytes=4 * 1024 * 1024)
"""The newest lines, which show what a pattern stands for."""
_MOST_PATTERNED: Final = 60
"""Resources whose patterns are asked for, each on its own."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What there is in a window: the labels' names and the streams (None: more than it would list)."""

    labels: tuple[str, ...]
    streams: tuple[Stream, ...] | None
    names: StreamNames


class LokiBackend:
    """One Loki, or one tenant of it.

    `timeout_s` bounds each request, `within_s` the pages of one question: what is not there by then is left out, and
    the answer says so.
    """

    questions: ClassVar[frozenset[Question]] = frozenset({"logs", "topology"})

    def __init__(
        self,
        settings: LokiSettings,
        *,
        clock: Clock,
        name: str = "loki",
        timeout_s: float = 8.0,
        within_s: float = 12.0,
    ) -> None:
        self.name = name
        self._clock = clock
        self._within_s = within_s
        self._http = HttpSource(
            settings.endpoint, _PRODUCT, source=name, timeout_s=timeout_s, secrets=settings.secrets(),
            headers=settings.headers, warning=settings.warning(),
        )  # fmt: skip
        self._client = LokiClient(self._http)
        self._looking = asyncio.Lock()
        self._looks: dict[Window, _Look] = {}

    async def ask(self, query: Query) -> Answer[Any]:
        now = self._clock.now()
        if query.question not in self.questions:
            raise SourceError(self.name, f"can't be asked for {query.question.replace('_', ' ')}")
        if query.window.start > now:
            return Answer(query, self.name, "answered")
        past = query.model_copy(update={"window": Window(start=query.window.start, end=min(query.window.end, now))})
        look = await self._look(past.window)
        match past:
            case TopologyQuery():
                answer: Answer[Any] = self._topology(past, look)
            case LogsQuery():
                answer = await self._logs(past, look)
            case _:
                raise AssertionError(past)
        return replace(answer, query=query)

    async def check(self) -> BackendStatus:
        """Whether it can be reached; `detail` has its version and how many labels there are."""
        questions: tuple[Question, ...] = tuple(sorted(self.questions))
        at = safe_line(self._http.endpoint.base, limit=200)
        now = self._clock.now()
        try:
            labels = await self._client.labels(*_span(Window(start=now - _RECENT, end=now)))
            version = await self._client.version()
        except SourceDenied as error:
            return BackendStatus(self.name, "denied", error.problem, questions, at)
        except SourceError as error:
            return BackendStatus(self.name, "unreachable", error.problem, questions, at)
        said = f"version {version or 'unknown'}, {len(labels)} labels in the last hour"
        if not labels:
            said += ": it has no logs of this tenant from then; is `tenant` right?"
        return BackendStatus(self.name, "reachable", said, questions, at)

    async def examine(self) -> Examination:
        """As whom it is asked, its clock, and whether it detects patterns and keeps volumes."""
        now = self._clock.now()
        window = Window(start=now - _RECENT, end=now)
        selectors = all_streams(await self._client.labels(*_span(window)))[:1]
        notes = []
        if selectors and await self._client.patterns(selectors[0], *_span(window), 60) is None:
            notes.append("it detects no patterns (pattern_ingester): of busy logs only warnings and errors are read")
        if selectors and await self._client.volume_bytes(selectors, *_span(window)) is None:
            notes.append("it keeps no volumes (volume_enabled): how much was left out is not said")
        return self._http.examination(now, *notes)

    async def close(self) -> None:
        await self._client.close()

    async def _look(self, window: Window) -> _Look:
        # Several diagnostics ask at the same time about the same window: one look serves them all.
        async with self._looking:
            if window not in self._looks:
                labels = await self._client.labels(*_span(window))
                streams: tuple[Stream, ...] | None = ()
                try:
                    if labels:
                        streams = await self._client.streams(all_streams(labels), *_span(window))
                except SourceDenied:
                    raise
                except SourceError:
                    streams = None  # more than it lists: names are then not qualified, and everything is looked through
                self._looks[window] = _Look(labels, streams, StreamNames(streams or ()))
            return self._looks[window]

    def _topology(self, query: TopologyQuery, look: _Look) -> Answer[Topology]:
        """Who writes logs. Loki doesn't know who depends on whom."""
        resources: dict[str, Resource] = {}
        for stream in look.streams or ():
            name = self._http.clean(look.names.resource(stream))
            attributes = {"service": service} if (service := self._http.clean(look.names.service(stream))) else {}
            kind: ResourceKind = "workload" if is_kubernetes(name) else "other"
            resources.setdefault(name, Resource(id=name, kind=kind, attributes=attributes))
        if not resources:
            return Answer(query, self.name, "not_recorded", detail="it has no streams of that time")
        return Answer(
            query, self.name, "answered", (Topology(resources=tuple(resources[key] for key in sorted(resources))),)
        )

    async def _logs(self, query: LogsQuery, look: _Look) -> Answer[Any]:
        selectors = self._selectors(query, look)
        if not selectors:
            return Answer(
                query, self.name, "answered", coverage=self._coverage(query.window), reduction=query.reduction
            )
        if query.reduction is not None and (counted_ := await self._counted(query, look, selectors)) is not None:
            return counted_
        return await self._records(query, look, selectors)

    def _selectors(self, query: LogsQuery, look: _Look) -> list[str]:
        names = query.names
        if names is None or look.streams is None:
            return all_streams(look.labels, look.streams)
        return streams_named(look.names.naming_labels(look.streams, names))

    async def _records(self, query: LogsQuery, look: _Look, selectors: Sequence[str]) -> Answer[LogRecord]:
        reading = await self._read(query, selectors)
        wanted = await asyncio.to_thread(lambda: logs_in_scope(records_of(reading.lines, look.names), query))
        kept, why = within_budget(wanted, query.budget)
        if reading.more:
            why = f"only the newest {len(kept):,} were read"
        if why and (size := await self._client.volume_bytes(selectors, *_span(query.window))):
            why += f" (there are about {quantity(size, 'By')} of log)"
        if reading.problem:
            why += f": {reading.problem}"
        since = kept[0].time if why and kept else query.window.start
        return Answer(
            query, self.name, "partial" if reading.problem else "answered", tuple(kept),
            self._coverage(Window(start=max(since, query.window.start), end=query.window.end)),
            detail=reading.problem or None, completeness="cut" if why else "complete", left_out=why,
        )  # fmt: skip

    async def _read(self, query: LogsQuery, selectors: Sequence[str]) -> Reading:
        deadline = self._clock.monotonic() + self._within_s
        budget = query.budget
        readings = [
            read_lines(
                self._client, f"{selector}{filters}", *_span(query.window), rows=budget.rows,
                text_bytes=budget.text_bytes, in_time=lambda: self._clock.monotonic() < deadline,
            )
            for selector in selectors
            for filters in line_filters(query.text, query.severities)
        ]  # fmt: skip
        results, failures = outcomes(await side_by_side(readings))
        if failures and not results:
            raise failures[0]
        return joined([*results, *(Reading(more=True, problem=error.problem) for error in failures)])

    async def _counted(self, query: LogsQuery, look: _Look, selectors: Sequence[str]) -> Answer[Aggregate] | None:
        """The answer to a reduction that Loki makes itself; None where it can't."""
        reduction = query.reduction
        if query.severities is not None:
            return None  # a line that states no severity is judged by its words, which Loki can't count
        if isinstance(reduction, CountByTemplate):
            return await self._by_template(query, reduction, look)
        assert isinstance(reduction, CountByLabel | TopK)
        by = grouping(("resource", *reduction.labels), look.labels)
        step = int(reduction.step_s) if isinstance(reduction, CountByLabel) else None
        if by is None or (isinstance(reduction, CountByLabel) and step != reduction.step_s):
            return None
        length = step or max(round(query.window.seconds), 1)
        queries = [
            counted(selector, filters, by, length)
            for selector in selectors
            for filters in line_filters(query.text, None)
        ]
        names = query.names
        try:
            counts = await count_lines(self._client, queries, query.window, step)
        except SourceDenied:
            raise
        except SourceError:
            return None
        rows = aggregated(counts, reduction, query.window, look.names, lambda name: names is None or name in names)
        if rows is None:
            return None
        return Answer(query, self.name, "answered", rows, self._coverage(query.window), reduction=reduction)

    async def _by_template(self, query: LogsQuery, reduction: CountByTemplate, look: _Look) -> Answer[Aggregate] | None:
        """Calm messages by the patterns that Loki detects, and those that matter read and counted one by one.

        Loki keeps the most frequent patterns alone: what failed once would be in none. So warnings and errors are read,
        and where they are too many, there is no such answer.
        """
        if query.text is not None or look.streams is None:
            return None
        writers = sorted({look.names.resource(stream) for stream in look.streams})
        wanted = [name for name in writers if query.names is None or name in query.names]
        if not wanted or len(wanted) > _MOST_PATTERNED:
            return None
        selectors = self._selectors(query, look)
        plain = {"reduction": None}
        grave, patterns, newest = await asyncio.gather(
            self._records(query.model_copy(update={**plain, "severities": _GRAVE}), look, selectors),
            self._patterns(wanted, reduction, look, query.window),
            self._records(query.model_copy(update={**plain, "budget": _EXAMPLES}), look, selectors),
        )
        if patterns is None or grave.completeness != "complete":
            return None
        read = reduced(grave.records, query)
        calm = by_pattern(patterns, newest.records, reduction.step_s, query.window)
        rows = (*read, *(row for row in calm if row.labels["severity"] not in _GRAVE))
        since = min((float(row.times[0]) for row in calm), default=query.window.end.timestamp())
        late = since > query.window.start.timestamp() + 2 * reduction.step_s
        why = f"its patterns begin at {datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M} UTC" if late else ""
        return Answer(
            query, self.name, "answered", rows, self._coverage(query.window), reduction=reduction,
            completeness="cut" if why else "complete", left_out=why,
        )  # fmt: skip

    async def _patterns(
        self, resources: Sequence[str], reduction: CountByTemplate, look: _Look, window: Window
    ) -> dict[str, Any] | None:
        step = max(int(reduction.step_s), 10)
        asked: list[tuple[str, str]] = [
            (name, selector)
            for name in resources
            for selector in streams_named(look.names.naming_labels(look.streams or (), (name,)))
        ]
        tasks = await side_by_side(
            [self._client.patterns(selector, *_span(window), step) for _, selector in asked], self._within_s
        )
        patterns: dict[str, Any] = {}
        for (name, _), task in zip(asked, tasks, strict=True):
            if task is None or task.exception() is not None or task.result() is None:
                return None
            patterns.setdefault(name, []).extend(task.result() or ())
        return patterns if any(patterns.values()) else None

    def _coverage(self, window: Window) -> tuple[Coverage, ...]:
        return (Coverage(source=self.name, kinds=("logs",), start=window.start, end=window.end, status="answered"),)


def _span(window: Window) -> tuple[int, int]:
    """The window in nanoseconds; Loki's ends before its `end`, ours with it."""
    start, end = (round(moment.timestamp() * 1_000_000) * 1_000 for moment in (window.start, window.end))
    return start, end + 1
