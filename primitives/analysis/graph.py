"""The dependency graph: who depends on whom, near and far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from primitives.records import Topology

__all__ = ["Graph", "graph_of"]


@dataclass(frozen=True, slots=True)
class Graph:
    """`resources` by id with their kind; `edges` as (from, to, kind), where from depends on to, sorted."""

    resources: Mapping[str, str]
    edges: tuple[tuple[str, str, str], ...]

    def dependencies(self, *kinds: str) -> dict[str, list[str]]:
        """The direct dependencies of each resource, over edges of `kinds` (none: of every kind)."""
        found: dict[str, list[str]] = {}
        for source, target, kind in self.edges:
            if source != target and (not kinds or kind in kinds) and target not in found.get(source, ()):
                found.setdefault(source, []).append(target)
        return found

    def reach(self, starts: Iterable[str], *kinds: str) -> dict[str, int]:
        """Everything that `starts` depend on, themselves too, with its distance, nearest first."""
        below = self.dependencies(*kinds)
        distance = dict.fromkeys(starts, 0)
        queue = list(distance)
        for name in queue:
            for target in below.get(name, ()):
                if target not in distance:
                    distance[target] = distance[name] + 1
                    queue.append(target)
        return distance

    def entries(self) -> list[str]:
        """The resources that others do not call but that call others: where requests come in."""
        callers = {source for source, target, kind in self.edges if kind == "calls" and source != target}
        called = {target for source, target, kind in self.edges if kind == "calls" and source != target}
        return sorted(callers - called)


def graph_of(topologies: Iterable[Topology]) -> Graph:
    """The union of what the sources know."""
    resources: dict[str, str] = {}
    edges: set[tuple[str, str, str]] = set()
    for topology in topologies:
        for resource in topology.resources:
            if resources.get(resource.id, "other") == "other":
                resources[resource.id] = resource.kind
        for edge in topology.edges:
            resources.setdefault(edge.source, "other")
            resources.setdefault(edge.target, "other")
            edges.add((edge.source, edge.target, edge.kind))
    return Graph(dict(sorted(resources.items())), tuple(sorted(edges)))
