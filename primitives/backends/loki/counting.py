"""Counts that Loki makes itself: by label, and by the patterns that it detects."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from primitives.analysis.log_templates import mask
from primitives.analysis.severities import severity_in
from primitives.backends.loki.client import Counts, LokiClient, Pattern
from primitives.backends.loki.levels import LEVEL_LABELS, severity_of_labels
from primitives.backends.loki.lines import OWN_NAMES
from primitives.backends.loki.streams import IDENTITY_LABELS, StreamNames
from primitives.questions import CountByLabel, TopK
from primitives.records import Aggregate, LogRecord, Window
from primitives.side_by_side import side_by_side

__all__ = ["aggregated", "by_pattern", "count_lines", "grouping"]

_WILDCARD: Final = "<_>"
_MOST_EXAMPLES: Final = 2_000


def grouping(labels: Sequence[str], known: Sequence[str]) -> tuple[str, ...] | None:
    """The labels of Loki by which lines are to be counted; None where one of `labels` is a line's own text."""
    chosen: dict[str, None] = {}
    for label in labels:
        if label == "resource":
            chosen.update((name, None) for name in IDENTITY_LABELS if name in known)
        elif label == "severity":
            chosen.update((name, None) for name in (*LEVEL_LABELS, "severity_number"))
        elif label in ("body", "time"):
            return None
        else:
            chosen.update((name, None) for name in OWN_NAMES.get(label, (label.replace(".", "_"),)))
    return tuple(chosen)


async def count_lines(
    client: LokiClient, queries: Iterable[str], window: Window, step_s: int | None
) -> tuple[Counts, ...]:
    """What the queries count in `window`: in each `step_s` seconds, or (None) in all. Raises `SourceError`."""
    if step_s is None:
        asked = [client.count(query, math.ceil(window.end.timestamp())) for query in queries]
    else:
        # A value stands at the end of its step, and steps begin at multiples of their length.
        start = math.floor(window.start.timestamp() / step_s) * step_s + step_s
        end = math.ceil(window.end.timestamp() / step_s) * step_s
        asked = [client.counts(query, start, max(start, end), step_s) for query in queries]
    return tuple(counts for task in await side_by_side(asked) if task is not None for counts in task.result())


def aggregated(
    counts: Iterable[Counts], reduction: CountByLabel | TopK, window: Window, names: StreamNames,
    wanted: Callable[[str], bool],
) -> tuple[Aggregate, ...] | None:  # fmt: skip
    """The counts under the labels that `reduction` asks for; None where a line's severity is in none of its labels."""
    steps: dict[tuple[str, ...], dict[float, float]] = defaultdict(dict)
    for count in counts:
        resource = names.resource(count.labels)
        severity = severity_of_labels(count.labels)
        if "severity" in reduction.labels and severity is None and any(value for _, value in count.samples):
            return None
        if not wanted(resource):
            continue
        fields = {"resource": resource, "severity": severity or ""}
        key = tuple(fields.get(label, _value(count, label)) for label in reduction.labels)
        for end, value in count.samples:
            start = end - reduction.step_s if isinstance(reduction, CountByLabel) else window.start.timestamp()
            steps[key][start] = steps[key].get(start, 0.0) + value
    rows = {key: counter for key, counter in steps.items() if sum(counter.values()) > 0}
    if isinstance(reduction, TopK):
        best = sorted(rows, key=lambda key: (-sum(rows[key].values()), repr(key)))[: reduction.k]
        rows = {key: rows[key] for key in best}
    return tuple(_aggregate(dict(zip(reduction.labels, key, strict=True)), counter) for key, counter in rows.items())


def by_pattern(
    patterns: Mapping[str, Sequence[Pattern]], examples: Iterable[LogRecord], step_s: float, window: Window
) -> tuple[Aggregate, ...]:
    """The patterns of each resource as counts by template; `examples` are records from which a message is taken."""
    messages: dict[str, list[str]] = defaultdict(list)
    for record in examples:
        if len(messages[record.resource]) < _MOST_EXAMPLES:
            messages[record.resource].append(record.body)
    start, end = window.start.timestamp() - step_s, window.end.timestamp()
    aggregates = []
    for resource, own in patterns.items():
        for pattern in own:
            example = next((body for body in messages[resource] if _fits(pattern.text, body)), pattern.text)
            severity = severity_of_labels({"level": pattern.level}) or severity_in(example)
            labels = {"resource": resource, "severity": severity, "template": mask(example), "example": example}
            steps: dict[float, float] = {}
            for time, value in pattern.samples:
                if start <= time <= end:
                    begins = time // step_s * step_s
                    steps[begins] = steps.get(begins, 0.0) + value
            if steps:
                aggregates.append(_aggregate(labels, steps))
    return tuple(aggregates)


def _fits(pattern: str, line: str) -> bool:
    """Whether the pattern's fixed parts stand in the line, in their order."""
    at = 0
    for part in pattern.split(_WILDCARD):
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _value(count: Counts, label: str) -> str:
    names = OWN_NAMES.get(label, (label.replace(".", "_"),))
    return next((value for name in names if (value := count.labels.get(name))), "")


def _aggregate(labels: Mapping[str, str], steps: Mapping[float, float]) -> Aggregate:
    times = sorted(time for time, value in steps.items() if value > 0)
    return Aggregate(labels, np.array(times, dtype=np.float64), np.array([steps[time] for time in times], dtype=float))
