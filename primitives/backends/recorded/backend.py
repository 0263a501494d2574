"""The recorded backend: answers every question from an incident bundle.

"Now" is the bundle's `window.to`: nothing later is ever returned. A part that the bundle lacks is `not_recorded`.

Coverage: what an answer may be called complete for
---------------------------------------------------
Kinds are named thus, for every backend:

| question | kinds |
| --- | --- |
| changes | the kinds of change: `deployment`, `configuration`, `iam`, `infrastructure`, ... |
| series | `series` and, for each metric, `series:<metric>` |
| objects | `objects` and, for each kind of object, `objects:<kind>` |
| any other | the question's name: `logs`, `container_logs`, `spans`, `probes`, `observations`, `configuration`, ... |

They come from the manifest's `coverage`, whose words for parts (`metrics`, `kubernetes`, `traces`) are understood too.
Beyond it a metric, an object dump and a log part cover their own time range; nothing else does: a file of changes shows
what happened, not what didn't. A manifest entry with the status denied, unreachable or partial becomes the answer's
status (`partial` when the part has records all the same).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar, get_args

from primitives.alerts import normalise_alerts
from primitives.bundle import Bundle
from primitives.container_log import written_ahead, written_until
from primitives.errors import BundleError, SourceError
from primitives.records import (
    Alert,
    ConfigurationSnapshot,
    ContainerLog,
    Coverage,
    KubernetesDump,
    LogRecord,
    Series,
    Span,
    Window,
)
from primitives.reductions import logs_in_scope, reduced, spans_in_scope, within_budget
from primitives.telemetry import (
    RECORDED,
    AlertsQuery,
    Answer,
    BackendStatus,
    ChangesQuery,
    ConfigurationQuery,
    ContainerLogsQuery,
    LogsQuery,
    ObjectsQuery,
    ObservationsQuery,
    ProbesQuery,
    Query,
    Question,
    SeriesQuery,
    SpansQuery,
    TopologyQuery,
)
from primitives.terms import AnswerStatus, ChangeKind

__all__ = ["PART_WORDS", "RecordedBackend", "part_of"]


class _Timed(Protocol):
    @property
    def time(self) -> datetime: ...


R = TypeVar("R", LogRecord, Span)
T = TypeVar("T", bound=_Timed)


_PART_OF: Final[Mapping[Question, str]] = {
    "series": "metrics",
    "objects": "kubernetes",
    "container_logs": "kubernetes_logs",
    "alerts": "alert",
}
PART_WORDS: Final[Mapping[Question, tuple[str, ...]]] = {
    "series": ("series", "metrics"),
    "changes": get_args(ChangeKind),
    "logs": ("logs",),
    "spans": ("spans", "traces"),
    "topology": ("topology",),
    "configuration": ("configuration_snapshots", "configurations"),
    "objects": ("objects", "kubernetes"),
    "container_logs": ("container_logs", "kubernetes_logs"),
    "probes": ("probes",),
    "observations": ("observations",),
    "alerts": ("alerts", "alert"),
}
"""What a manifest's `coverage` may call the kinds of each question."""

_WORST: Final = ("partial", "unreachable", "denied")


def part_of(question: Question) -> str:
    """The bundle's part that answers a question."""
    return _PART_OF.get(question, question)


class RecordedBackend:
    """A bundle as a source. Its texts were sanitised and redacted while it was read."""

    name = RECORDED
    questions: frozenset[Question] = frozenset(get_args(Question))

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._now: datetime = bundle.manifest.window.end

    async def ask(self, query: Query) -> Answer[Any]:
        """Answer from the bundle. Raises `SourceError` when a part that is read only now is broken."""
        try:
            # Parts are parsed when first asked for, which may take long enough to make a screen stutter.
            return await asyncio.to_thread(self._answer, query)
        except BundleError as error:
            raise SourceError(self.name, str(error)) from error

    async def check(self) -> BackendStatus:
        recorded = [question for question in sorted(self.questions) if self._holds(question)]
        return BackendStatus(self.name, "reachable", f"bundle {self._bundle.manifest.id}", tuple(recorded))

    async def close(self) -> None:
        return None

    def _holds(self, question: Question) -> bool:
        """Whether the bundle has the part, or says that it was asked for."""
        if part_of(question) in self._bundle.parts:
            return True
        words = PART_WORDS.get(question, (question,))
        return any(word in entry.kinds for entry in self._bundle.manifest.coverage for word in words)

    def _answer(self, query: Query) -> Answer[Any]:
        if query.window.start > self._now:
            return self._with_coverage(Answer(query, self.name, "answered"), (), present=True)
        clipped = Window(start=query.window.start, end=min(query.window.end, self._now))
        records, own, left_out = self._records(query, clipped)
        status: AnswerStatus = "answered" if records is not None else "not_recorded"
        answer: Answer[Any] = Answer(
            query,
            self.name,
            status,
            tuple(records or ()),
            completeness="cut" if left_out else "complete",
            left_out=left_out,
        )
        return self._with_coverage(_reduced(answer), own, present=records is not None)

    def _with_coverage(self, answer: Answer[Any], own: Iterable[Coverage], *, present: bool) -> Answer[Any]:
        recorded = self._recorded_coverage(answer.query)
        inside = [entry for entry in recorded if _overlap(entry, answer.query.window)]
        answer = replace(answer, coverage=(*recorded, *own))
        refused = [entry for entry in inside if entry.status != "answered"]
        if refused:
            worst = max((entry.status for entry in refused), key=_WORST.index)
            status: AnswerStatus = "partial" if present and answer.records else worst
            return replace(answer, status=status, detail="; ".join(_refusals(refused)))
        if present or not inside:
            return answer
        # No part, yet the manifest says that the source was asked and answered: there was nothing to record.
        missing = sorted(_asked_kinds(answer.query).difference(*(entry.kinds for entry in inside)))
        if missing:
            return replace(answer, status="partial", detail=f"not recorded: {', '.join(missing)}")
        return replace(answer, status="answered")

    def _recorded_coverage(self, query: Query) -> tuple[Coverage, ...]:
        """The manifest's entries on this question, with its own name for the part added to their kinds."""
        words = set(PART_WORDS[query.question])
        if isinstance(query, ChangesQuery) and query.kinds is not None:
            words &= set(query.kinds)
        entries = []
        for entry in self._bundle.manifest.coverage:
            prefixed = any(kind.startswith(f"{query.question}:") for kind in entry.kinds)
            if words.isdisjoint(entry.kinds) and not prefixed:
                continue
            whole = query.question == "changes" or words.isdisjoint(entry.kinds)
            kinds = entry.kinds if whole else tuple(dict.fromkeys((*entry.kinds, query.question)))
            end = min(entry.end, max(self._now, entry.start))
            entries.append(entry.model_copy(update={"kinds": kinds, "end": end}))
        return tuple(entries)

    def _records(self, query: Query, window: Window) -> tuple[Sequence[Any] | None, Sequence[Coverage], str]:
        """The records (None: not recorded), the coverage that they give by themselves, and why some were left out."""
        bundle = self._bundle
        match query:
            case SeriesQuery():
                return self._series(query, window)
            case ChangesQuery():
                kinds = query.kinds
                return _timed(bundle.changes, window, lambda change: kinds is None or change.kind in kinds), (), ""
            case LogsQuery():
                return self._logs(query, window)
            case SpansQuery():
                return self._spans(query, window)
            case TopologyQuery():
                return (None if bundle.topology is None else (bundle.topology,)), (), ""
            case ConfigurationQuery():
                return _snapshots(bundle.configuration, window), (), ""
            case ObjectsQuery():
                return self._objects(query, window)
            case ContainerLogsQuery():
                return self._container_logs()
            case ProbesQuery():
                return _timed(bundle.probes, window), (), ""
            case ObservationsQuery():
                names = query.kinds
                observations = _timed(bundle.observations, window, lambda record: names is None or record.kind in names)
                return observations, (), ""
            case AlertsQuery():
                return self._alerts(window), (), ""

    def _series(self, query: SeriesQuery, window: Window) -> tuple[Sequence[Series] | None, list[Coverage], str]:
        bundle = self._bundle
        if not bundle.metric_names:
            return None, [], ""
        names = query.names
        chosen: list[Series] = []
        coverage: list[Coverage] = []
        start, end = window.start.timestamp(), window.end.timestamp()
        for name in bundle.metric_names:
            if query.metrics is not None and name not in query.metrics:
                continue
            every = bundle.series_of(name)
            wanted = [series for series in every if query.kinds is None or series.metric.kind in query.kinds]
            coverage += self._series_coverage(name, wanted)
            for series in wanted:
                if names is None or series.resource in names:
                    part = series.within(start, end)
                    if len(part.times):
                        chosen.append(part)
        return chosen, coverage, ""

    def _series_coverage(self, name: str, series: Sequence[Series]) -> list[Coverage]:
        sampled = [part for part in series if len(part.times)]
        if not sampled:
            return []
        first = min(float(part.times[0]) for part in sampled)
        last = min(max(float(part.times[-1]) for part in sampled), self._now.timestamp())
        if last < first:
            return []
        return [self._own(("series", f"series:{name}"), _utc(first), _utc(last))]

    def _logs(self, query: LogsQuery, window: Window) -> tuple[Sequence[LogRecord] | None, list[Coverage], str]:
        logs = self._bundle.logs
        if logs is None:
            return None, [], ""
        wanted = logs_in_scope(logs, query.model_copy(update={"window": window}))
        times = [record.time for record in logs if record.time <= self._now]
        coverage = [self._own(("logs",), min(times), max(times))] if times else []
        kept, left_out = _within_budget(wanted, query)
        return kept, coverage, left_out

    def _spans(self, query: SpansQuery, window: Window) -> tuple[Sequence[Span] | None, Sequence[Coverage], str]:
        spans = self._bundle.spans
        if spans is None:
            return None, (), ""
        # A span is known once it has ended; one that ends later than now is not known yet.
        ended = [span for span in spans if span.start <= window.end and _ended(span) <= self._now]
        kept, left_out = _within_budget(spans_in_scope(ended, query.model_copy(update={"window": window})), query)
        return kept, (), left_out

    def _objects(self, query: ObjectsQuery, window: Window) -> tuple[Sequence[Any] | None, list[Coverage], str]:
        dumps = self._bundle.kubernetes
        if not dumps:
            return None, [], ""
        chosen = [
            _unpacked(dump)
            for dump in dumps
            if window.start <= dump.time <= window.end and (query.kinds is None or dump.kind in query.kinds)
        ]
        spans: dict[str, list[datetime]] = {}
        for dump in dumps:
            if dump.time <= self._now:
                spans.setdefault(dump.kind, []).append(dump.time)
        coverage = [
            self._own(("objects", f"objects:{kind}"), min(times), max(times)) for kind, times in sorted(spans.items())
        ]
        return chosen, coverage, ""

    def _container_logs(self) -> tuple[Sequence[ContainerLog] | None, list[Coverage], str]:
        logs = self._bundle.kubernetes_logs
        if not logs:
            return None, [], ""
        window = self._bundle.manifest.window
        # A container's log has no times of its own that could be relied on: it is what was there at the end.
        coverage = [self._own(("container_logs",), window.start, self._now)]
        taken = max([window.end, *(dump.time for dump in self._bundle.kubernetes)])
        ahead = written_ahead([log.text for log in logs], taken)
        cut = [
            log.model_copy(update={"text": written_until(log.text, self._now, early)})
            for log, early in zip(logs, ahead, strict=True)
        ]
        return cut, coverage, ""

    def _alerts(self, window: Window) -> Sequence[Alert] | None:
        if self._bundle.alert is None:
            return None
        alerts = normalise_alerts(self._bundle.alert)
        return [alert for alert in alerts if _is_on(alert, window)]

    def _own(self, kinds: tuple[str, ...], start: datetime, end: datetime) -> Coverage:
        return Coverage(source=self.name, kinds=kinds, start=start, end=end, status="answered")


def _unpacked(dump: KubernetesDump) -> KubernetesDump:
    """The dump with its items at hand; a bundle keeps those of a large one packed."""
    items = tuple(dump.items)
    return dump if items is dump.items else dump.model_copy(update={"items": items})


def _timed(records: Sequence[T] | None, window: Window, wanted: Callable[[T], bool] = lambda _: True) -> list[T] | None:
    """The records inside the window, oldest first."""
    if records is None:
        return None
    chosen = [record for record in records if window.start <= record.time <= window.end and wanted(record)]
    return sorted(chosen, key=lambda record: record.time)


def _snapshots(records: Sequence[ConfigurationSnapshot] | None, window: Window) -> list[ConfigurationSnapshot] | None:
    """The snapshots in the window and the last one before it, for each resource and kind."""
    if records is None:
        return None
    before: dict[tuple[str, str], ConfigurationSnapshot] = {}
    inside = []
    for snapshot in sorted(records, key=lambda snapshot: snapshot.time):
        if snapshot.time < window.start:
            before[snapshot.resource, snapshot.kind] = snapshot
        elif snapshot.time <= window.end:
            inside.append(snapshot)
    return sorted(before.values(), key=lambda snapshot: snapshot.time) + inside


def _within_budget(records: Sequence[R], query: LogsQuery | SpansQuery) -> tuple[Sequence[R], str]:
    """What the question may bring; a reduction is made of everything, since nothing has to travel for it."""
    return within_budget(records, query.budget) if query.reduction is None else (records, "")


def _reduced(answer: Answer[Any]) -> Answer[Any]:
    query = answer.query
    if not isinstance(query, LogsQuery | SpansQuery | SeriesQuery) or query.reduction is None:
        return answer
    return replace(answer, records=reduced(answer.records, query), reduction=query.reduction)


def _ended(span: Span) -> datetime:
    return span.start + timedelta(seconds=span.duration_s)


def _asked_kinds(query: Query) -> set[str]:
    """The kinds of change that a question is about; no other question is divided like this."""
    if not isinstance(query, ChangesQuery):
        return set()
    return set(query.kinds if query.kinds is not None else get_args(ChangeKind))


def _overlap(entry: Coverage, window: Window) -> bool:
    return entry.start <= window.end and window.start <= entry.end


def _refusals(entries: Iterable[Coverage]) -> Iterator[str]:
    for entry in entries:
        why = f" ({entry.detail})" if entry.detail else ""
        yield f"{entry.source} {entry.status} for {', '.join(entry.kinds)}{why}"


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _is_on(alert: Alert, window: Window) -> bool:
    """Whether an alert fired within a window; one that is not resolved still does."""
    if alert.started_at is None or window.holds(alert.started_at):
        return True
    if alert.started_at > window.end:
        return False
    return alert.ended_at >= window.start if alert.ended_at is not None else alert.state in ("firing", "pending")
