"""Calls that are late on their way: the end that they share is named, and slow work is not taken for a slow network."""

from __future__ import annotations

import pytest
from cases.in_memory import ranked
from cases.slow_networks import hosted, traced
from cases.small_systems import CPU, ONSET, SYSTEMS, Case, System

from engine.hypotheses import Hypothesis

_LATE_S = 0.4
_IDS = [system.name for system in SYSTEMS]


def _shared(system: System) -> str:
    """A service with most callers, one of those that call nothing."""
    callers = [target for _, target in system.calls if not system.below(target)]
    return max(callers, key=callers.count)


def _healthy(case: Case) -> None:
    """Metrics of a system whose requests are late somewhere: each caller's latency, not that of who is called late."""
    case.healthy(slower={case.system.entry: 8.0})


async def _best(case: Case) -> Hypothesis:
    return (await ranked(case.parts(case.system.entry, case.system.latency)))[0]


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_resource_that_every_call_reaches_late_has_a_slow_network(system: System) -> None:
    case, slow = Case(system, 21), _shared(system)
    _healthy(case)
    traced(case, way=lambda _, target, sample: _LATE_S if target == slow and sample >= ONSET else 0.0)
    best = await _best(case)
    assert (best.cause_id, best.resource) == ("network_delay", slow)


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_pair_that_is_rarely_seen_is_compared_with_all_pairs(system: System) -> None:
    case, slow = Case(system, 22), _shared(system)
    _healthy(case)
    traced(case, way=lambda _, target, sample: _LATE_S if target == slow and sample >= ONSET else 0.0, rare=(slow,))
    best = await _best(case)
    assert (best.cause_id, best.resource) == ("network_delay", slow)


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_host_whose_resources_are_all_late_has_a_slow_network(system: System) -> None:
    case = Case(system, 23)
    there = {target for _, target in system.calls if not system.below(target)}
    _healthy(case)
    racks = {name: "rack-7" if name in there else "rack-2" for name in system.services}
    hosted(case, {**racks, system.entry: "rack-1"})
    traced(case, way=lambda source, target, sample: _LATE_S if (source in there) != (target in there)
           and sample >= ONSET else 0.0)  # fmt: skip
    best = await _best(case)
    assert (best.cause_id, best.resource) == ("network_delay", "rack-7")


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_work_that_takes_longer_is_no_slow_network(system: System) -> None:
    case, slow = Case(system, 24), _shared(system)
    case.healthy(slower=case.waiting(slow, 30.0))
    traced(case, work=lambda name, sample: 30.0 if name == slow and sample >= ONSET else 1.0)
    best = await _best(case)
    assert best.resource == slow
    assert best.cause_id != "network_delay"


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_resource_short_of_cpu_is_late_with_everything_and_no_slow_network(system: System) -> None:
    case, full = Case(system, 25), _shared(system)
    case.healthy(slower=case.waiting(full, 20.0))
    case.measure(full, CPU, 15.0, after=99.5, noise=0.02)
    rng = case.rng
    traced(
        case,
        work=lambda name, sample: 20.0 if name == full and sample >= ONSET else 1.0,
        way=lambda _, target, sample: float(rng.exponential(0.05)) if target == full and sample >= ONSET else 0.0,
    )
    best = await _best(case)
    assert (best.cause_id, best.resource) == ("cpu_saturated", full)
