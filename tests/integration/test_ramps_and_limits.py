"""What runs out, and what climbs over the whole window: told with its limit and its start."""

from __future__ import annotations

import numpy as np
import pytest
from cases.in_memory import ranked
from cases.small_systems import BEFORE, INSIDE, SYSTEMS, Case, System, metric

from primitives.analysis.limits import is_left
from primitives.change_points import shift_of
from primitives.statistics import level_of

_IDS = [system.name for system in SYSTEMS]
_LEFT = (
    ("free_storage_space", "By", "disk_full"),
    ("memory_available_bytes", "By", "memory_exhausted"),
    ("connections_remaining", "{connection}", "connections_exhausted"),
)


@pytest.mark.parametrize(("name", "unit", "cause"), _LEFT)
@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_what_is_left_reaches_nothing_and_is_the_cause(system: System, name: str, unit: str, cause: str) -> None:
    case = Case(system, 41)
    full = system.calls[-1][1]
    case.healthy(slower=case.waiting(full, 6.0))
    about = metric(name, "saturation", unit, worse="lower")
    case.measure(full, about, 4e9, after=4e6)
    # As much less of a large rest elsewhere is nothing that runs out.
    case.measure(system.entry, about, 4e9, after=1.5e9)
    best = (await ranked(case.parts(system.entry, system.latency)))[0]
    assert (best.cause_id, best.resource) == (cause, full)


@pytest.mark.parametrize("name", ["available_replicas", "targets_available", "load_balance"])
def test_what_is_counted_because_it_works_is_nothing_that_runs_out(name: str) -> None:
    assert not is_left(metric(name, "other", "{count}", worse="either"))


def _onset(values: np.ndarray, noise: float = 1.0) -> float | None:
    rng = np.random.default_rng(5)
    normal = 100.0 + rng.normal(0, noise, BEFORE)
    times = 30.0 * np.arange(len(values))
    shift = shift_of(times, values + rng.normal(0, noise, len(values)), level_of(normal), normal=normal, worse=1)
    return None if shift.onset is None else shift.onset / 30.0


@pytest.mark.parametrize("start", [0, 4, 10])
def test_a_climb_is_told_with_its_start(start: int) -> None:
    index = np.arange(INSIDE, dtype=np.float64)
    onset = _onset(100.0 + 8.0 * np.maximum(index - start, 0.0))
    assert onset is not None
    assert abs(onset - start) <= 2


@pytest.mark.parametrize("start", [4, 10, 20])
def test_a_step_keeps_its_place(start: int) -> None:
    assert _onset(100.0 + 60.0 * (np.arange(INSIDE) >= start)) == start


def test_a_short_rise_before_a_step_is_no_climb() -> None:
    values = 100.0 + np.interp(np.arange(INSIDE), [0, 14, 17, INSIDE], [0, 0, 80, 80])
    onset = _onset(values)
    assert onset is not None
    assert 13 <= onset <= 17
