"""Made traces: each request passes through a small system, and calls to one end take longer on their way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from cases.small_systems import BEFORE, INSIDE, Case, at

from primitives.records import Resource, Span

__all__ = ["hosted", "traced"]

REQUESTS: Final = 2
"""Requests a sample."""
_WAY_S: Final = 0.002

Way = Callable[[str, str, int], float]
"""Seconds that a call from one to another takes beyond its usual way, at a sample."""
Work = Callable[[str, int], float]
"""How many times its usual time a resource works at a sample."""


def traced(case: Case, *, way: Way | None = None, work: Work | None = None, rare: Collection[str] = ()) -> None:
    """Add the traces of the whole time. Services in `rare` are called by every fifth request only, and not before."""
    for sample in range(BEFORE // 2, BEFORE + INSIDE):
        for number in range(REQUESTS):
            trace = f"{sample:04x}{number:02x}"
            _handle(case, trace, None, case.system.entry, at(sample + 0.3 * number), sample, way, work, rare)


def _handle(
    case: Case,
    trace: str,
    parent: str | None,
    name: str,
    start: datetime,
    sample: int,
    way: Way | None,
    work: Work | None,
    rare: Collection[str],
) -> float:
    """The span of a request's handling, with its calls one after another; returns its duration in seconds."""
    own = 0.01 * float(case.rng.lognormal(0.0, 0.15)) * (work(name, sample) if work else 1.0)
    identity = f"{parent or trace}/{name}"
    reached = own / 2
    for target in case.system.below(name):
        if target in rare and (sample < BEFORE or case.rng.random() > 0.2):
            continue
        beyond = _WAY_S * float(case.rng.lognormal(0.0, 0.3)) + (way(name, target, sample) if way else 0.0)
        call = f"{identity}-{target}"
        begun = start + timedelta(seconds=reached)
        taken = _handle(case, trace, call, target, begun + timedelta(seconds=beyond / 2), sample, way, work, rare)
        case.spans.append(_span(trace, call, identity, name, f"call {target}", begun, beyond + taken, "client"))
        reached += beyond + taken
    duration = reached + own / 2
    case.spans.append(_span(trace, identity, parent, name, f"handle {name}", start, duration, "server"))
    return duration


def _span(
    trace: str, identity: str, parent: str | None, name: str, operation: str, start: datetime, seconds: float, kind: str
) -> Span:
    return Span(trace, identity, parent, name, operation, start, seconds, "unset", {"span.kind": kind})


def hosted(case: Case, hosts: dict[str, str]) -> None:
    """Put services on hosts."""
    for host in sorted(set(hosts.values())):
        case.resources[host] = Resource(id=host, kind="node")
    case.edges += [(service, host, "hosts") for service, host in sorted(hosts.items())]
