"""Renames resources in answers to one identifier when several sources name them differently.

Names are joined only within one scope (cluster, or account and region). Where the sources of an investigation state
several scopes, each source's own is put in front of its identifiers. With one source nothing is changed: a bundle's
identifiers stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from primitives.aliases import arn_aliases, topology_aliases
from primitives.identity import in_scope, parse_id, scope_of, without_scope
from primitives.records import Aggregate, Alert, ContainerLog, Edge, KubernetesDump, Resource, Series, Topology, Window
from primitives.resolver import Alias, Resolution, Resolver, Tie, host_of, is_address
from primitives.telemetry import Answer, Ask, ObjectsQuery, Query, Question, ScopedQuery, TopologyQuery
from primitives.text import safe_line

__all__ = ["CrossSourceNames", "build_resolver", "canonical_answer", "scopes_in_front"]

# These are what the platform itself says; their names are the canonical ones already.
_LEFT_ALONE: Final[frozenset[Question]] = frozenset({"objects", "container_logs"})


class CrossSourceNames:
    """Joins the names that differ between sources, by their topologies and objects in `window`.

    Topologies and Kubernetes objects are asked for once, before the first answer is canonicalised. `scopes` are those
    that the sources state, by the source's name. `given` are names that a person ties to resources.
    """

    def __init__(
        self, window: Window, scopes: Mapping[str, str] | None = None, given: Mapping[str, str] | None = None
    ) -> None:
        self._window = window
        self._given = dict(given or {})
        self._scopes = scopes_in_front(scopes or {})
        self._resolvers: asyncio.Future[Mapping[str, Resolver]] | None = None
        self._tied: dict[tuple[str, str, str], Tie] = {}
        self._problem = ""

    async def canonical(self, answer: Answer[Any], ask: Ask) -> Answer[Any]:
        """`answer` with canonical identifiers."""
        scope = self._scopes.get(answer.source, "")
        named = canonical_answer(answer, await self.resolver(ask, scope), scope, self._tied)
        if self._problem and answer.query.question == "topology" and answer.status == "answered":
            return replace(named, status="partial", detail=self._problem)
        return named

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The names that answers had and that were tied to a resource or left alone as ambiguous, in a fixed order.

        Names of one source that mean one resource by one rule, such as the pods of a workload, are one tie.
        """
        groups: dict[tuple[str, str, str, tuple[str, ...]], list[Tie]] = {}
        for _, tie in sorted(self._tied.items()):
            several = (tie.resource or "", tie.source, tie.rule or "", tie.candidates)
            groups.setdefault(several, []).append(tie)
        return tuple(replace(ties[0], more=len(ties) - 1) for _, ties in sorted(groups.items()))

    async def aliases(self, resource: str, ask: Ask) -> tuple[str, ...]:
        """What else the sources call `resource`, strongest rule first."""
        resolver = await self.resolver(ask, scope_of(resource) if self._scopes else "")
        name = without_scope(resource) if self._scopes else resource
        return tuple(dict.fromkeys(alias.name for alias in resolver.aliases_of(name)))

    async def local(self, query: Query, source: str, ask: Ask) -> Query | None:
        """`query` with the names and aliases that `source` has; None where it is about other scopes alone."""
        if not self._scopes or not isinstance(query, ScopedQuery) or not query.resources:
            return query
        scope = self._scopes.get(source, "")
        names = tuple(without_scope(name) for name in query.resources if scope_of(name) in ("", scope))
        if not names:
            return None
        resolver = await self.resolver(ask, scope)
        aliases = tuple(sorted({alias.name for name in names for alias in resolver.aliases_of(name)}))
        return query.model_copy(update={"resources": names, "aliases": aliases})

    async def resolver(self, ask: Ask, scope: str = "") -> Resolver:
        """The resolver of a scope, made when first needed."""
        if self._resolvers is None:
            self._resolvers = asyncio.ensure_future(self._build(ask))
        # One asker's cancellation must not take the names away from the others.
        return (await asyncio.shield(self._resolvers)).get(scope) or Resolver({}, ())

    async def _build(self, ask: Ask) -> Mapping[str, Resolver]:
        topologies, objects = await asyncio.gather(
            ask(TopologyQuery(window=self._window)), ask(ObjectsQuery(window=self._window))
        )
        # Thousands of objects take a second: meanwhile the loop serves the others.
        try:
            return await asyncio.to_thread(self._build_each, (*topologies, *objects))
        except Exception as error:  # Any failure leaves the identifiers as the sources have them; the topology says so
            self._problem = safe_line(f"names of several sources were not joined ({type(error).__name__}: {error})")
            return {}

    def _build_each(self, answers: Iterable[Answer[Any]]) -> Mapping[str, Resolver]:
        by_scope: dict[str, list[Answer[Any]]] = {}
        for answer in answers:
            by_scope.setdefault(self._scopes.get(answer.source, ""), []).append(answer)
        return {scope: build_resolver(own, self._window, self._given) for scope, own in by_scope.items()}


def scopes_in_front(scopes: Mapping[str, str]) -> Mapping[str, str]:
    """Those of the sources' scopes that must be in front: clusters where there are several, accounts likewise.

    One cluster and one account can't be confused; there names are joined as if no scope was stated.
    """
    stated = {scope: bool(parse_id(f"{scope}_").cluster) for scope in scopes.values() if scope}
    several = {of_cluster for of_cluster in (True, False) if list(stated.values()).count(of_cluster) > 1}
    return {source: scope for source, scope in scopes.items() if scope and stated[scope] in several}


def build_resolver(answers: Iterable[Answer[Any]], window: Window, given: Mapping[str, str] | None = None) -> Resolver:
    """The resolver that the sources' topologies and Kubernetes objects make; other answers hold no aliases.

    `given` are names that a person ties to resources.
    """
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
    ties = [Alias(name, resource, "given") for name, resource in (given or {}).items()]
    aliases = [*ties, *topology_aliases(topologies), *arn_aliases(set().union(*known.values()), topologies)]
    if dumps:
        from primitives.kubernetes.aliases import object_aliases
        from primitives.kubernetes.cluster import Cluster

        aliases += object_aliases(Cluster(dumps, window, topologies), dumps)
    return Resolver(known, aliases)


def canonical_answer(
    answer: Answer[Any], resolver: Resolver, scope: str = "", tied: dict[tuple[str, str, str], Tie] | None = None
) -> Answer[Any]:
    """The answer with every resource called by its canonical identifier; itself where no name differs.

    `scope` goes in front of each. Kubernetes objects and container logs hold what the platform says, so they are given
    the scope as a field. What was tied or left alone is added to `tied`, by source, name and resource.
    """
    question = answer.query.question
    if not answer.records:
        return answer
    if question in _LEFT_ALONE:
        return replace(answer, records=tuple(_scoped(record, scope) for record in answer.records)) if scope else answer
    naming = _Naming(resolver, answer.source, scope, {} if tied is None else tied)
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
    """The canonical names of one answer's resources, each looked up once unless it depends on the time."""

    def __init__(self, resolver: Resolver, source: str, scope: str, tied: dict[tuple[str, str, str], Tie]) -> None:
        self._resolver, self._source, self._scope, self._tied = resolver, source, scope, tied
        self._known: dict[str, str | None] = {}

    def __call__(self, name: str, at: datetime | None = None) -> str:
        if name not in self._known:
            # An address means something else at another time; any other name is looked up once.
            timed = is_address(host_of(name))
            self._known[name] = None if timed else self._resolve(name, at)
        return self._known[name] or self._resolve(name, at)

    def _resolve(self, name: str, at: datetime | None) -> str:
        resolution = self._resolver.resolve(name, source=self._source, at=at)
        self._keep(resolution, resolution.resource)
        return in_scope(resolution.resource or name, self._scope)

    def of_object(self, name: str) -> str:
        """The very thing that is called so: a pod, where the workload that owns it has several."""
        resolution = self._resolver.resolve(name, source=self._source)
        meant = resolution.object or resolution.resource
        self._keep(resolution, meant)
        return in_scope(meant or name, self._scope)

    def _keep(self, resolution: Resolution, meant: str | None) -> None:
        name = resolution.name
        if resolution.candidates:
            tie = Tie(self._source, name, None, None, resolution.candidates)
        elif meant not in (None, name):
            tie = Tie(self._source, name, in_scope(meant, self._scope), resolution.rule)
        else:
            return
        self._tied.setdefault((tie.source, name, tie.resource or ""), tie)


def _scoped(record: KubernetesDump | ContainerLog, scope: str) -> KubernetesDump | ContainerLog:
    return record if record.scope else record.model_copy(update={"scope": scope})


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
    """Each series under its canonical name, unless another one of that name and metric is in the same answer."""
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
