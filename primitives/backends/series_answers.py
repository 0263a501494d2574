"""What every backend of metrics does with samples: merge those of one resource, and say which time they cover."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from primitives.records import Coverage, Metric, Series, Window
from primitives.telemetry import SeriesQuery

__all__ = ["Columns", "merged_columns", "sampled_window", "series_coverage"]

Columns = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Times (seconds since the epoch) and values."""


def merged_columns(parts: Sequence[Columns], combine: Literal["sum", "worst"], metric: Metric) -> Columns:
    """One series of several of one resource, such as those of an old and a new ReplicaSet: their sum, or the worst."""
    if len(parts) == 1:
        return parts[0]
    times, at = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    values = np.concatenate([part[1] for part in parts])
    if combine == "sum":
        merged = np.zeros(len(times))
        np.add.at(merged, at, values)
    elif metric.worse == "lower":
        merged = np.full(len(times), np.inf)
        np.minimum.at(merged, at, values)
    else:
        merged = np.full(len(times), -np.inf)
        np.maximum.at(merged, at, values)
    return times, merged


def sampled_window(window: Window, series: Collection[Series], tolerance_s: float) -> Window:
    """The part of the window for which there are samples; within the tolerance of an end it counts as reached."""
    first = min((float(part.times[0]) for part in series), default=window.start.timestamp())
    last = max((float(part.times[-1]) for part in series), default=window.end.timestamp())
    starts = first <= window.start.timestamp() + tolerance_s
    ends = last >= window.end.timestamp() - tolerance_s
    return Window(
        start=window.start if starts else datetime.fromtimestamp(first, UTC),
        end=window.end if ends else datetime.fromtimestamp(last, UTC),
    )


def series_coverage(
    query: SeriesQuery, source: str, series: Collection[Series], sampled: Window, detail: str | None
) -> tuple[Coverage, ...]:
    """What was answered for, and, where that is not all, an entry that says what is amiss."""
    coverage: list[Coverage] = []
    if series:
        kinds = ("series", *sorted({f"series:{part.metric.name}" for part in series}))
        coverage.append(Coverage(source=source, kinds=kinds, start=sampled.start, end=sampled.end, status="answered"))
    if detail is not None:
        window = query.window
        coverage.append(
            Coverage(
                source=source, kinds=("series",), start=window.start, end=window.end, status="partial", detail=detail
            )
        )
    return tuple(coverage)
