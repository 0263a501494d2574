"""Series: every measure of every family that is here, reduced by the server to one series a resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import UTC, datetime

import numpy as np

from primitives.backends.prometheus.client import Reply, Row
from primitives.backends.prometheus.measures import Family, Measure
from primitives.backends.prometheus.promql import Grid, rate_window
from primitives.backends.prometheus.survey import Survey
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.records import Coverage, Metric, Series, Window
from primitives.telemetry import Answer, SeriesQuery

__all__ = ["SeriesRequest", "answer_series", "select"]


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """One expression to evaluate, and what its result is."""

    family: Family
    measure: Measure
    expression: str
    range_s: int


@dataclass(slots=True)
class _Gathered:
    """What has come together so far; not more than `most` samples."""

    most: int
    series: dict[tuple[str, str], Series] = field(default_factory=dict)
    samples: int = 0
    dropped: int = 0

    def add(self, series: Series) -> None:
        key = (series.resource, series.metric.name)
        if key in self.series or not len(series.times):
            return
        if self.samples + len(series.times) > self.most:
            self.dropped += 1
            return
        self.samples += len(series.times)
        self.series[key] = series


def select(query: SeriesQuery, survey: Survey, grid: Grid) -> list[SeriesRequest]:
    """The expressions that answer the question."""
    chosen = []
    for family in survey.families:
        range_s = rate_window(grid.step, survey.intervals[family.probe])
        by = survey.grouping(family, range_s)
        for measure in family.measures:
            metric = measure.metric
            if (query.metrics is None or metric.name in query.metrics) and (
                query.kinds is None or metric.kind in query.kinds
            ):
                chosen.append(SeriesRequest(family, measure, measure.expression(by), range_s))
    return chosen


def answer_series(
    query: SeriesQuery,
    source: str,
    survey: Survey,
    grid: Grid,
    replies: Iterable[tuple[SeriesRequest, Reply | SourceError]],
) -> Answer[Series]:
    """The answer that the replies make, with what they leave open in `detail`."""
    gathered, notes, tolerance = _Gathered(query.budget.rows), [], 2 * grid.step
    for request, reply in replies:
        if isinstance(reply, SourceError):
            notes.append(f"{request.measure.metric.name} from {request.family.probe}: {reply.problem}")
            continue
        notes.extend(f"it warned: {warning}" for warning in reply.warnings)
        tolerance = max(tolerance, request.range_s + 2 * grid.step)
        for series in _series(request, reply.rows, survey):
            gathered.add(series)
    gathered_series = gathered.series.values()
    names = query.names
    reach = _reach(query.window, gathered_series, tolerance)
    if gathered.dropped:
        notes.append(f"{gathered.dropped} series were left out: more than {query.budget.rows:,} samples")
    if gathered_series and reach != query.window:
        notes.append(f"samples only from {reach.start:%Y-%m-%d %H:%M:%S} to {reach.end:%Y-%m-%d %H:%M:%S} UTC")
    detail = "; ".join(dict.fromkeys(notes))[:500] or None
    return Answer(
        query,
        source,
        "partial" if notes else "answered",
        records=tuple(series for series in gathered_series if names is None or series.resource in names),
        coverage=_coverage(query, source, gathered_series, reach, detail),
        detail=detail,
        completeness="cut" if gathered.dropped else "complete",
    )


def _coverage(
    query: SeriesQuery, source: str, found_series: Iterable[Series], reach: Window, detail: str | None
) -> tuple[Coverage, ...]:
    """What was answered for, and, where that is not all, an entry that says what is amiss."""
    kinds = ("series", *sorted({f"series:{series.metric.name}" for series in found_series}))
    answered = Coverage(source=source, kinds=kinds, start=reach.start, end=reach.end, status="answered")
    if detail is None:
        return (answered,) if len(kinds) > 1 else ()
    window = query.window
    partial = Coverage(
        source=source, kinds=("series",), start=window.start, end=window.end, status="partial", detail=detail
    )
    return (answered, partial) if len(kinds) > 1 else (partial,)


def _series(request: SeriesRequest, rows: Iterable[Row], survey: Survey) -> Iterable[Series]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if name := survey.resource(request.family, row):
            grouped.setdefault(name, []).append(row)
    for name in sorted(grouped):
        yield _merged(name, request.measure, grouped[name])


def _merged(name: str, measure: Measure, rows: list[Row]) -> Series:
    """One series of several rows that turned out to be one resource (an old and a new ReplicaSet, say)."""
    metric: Metric = measure.metric
    if len(rows) == 1:
        return Series(name, metric, rows[0].times, rows[0].values)
    times, at = np.unique(np.concatenate([row.times for row in rows]), return_inverse=True)
    values = np.concatenate([row.values for row in rows])
    if measure.combine == "sum":
        merged = np.zeros(len(times))
        np.add.at(merged, at, values)
    elif metric.worse == "lower":
        merged = np.full(len(times), np.inf)
        np.minimum.at(merged, at, values)
    else:
        merged = np.full(len(times), -np.inf)
        np.maximum.at(merged, at, values)
    return Series(name, metric, times, merged)


def _reach(window: Window, found_series: Iterable[Series], tolerance: float) -> Window:
    """The part of the window for which there are samples; within `tolerance` seconds of an end it counts as reached."""
    first = min((float(series.times[0]) for series in found_series), default=window.start.timestamp())
    last = max((float(series.times[-1]) for series in found_series), default=window.end.timestamp())
    starts = first <= window.start.timestamp() + tolerance
    ends = last >= window.end.timestamp() - tolerance
    return Window(
        start=window.start if starts else datetime.fromtimestamp(first, UTC),
        end=window.end if ends else datetime.fromtimestamp(last, UTC),
    )
