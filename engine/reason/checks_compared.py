"""What active checks say when they are held against each other, or against what the platform says.

The same request that is answered directly and finds nothing through the front is sent to the wrong place (Kubernetes:
Ingress, path rules; Gateway API: HTTPRoute rules). A node whose kubelet is not heard of and on which no other port
answers either is gone as a machine, not its kubelet alone (Kubernetes: Node Status, communication between nodes and the
control plane).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex
from engine.reason.signals import signal
from primitives.facts import ProbeResult, WorkloadState
from primitives.identity import kind_of
from primitives.patterns import lazy_pattern

__all__ = ["checks_compared"]

_FRONTS: Final = frozenset({"ingress", "httproute", "grpcroute", "gateway", "virtualservice", "ingressroute", "route"})
# Whoever was asked has nothing at this path, doesn't know the method, or isn't who was meant (RFC 9110, section 15.5).
_NOT_HERE: Final = ("404", "405", "421")
# The root, and what a process answers about itself: checks of health, metrics.
_ITS_OWN: Final = lazy_pattern(
    r"(?i)/*|/(?:[\w.-]{1,40}/){0,3}(?:health\w*|ready\w*|live\w*|readiness|liveness|startup\w*|ping|status|metrics|"
    r"version|info|favicon\.ico|robots\.txt)/?"
)
_KUBELET: Final = frozenset({"10250", "10255", "10248"})
_PORT: Final = lazy_pattern(r":(?P<port>\d{1,5})(?:/|$)")
# A machine that refuses a connection is there.
_IS_THERE: Final = lazy_pattern(r"(?i)refus|reset")


def checks_compared(case: FactIndex) -> Iterator[Claim]:
    """Claims of checks that another check or a state puts in its place."""
    probes = [(name, probe) for name, probe in case.present(ProbeResult) if probe.probe != "node_service"]
    yield from _misrouted(case, probes)
    yield from _silent_machines(case, probes)


def _misrouted(case: FactIndex, probes: list[tuple[str, ProbeResult]]) -> Iterator[Claim]:
    answered = {path: probe.resource for _, probe in probes
                if probe.healthy and not _is_front(case, probe.resource) and (path := _path(probe))}  # fmt: skip
    for name, probe in probes:
        status = {word for word in probe.result.split() if word.isdigit()}
        behind = answered.get(_path(probe))
        if behind and _is_front(case, probe.resource) and not probe.healthy and not status.isdisjoint(_NOT_HERE):
            why = f"the same request is answered by {case.names(behind)}"
            yield from signal("answered elsewhere", probe.resource, name, 1.0, why, "routed")


def _silent_machines(case: FactIndex, probes: list[tuple[str, ProbeResult]]) -> Iterator[Claim]:
    unheard = {state.resource for _, state in case.present(WorkloadState)
               if state.state == "KubeletStopped" and state.bearing == "active"}  # fmt: skip
    answering = {probe.resource for _, probe in probes if probe.healthy}
    there = {probe.resource for _, probe in probes if _IS_THERE.search(f"{probe.result} {probe.output}")}
    for name, probe in probes:
        if not probe.healthy and _port(probe) not in _KUBELET and probe.resource in unheard - answering - there:
            yield from signal(
                "machine silent", probe.resource, name, 1.0, "no port of it that was asked answers", "silent"
            )


def _is_front(case: FactIndex, resource: str | None) -> bool:
    return resource is not None and (kind_of(resource) in _FRONTS or case.resources.get(resource) == "gateway")


def _port(probe: ProbeResult) -> str:
    """The port that was asked, as it is written; empty where none is."""
    match = _PORT.search(probe.target or "")
    return match["port"] if match else ""


def _path(probe: ProbeResult) -> str:
    """The path and query of what was asked for; empty for what no front leads to a Service, or anybody may answer."""
    if probe.probe != "http_get" or not probe.target:
        return ""
    try:
        parts = urlsplit(probe.target if "://" in probe.target else "//" + probe.target)
    except ValueError:
        return ""
    return "" if _ITS_OWN.fullmatch(parts.path) else f"{parts.path}?{parts.query}"
