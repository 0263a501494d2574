"""Answers with one name for each thing: names that differ between sources are joined before a diagnostic reads them.

With one source nothing is changed: a bundle's identifiers stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from primitives.aliases import arn_aliases, topology_aliases
from primitives.records import Aggregate, Alert, Edge, KubernetesDump, Resource, Series, Topology, Window
from primitives.resolver import Resolver, host_of, is_address
from primitives.telemetry import Answer, Ask, ObjectsQuery, Question, TopologyQuery
from primitives.text import safe_line

__all__ = ["CrossSourceNames", "build_resolver", "canonical_answer"]

# These are what the platform itself says; their names are the canonical ones already.
_LEFT_ALONE: Final[frozenset[Question]] = frozenset({"objects", "container_logs"})


class CrossSourceNames:
    """Joins the names that differ between sources, by their topologies and objects in `window`.

    Topologies and Kubernetes objects are asked for once, before the first answer is canonicalised.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._resolver: asyncio.Future[Resolver] | None = None
        self._problem = ""

    async def canonical(self, answer: Answer[Any], ask: Ask) -> Answer[Any]:
        """`answer` with canonical identifiers."""
        resolver = await self.resolver(ask)
        if self._problem and answer.query.question == "topology" and answer.status == "answered":
            return replace(answer, status="partial", detail=self._problem)
        return canonical_answer(answer, resolver)

    async def aliases(self, resource: str, ask: Ask) -> tuple[str, ...]:
        """What else the sources call `resource`, strongest rule first."""
        resolver = await self.resolver(ask)
        return tuple(dict.fromkeys(alias.name for alias in resolver.aliases_of(resource)))

    async def resolver(self, ask: Ask) -> Resolver:
        """The resolver, made when first needed."""
        if self._resolver is None:
            self._resolver = asyncio.ensure_future(self._build(ask))
        # One asker's cancellation must not take the names away from the others.
        return await asyncio.shield(self._resolver)

    async def _build(self, ask: Ask) -> Resolver:
        topologies, objects = await asyncio.gather(
            ask(TopologyQuery(window=self._window)), ask(ObjectsQuery(window=self._window))
        )
        # Thousands of objects take a second: meanwhile the loop serves the others.
        try:
            return await asyncio.to_thread(build_resolver, (*topologies, *objects), self._window)
        except Exception as error:  # Any failure leaves the identifiers as the sources have them; the topology says so
            self._problem = safe_line(f"names of several sources were not joined ({type(error).__name__}: {error})")
            return Resolver({}, ())


def build_resolver(answers: Iterable[Answer[Any]], window: Window) -> Resolver:
    """The resolver that the sources' topologies and Kubernetes objects make; other answers hold no aliases."""
    known: dict[str, set[str]] = {}
    topologies: list[Topology] = []
    dumps: list[KubernetesDump] = []
    for answer in answers:
        names = known.setdefault(answer.source, set())
        if answer.query.question == "topology":
            topologies += answer.records
            names.update(name for topology in answer.records for name in _topology_ids(topology))
        elif answer.query.question == "objects" and answer.records:
            from primitives.kubernetes.aliases import object_ids

            dumps += answer.records
            names.update(object_ids(answer.records))
    aliases = [*topology_aliases(topologies), *arn_aliases(set().union(*known.values()), topologies)]
    if dumps:
        from primitives.kubernetes.aliases import object_aliases
        from primitives.kubernetes.cluster import Cluster

        aliases += object_aliases(Cluster(dumps, window, topologies), dumps)
    return Resolver(known, aliases)


def canonical_answer(answer: Answer[Any], resolver: Resolver) -> Answer[Any]:
    """The answer with every resource called by its canonical identifier; itself where nothing is called otherwise."""
    question = answer.query.question
    if question in _LEFT_ALONE or not answer.records:
        return answer
    naming = _Naming(resolver, answer.source)
    if answer.reduction is not None:
        records: Sequence[Any] = [_aggregate(record, naming) for record in answer.records]
    elif question == "topology":
        records = [_topology(topology, naming) for topology in answer.records]
    elif question == "series":
        records = _series(answer.records, naming)
    else:
        records = [_record(record, naming) for record in answer.records]
    same = all(new is old for new, old in zip(records, answer.records, strict=True))
    return answer if same else replace(answer, records=tuple(records))


class _Naming:
    """The canonical names of one answer's resources, each looked up once unless it hangs on the time."""

    def __init__(self, resolver: Resolver, source: str) -> None:
        self._resolver, self._source = resolver, source
        self._known: dict[str, str | None] = {}

    def __call__(self, name: str, at: datetime | None = None) -> str:
        if name not in self._known:
            # An address means something else at another time; any other name is looked up once.
            timed = is_address(host_of(name))
            self._known[name] = None if timed else self._resolve(name, at)
        return self._known[name] or self._resolve(name, at)

    def _resolve(self, name: str, at: datetime | None) -> str:
        return self._resolver.resolve(name, source=self._source, at=at).resource or name

    def of_object(self, name: str) -> str:
        """The very thing that is called so: a pod, where the workload that owns it has several."""
        resolution = self._resolver.resolve(name, source=self._source)
        return resolution.object or resolution.resource or name


def _record(record: Any, naming: Callable[[str, datetime | None], str]) -> Any:
    if record.resource is None:
        return record
    canonical = naming(record.resource, _time(record))
    if canonical == record.resource:
        return record
    # Logs and spans are dataclasses, of which there may be many; the others are small models.
    if hasattr(record, "model_copy"):
        return record.model_copy(update={"resource": canonical})
    return replace(record, resource=canonical)


def _aggregate(record: Aggregate, naming: Callable[[str], str]) -> Aggregate:
    resource = record.labels.get("resource")
    if not resource or (canonical := naming(resource)) == resource:
        return record
    return replace(record, labels={**record.labels, "resource": canonical})


def _time(record: Any) -> datetime | None:
    if isinstance(record, Alert):
        return record.started_at
    time: datetime | None = getattr(record, "time", None) or getattr(record, "start", None)
    return time


def _series(records: Iterable[Series], naming: _Naming) -> list[Series]:
    """Each series under its canonical name, unless another one of that name and metric stands in the same answer."""
    series = list(records)
    taken = {(entry.resource, entry.metric.name) for entry in series}
    renamed: list[Series] = []
    for entry in series:
        canonical = naming.of_object(entry.resource)
        key = (canonical, entry.metric.name)
        if canonical == entry.resource or key in taken:
            renamed.append(entry)
            continue
        taken.add(key)
        renamed.append(replace(entry, resource=canonical))
    return renamed


def _topology(topology: Topology, naming: _Naming) -> Topology:
    resources: dict[str, Resource] = {}
    for resource in topology.resources:
        name = naming(resource.id)
        resources.setdefault(name, resource if name == resource.id else resource.model_copy(update={"id": name}))
    edges: dict[tuple[str, str, str], Edge] = {}
    for edge in topology.edges:
        source, target = naming(edge.source), naming(edge.target)
        # An edge between two names of one thing is no dependency.
        if source != target or edge.source == edge.target:
            unchanged = (source, target) == (edge.source, edge.target)
            named = edge if unchanged else edge.model_copy(update={"source": source, "target": target})
            edges.setdefault((source, target, edge.kind), named)
    known = tuple(resources.values()), tuple(edges.values())
    same = all(map(_is, known[0], topology.resources)) and all(map(_is, known[1], topology.edges))
    whole = len(known[0]) == len(topology.resources) and len(known[1]) == len(topology.edges)
    return topology if same and whole else topology.model_copy(update={"resources": known[0], "edges": known[1]})


def _is(record: object, other: object) -> bool:
    return record is other


def _topology_ids(topology: Topology) -> Iterable[str]:
    yield from (resource.id for resource in topology.resources)
    for edge in topology.edges:
        yield edge.source
        yield edge.target
