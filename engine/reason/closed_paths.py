"""Paths that a changed rule of the network closed: what the rule names can't be connected to since then.

A packet that a policy drops is answered by nobody, so connections time out, while what they go to is well and idle
(Kubernetes: Network Policies; Amazon VPC: security groups and network ACLs; Istio: authorization policies).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.claims import Claim
from engine.reason.complaints import accused, alone_accused
from engine.reason.fact_index import FactIndex
from engine.reason.signals import signal
from primitives.facts import ChangeFound, LogPattern, ProbeResult, WorkloadState
from primitives.identity import base_name, namespace_of
from primitives.patterns import lazy_pattern
from primitives.records import Change
from primitives.resolver import host_of

__all__ = ["closed_paths", "closed_to_one"]

_RULES: Final = lazy_pattern(
    r"(?i)network[-_ ]?polic|netpol|security[-_ ]?group|\bsg-[0-9a-f]{6}|\bn?acls?\b|firewall|iptables|nftables|"
    r"authorization[-_ ]?polic|network[-_ ]?access|(?:in|e)gress[-_ ]rules?|default[-_ ]deny|"
    r"\b(?:network|namespace)[-_ ](?:isolat|segment)"
)
_OPENS: Final = lazy_pattern(r"(?i)\b(?:allow(?:s|ed)?|open(?:s|ed)?|permit(?:s|ted)?)\b")
_CLOSES: Final = lazy_pattern(r"(?i)\b(?:restrict|den(?:y|ies)|block|close|revoke|remove|tighten|only|isolat|default)")
# A rule for a whole namespace; one that only lives in it may be for a single workload.
_OF_NAMESPACE: Final = lazy_pattern(r"default[-_ ]deny|\bdeny[-_ ]all\b|\bnamespace\b|isolat")
_DEFAULT_DENY: Final = lazy_pattern(r"default[-_ ]deny")
_NAME: Final = lazy_pattern(r"[a-z0-9-]+")
_REFUSED: Final = lazy_pattern(r"(?i)refus|reset")
_SILENT: Final = lazy_pattern(r"(?i)time(?:d)?[ -]?out|no route|filtered|administratively prohibited")
# Linux: the LOG target of iptables(8) and nft(8), as their rules' prefixes call it (ufw, firewalld, Shorewall).
_DROPS: Final = lazy_pattern(
    r"(?i)(?:drop|reject|den(?:y|ied)|block)\w{0,4}\b[^\n]{0,40}?\bIN=\S{0,16} OUT="
    r"[^\n]{1,200}?\bDPT=(?P<port>\d{1,5})\b"
)
# Alone a silent port may also be a process that hangs.
_UNPROVEN: Final = 0.4
_SAID: Final = 0.5
_NO_CONNECTION: Final = ("unreachable", "timeout", "connection_refused", "connection_reset")
# A rule works at once; telemetry is a few samples late.
_SOON_S: Final = 900.0
_LATE_S: Final = -90.0
_LEAST_NAME: Final = 4
_LONGEST: Final = 4_000


def closed_paths(case: FactIndex) -> Iterator[Claim]:
    """A rule that changed just before connections to what it names began to fail."""
    for name, (end, other) in case.once(closed_to_one).items():
        why = f"{case.names(other)} can connect to the same address"
        yield from signal("path closed", end, name, 1.0, why, "closed path")
    yield from _filtered(case)
    yield from _lossy(case)
    changes = [(name, fact.change) for name, fact in case.present(ChangeFound) if fact.change and _closes(case, fact)]
    if not changes:
        return
    ends = {(end, evidence) for pair in _broken(case) for end, evidence in pair}
    for name, change in changes:
        text = f"{change.resource or ''} {change.summary} {change.after or ''}"[:_LONGEST].lower()
        for end in sorted({end for end, _ in ends}):
            called = base_name(end).lower()
            if (len(called) >= _LEAST_NAME and called in text) or _closes_namespace(text, namespace_of(end).lower()):
                why = "a rule of the network that names it changed, and connections fail since then"
                yield from signal("path closed", end, name, 1.0, why, "closed path")


def _closes_namespace(text: str, namespace: str) -> bool:
    """Whether a rule is for all of a namespace, by its whole name: `data` is no part of `metadata`."""
    if len(namespace) < _LEAST_NAME or not _OF_NAMESPACE.search(text):
        return False
    return namespace in _NAME.findall(_DEFAULT_DENY.sub(" ", text))


def closed_to_one(case: FactIndex) -> dict[str, tuple[str | None, str]]:
    """The checks that fail where another client can connect to the same address: what was to be reached, and by whom.

    A server that is down, or that refuses, does so to all; only a rule or a route tells one client from another.
    """
    probes = _connections(case)
    open_to = {probe.target: probe.resource for _, probe in probes if probe.healthy and probe.target and probe.resource}
    closed: dict[str, tuple[str | None, str]] = {}
    for name, probe in probes:
        other = open_to.get(probe.target or "")
        if probe.healthy or other is None or other == probe.resource or _is_partly(probe):
            continue
        if not _REFUSED.search(f"{probe.result} {probe.output}"):
            closed[name] = (_end_of(case, probe), other)
    return closed


def _filtered(case: FactIndex) -> Iterator[Claim]:
    """A port from which nothing comes back, while others of the same host answer: a filter, or a full backlog.

    A host that has nothing on a port refuses (RFC 9293, section 3.5.2); nmap calls one that is silent "filtered". A
    process that accepts nothing any more looks the same, so packets that a filter says it dropped make it clear.
    """
    probes = _connections(case)
    answering = {probe.target for _, probe in probes if probe.healthy}
    reached = {host_of(target) for target in answering if target}
    dropped = _dropped(case)
    for name, probe in probes:
        host, _, port = (probe.target or "").rpartition(":")
        if probe.healthy or probe.target in answering or host_of(probe.target or "") not in reached:
            continue
        if not _SILENT.search(f"{probe.result} {probe.output}"):
            continue
        end = case.checked(probe)
        why = f"{host} answers on other ports, and not on {port}"
        yield from signal("path closed", end, name, 1.0 if port in dropped else _UNPROVEN, why, "closed path")
        for line in dropped.get(port, ()):
            yield from signal("path closed", end, line, _SAID, f"a filter drops what comes to {port}", "dropped")


def _dropped(case: FactIndex) -> dict[str, list[str]]:
    """The ports for which a packet filter logs that it drops what comes, with the facts that say so."""
    ports: dict[str, list[str]] = {}
    for name, pattern in case.present(LogPattern):
        match = _DROPS.search(pattern.example or pattern.template)
        if match and pattern.count:
            ports.setdefault(match["port"], []).append(name)
    return ports


def _connections(case: FactIndex) -> list[tuple[str, ProbeResult]]:
    return [(name, probe) for name, probe in case.present(ProbeResult) if probe.probe == "tcp_connect"]


def _lossy(case: FactIndex) -> Iterator[Claim]:
    """Where some connections get through from one place, and all from another, that place loses packets (RFC 2680)."""
    probes = _connections(case)
    open_to = {probe.target for _, probe in probes if probe.healthy}
    for name, probe in probes:
        if not probe.healthy and _is_partly(probe) and probe.target in open_to:
            why = "some connections from it fail, and none from elsewhere"
            yield from signal("packets lost", probe.resource, name, 1.0, why, "closed path")


def _is_partly(probe: ProbeResult) -> bool:
    return "part" in probe.result.lower()


def _end_of(case: FactIndex, probe: ProbeResult) -> str | None:
    """Where a check was stopped: at its asker, if rules there let nothing out; else at what it was to connect to.

    That is known by its address, else by what alone its asker complains of.
    """
    if any(_stops_egress(state, probe.resource) for _, state in case.present(WorkloadState)):
        return probe.resource
    checked = case.checked(probe)
    if checked != probe.resource:
        return checked
    return alone_accused(case, probe.resource, _NO_CONNECTION) or checked


def _stops_egress(state: WorkloadState, asker: str | None) -> bool:
    """Whether a policy is known to keep `asker` from going out (Kubernetes: NetworkPolicy, `policyTypes: [Egress]`)."""
    return state.resource == asker is not None and state.details.get("direction") == "egress"


def _closes(case: FactIndex, fact: ChangeFound) -> bool:
    change = fact.change
    if change is None or not _RULES.search(f"{change.resource or ''} {change.summary}"):
        return False
    if _OPENS.search(change.summary) and not _CLOSES.search(change.summary):
        return False
    return _is_near(case, change)


def _is_near(case: FactIndex, change: Change) -> bool:
    return case.onset is not None and _LATE_S <= (case.onset - change.time).total_seconds() <= _SOON_S


def _broken(case: FactIndex) -> Iterator[tuple[tuple[str, str], ...]]:
    """Both ends of each path on which connections fail, with the fact that says so."""
    for name, pattern in case.present(LogPattern):
        if pattern.family in _NO_CONNECTION and pattern.resource and pattern.count:
            yield ((pattern.resource, name), *((target, name) for target in accused(case, pattern)))
    for name, probe in case.present(ProbeResult):
        if not probe.healthy and probe.probe != "node_service" and probe.resource:
            yield (probe.resource, name), (case.checked(probe) or probe.resource, name)
