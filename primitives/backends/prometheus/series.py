"""Series: every measure of every family that is here, reduced by the server to one series a resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from primitives.backends.prometheus.client import Reply, Row
from primitives.backends.prometheus.measures import Family, Measure
from primitives.backends.prometheus.promql import Grid, rate_window
from primitives.backends.prometheus.survey import Survey
from primitives.backends.series_answers import merged_columns, sampled_window, series_coverage
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.records import Series
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
    reach = sampled_window(query.window, gathered_series, tolerance)
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
        coverage=series_coverage(query, source, gathered_series, reach, detail),
        detail=detail,
        completeness="cut" if gathered.dropped else "complete",
    )


def _series(request: SeriesRequest, rows: Iterable[Row], survey: Survey) -> Iterable[Series]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if name := survey.resource(request.family, row):
            grouped.setdefault(name, []).append(row)
    measure = request.measure
    for name in sorted(grouped):
        columns = [(row.times, row.values) for row in grouped[name]]
        yield Series(name, measure.metric, *merged_columns(columns, measure.combine, measure.metric))
