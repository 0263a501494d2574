"""What points to the network: calls late on their way, packets sent again, waiting without work, refused ports."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes, causes_of_family
from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex, more_than_usual
from engine.reason.last_words import speaking_for_themselves
from engine.reason.late_ends import late_end
from engine.reason.localise import strength
from engine.reason.signals import signal, telling
from engine.reason.trust import TEXT
from primitives.facts import LogPattern, MetricShift, ProbeResult, SpanShift, WireDelay
from primitives.identity import base_name
from primitives.patterns import lazy_pattern

__all__ = ["network_signs"]

# The way's time grows by five doublings (1 ms to 32 ms) or more where a network is slow; the least is one.
_CLEAR_DOUBLINGS: Final = 5.0
_EVERY: Final = 0.4
_SOME: Final = 0.5
_GROWN: Final = 2.0
_CLEAR_SCORE: Final = 6.0
# So many times slower is more than a slower CPU or more requests would make of it.
_WAITS: Final = 5.0
# What one of its dependencies is later by this share explains it.
_PASSED_ON: Final = 0.25
# Fewer checks that passed don't say that all listeners are up.
_ENOUGH_CHECKS: Final = 3
_DIGITS: Final = lazy_pattern(r"[\d.]{7,15}|[0-9a-f:]{3,39}")
_OWN_HOST: Final = lazy_pattern(r"\blocalhost\b|\b127\.\d|\[?::1\]?[:\s]", re.IGNORECASE)
_CPU_USE: Final = lazy_pattern(r"cpu(?!.{0,200}throttl)", re.IGNORECASE)
_HELD_OR_CPU: Final = lazy_pattern(r"mem|heap|rss|cpu|throttl", re.IGNORECASE)
_LOST: Final = lazy_pattern(
    r"retrans|(?:packet|ping|icmp).?loss|packets?_(?:lost|dropped)|(?:rx|tx)_dropped", re.IGNORECASE
)
# Linux: ip-link(8) and ethtool(8), `rx_errors`, `rx_crc_errors`, `rx_frame_errors`; SNMP: RFC 2863, ifInErrors.
_DAMAGED: Final = lazy_pattern(
    r"(?:^|_)rx_(?:\w{0,12}_)?(?:err|crc|fcs)|if_?in_?err|(?:fcs|symbol)_?err|"
    r"(?:network|nic|interface|eth\w{0,6})_(?:\w{0,12}_)?(?:receive|in|input)_(?:err|crc|fcs)",
    re.IGNORECASE,
)


def network_signs(case: FactIndex) -> Iterator[Claim]:
    """Every claim about the network, and about what looks like it."""
    yield from _delays(case)
    yield from _waits(case)
    yield from _packets(case)
    yield from _refused(case)
    yield from _moved(case)


def _delays(case: FactIndex) -> Iterator[Claim]:
    """Calls that take longer on their way than usual: a slow network, unless whoever they reach is short of CPU."""
    slowed = {shift.resource for _, shift in case.present(SpanShift)
              if shift.current > _GROWN * shift.baseline and shift.score >= _CLEAR_SCORE}  # fmt: skip
    for name, delay in case.present(WireDelay):
        times = delay.current / max(delay.baseline, 1e-4)
        weight = min(1.0, math.log2(max(times, 1.0)) / _CLEAR_DOUBLINGS)
        # A slow network delays the quickest call too; a queue only some.
        if delay.quickest - delay.baseline < _EVERY * (delay.current - delay.baseline):
            weight *= _SOME
        place = late_end(case, delay)
        yield from signal("calls late", place, name, weight, "calls are late on their way", "wire")
        if place in slowed:
            why = "its calls are late and its own work takes longer"
            yield from signal("calls and work late", place, name, 1.0, why, "wire")


def _packets(case: FactIndex) -> Iterator[Claim]:
    """Segments that had to be sent again, or packets that were lost: TCP is well without any (RFC 6298, RFC 2680)."""
    for name, fact in case.present(MetricShift):
        if not fact.worse or not fact.resource or fact.current <= fact.baseline:
            continue
        if _LOST.search(fact.metric):
            yield from signal("packets lost", fact.resource, name, telling(fact), "packets are lost", "packets")
        if _DAMAGED.search(fact.metric):
            # Both ends of a path send again; frames are damaged on the one link that brings them.
            yield from signal("packets lost", fact.resource, name, telling(fact), "it gets damaged frames", "damaged")


def _refused(case: FactIndex) -> Iterator[Claim]:
    """Something ends because a connection is refused, while every listener that was checked answers.

    A refusal comes from the host that was reached: nothing listens on that port of it (RFC 9293, section 3.5.2). So
    the one that asks has a wrong port; were a dependency down, its check would fail, or others would complain. Who
    can't resolve names never got that far, and a port of its own host is another container's.
    """
    checks = [fact for _, fact in case.present(ProbeResult) if fact.probe == "tcp_connect" and fact.resource]
    if sum(check.healthy for check in checks) < _ENOUGH_CHECKS:
        return
    failed = {base_name(check.resource or "") for check in checks if not check.healthy}
    nameless = {fact.resource for _, fact in case.present(LogPattern) if fact.family == "dns" and fact.count}
    ends = {name for name, ended in case.once(speaking_for_themselves).items() if ended} - nameless
    for name, fact in case.present(LogPattern):
        if fact.family != "connection_refused" or fact.resource not in ends or fact.points_at or not fact.count:
            continue
        if _OWN_HOST.search(fact.example or fact.template):
            continue
        if failed <= {base_name(fact.resource)}:
            why = "a connection is refused although all that was checked answers"
            yield from signal("refused where all answer", fact.resource, name, TEXT[fact.trust], why, "messages")


def _moved(case: FactIndex) -> Iterator[Claim]:
    """An address doesn't answer, and the one that its name has now does, on the same port, from the same place."""
    checks = [(name, fact, *(fact.target or "").rpartition(":")[::2]) for name, fact in case.present(ProbeResult)
              if fact.probe == "tcp_connect" and fact.resource]  # fmt: skip
    resolved = [fact for _, fact in case.present(ProbeResult) if fact.probe == "dns_lookup" and fact.healthy]
    for name, fact, host, port in checks:
        if fact.healthy or not _DIGITS.fullmatch(host):
            continue
        for _, other, address, same in checks:
            if not other.healthy or other.resource != fact.resource or same != port or address == host:
                continue
            if any(address in lookup.output.split() and lookup.resource == fact.resource for lookup in resolved):
                why = f"its name has the address {address}, which answers; {host} doesn't"
                yield from signal("another address answers", fact.resource, name, 1.0, why, "probe")


def _waits(case: FactIndex) -> Iterator[Claim]:
    """A resource that is much slower, though nothing below it is, and whose CPU and requests fell: it waits, idle.

    Work would keep the CPU busy. What waits for a disk, a lock or a pool shows in metrics of these; the network often
    has none (B. Gregg, Systems Performance: off-CPU analysis).
    """
    shifts = [(name, fact) for name, fact in case.present(MetricShift) if fact.resource]
    late = {(fact.resource, fact.metric): fact.current - fact.baseline for _, fact in shifts
            if fact.worse and fact.kind == "latency" and _times(fact) >= _WAITS}  # fmt: skip
    fell = {fact.resource for _, fact in shifts if fact.kind == "traffic" and fact.current < fact.baseline}
    # Of fewer requests with as much work each the CPU use falls as well, or too little to be seen.
    idle = {
        fact.resource
        for _, fact in case.of(MetricShift)
        if _CPU_USE.search(fact.metric) and (fact.polarity == "absent" or fact.current < fact.baseline)
    }
    # Requests that wait hold their memory.
    busy = {fact.resource for _, fact in shifts
            if fact.worse and fact.kind == "saturation" and not _HELD_OR_CPU.search(fact.metric)}  # fmt: skip
    said = {fact.resource for _, fact in case.present(LogPattern) if fact.count and _says_what_for(fact)}
    waiting: dict[str | None, tuple[str, MetricShift]] = {}
    for name, fact in shifts:
        if (fact.resource, fact.metric) not in late or fact.resource not in (fell & idle) - busy - said:
            continue
        below = (late.get((called, fact.metric), 0.0) for called in case.below.get(fact.resource or "", ()))
        if max(below, default=0.0) < _PASSED_ON * late[fact.resource, fact.metric]:
            known = waiting.get(fact.resource)
            if known is None or late[fact.resource, fact.metric] > late[fact.resource, known[1].metric]:
                waiting[fact.resource] = (name, fact)
    lost = sum(late[resource, fact.metric] for resource, (_, fact) in waiting.items())
    for resource, (name, fact) in waiting.items():
        # Where several wait, each by itself, what they have in common is more likely slow than all of them.
        share = late[resource, fact.metric] / lost
        why = "it is slow while its CPU and its requests fell: it waits"
        yield from signal("waits idle", resource, name, share * strength(fact.score), why, "waits")


def _says_what_for(fact: LogPattern) -> bool:
    """Whether a message tells that its writer waits for a lock, a pool, a quota or a query: it isn't the network."""
    return more_than_usual(fact) and any(
        causes()[cause_id].waited_for or causes()[cause_id].felt_by_callers
        for cause_id, _ in causes_of_family(fact.family or "")
    )


def _times(fact: MetricShift) -> float:
    return fact.current / fact.baseline if fact.baseline > 0 else 1.0
