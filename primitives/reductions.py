"""Scopes, budgets and reductions on records at hand.

A source that can do them itself does (a log store counts better than we do); for every other source, and for recorded
incidents, these functions do. So a diagnostic gets the same shapes from any source.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, assert_never

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.log_templates import cluster, mask
from primitives.analysis.severities import severity_of
from primitives.questions import (
    Budget,
    CountByLabel,
    CountByTemplate,
    LogsQuery,
    Quantiles,
    Reduction,
    SeriesQuery,
    SpansQuery,
    TopK,
)
from primitives.records import Aggregate, LogRecord, Series, Span
from primitives.statistics import first_of_each

__all__ = ["logs_in_scope", "reduced", "spans_in_scope", "time_of", "within_budget"]

R = TypeVar("R", LogRecord, Span)


def logs_in_scope(records: Iterable[LogRecord], query: LogsQuery) -> list[LogRecord]:
    """The records that `query` asks for, in their order; its budget is not applied."""
    start, end, names, severities = query.window.start, query.window.end, query.names, query.severities
    records_in_window = [
        record
        for record in records
        if start <= record.time <= end
        and (names is None or record.resource in names)
        and (severities is None or severity_of(record) in severities)
    ]
    if query.text is None:
        return records_in_window
    texts = [text.casefold() for text in query.text]
    return [record for record in records_in_window if any(text in record.body.casefold() for text in texts)]


def spans_in_scope(records: Iterable[Span], query: SpansQuery) -> list[Span]:
    """The spans that `query` asks for, in their order: whole traces. Its budget is not applied."""
    spans = [span for span in records if query.window.start <= span.start <= query.window.end]
    names = query.names
    if names is None:
        return spans
    traces = {span.trace_id for span in spans if span.resource in names}
    return [span for span in spans if span.trace_id in traces]


def within_budget(records: Sequence[R], budget: Budget) -> tuple[list[R], str]:
    """The newest records that the budget allows, oldest first, and why others were left out (empty: none was)."""
    ordered = sorted(records, key=time_of)
    why = ""
    if len(ordered) > budget.rows:
        why = f"only the newest {budget.rows:,} of {len(ordered):,} were read"
        ordered = ordered[-budget.rows :]
    if budget.text_bytes is not None:
        left = budget.text_bytes
        for index in range(len(ordered) - 1, -1, -1):
            left -= _size(ordered[index])
            if left < 0:
                return ordered[index + 1 :], f"only the newest {len(ordered) - index - 1:,} were read"
    return ordered, why


def reduced(records: Sequence[Any], query: LogsQuery | SpansQuery | SeriesQuery) -> tuple[Aggregate, ...]:
    """What `query.reduction` makes of the records of one source. Raises `ValueError` when none is asked for."""
    reduction: Reduction | None = query.reduction
    match reduction:
        case CountByTemplate():
            return _by_template(records, reduction.step_s)
        case CountByLabel():
            return _counted(records, lambda record: _labels(record, reduction.labels), reduction.step_s)
        case Quantiles():
            return _quantiles(records, reduction)
        case TopK():
            return _top(records, reduction)
        case None:
            raise ValueError("the question asks for no reduction")
        case _:
            assert_never(reduction)


def time_of(record: LogRecord | Span) -> datetime:
    """When it was written, or when it began."""
    return record.time if isinstance(record, LogRecord) else record.start


def _size(record: LogRecord | Span) -> int:
    text = record.body if isinstance(record, LogRecord) else record.name
    return len(text.encode("utf-8", "surrogatepass")) + sum(len(str(item)) for item in record.attributes.items())


def _by_template(records: Sequence[LogRecord], step_s: float) -> tuple[Aggregate, ...]:
    masked = {body: mask(body) for body in dict.fromkeys(record.body for record in records)}
    templates = cluster(masked.values())
    examples: dict[tuple[str, str, str], str] = {}

    def labels(record: LogRecord) -> dict[str, str]:
        template = templates[masked[record.body]]
        severity = severity_of(record)
        example = examples.setdefault((record.resource, severity, template), record.body)
        return {
            "resource": record.resource,
            "severity": severity,
            "template": template,
            "example": example,
        }

    return _counted(records, labels, step_s)


def _counted(records: Sequence[R], labels_of: Callable[[R], Mapping[str, str]], step_s: float) -> tuple[Aggregate, ...]:
    steps: dict[tuple[tuple[str, str], ...], Counter[float]] = defaultdict(Counter)
    for record in records:
        steps[tuple(labels_of(record).items())][_step(time_of(record).timestamp(), step_s)] += 1
    return tuple(_aggregate(dict(labels), counts) for labels, counts in steps.items())


def _quantiles(records: Sequence[Span] | Sequence[Series], reduction: Quantiles) -> tuple[Aggregate, ...]:
    aggregates = []
    for labels, times, values in _measured(records):
        steps = np.floor(times / reduction.step_s) * reduction.step_s
        starts, _ = first_of_each(steps)
        for quantile in reduction.quantiles:
            numbers = [float(np.quantile(values[steps == start], quantile)) for start in starts]
            aggregates.append(Aggregate({**labels, "quantile": f"{quantile:g}"}, starts, np.array(numbers)))
    return tuple(aggregates)


def _measured(
    records: Sequence[Span] | Sequence[Series],
) -> Iterable[tuple[dict[str, str], NDArray[np.float64], NDArray[np.float64]]]:
    """Labels, times and values of each group of spans, or of each series."""
    spans: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for record in records:
        if isinstance(record, Series):
            yield {"resource": record.resource, "metric": record.metric.name}, record.times, record.values
        else:
            spans[record.resource, record.name].append((record.start.timestamp(), record.duration_s))
    for (resource, name), pairs in spans.items():
        columns = np.array(pairs, dtype=np.float64)
        yield {"resource": resource, "name": name}, columns[:, 0], columns[:, 1]


def _top(records: Sequence[LogRecord | Span], reduction: TopK) -> tuple[Aggregate, ...]:
    counts: Counter[Hashable] = Counter()
    labels: dict[Hashable, dict[str, str]] = {}
    first: dict[Hashable, float] = {}
    for record in records:
        own = _labels(record, reduction.labels)
        key = tuple(own.items())
        counts[key] += 1
        labels.setdefault(key, own)
        moment = time_of(record).timestamp()
        first[key] = min(first.get(key, moment), moment)
    best = sorted(counts, key=lambda key: (-counts[key], repr(key)))[: reduction.k]
    return tuple(_aggregate(labels[key], {first[key]: counts[key]}) for key in best)


def _labels(record: LogRecord | Span, names: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in names:
        if name == "severity" and isinstance(record, LogRecord):
            values[name] = severity_of(record)
            continue
        value = getattr(record, name, None) if name in ("resource", "name", "status") else None
        values[name] = str(record.attributes.get(name, "") if value is None else value)
    return values


def _aggregate(labels: Mapping[str, str], counts: Mapping[float, int]) -> Aggregate:
    times = sorted(counts)
    return Aggregate(labels, np.array(times, dtype=np.float64), np.array([float(counts[time]) for time in times]))


def _step(moment: float, step_s: float) -> float:
    return moment // step_s * step_s
