"""What a made system does over time: requests are drawn one by one, wait, time out, are tried again, fail.

Every step of time has the same number of drawn requests a component; what is measured of them is noisy by itself.
Waiting in a queue follows the single-server formula ρ / (1 - ρ) (Kleinrock, Queueing Systems, 1975), damped for the
many workers that a service has, and bounded; what comes beyond the capacity is turned away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from cases.made_systems import Component, System
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LONGEST_QUEUE: Final = 25.0
_PASSES: Final = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a component from the step `first` on, fully after `ramp` steps.

    `slower` multiplies its own time of the `affected` share of requests, `failing` is the share that fails by itself,
    `capacity` multiplies what it can take, `down` refuses every connection.
    """

    component: str
    first: int
    ramp: int = 0
    slower: float = 1.0
    affected: float = 1.0
    failing: float = 0.0
    capacity: float = 1.0
    down: bool = False

    def strength(self, steps: int) -> Samples:
        """0 to 1 for each step."""
        index = np.arange(steps)
        return np.clip((index - self.first + 1) / max(self.ramp, 1), 0.0, 1.0)


@dataclass(slots=True)
class Behaviour:
    """What one component did: arrays of steps × drawn requests, and of steps."""

    latency: Samples
    failed: Flags
    rate: Samples
    utilisation: Samples
    own_scale: Samples
    """How many times its median own time a request takes there, queue and fault counted."""
    own_failing: Samples
    down: Flags
    blamed: dict[str, Samples] = field(default_factory=dict)
    """The share of its requests that fail by a call to each target."""


def traffic(rng: np.random.Generator, times: Samples, *, daily: float, noise: float, requests: float) -> Samples:
    """Requests a second at an entry: a day's wave of relative height `daily`, slow drift, and noise."""
    phase = rng.uniform(0, 2 * np.pi)
    wave = 1.0 + daily * np.sin(2 * np.pi * times / 86_400 + phase)
    drift = np.cumsum(rng.normal(0.0, noise / 12, len(times)))
    drift -= np.linspace(0.0, drift[-1], len(times))
    return np.asarray(requests * wave * np.exp(drift + rng.normal(0.0, noise, len(times))))


def simulate(
    rng: np.random.Generator,
    system: System,
    arrivals: Mapping[str, Samples],
    faults: Sequence[Fault],
    *,
    draws: int,
) -> dict[str, Behaviour]:
    """What every component does; `arrivals` are requests a second from outside, by entry.

    Load and latency depend on each other (retries, cycles): a few passes bring them together.
    """
    steps = len(next(iter(arrivals.values())))
    usual = {name: float(np.median(rate)) for name, rate in _rates(system, arrivals, {}).items()}
    found: dict[str, Behaviour] = {}
    for turn in range(_PASSES):
        rates = _rates(system, arrivals, found)
        behaviours: dict[str, Behaviour] = {}
        few = draws if turn == _PASSES - 1 else max(8, draws // 4)
        for name in _leaves_first(system):
            one = system.components[name]
            load = rates[name] / max(usual[name], 1e-9)
            mine = [fault for fault in faults if fault.component == name]
            behaviours[name] = _behave(rng, one, load, rates[name], mine, behaviours, found, (steps, few))
        found = behaviours
    return found


def _leaves_first(system: System) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for call in system.components[name].calls:
            visit(call.target)
        order.append(name)

    for name in system.components:
        visit(name)
    return order


def _rates(system: System, arrivals: Mapping[str, Samples], before: Mapping[str, Behaviour]) -> dict[str, Samples]:
    steps = len(next(iter(arrivals.values())))
    found = {name: np.array(arrivals.get(name, np.zeros(steps))) for name in system.components}
    order = _leaves_first(system)[::-1]
    place = {name: index for index, name in enumerate(order)}
    for name in order:
        for call in system.components[name].calls:
            tried = np.ones(steps)
            if call.target in before and call.retries:
                lost = before[call.target]
                tried = tried + call.retries * np.maximum(lost.failed, lost.latency > call.timeout_s).mean(axis=1)
            # A call back up the order closes a cycle; its callers' load of this pass is close enough.
            more = found[name] * call.share * (1.0 - call.cached) * call.times * tried
            if place[call.target] > place[name]:
                found[call.target] = found[call.target] + more
    return found


def _behave(
    rng: np.random.Generator,
    one: Component,
    load: Samples,
    rate: Samples,
    faults: Sequence[Fault],
    below: Mapping[str, Behaviour],
    before: Mapping[str, Behaviour],
    shape: tuple[int, int],
) -> Behaviour:
    steps, draws = shape
    slower, failing, capacity, down = np.ones(shape), np.zeros(steps), np.ones(steps), np.zeros(steps, dtype=bool)
    for fault in faults:
        strength = fault.strength(steps)
        hit = rng.random(draws) < fault.affected
        slower *= 1.0 + (fault.slower - 1.0) * strength[:, None] * hit
        failing = np.maximum(failing, fault.failing * strength)
        capacity *= 1.0 - (1.0 - fault.capacity) * strength
        down |= fault.down & (strength > 0)
    utilisation = one.busy * load * slower.mean(axis=1) ** 0.5 / capacity
    queue = np.minimum(utilisation**2 / np.maximum(1.0 - utilisation, 1e-6), _LONGEST_QUEUE)
    scale = slower * (1.0 + queue[:, None])
    own = one.service_s * scale * rng.lognormal(0.0, one.tail, shape)
    paused = rng.integers(0, steps, steps * draws // 300), rng.integers(0, draws, steps * draws // 300)
    own[paused] += one.service_s * 10.0 * rng.pareto(2.5, len(paused[0]))
    turned_away = np.clip(1.0 - 1.0 / np.maximum(utilisation, 1e-6), 0.0, 1.0)
    failed = rng.random(shape) < (one.error_ratio + failing + turned_away)[:, None]
    latency = np.where(failed, own * rng.uniform(0.2, 1.0, (steps, 1)), own)
    blamed: dict[str, Samples] = {}
    for call in one.calls:
        target = below.get(call.target) or before.get(call.target)
        if target is None:
            continue
        for _ in range(call.times):
            asked = ~failed & (rng.random(shape) < call.share * (1.0 - call.cached))
            waited, lost = _attempt(rng, target, call.timeout_s, shape)
            for _ in range(call.retries):
                again, lost_again = _attempt(rng, target, call.timeout_s, shape)
                waited, lost = waited + np.where(lost, again, 0.0), lost & lost_again
            latency = latency + np.where(asked, waited, 0.0)
            broken = asked & lost
            blamed[call.target] = blamed.get(call.target, np.zeros(steps)) + broken.mean(axis=1)
            if not call.optional:
                failed = failed | broken
    if one.threads is not None:
        # Little's law: requests under way against the threads there are, at the usual level of a quarter of them.
        held = latency.mean(axis=1)
        usual = float(np.median(held)) * one.threads / 2.5
        latency = latency * np.clip(held / usual, 1.0, 4.0)[:, None]
    latency[down] = 0.001
    failed[down] = True
    return Behaviour(latency, failed, rate, utilisation, scale.mean(axis=1), one.error_ratio + failing, down, blamed)


def _attempt(
    rng: np.random.Generator, target: Behaviour, timeout_s: float, shape: tuple[int, int]
) -> tuple[Samples, Flags]:
    chosen = rng.integers(0, target.latency.shape[1], shape[1])
    took = target.latency[:, chosen]
    return np.minimum(took, timeout_s), (took > timeout_s) | target.failed[:, chosen]
