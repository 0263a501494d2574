"""Drops impossible samples (negative durations, shares over 100 %) and corrects units that can't be right.

A duration or a count is never negative, a share of requests never more than all of them, and in a window of minutes no
request can have been seen to take hours: clocks, overflows and wrong units make such samples, and one of them looks
like the greatest shift of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.quantities import TIME_UNITS
from primitives.records import Metric, Series
from primitives.statistics import median
from primitives.text import safe_line

__all__ = ["sift"]

_NEVER_NEGATIVE: Final = ("latency", "errors", "availability", "traffic")
_WHOLE: Final = {"%": 100.0, "1": 1.0}
# Shares are rounded and summed up: this much more than all is no contradiction.
_ROUNDING: Final = 1.01
# What usually takes a good part of the window may take longer than it.
_MUCH_SHORTER: Final = 10.0


def sift(series: Sequence[Series], seconds: float) -> tuple[tuple[Series, ...], tuple[str, ...]]:
    """`series` without impossible samples and with the unit that their values are in; and what was wrong, in words.

    `seconds` is the length of the incident's window. A series of which nothing is left is left out.
    """
    suspects = _suspects(series, seconds)
    plausible_series: list[Series] = []
    left_out: dict[str, list[tuple[int, str]]] = {}
    misnamed: list[str] = []
    for index, entry in enumerate(series):
        if index not in suspects:
            plausible_series.append(entry)
            continue
        metric = _true_metric(entry)
        name = f"{entry.resource} {entry.metric.name}"
        if metric.unit != entry.metric.unit:
            misnamed.append(
                f"{name} is {_shown(entry.metric.unit)} by its metadata, {_shown(metric.unit)} by its values"
            )
        kept = _possible(metric, entry.values, seconds)
        if not kept.all():
            left_out.setdefault(_why(metric, entry.values[~kept]), []).append((int(np.count_nonzero(~kept)), name))
        if kept.all() and metric is entry.metric:
            plausible_series.append(entry)
        elif kept.any():
            plausible_series.append(replace(entry, metric=metric, times=entry.times[kept], values=entry.values[kept]))
    notes = [_left_out(why, counts) for why, counts in sorted(left_out.items())]
    if misnamed:
        notes.append(misnamed[0] + _more(misnamed))
    return tuple(plausible_series), tuple(safe_line(note, limit=200) for note in notes)


def _suspects(series: Sequence[Series], seconds: float) -> set[int]:
    """Those whose range calls for a closer look; by metric, so that thousands are seen at once."""
    by_metric: dict[Metric, list[int]] = {}
    for index, entry in enumerate(series):
        if entry.metric.kind in _NEVER_NEGATIVE and len(entry.values):
            by_metric.setdefault(entry.metric, []).append(index)
    suspects: set[int] = set()
    for metric, indices in by_metric.items():
        joined = np.concatenate([series[index].values for index in indices])
        starts = np.cumsum([0, *(len(series[index].values) for index in indices[:-1])])
        low, high = np.minimum.reduceat(joined, starts), np.maximum.reduceat(joined, starts)
        odd = (low < 0) | (high > _bound(metric, seconds))
        if metric.kind == "availability" and metric.unit == "%":
            odd |= high <= 1.0
        suspects.update(np.asarray(indices)[odd].tolist())
    return suspects


def _bound(metric: Metric, seconds: float) -> float:
    """What no sample may exceed."""
    if metric.kind == "latency" and metric.unit in TIME_UNITS:
        return seconds / TIME_UNITS[metric.unit]
    if metric.kind in ("availability", "errors") and metric.unit in _WHOLE:
        return _WHOLE[metric.unit] * _ROUNDING
    return float("inf")


def _true_metric(series: Series) -> Metric:
    """The metric in the unit that its values can be in: a percentage said to be a ratio or the other way round."""
    metric, usual = series.metric, median(series.values)
    if metric.kind == "availability" and metric.unit == "1" and usual > 1.5:
        return metric.model_copy(update={"unit": "%"})
    if metric.kind == "availability" and metric.unit == "%" and 0.5 < usual <= 1.0 >= float(series.values.max()):
        return metric.model_copy(update={"unit": "1"})
    if metric.kind == "errors" and metric.unit == "1" and float(series.values.max()) > _ROUNDING:
        return metric.model_copy(update={"unit": "{error}"})
    return metric


def _possible(metric: Metric, values: NDArray[np.float64], seconds: float) -> NDArray[np.bool_]:
    bound = _bound(metric, seconds)
    kept = values >= 0
    if metric.kind == "latency" and kept.any() and median(values[kept]) * _MUCH_SHORTER > bound:
        return kept
    return np.asarray(kept & (values <= bound))


def _why(metric: Metric, values: NDArray[np.float64]) -> str:
    if (values < 0).all():
        return "negative"
    return "longer than the window" if metric.kind == "latency" else "impossible"


def _shown(unit: str) -> str:
    return {"1": "a ratio", "%": "a percentage", "{error}": "a count"}.get(unit, f"in {unit}")


def _left_out(why: str, counts: Sequence[tuple[int, str]]) -> str:
    total = sum(count for count, _ in counts)
    samples = "1 sample was" if total == 1 else f"{total} samples were"
    names = [name for _, name in counts]
    return f"{samples} {why} and left out: {names[0]}{_more(names)}"


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more series" if len(names) > 1 else ""
