"""The dependency graph: direct and indirect dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import lru_cache

from primitives.collector import collector_paused
from primitives.dataclass import dataclass
from primitives.records import Topology

__all__ = ["Graph", "graph_of"]


@dataclass(frozen=True, slots=True)
class Graph:
    """`resources` by id with their kind; `edges` as (from, to, kind), where from depends on to, sorted."""

    resources: Mapping[str, str]
    edges: tuple[tuple[str, str, str], ...]
    _below: dict[tuple[str, ...], Mapping[str, Sequence[str]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def dependencies(self, *kinds: str) -> Mapping[str, Sequence[str]]:
        """The direct dependencies of each resource, over edges of `kinds` (none: of every kind)."""
        if kinds not in self._below:
            # A dictionary keeps the order and knows at once whether a target is in it.
            below: dict[str, dict[str, None]] = {}
            for source, target, kind in self.edges:
                if source != target and (not kinds or kind in kinds):
                    below.setdefault(source, {})[target] = None
            self._below[kinds] = {source: tuple(targets) for source, targets in below.items()}
        return self._below[kinds]

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

    def users(self, starts: Iterable[str]) -> frozenset[str]:
        """Everything that depends on `starts`, however far, without themselves."""
        named = tuple(starts)
        turned = Graph(self.resources, tuple((target, source, kind) for source, target, kind in self.edges))
        return frozenset(turned.reach(named)).difference(named)

    def entries(self) -> list[str]:
        """The entry points: resources that call others and that nobody calls."""
        callers = {source for source, target, kind in self.edges if kind == "calls" and source != target}
        called = {target for source, target, kind in self.edges if kind == "calls" and source != target}
        return sorted(callers - called)


def graph_of(topologies: Iterable[Topology]) -> Graph:
    """The union of what the sources know."""
    return _graph_of(tuple(map(_Same, topologies)))


class _Same:
    """A topology compared by identity: comparing thousands of edges would cost more than it saves."""

    __slots__ = ("topology",)

    def __init__(self, topology: Topology) -> None:
        self.topology = topology

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.topology is other.topology

    def __hash__(self) -> int:
        return id(self.topology)


# Every diagnostic asks for the same graph; two incidents' worth is kept.
@lru_cache(maxsize=2)
def _graph_of(topologies: tuple[_Same, ...]) -> Graph:
    with collector_paused():
        resources: dict[str, str] = {}
        edges: set[tuple[str, str, str]] = set()
        for topology in (record.topology for record in topologies):
            for resource in topology.resources:
                if resources.get(resource.id, "other") == "other":
                    resources[resource.id] = resource.kind
            edges.update([(edge.source, edge.target, edge.kind) for edge in topology.edges])
        for name in {end for source, target, _ in edges for end in (source, target)} - resources.keys():
            resources[name] = "other"
        return Graph(dict(sorted(resources.items())), tuple(sorted(edges)))
