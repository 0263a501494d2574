"""The kinds of made incidents: what is wrong in each, what else happens, and what the right answer is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from cases.made_metrics import metric
from cases.made_records import deployment
from cases.made_systems import Call, Component, Names, System, chain, layered, on_hosts, split_sides, with_cycle
from cases.made_traffic import Fault

from primitives.records import Change, Metric

Cause = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Extra:
    """A metric that does something by itself: `level` until the onset, `after` from then on."""

    resource: str
    meaning: Metric
    level: float
    after: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A made incident before it is played: `causes` as in `truth.yaml`, any of which is right unless `every`."""

    system: System
    faults: tuple[Fault, ...]
    causes: tuple[Cause, ...]
    every: bool = False
    surge: float = 1.0
    changes: tuple[Change, ...] = ()
    decoys: tuple[str, ...] = ()
    extras: tuple[Extra, ...] = ()
    hidden: tuple[str, ...] = ()
    without_latency: tuple[str, ...] = ()
    skew_s: float = 0.0
    logs: bool | None = None
    counted: bool = False
    """Requests must be counted, or nobody could know."""

    def stronger(self, factor: float) -> Plan:
        """The same with everything that is wrong more so."""
        faults = tuple(
            replace(one, slower=1 + (one.slower - 1) * factor, failing=min(one.failing * factor, 0.9))
            for one in self.faults
        )
        return replace(self, faults=faults, surge=self.surge if faults else 1 + (self.surge - 1) * factor**0.5)


@dataclass(frozen=True, slots=True)
class Draw:
    """What a plan is drawn from. `onset` is the step, `onset_s` its time, at which it begins."""

    rng: np.random.Generator
    onset: int
    onset_s: float
    step_s: float
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", Names(self.rng))

    def one_of(self, found: list[str]) -> str:
        """Any of them."""
        return str(self.rng.choice(sorted(found)))

    def system(self) -> System:
        """An ordinary system."""
        return layered(self.rng, self.names, depth=int(self.rng.integers(2, 5)))

    def culprit(self, system: System, least: int = 1, most: int = 9) -> str:
        """Something that the entry's requests need."""
        far = {name: hops for name, hops in needed(system).items() if least <= hops <= most}
        return self.one_of(list(far or {name: 1 for name, hops in needed(system).items() if hops}))

    def slow(self, name: str) -> Fault:
        """It becomes slow, suddenly or in some steps; all of its requests or a good part of them."""
        affected = float(self.rng.choice([1.0, 1.0, 0.5]))
        ramp = int(self.rng.choice([0, 0, 3]))
        return Fault(name, self.onset, ramp, slower=float(self.rng.uniform(4, 15)), affected=affected)

    def failing(self, name: str) -> Fault:
        """A part of its requests fail."""
        return Fault(name, self.onset, int(self.rng.choice([0, 0, 3])), failing=float(self.rng.uniform(0.1, 0.6)))

    def ill(self, name: str) -> Fault:
        """Slow or failing."""
        return self.slow(name) if self.rng.random() < 0.6 else self.failing(name)

    def rollout(self, resource: str, lead: float | None = None) -> Change:
        """A deployment some time before the onset, as long as a rollout may take."""
        longest = 240.0 if self.step_s < 60 else 900.0
        before = float(self.rng.uniform(20.0, longest)) if lead is None else lead
        return deployment(self.rng, resource, self.onset_s - before)


def needed(system: System) -> dict[str, int]:
    """What the entry reaches by calls that it does not do without, with the distance."""
    found = {system.entry: 0}
    queue = [system.entry]
    for name in queue:
        for call in system.components[name].calls:
            if call.target not in found and not call.optional and call.share >= 0.2:
                found[call.target] = found[name] + 1
                queue.append(call.target)
    return found


def slow_dependency(draw: Draw) -> Plan:
    """Something below the entry becomes slow."""
    system = draw.system()
    name = draw.culprit(system)
    return Plan(system, (draw.slow(name),), ({"resource": name},))


def failing_dependency(draw: Draw) -> Plan:
    """Something below the entry fails a part of its requests."""
    system = draw.system()
    name = draw.culprit(system)
    return Plan(system, (draw.failing(name),), ({"resource": name},))


def outage(draw: Draw) -> Plan:
    """Something below the entry is gone: connections are refused and its metrics end."""
    system = draw.system()
    name = draw.culprit(system)
    return Plan(system, (Fault(name, draw.onset, down=True),), ({"resource": name},))


def leak(draw: Draw) -> Plan:
    """Something becomes slower and slower."""
    system = draw.system()
    name = draw.culprit(system)
    fault = replace(draw.slow(name), ramp=14, affected=1.0)
    return Plan(system, (fault,), ({"resource": name},))


def red_herring(draw: Draw) -> Plan:
    """A fault, and at the same time a loud metric elsewhere that nobody feels."""
    system = draw.system()
    name = draw.culprit(system)
    healthy = [one for one in needed(system) if one not in (name, system.entry)]
    apart = draw.rng.random() < 0.5 or not healthy
    other = draw.one_of(list(system.unrelated) if apart else healthy)
    meanings = (
        (metric("disk_io_utilization", "saturation", "%", "average", "higher"), 12.0, 96.0),
        (metric("open_connections", "saturation", "{connection}", "value", "higher"), 40.0, 700.0),
        (metric("gc_pause_ms", "other", "ms", "sum", "higher"), 30.0, 900.0),
        (metric("queue_depth", "saturation", "{message}", "value", "higher"), 20.0, 4000.0),
        (metric("batch_cpu_percent", "saturation", "%", "average", "higher"), 9.0, 98.0),
    )
    meaning, level, after = meanings[int(draw.rng.integers(len(meanings)))]
    return Plan(system, (draw.ill(name),), ({"resource": name},), extras=(Extra(other, meaning, level, after),))


def innocent_deployment(draw: Draw) -> Plan:
    """A fault without any change, and right at its onset a deployment of what is well."""
    system = draw.system()
    name = draw.culprit(system)
    healthy = [one for one in needed(system) if one != name]
    other = draw.one_of(list(system.unrelated) if draw.rng.random() < 0.5 else healthy)
    change = draw.rollout(other, float(draw.rng.uniform(5, 120)))
    assert change.id is not None
    cause = {"resource": name, "change": None}
    return Plan(system, (draw.ill(name),), (cause,), changes=(change,), decoys=(change.id,))


def guilty_deployment(draw: Draw) -> Plan:
    """A deployment is to blame; others, before and after it, are not."""
    system = draw.system()
    name = draw.culprit(system)
    guilty = draw.rollout(name)
    healthy = [one for one in (*needed(system), *system.unrelated) if one != name]
    others = [draw.rollout(draw.one_of(healthy), float(draw.rng.uniform(-60, 1800))) for _ in range(3)]
    return Plan(
        system,
        (draw.ill(name),),
        ({"resource": name, "change": guilty.id},),
        changes=(guilty, *others),
        decoys=tuple(one.id for one in others if one.id),
    )


def shifted_clocks(draw: Draw) -> Plan:
    """A deployment is to blame, and changes and logs are told by a clock that is 90 s wrong."""
    plan = guilty_deployment(draw)
    return replace(plan, skew_s=float(draw.rng.choice([-90.0, 90.0])))


def missing_columns(draw: Draw) -> Plan:
    """How long the culprit takes is not measured."""
    system = draw.system()
    name = draw.culprit(system)
    return Plan(system, (draw.slow(name),), ({"resource": name},), without_latency=(name,))


def no_fault(draw: Draw) -> Plan:
    """Nothing but ordinary noise; an alarm was set too sharp."""
    return Plan(draw.system(), (), ({"cause_id": "false_alarm"}, {"cause_id": "unknown"}))


def two_faults(draw: Draw) -> Plan:
    """Two things are wrong at once, neither because of the other."""
    system = draw.system()
    first = draw.culprit(system)
    apart = [one for one in needed(system)
             if one not in (first, system.entry) and first not in _reached(system, one) and one not in
             _reached(system, first)]  # fmt: skip
    second = draw.one_of(apart or [one for one in system.distances() if one not in (first, system.entry)])
    faults = (draw.slow(first), draw.ill(second))
    return Plan(system, faults, ({"resource": first}, {"resource": second}), every=True)


def cycle(draw: Draw) -> Plan:
    """A fault where the calls go in a circle."""
    system = with_cycle(draw.rng, layered(draw.rng, draw.names, depth=3))
    name = draw.culprit(system)
    return Plan(system, (draw.ill(name),), ({"resource": name},))


def outside_topology(draw: Draw) -> Plan:
    """What fails belongs to somebody else: neither the topology nor any metric knows it."""
    system = draw.system()
    services = [one for one in needed(system) if system.components[one].kind in ("service", "gateway")]
    caller = system.components[draw.one_of(services)]
    host = f"api.{draw.names.new()}.example".lower()
    there = Component(host, "external", service_s=0.04, tail=0.4, busy=0.05, error_ratio=0.001)
    call = Call(host, share=float(draw.rng.uniform(0.6, 1.0)), timeout_s=float(draw.rng.choice([2.0, 5.0])))
    system = replace(system, components={**system.components, host: there})
    system = system.changed(replace(caller, calls=(*caller.calls, call)))
    causes = ({"resource": caller.name, "change": None}, {"resource": host})
    logs = bool(draw.rng.random() < 0.7)
    return Plan(system, (draw.ill(host),), causes, hidden=(host,), logs=logs)


def deep(draw: Draw) -> Plan:
    """The culprit is four calls or more away from the entry."""
    system = chain(draw.rng, draw.names, int(draw.rng.integers(4, 6)))
    name = draw.culprit(system, least=4)
    return Plan(system, (draw.ill(name),), ({"resource": name},))


def two_sides(draw: Draw) -> Plan:
    """Every service is two components: what takes requests in, and what works on them."""
    system = split_sides(draw.rng, layered(draw.rng, draw.names, depth=2))
    name = draw.culprit(system, least=2)
    return Plan(system, (draw.ill(name),), ({"resource": name},))


def surge(draw: Draw) -> Plan:
    """Two to four times as many requests, and something below the entry is too small for them."""
    system = draw.system()
    system = system.changed(*(replace(one, busy=0.4 * one.busy) for one in system.components.values()))
    small = system.components[draw.culprit(system)]
    system = system.changed(replace(small, busy=float(draw.rng.uniform(0.4, 0.6))))
    factor = float(draw.rng.uniform(2.0, 4.0))
    return Plan(system, (), ({"cause_id": "traffic_surge"},), surge=factor, counted=True)


def slow_while_busy(draw: Draw) -> Plan:
    """Something becomes slow while a fifth more requests come, which the rest takes easily."""
    return replace(slow_dependency(draw), surge=float(draw.rng.uniform(1.15, 1.3)), counted=True)


def loud_caller(draw: Draw) -> Plan:
    """One of ten requests to a dependency fails; who calls it several times a request fails much more often."""
    system = draw.system()
    callers = [one for one in needed(system) if system.components[one].calls]
    caller = system.components[draw.one_of(callers)]
    at = int(draw.rng.integers(len(caller.calls)))
    loud = replace(caller.calls[at], times=5, share=1.0, cached=0.0, optional=False, retries=0)
    name = loud.target
    calls = tuple(loud if index == at else call for index, call in enumerate(caller.calls))
    fault = Fault(name, draw.onset, failing=float(draw.rng.uniform(0.08, 0.2)))
    return Plan(system.changed(replace(caller, calls=calls)), (fault,), ({"resource": name},))


def crowded_host(draw: Draw) -> Plan:
    """Something else uses up a host, and the services that run there become slow together."""
    system = on_hosts(draw.rng, draw.system(), draw.names)
    hosts = [system.components[one].host for one in needed(system) if one != system.entry]
    host = draw.one_of([one for one in hosts if one] or [one.host for one in system.components.values() if one.host])
    slower = float(draw.rng.uniform(3, 8))
    faults = [Fault(one.name, draw.onset, slower=slower) for one in system.components.values() if one.host == host]
    meaning = metric("node_cpu_utilization", "saturation", "%", "average", "higher")
    extra = Extra(host, meaning, float(draw.rng.uniform(25, 45)), 97.0)
    return Plan(system, tuple(faults), ({"resource": host},), extras=(extra,))


def _reached(system: System, name: str) -> set[str]:
    return set(replace(system, entry=name).distances())


PLANS: Final[Mapping[str, Callable[[Draw], Plan]]] = {
    plan.__name__: plan
    for plan in (
        slow_dependency, failing_dependency, outage, leak, red_herring, innocent_deployment, guilty_deployment,
        shifted_clocks, missing_columns, no_fault, two_faults, cycle, outside_topology, deep, two_sides, surge,
        slow_while_busy, loud_caller, crowded_host,
    )
}  # fmt: skip
"""Every kind of made incident by its name."""
