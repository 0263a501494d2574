"""When a system was in trouble and when it was calm, from what its users feel: latency and failed requests.

An hour may hold several faults that were cured. What a live question is about is the trouble of now, and what is
normal is what was calm before: not the hour before by the clock, which may hold another fault (Google SRE book,
chapter 12: what was it like when it worked?). A level is taken from the better samples, so that many bad ones don't
become normal: robust statistics hold while less than half of the samples are off (P. Huber, Robust Statistics, 1981).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.dataclass import dataclass
from primitives.records import Episode, Series, Window
from primitives.statistics import median, sample_step

__all__ = ["Stretch", "calm_before", "episodes_of", "stretches_of"]

# Fewer samples tell no level.
_LEAST_SAMPLES: Final = 8
# The level is the median of the better part of the samples, and its noise that of the same.
_BETTER: Final = 0.6
_LEVEL: Final = 0.3
_SPREADS: Final = 6.0
_MAD: Final = 1.4826
# Users notice half as long again, and one failure in a hundred.
_SLOWER: Final = 1.5
_FAILURES: Final = 0.01
# One sample is chance; between two bad ones a good one or two is too.
_LEAST_BAD: Final = 2
_BRIDGED_STEPS: Final = 3.0
# What is bad most of the time or again and again is how it is.
_MOST_BAD: Final = 0.7
_MOST_EPISODES: Final = 30
# One fault shows on its services one after another, and a rate reaches back over its range.
_TOGETHER_S: Final = 20.0
# A calm of this length is normal enough, and the latest is the best; otherwise the longest serves.
_LONG_CALM_S: Final = 600.0
_LEAST_CALM_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which anything was in trouble; `over` says that all of it was well again before the end."""

    start: datetime
    end: datetime
    over: bool
    episodes: tuple[Episode, ...]


def episodes_of(series: Iterable[Series]) -> list[Episode]:
    """Every episode of every series of latency or failures, in order of time; one that goes on has no end."""
    episodes = (episode for entry in series if _is_felt(entry) for episode in _episodes(entry))
    return sorted(episodes, key=lambda episode: (episode.start, episode.resource, episode.metric))


def stretches_of(episodes: Sequence[Episode], now: datetime) -> list[Stretch]:
    """The episodes, those that overlap or nearly so as one stretch, in order of time."""
    stretches: list[Stretch] = []
    for episode in sorted(episodes, key=lambda entry: entry.start):
        end = episode.end or now
        last = stretches[-1] if stretches else None
        if last is not None and episode.start <= last.end + timedelta(seconds=_TOGETHER_S):
            over = last.over and episode.end is not None
            stretches[-1] = Stretch(last.start, max(last.end, end), over, (*last.episodes, episode))
        else:
            stretches.append(Stretch(episode.start, end, episode.end is not None, (episode,)))
    return stretches


def calm_before(stretches: Sequence[Stretch], known: Window) -> Window | None:
    """The part of `known` that shows what is normal: the latest long calm in it, else the longest; None without any."""
    edges = [known.start, *(moment for stretch in stretches for moment in (stretch.start, stretch.end)), known.end]
    calms = [
        Window(start=start, end=min(end, known.end))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if min(end, known.end) > start
    ]
    long = [calm for calm in calms if calm.seconds >= _LONG_CALM_S]
    best = long[-1] if long else max(calms, key=lambda calm: calm.seconds, default=None)
    return best if best is not None and best.seconds >= _LEAST_CALM_S else None


def _is_felt(series: Series) -> bool:
    metric = series.metric
    if metric.worse != "higher" or len(series.times) < _LEAST_SAMPLES:
        return False
    # What a caller measures of others shows as its own latency too.
    return metric.kind == "errors" or (metric.kind == "latency" and metric.name.startswith("latency"))


def _episodes(series: Series) -> Iterator[Episode]:
    times, values = series.times, series.values
    level, limit = _limit(series)
    bad = values > limit
    step = sample_step(times) or 1.0
    runs = list(_runs(times, bad, _BRIDGED_STEPS * step))
    if not runs or bad.mean() > _MOST_BAD or len(runs) > _MOST_EPISODES:
        return
    for first, last in runs:
        goes_on = times[-1] - times[last] <= _BRIDGED_STEPS * step
        yield Episode(
            resource=series.resource,
            metric=series.metric.name,
            kind=series.metric.kind,
            unit=series.metric.unit,
            start=datetime.fromtimestamp(float(times[first]), UTC),
            end=None if goes_on else datetime.fromtimestamp(float(times[last]), UTC),
            usual=level,
            worst=float(values[first : last + 1].max()),
        )


def _limit(series: Series) -> tuple[float, float]:
    """The usual level, and what a sample must exceed to be bad."""
    values = np.sort(series.values)
    level = float(np.quantile(values, _LEVEL))
    better = values[: max(int(len(values) * _BETTER), 1)]
    spread = _MAD * median(np.abs(better - level))
    if series.metric.kind == "latency":
        return level, max(_SLOWER * level, level + _SPREADS * spread)
    share = {"1": 1.0, "%": 100.0}.get(series.metric.unit)
    least = _FAILURES * share if share else level
    return level, level + max(least, _SPREADS * spread)


def _runs(times: NDArray[np.float64], bad: NDArray[np.bool_], bridged: float) -> Iterator[tuple[int, int]]:
    """The places of the first and last sample of each run of bad ones, short gaps bridged."""
    places = np.flatnonzero(bad)
    if not len(places):
        return
    breaks = np.flatnonzero(np.diff(times[places]) > bridged)
    for run in np.split(places, breaks + 1):
        if len(run) >= _LEAST_BAD:
            yield int(run[0]), int(run[-1])
