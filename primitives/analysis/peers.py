"""What operations call that writes no spans itself: databases, caches, queues, providers. Their time is its time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from primitives.analysis.graph import Graph
from primitives.records import Span
from primitives.traces.topology import peers_of

__all__ = ["known_peers", "owners_of_waits", "peers_of_operations"]


def known_peers(spans: Sequence[Span], graph: Graph) -> list[str]:
    """`peers_of`, but only what the system's own topology has, where it has one."""
    return [peer if not graph.edges or peer in graph.resources else "" for peer in peers_of(spans)]


def peers_of_operations(spans: Sequence[Span], peers: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """By resource and operation, what it calls, where that is the same each time."""
    called: dict[tuple[str, str], set[str]] = defaultdict(set)
    for span, peer in zip(spans, peers, strict=True):
        called[span.resource, span.name].add(peer)
    return {operation: next(iter(names)) for operation, names in called.items() if len(names) == 1}


def owners_of_waits(peers: Sequence[str]) -> dict[int, tuple[str, float]]:
    """By the place of each call to a peer: the peer, whose time all of it is."""
    return {place: (peer, 1.0) for place, peer in enumerate(peers) if peer}
