"""Series: the measures of everything that is listed, read within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.metrics.inventory import Inventory, Subject
from primitives.backends.aws.metrics.measures import AwsMeasure
from primitives.backends.aws.metrics.samples import MetricQuery, Samples, read_samples
from primitives.backends.aws.spending import Spending
from primitives.backends.series_answers import Columns, merged_columns, sampled_window, series_coverage
from primitives.dataclass import dataclass
from primitives.records import Metric, Series, without_rounding_errors
from primitives.telemetry import Answer, SeriesQuery

__all__ = ["ask_series"]

_LATE_S: Final = 300.0
"""Metrics come up to minutes late: samples until so long before a window's end are all that there is."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A measure of a subject, and what must be read for it."""

    subject: Subject
    measure: AwsMeasure

    @property
    def query(self) -> MetricQuery:
        return self._of(self.measure.name, self.measure.stat)

    @property
    def per(self) -> MetricQuery | None:
        return self._of(self.measure.per, "Sum") if self.measure.per else None

    def _of(self, name: str, stat: str) -> MetricQuery:
        return MetricQuery(self.subject.family.namespace, name, self.subject.dimensions, stat)


async def ask_series(
    client: AwsClient, query: SeriesQuery, inventory: Inventory, period: int, most: int, spending: Spending
) -> Answer[Series]:
    """The answer, with what was left out of it in `detail`."""
    wanted = list(_wanted(query, inventory))
    allowed = min(most, spending.metrics_left(query.budget.usd))
    queries, kept = _within(wanted, allowed)
    notes = dict.fromkeys(inventory.notes)
    if len(kept) < len(wanted):
        notes[f"{len(wanted) - len(kept):,} of {len(wanted):,} metrics were left out: more than may be read"] = None
    samples = await read_samples(client, queries, query.window, period, spending)
    if samples.failure is not None and not samples.columns and queries:
        raise samples.failure
    series = _within_rows(_series(kept, samples, period), query.budget.rows, notes)
    notes |= samples.notes
    detail = "; ".join(notes)[:500] or None
    sampled = sampled_window(query.window, series, _LATE_S + 2 * period)
    return Answer(
        query,
        client.source,
        "partial" if notes else "answered",
        series,
        series_coverage(query, client.source, series, sampled, detail),
        detail=detail,
        completeness="cut" if len(kept) < len(wanted) else "complete",
    )


def _wanted(query: SeriesQuery, inventory: Inventory) -> Iterator[_Wanted]:
    names = query.names
    for subject in inventory.subjects:
        if names is not None and subject.resource not in names:
            continue
        for measure in subject.family.measures:
            there = measure.per in subject.names if measure.per else measure.name in subject.names
            if there and _is_asked(query, measure.metric):
                yield _Wanted(subject, measure)


def _is_asked(query: SeriesQuery, metric: Metric) -> bool:
    by_name = query.metrics is None or metric.name in query.metrics
    return by_name and (query.kinds is None or metric.kind in query.kinds)


def _within(wanted: Sequence[_Wanted], most: int) -> tuple[list[MetricQuery], list[_Wanted]]:
    """The queries of as many measures as are allowed, each once."""
    queries: dict[MetricQuery, None] = {}
    kept: list[_Wanted] = []
    for item in wanted:
        needed = dict.fromkeys(part for part in (item.query, item.per) if part is not None)
        if len(queries | needed) > most:
            break
        queries |= needed
        kept.append(item)
    return list(queries), kept


def _series(kept: Iterable[_Wanted], samples: Samples, period: int) -> list[Series]:
    parts: dict[tuple[str, str], tuple[AwsMeasure, list[Columns]]] = {}
    for item in kept:
        columns = _measured(item, samples.columns, period)
        if columns is not None and len(columns[0]):
            key = (item.subject.resource, item.measure.metric.name)
            parts.setdefault(key, (item.measure, []))[1].append(columns)
    return [
        Series(resource, measure.metric, *merged_columns(columns, measure.combine, measure.metric))
        for (resource, _), (measure, columns) in sorted(parts.items())
    ]


def _measured(item: _Wanted, columns: Mapping[MetricQuery, Columns], period: int) -> Columns | None:
    measure, own = item.measure, columns.get(item.query)
    if item.per is None:
        if own is None:
            return None
        factor = measure.factor / period if measure.per_second else measure.factor
        return own[0], without_rounding_errors(own[1] * factor)
    whole = columns.get(item.per)
    if whole is None:
        return None
    times, counts = whole[0][whole[1] > 0], whole[1][whole[1] > 0]
    part = np.zeros(len(times))
    if own is not None and len(own[0]):
        _, here, there = np.intersect1d(times, own[0], assume_unique=True, return_indices=True)
        part[here] = own[1][there]
    return times, without_rounding_errors(measure.factor * part / counts)


def _within_rows(series: Sequence[Series], rows: int, notes: dict[str, None]) -> tuple[Series, ...]:
    kept: list[Series] = []
    left = rows
    for part in series:
        left -= len(part.times)
        if left < 0:
            notes[f"{len(series) - len(kept)} series were left out: more than {rows:,} samples"] = None
            break
        kept.append(part)
    return tuple(kept)
