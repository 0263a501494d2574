"""Hosts whose own network or clock went wrong when the trouble began: what they carry suffers from it and has no fault.

A slow network of a host is in every call into and out of what it carries (B. Gregg, Systems Performance, 2020, chapter
10). A clock that runs away makes fresh tokens and certificates invalid for whoever trusts it (RFC 7519, `nbf` and
`iat`; RFC 5280, 4.1.2.5; NTP: RFC 5905).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.reason.catalogue import causes_of_metric, causes_that_concern
from engine.reason.fact_index import FactIndex, more_than_usual
from primitives.facts import LogPattern, MetricShift
from primitives.metric_names import metric_words
from primitives.patterns import lazy_pattern
from primitives.quantities import TIME_UNITS

__all__ = ["ill_hosts"]

_TOGETHER: Final = timedelta(minutes=3)
# A path is slow at both ends; the one that is slow to everybody is slower by far than who only calls it.
_MANIFOLD: Final = 10.0
_BY_FAR: Final = 3.0
_CLOCK: Final = lazy_pattern(
    r"\b(?:timex|ntp\w{0,3}|clock|chrony|time)(?: \w+){0,2} (?:offset|skew|drift)\b|\bchrony(?: \w+)? system time\b"
)
# Whoever checks times allows a few seconds (RFC 7519, section 4.1.4: "no more than a few minutes").
_OFF_S: Final = 1.0
_OF_TIME: Final = ("clock", "authentication", "certificate")


def ill_hosts(case: FactIndex) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each such host: the fact of its network or its clock, and what it carries that suffers from just that."""
    ill: dict[str, tuple[str, tuple[str, ...]]] = {}
    for host, name, suffering in (*_slow_networks(case), *_wrong_clocks(case)):
        if suffering:
            ill.setdefault(host, (name, suffering))
    return ill


def _slow_networks(case: FactIndex) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    slow: dict[str, list[tuple[float, str, str]]] = {}
    for name, fact in case.present(MetricShift):
        on_network = causes_that_concern("network").intersection(causes_of_metric(fact.metric))
        host = fact.resource if fact.resource in case.hosted else None
        if host and fact.worse and on_network and _is_new(case, fact) and fact.current >= _MANIFOLD * fact.baseline > 0:
            slow.setdefault(fact.metric, []).append((fact.current, host, name))
    slower = {fact.resource for _, fact in case.present(MetricShift) if fact.worse and fact.kind == "latency"}
    for known in slow.values():
        (most, host, name), *others = sorted(known, reverse=True)
        if all(most >= _BY_FAR * other for other, _, _ in others):
            yield host, name, tuple(held for held in case.hosted[host] if held in slower)


def _wrong_clocks(case: FactIndex) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    told = {fact.resource for _, fact in case.present(LogPattern)
            if fact.family in _OF_TIME and more_than_usual(fact)}  # fmt: skip
    for name, fact in case.present(MetricShift):
        off = abs(fact.current) * TIME_UNITS.get(fact.unit, 0.0)
        if (
            fact.resource is None
            or fact.resource not in case.hosted
            or off < _OFF_S
            or not _CLOCK.search(metric_words(fact.metric))
        ):
            continue
        if _is_new(case, fact) and abs(fact.current) >= _MANIFOLD * abs(fact.baseline):
            yield fact.resource, name, tuple(held for held in case.hosted[fact.resource] if held in told)


def _is_new(case: FactIndex, fact: MetricShift) -> bool:
    return fact.onset is not None and case.onset is not None and abs(fact.onset - case.onset) <= _TOGETHER
