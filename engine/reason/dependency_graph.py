"""What depends on what, hosts what and owns what, as the facts of an incident state it.

An incident is ranked again after every step, and its dependencies are nearly always those of the ranking before: for
thousands of resources the graph takes longer to build than all else in a ranking. `graph_of` keeps the last one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from primitives.facts import Dependencies
from primitives.identity import kind_of

__all__ = ["DependencyGraph", "graph_of"]

_FRONTS: Final = ("service", "endpoints", "endpointslice")


class DependencyGraph:
    """The edges of all `Dependencies`; what is asked of them is worked out once, and never changed."""

    def __init__(self, facts: Sequence[Dependencies]) -> None:
        self.facts = tuple(facts)
        self._dependents: dict[tuple[str, ...], frozenset[str]] = {}
        self._reached: dict[tuple[str, ...], Mapping[str, int]] = {}

    @cached_property
    def below(self) -> Mapping[str, tuple[str, ...]]:
        """The direct dependencies of each resource."""
        return _grouped((source, target) for fact in self.facts for source, target, _ in fact.edges if source != target)

    @cached_property
    def above(self) -> Mapping[str, tuple[str, ...]]:
        """The direct callers of each resource."""
        return _grouped((target, source) for source, targets in self.below.items() for target in targets)

    @cached_property
    def _by_kind(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """The edges of each kind, in their order."""
        edges: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for fact in self.facts:
            for source, target, kind in fact.edges:
                edges[kind].append((source, target))
        return edges

    @cached_property
    def hosted(self) -> Mapping[str, tuple[str, ...]]:
        """What runs on each host."""
        return _grouped((target, source) for source, target in self._by_kind.get("hosts", ()))

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """What belongs to each resource: its replicas, what it made."""
        return _grouped(self._by_kind.get("owns", ()))

    @cached_property
    def workloads(self) -> Mapping[str, str]:
        """The workload that each Pod belongs to, where the topology knows it; never by how a name looks."""
        owners = {part: owner for owner, parts in self.parts.items() for part in parts}
        return {name: _topmost(name, owners) for name in owners if kind_of(name) == "pod"}

    @cached_property
    def behind_services(self) -> Mapping[str, tuple[str, ...]]:
        """What each Service, or what stands for one, leads to."""
        edges = self._by_kind.get("depends", ())
        fronts = {source for source in {source for source, _ in edges} if kind_of(source) in _FRONTS}
        return _grouped(edge for edge in edges if edge[0] in fronts) if fronts else {}

    @cached_property
    def fed_by(self) -> Mapping[str, tuple[str, ...]]:
        """Who writes into the queues and stores that each resource reads: they send it its work, as callers do."""
        writers = _grouped((target, source) for source, target in self._by_kind.get("writes", ()))
        reads = self._by_kind.get("reads", ())
        return _grouped((reader, writer) for reader, target in reads for writer in writers.get(target, ())
                        if writer != reader)  # fmt: skip

    @cached_property
    def _feeds(self) -> Mapping[str, tuple[str, ...]]:
        """Who reads what each resource writes."""
        return _grouped((writer, reader) for reader, writers in self.fed_by.items() for writer in writers)

    def callers_of(self, resource: str) -> tuple[str, ...]:
        """Who calls a resource, directly or by a Service that leads to it; the Services aside."""
        fronts = self._fronts_of.get(resource, ())
        callers = (name for place in (resource, *fronts) for name in self.above.get(place, ()))
        return tuple(dict.fromkeys(name for name in callers if name not in fronts))

    @cached_property
    def _fronts_of(self) -> Mapping[str, tuple[str, ...]]:
        """The Services that lead to each resource."""
        return _grouped((place, front) for front, places in self.behind_services.items() for place in places)

    def flow_from(self, resource: str) -> frozenset[str]:
        """Where what is sent to a resource gets to: what it calls, who reads what it writes, and so on."""
        reached, edge = {resource}, {resource}
        while edge:
            edge = {name for at in edge for name in (*self.below.get(at, ()), *self._feeds.get(at, ()))} - reached
            reached |= edge
        return frozenset(reached)

    def dependents(self, starts: Iterable[str]) -> frozenset[str]:
        """Everything that depends on one of `starts`, however far, including themselves."""
        asked = tuple(starts)
        if asked not in self._dependents:
            above, reached = self.above, set(asked)
            edge = reached
            while edge:
                edge = set().union(*[above[name] for name in edge if name in above]) - reached
                reached |= edge
            self._dependents[asked] = frozenset(reached)
        return self._dependents[asked]

    def reach(self, starts: Iterable[str]) -> Mapping[str, int]:
        """Everything that `starts` depend on, including themselves, with the distance."""
        asked = tuple(starts)
        if asked not in self._reached:
            distances = dict.fromkeys(asked, 0)
            queue = list(distances)
            for name in queue:
                for target in self.below.get(name, ()):
                    if target not in distances:
                        distances[target] = distances[name] + 1
                        queue.append(target)
            self._reached[asked] = distances
        return self._reached[asked]


_last = DependencyGraph(())


def graph_of(facts: Sequence[Dependencies]) -> DependencyGraph:
    """The graph of these facts: the one that was made last, if it is of the very same ones."""
    global _last  # noqa: PLW0603 - one value, replaced whole
    last = _last
    if len(facts) != len(last.facts) or any(fact is not known for fact, known in zip(facts, last.facts, strict=True)):
        last = _last = DependencyGraph(facts)
    return last


def _topmost(name: str, owners: Mapping[str, str]) -> str:
    seen = {name}
    while (owner := owners.get(name)) is not None and owner not in seen:
        seen.add(owner)
        name = owner
    return name


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """The second of each pair by the first, each once, in the order of the pairs."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name, member in pairs:
        groups[name].append(member)
    # Nearly all have one member, or each once.
    return {
        name: tuple(members) if len(members) == len(set(members)) else tuple(dict.fromkeys(members))
        for name, members in groups.items()
    }
