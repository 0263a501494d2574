"""At which end of late calls the network is slow, where the calls alone fit two hosts.

Calls between two hosts are late at both. The measured network of one of them (round trips, segments sent again:
RFC 2681, RFC 6298) tells them apart: a probe from a third place is late to the slow one only.
"""

from __future__ import annotations

from engine.reason.catalogue import causes_of_metric, causes_that_concern
from engine.reason.fact_index import FactIndex
from primitives.facts import MetricShift, WireDelay

__all__ = ["late_end"]


def late_end(case: FactIndex, delay: WireDelay) -> str | None:
    """The host at which calls are late: the one whose own network got worse, if only one such host fits them all."""
    if delay.resource not in case.hosted or not delay.pair_names:
        return delay.resource
    network = causes_that_concern("network")
    worse = {fact.resource for _, fact in case.present(MetricShift)
             if fact.worse and not network.isdisjoint(causes_of_metric(fact.metric))}  # fmt: skip
    if delay.resource in worse:
        return delay.resource
    fitting = [host for host, carried in case.hosted.items() if host in worse and _is_end_of_all(delay, carried)]
    return fitting[0] if len(fitting) == 1 else delay.resource


def _is_end_of_all(delay: WireDelay, carried: tuple[str, ...]) -> bool:
    return all((caller in carried) != (called in carried) for caller, called in delay.pair_names)
