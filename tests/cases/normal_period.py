"""A data set's normal period cut into windows of an incident's length, each an incident that never was.

    PYTHONPATH=.:tests python -m cases.normal_period

tells how many windows are called NO_FAULT or UNKNOWN. The baseline of a window is the rest of the period without an
hour on either side; what lies after the window is moved back by whole days, to the same time of day, since nothing
later than now is ever read.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
from cases.in_memory import ranked

from engine.hypotheses import Hypothesis
from primitives.bundle import read_bundle
from primitives.bundle.parts import BundleParts
from primitives.records import Series, Symptom, Window

__all__ = ["QUERIES", "calm", "investigated", "windows"]

_DATASETS: Final = Path(__file__).parents[2].parent / "shared" / "datasets"
_MARGIN: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

QUERIES: Final = ("latency", "availability")
"""What the incidents of the data set are about; each is a query and a symptom."""


@dataclass(frozen=True)
class _Question:
    query: str
    symptom: Symptom


def windows(query: str) -> Iterator[BundleParts]:
    """Every window of the normal period as an incident, opened with `query`'s words and symptom."""
    bundles = [read_bundle(path.parent) for path in sorted(_DATASETS.glob("petshop/*/incident.yaml"))]
    asked = next(
        _Question(one.manifest.query or "", one.manifest.symptom)
        for one in bundles
        if one.manifest.symptom and (one.manifest.symptom.metric or "").startswith(query)
    )
    whole = bundles[0].load_all()
    period, length = whole.manifest.baseline, timedelta(seconds=whole.manifest.window.seconds)
    assert period is not None
    series = [one.between(period) for one in whole.series]
    start = period.start
    while start + length <= period.end:
        yield _incident(whole, series, Window(start=start, end=start + length), period, asked)
        start += length


def _incident(
    whole: BundleParts, series: list[Series], window: Window, period: Window, asked: _Question
) -> BundleParts:
    days = _DAY * math.ceil((period.end - period.start + 2 * _MARGIN) / _DAY)
    start = period.start - days
    end = max(window.start - _MARGIN, period.end - days)
    manifest = whole.manifest.model_copy(
        update={
            "title": asked.query,
            "query": asked.query,
            "symptom": asked.symptom,
            "window": window,
            "detected_at": window.start + (window.end - window.start) / 2,
            "baseline": Window(start=start, end=end),
        }
    )
    parts = [_rearranged(one, window, days) for one in series]
    return replace(whole, manifest=manifest, series=tuple(one for one in parts if len(one.times)))


def _rearranged(one: Series, window: Window, days: timedelta) -> Series:
    low, high = window.start.timestamp(), window.end.timestamp()
    before, after = one.times < low - _MARGIN.total_seconds(), one.times > high + _MARGIN.total_seconds()
    inside = (one.times >= low) & (one.times <= high)
    times = np.concatenate((one.times[after] - days.total_seconds(), one.times[before], one.times[inside]))
    return replace(one, times=times, values=np.concatenate((one.values[after], one.values[before], one.values[inside])))


async def investigated(parts: BundleParts) -> Hypothesis:
    """The best hypothesis of a whole investigation."""
    return (await ranked(parts))[0]


def calm(best: Hypothesis) -> bool:
    """Whether nothing is blamed."""
    return best.cause_class.value in ("NO_FAULT", "UNKNOWN")


async def _print_figures() -> None:
    for query in QUERIES:
        found = [(parts.manifest.window.start, await investigated(parts)) for parts in windows(query)]
        sys.stdout.write(f"{query}: {sum(calm(best) for _, best in found)} of {len(found)} windows\n")
        for start, best in found:
            if not calm(best):
                sys.stdout.write(f"  {start:%d %H:%M}  {best.confidence:.2f}  {best.cause_id} {best.resource}\n")


if __name__ == "__main__":
    asyncio.run(_print_figures())
