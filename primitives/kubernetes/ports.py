"""Containers of a pod that want the same port: they share one network namespace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from primitives.kubernetes.cluster import Cluster, PodSource
from primitives.kubernetes.fields import integer, maps, text
from primitives.kubernetes.findings import Finding

__all__ = ["declared_by", "find_ports"]


def find_ports(cluster: Cluster) -> Iterator[Finding]:
    """Ports that two containers of a pod declare."""
    for source in cluster.sources:
        for (port, protocol), containers in sorted(declared_by(source).items()):
            if len(containers) > 1:
                yield Finding(
                    "ContainerPortConflict", source.object, source.kind, source.resource, variant=f"{port}/{protocol}",
                    container=containers[-1],
                    details={
                        "port": port, "protocol": protocol, "containers": containers, "pods_troubled": source.troubled,
                    },
                )  # fmt: skip


def declared_by(source: PodSource) -> dict[tuple[int, str], list[str]]:
    """Which containers declare each port and protocol. Init containers end before the others start."""
    users: dict[tuple[int, str], list[str]] = defaultdict(list)
    sidecars = [c for c in maps(source.spec, "initContainers") if c.get("restartPolicy") == "Always"]
    for container in [*sidecars, *maps(source.spec, "containers")]:
        name = text(container, "name")
        for port in maps(container, "ports"):
            number = integer(port, "containerPort")
            key = (number or 0, text(port, "protocol") or "TCP")
            if number is not None and name not in users[key]:
                users[key].append(name)
    return dict(users)
