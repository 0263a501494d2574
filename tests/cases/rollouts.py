"""Made rollouts: new replicas beside old ones, which are worse, don't serve, or are as good as the old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from cases.small_systems import CPU, ONSET, Case, System, at, replica_names

from primitives.records import Change, Resource

__all__ = ["Defect", "rollout"]

Defect = Literal["fails", "slow", "never serves", "idle", "alike"]
"""What is wrong with the new replicas."""

Naming = Literal["named", "versions", "first seen"]
"""How one knows which replicas are new: the change names them, their labels do, or nobody does."""

_SLOWER: Final = 9.0


def rollout(
    case: Case, service: str, defect: Defect, *, started: int = ONSET - 2, new: int = 1, naming: Naming = "named",
    old: Mapping[str, float] | None = None, kind: Any = "deployment",
) -> Change:  # fmt: skip
    """Roll out `service` at the sample `started`; `old` says what all its replicas suffer: slower, failing."""
    system, hurt = case.system, old or {}
    count = system.replicas[service]
    before, after = replica_names(service, count, "7d9c6b"), replica_names(service, new, "58fd4a")
    attributes = {"labels": {"app.kubernetes.io/version": "4.2.0"}} if naming == "versions" else {}
    for name in (*before, *after):
        fresh = name in after
        resource = f"{service}/{name}"
        case.resources[resource] = Resource(id=resource, kind="pod", attributes=attributes if fresh else {})
        case.edges.append((service, resource, "owns"))
        if not fresh:
            _replica(case, system, resource, since=0, hurt=hurt)
        elif defect != "never serves":
            _replica(case, system, resource, since=started + 1, hurt=hurt, defect=defect)
    texts: dict[str, Any] = {"replicas_added": list(after)} if naming == "named" else {}
    if naming == "versions":
        texts = {"version": "4.2.0"}
    change = Change(
        time=at(started), id=f"{service}-4-2-0", resource=service, kind=kind, summary=f"{service}: {new} of {count}",
        before={"replicas": count}, after={"replicas": count, **texts},
    )  # fmt: skip
    case.changes.append(change)
    return change


def _replica(
    case: Case, system: System, resource: str, *, since: int, hurt: Mapping[str, float], defect: Defect = "alike"
) -> None:
    service = resource.partition("/")[0]
    case.measure(resource, CPU, 0.4 if defect == "idle" else 12.0, since=since)
    if defect == "idle":
        return
    usual = case.usual_latency(service)
    factor = hurt.get("slower", 1.0) * (_SLOWER if defect == "slow" else 1.0)
    case.measure(resource, system.latency, usual, after=usual * factor if factor > 1 else None, since=since)
    if since:
        # A process that starts is slow at first, whatever its version.
        series = case.series[resource, system.latency.name]
        series.values[: min(3, len(series.values))] *= 3.0
    share = 0.6 if defect == "fails" else hurt.get("failing", 0.0)
    case.failures(resource, share, first=since if defect == "fails" else ONSET, since=since)


def beside(case: Case, service: str) -> Sequence[str]:
    """The services with replicas besides `service`: those whose rollouts are innocent."""
    return [name for name in case.system.replicas if name != service]
