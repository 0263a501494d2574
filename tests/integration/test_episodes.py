"""A window with several episodes: the one at the alarm counts, an earlier one that was cured explains nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from cases.in_memory import ranked
from cases.small_systems import BEFORE, CPU, ONSET, SYSTEMS, Case, System, metric
from numpy.typing import NDArray

from primitives.bundle import BundleParts
from primitives.records import Window

_IDS = [system.name for system in SYSTEMS]
_EARLIER = slice(BEFORE // 2, BEFORE // 2 + 10)


def _leaves(system: System) -> list[str]:
    return list(dict.fromkeys(target for _, target in system.calls if not system.below(target)))


def _wide(parts: BundleParts) -> BundleParts:
    """The same with a window that holds the earlier episode, and a baseline before it."""
    baseline, window = parts.manifest.baseline, parts.manifest.window
    assert baseline is not None
    middle = baseline.start + (window.start - baseline.start) / 3
    update = {"window": Window(start=middle, end=window.end), "baseline": Window(start=baseline.start, end=middle)}
    return replace(parts, manifest=parts.manifest.model_copy(update=update))


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_an_earlier_and_greater_episode_explains_nothing_of_the_later_one(system: System) -> None:
    case = Case(system, 31)
    cured, full = _leaves(system)[:2]
    slower = case.waiting(full, 8.0)
    case.healthy(slower=slower)
    case.measure(full, CPU, 15.0, after=99.0, noise=0.03)
    earlier = case.waiting(cured, 40.0)
    for name, factor in earlier.items():
        case.series[name, system.latency.name].values[_EARLIER] *= factor
    case.measure(cured, CPU, 15.0, noise=0.05)
    case.series[cured, CPU.name].values[_EARLIER] = 99.5
    best = (await ranked(_wide(case.parts(system.entry, system.latency))))[0]
    assert (best.cause_id, best.resource) == ("cpu_saturated", full)


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_an_episode_that_still_runs_counts_however_early_it_began(system: System) -> None:
    case = Case(system, 32)
    full = _leaves(system)[0]
    case.healthy(slower=case.waiting(full, 8.0))
    case.measure(full, CPU, 15.0, after=99.0, first=BEFORE // 2 + 12, noise=0.03)
    best = (await ranked(_wide(case.parts(system.entry, system.latency))))[0]
    assert (best.cause_id, best.resource) == ("cpu_saturated", full)


def _climbing(count: int) -> NDArray[np.float64]:
    """A collector that was started with the window: twelve samples until its range is full."""
    return 50.0 * np.minimum(np.arange(count) / 12.0, 1.0) + 0.5


def _partly_full(count: int) -> NDArray[np.float64]:
    """One that was started inside of it: its first range holds part of the requests."""
    return np.where(np.arange(count) == 0, 20.0, 50.0)


@pytest.mark.parametrize(("first", "rate", "seed"), [(BEFORE, _climbing, 33), (BEFORE + 4, _partly_full, 34)])
@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_rate_that_begins_inside_the_window_is_no_surge(
    system: System, first: int, rate: Callable[[int], NDArray[np.float64]], seed: int
) -> None:
    case = Case(system, seed)
    slow = _leaves(system)[0]
    case.healthy(slower=case.waiting(slow, 10.0))
    requests = metric("requests", "traffic", "{request}/s", worse="either")
    young = case.times[first:]
    for name in system.services:
        values = rate(len(young)) * np.exp(case.rng.normal(0, 0.02, len(young)))
        case.add(name, requests, young, values)
    case.measure(slow, CPU, 12.0, first=ONSET)
    best = (await ranked(case.parts(system.entry, system.latency)))[0]
    assert best.cause_id != "traffic_surge"
    assert best.resource == slow
