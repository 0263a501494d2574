"""What it is: facts whose kind speaks for certain causes, by the catalogue's tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from engine.reason.case import Case
from engine.reason.catalogue import causes_of_family, causes_of_metric, causes_of_state
from engine.reason.claims import Claim, Key
from engine.reason.diffs import setting_traits
from engine.reason.localise import FELT, magnitude, strength
from engine.reason.victims import silent
from primitives.analysis.cancellation import gave_up
from primitives.analysis.configuration import weight_of
from primitives.facts import (
    NEUTRAL_KINDS,
    ConfigurationDifference,
    LogPattern,
    MetricAtLimit,
    MetricShift,
    Observed,
    ProbeResult,
    SpanErrors,
    SpanShift,
    WorkloadState,
)
from primitives.terms import FAILURES

__all__ = ["mechanisms", "outside_host"]

_AT_LIMIT: Final = 2.6
_MOVED: Final = 1.3
_CLEAR: Final = -1.0
_DIFFERS: Final = 0.6
_FELL_SILENT: Final = 1.5
_FURTHER_IN: Final = 0.3
_SURGE: Final = 1.4
_ALIKE: Final = 0.35
_MANY_ALIKE: Final = 2
_GREW_ALIKE: Final = 1.2
_ROOM: Final = 0.3  # Of a limit: with as much of it to spare nothing is short.
_ALARMED: Final = 1.2
_OUTSIDE: Final = 2.4
_FROM_OUTSIDE: Final = frozenset(
    ("unavailable", "server_error", "rate_limited", "timeout", "connection_refused", "connection_reset")
)
_URL_HOST: Final = re.compile(r"https?://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_INSIDE: Final = (".local", ".internal", ".svc", ".localdomain")
_ERRORS: Final = (*FAILURES, "WARN")
_STOPPED: Final = 0.25
_OWN_ERRORS: Final = 0.6
_REPORTED: Final = 0.8  # Text that an outsider may have written counts a little less than a measurement.


def mechanisms(case: Case) -> Iterator[Claim]:
    """Every claim of a fact for a cause on its resource."""
    yield from _states(case)
    yield from _limits(case)
    yield from _shifts(case)
    yield from _log_families(case)
    yield from _spans(case)
    yield from _probes(case)
    yield from _observations(case)
    yield from _configuration(case)
    yield from _silences(case)


def _states(case: Case) -> Iterator[Claim]:
    for name, fact in case.present(WorkloadState):
        for cause_id, weight in causes_of_state(fact.state):
            trusted = weight if fact.trust == "measured" else weight * _REPORTED
            yield Claim(Key(cause_id, fact.resource or fact.object), name, trusted, f"state {fact.state}", "state")


def _limits(case: Case) -> Iterator[Claim]:
    for name, fact in case.of(MetricAtLimit):
        for cause_id in causes_of_metric(fact.metric):
            key = Key(cause_id, fact.resource)
            if fact.polarity == "absent":
                clear = min(2.0, (1.0 - min(fact.ratio, 1.0)) / _ROOM)
                yield Claim(key, name, _CLEAR * clear, "kept clear of its limit", "level")
                continue
            usual = fact.baseline / fact.limit if fact.baseline is not None and fact.limit else 0.0
            # What was always near its limit explains less of what is new.
            new = 1.0 - 0.7 * min(max(usual, 0.0) / max(fact.ratio, 1e-9), 1.0)
            yield Claim(key, name, _AT_LIMIT * new, f"reached {100 * fact.ratio:.0f} % of its limit", "level")


def _shifts(case: Case) -> Iterator[Claim]:
    for name, fact in case.of(MetricShift):
        if fact.resource is None:
            continue
        for cause_id in causes_of_metric(fact.metric):
            key = Key(cause_id, fact.resource)
            if fact.polarity == "absent":
                yield Claim(key, name, 0.5 * _CLEAR, "stayed at its usual level", "level")
            elif fact.worse:
                weight = _MOVED * (0.4 + 0.6 * _telling(fact)) * (0.3 + 0.7 * magnitude(fact))
                yield Claim(key, name, weight, "moved the way that hurts", "level")
                if case.is_symptom(fact.resource, fact.metric):
                    yield Claim(key, name, _ALARMED, "it is what raised the alarm", "alarm")
        if fact.polarity == "present" and fact.kind == "traffic" and fact.current > fact.baseline:
            yield from _traffic(case, name, fact)
        if fact.polarity == "present" and fact.worse and fact.kind in FELT and not gave_up(fact.metric):
            yield from _felt(case, name, fact)


def _telling(fact: MetricShift) -> float:
    clear = strength(fact.score) * magnitude(fact)
    if fact.unit == "%" and fact.current > fact.baseline:
        return clear * min(1.0, fact.current / 80.0)
    return clear


def _traffic(case: Case, name: str, fact: MetricShift) -> Iterator[Claim]:
    """More requests are a surge where they enter; further in they are a caller's doing."""
    if not fact.unit.startswith("{") or re.search(r"per[_ ]request", fact.metric):
        return
    grown = fact.current / fact.baseline if fact.baseline > 0 else 2.0
    weight = min(2.2, 1.5 * math.log2(max(grown, 1.0))) * strength(fact.score)
    if case.above.get(fact.resource or ""):
        weight *= _FURTHER_IN
    key = Key("traffic_surge", fact.resource)
    yield Claim(key, name, weight, "traffic rose", "traffic")
    # Retries and lost caches multiply requests in places; a surge does so everywhere behind where it enters.
    below = case.behind(fact.resource or "")
    alike = [other for other, one in case.present(MetricShift)
             if one.kind == "traffic" and one.resource != fact.resource and one.resource in below and one.baseline > 0
             and abs(math.log(max(one.current, 1e-9) / one.baseline / grown)) < _ALIKE]  # fmt: skip
    if grown >= _SURGE and len(alike) >= _MANY_ALIKE:
        yield Claim(key, alike[0], _GREW_ALIKE, "what it calls gets as many times more requests", "traffic below")


def _felt(case: Case, name: str, fact: MetricShift) -> Iterator[Claim]:
    """A resource that hurts without a known mechanism: slow or failing by itself, as far as anybody can say."""
    own = fact.resource in case.symptom_resources and not case.below.get(fact.resource or "")
    if fact.kind == "latency":
        cause_id = "application_error" if own else "dependency_slow"
        yield Claim(Key(cause_id, fact.resource), name, 0.4, "it is slow", "felt")
    else:
        yield Claim(Key("application_error", fact.resource), name, 0.5, "it fails", "felt")
        yield Claim(Key("dependency_errors", fact.resource), name, 0.3, "it fails", "felt")


def _log_families(case: Case) -> Iterator[Claim]:
    for name, fact in case.present(LogPattern):
        if fact.resource and fact.baseline_count and not fact.count and fact.severity not in _ERRORS:
            weight = _STOPPED * min(math.log2(fact.baseline_count + 1), 4.0)
            yield Claim(Key("application_error", fact.resource), name, weight, "it leaves its usual path", "stopped")
        if fact.resource and not fact.family and fact.severity in FAILURES and fact.count and not fact.points_at:
            weight = _OWN_ERRORS * max(_news(fact), 0.0)
            yield Claim(Key("application_error", fact.resource), name, weight, "it logs failures", "messages")
        if fact.family is None or fact.severity not in _ERRORS or not fact.count:
            continue
        news = _news(fact)
        if news <= 0:
            continue
        where = fact.points_at if fact.points_at and _is_of_target(fact.family) else fact.resource
        where = _pool_of(case, where) if fact.family == "too_many_connections" else where
        trust = 1.0 if fact.trust == "measured" else _REPORTED
        if host := outside_host(case, fact):
            key = Key("external_provider_failure", fact.resource)
            yield Claim(key, name, _OUTSIDE * news * trust, f"its errors come from {host}", "outside")
            continue
        if fact.family in _FROM_OUTSIDE and case.resources.get(where or "") == "external":
            key = Key("external_provider_failure", where)
            yield Claim(key, name, _OUTSIDE * news * trust, "its callers' errors name it", "outside")
        for cause_id, weight in causes_of_family(fact.family):
            key = Key(cause_id, where)
            yield Claim(key, name, weight * news * trust, f"messages of {fact.family.replace('_', ' ')}", "messages")


def outside_host(case: Case, fact: LogPattern) -> str | None:
    """The host beyond the known system that a message blames, for what only that host can cause; else None."""
    if fact.family not in _FROM_OUTSIDE:
        return None
    named = _URL_HOST.search(fact.template)
    host = fact.points_at or (named[1] if named else "")
    inside = host in case.resources or host.endswith(_INSIDE) or ".svc." in host
    return host if "." in host and not inside else None


def _news(fact: LogPattern) -> float:
    """How new the messages are, 0 to 1: what was never logged before is news even once."""
    if not fact.baseline_count:
        return 1.0 - 0.4 / fact.count
    return min(1.0, math.log2((fact.count + 1) / (fact.baseline_count + 1)) / 3)


def _pool_of(case: Case, resource: str | None) -> str | None:
    """Whose connections ran out: those of the one dependency whose connections are at their limit, else its own."""
    full = {fact.resource for _, fact in case.present(MetricAtLimit)
            if "connections_exhausted" in causes_of_metric(fact.metric)}  # fmt: skip
    below = [name for name in case.below.get(resource or "", ()) if name in full]
    return below[0] if len(below) == 1 and resource not in full else resource


def _is_of_target(family: str) -> bool:
    """Whether a message of the family tells about the resource that it names and not about the one that wrote it."""
    return family in (
        "connection_refused", "connection_reset", "unreachable", "timeout", "unavailable", "too_many_connections",
        "read_only", "deadlock", "slow_query", "rate_limited", "server_error", "missing_object",
    )  # fmt: skip


def _spans(case: Case) -> Iterator[Claim]:
    for name, errors in case.present(SpanErrors):
        if errors.resource and errors.errors:
            yield Claim(Key("application_error", errors.resource), name, 0.8, "its own spans fail", "span errors")
            yield Claim(Key("dependency_errors", errors.resource), name, 0.5, "its own spans fail", "span errors")
    for name, shift in case.present(SpanShift):
        if shift.resource and shift.current > shift.baseline and abs(shift.score) >= 3:
            weight = 0.9 * strength(shift.score)
            yield Claim(Key("dependency_slow", shift.resource), name, weight, "its own time grew", "span time")


_FAILED: Final = {"dns_lookup": "dns_resolution_failed", "tcp_connect": "dependency_unavailable",
                  "http_get": "dependency_unavailable"}  # fmt: skip
_SERVICES: Final = (
    (r"kubelet", "kubelet_unavailable"),
    (r"containerd|docker|cri-?o", "container_runtime_unavailable"),
    (r"kube-?proxy", "kube_proxy_unavailable"),
    (r"scheduler", "scheduler_unavailable"),
)


def _probes(case: Case) -> Iterator[Claim]:
    for name, fact in case.present(ProbeResult):
        if fact.healthy:
            continue
        where = fact.target if fact.target in case.resources else fact.resource
        if fact.probe != "node_service":
            yield Claim(Key(_FAILED[fact.probe], where), name, 3.4, f"{fact.probe} failed", "probe")
            continue
        for pattern, cause_id in _SERVICES:
            if re.search(pattern, fact.target or "", re.IGNORECASE):
                yield Claim(Key(cause_id, fact.resource), name, 4.2, f"{fact.target} is {fact.result}", "probe")


_OBSERVED: Final = (
    (r"top.?sql|slow.?quer|statement", "slow_query", 1.4),
    (r"lock|deadlock", "lock_contention", 1.8),
    (r"failover", "database_failover", 2.6),
    (r"\bio:|io.?wait|datafile", "io_saturated", 0.8),
    (r"\bcpu\b", "cpu_saturated", 0.8),
    (r"connection", "connections_exhausted", 0.8),
    (r"storage|disk.?full", "disk_full", 1.0),
    (r"replica", "replication_lag", 1.2),
)


def _observations(case: Case) -> Iterator[Claim]:
    for name, fact in case.present(Observed):
        if fact.kind in NEUTRAL_KINDS:
            continue
        text = f"{fact.kind} {fact.subject}"
        for pattern, cause_id, weight in _OBSERVED:
            if re.search(pattern, text, re.IGNORECASE):
                yield Claim(Key(cause_id, fact.resource), name, weight * _REPORTED, "it was observed so", cause_id)
                break


def _configuration(case: Case) -> Iterator[Claim]:
    """A setting that differs from before or from its peers', by what the difference does."""
    for name, fact in case.present(ConfigurationDifference):
        if not fact.resource or not weight_of(fact.path):
            continue
        key = Key("bad_configuration", fact.resource)
        yield Claim(key, name, _DIFFERS * weight_of(fact.path), "a setting differs", "configuration")
        for trait in setting_traits(fact.path, fact.before, fact.after):
            yield Claim(key, name, trait.weight, trait.why, "risk")


def _silences(case: Case) -> Iterator[Claim]:
    """What fell silent while the rest goes on has most likely stopped, or can't be reached."""
    for resource, name in silent(case).items():
        yield Claim(Key("dependency_unavailable", resource), name, _FELL_SILENT, "it fell silent", "silence")
        yield Claim(Key("application_crash", resource), name, 0.6 * _FELL_SILENT, "it fell silent", "silence")
