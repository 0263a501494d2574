"""Several clusters in one investigation: what each holds apart, by its own names; and the facts with scopes again.

The analysis of objects works on one cluster and knows no scopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, Progress
from primitives.facts import ChangeFound, Dependencies, SourceGap, WorkloadState
from primitives.identity import in_scope, is_kubernetes, parse_id, scope_of, without_scope
from primitives.records import Change, ContainerLog, KubernetesDump, Topology, Window

if TYPE_CHECKING:
    from primitives.kubernetes.cluster import Check, Cluster

__all__ = ["arguments_in", "changes_in", "clusters_in_context", "clusters_of", "scoped_fact", "topologies_in"]

A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class ScopedCluster:
    """One cluster, and the scope in front of its identifiers; empty where clusters aren't distinguished."""

    scope: str
    cluster: Cluster


def clusters_of(
    dumps: Iterable[KubernetesDump],
    window: Window,
    topologies: Sequence[Topology] = (),
    logs: Iterable[ContainerLog] = (),
    checks: Iterable[Check] = (),
) -> list[ScopedCluster]:
    """Each cluster that was dumped, with its part of the topologies, its logs and the checks of it."""
    # Loaded where there are objects: it brings the modules that read them.
    from primitives.kubernetes.cluster import Cluster

    dumps, logs, checks = list(dumps), list(logs), list(checks)
    return [
        ScopedCluster(
            scope,
            Cluster(
                [dump for dump in dumps if dump.scope == scope],
                window,
                topologies_in(scope, topologies),
                [log for log in logs if log.scope == scope],
                [
                    replace(check, resource=_own(scope, check.resource))
                    for check in checks
                    if scope_of(check.resource) in ("", scope)
                ],
            ),
        )
        for scope in sorted({dump.scope for dump in dumps})
    ]


def clusters_in_context(clusters: Sequence[ScopedCluster], context: str | None) -> Sequence[ScopedCluster]:
    """The cluster that is named like the kubectl context; all where none is, as contexts may be named otherwise."""
    named = [known for known in clusters if context and parse_id(in_scope("-", known.scope)).cluster == context]
    return named or clusters


def topologies_in(scope: str, topologies: Sequence[Topology]) -> Sequence[Topology]:
    """What the topologies say of one scope, by its own names. Those without a scope are returned as they are."""
    if not scope:
        return topologies
    return [local for topology in topologies if (local := _local(scope, topology)).resources or local.edges]


def arguments_in(scope: str, args: A) -> A:
    """The arguments with the names that the cluster has for its own resources."""
    if not scope:
        return args
    symptom = args.symptom and args.symptom.model_copy(update={"resource": _own(scope, args.symptom.resource)})
    return args.model_copy(update={"focus": tuple(_own(scope, name) for name in args.focus), "symptom": symptom})


def changes_in(scope: str, changes: Iterable[Change]) -> list[Change]:
    """The changes that may be of that scope: those of no other."""
    return [change for change in changes if not scope or scope_of(change.resource or "") in ("", scope)]


def scoped_fact(fact: DiagnosticOutput, scope: str) -> DiagnosticOutput:
    """The fact with the scope in front of every identifier in it."""
    if not scope or isinstance(fact, Progress):
        return fact
    changed: dict[str, Any] = {}
    if fact.resource is not None:
        changed["resource"] = in_scope(fact.resource, scope)
    match fact:
        case WorkloadState():
            changed["object"] = in_scope(fact.object, scope)
            changed["details"] = {key: _scoped(value, scope) for key, value in fact.details.items()}
        case ChangeFound(change=Change() as change) if change.resource is not None:
            changed["change"] = change.model_copy(update={"resource": in_scope(change.resource, scope)})
        case Dependencies():
            changed["resources"] = {in_scope(name, scope): kind for name, kind in fact.resources.items()}
            changed["edges"] = tuple(
                (in_scope(source, scope), in_scope(target, scope), kind) for source, target, kind in fact.edges
            )
        case SourceGap():
            changed["detail"] = ": ".join(part for part in (_cluster_words(scope), fact.detail) if part)
        case _:
            pass
    return fact.model_copy(update=changed)


def _local(scope: str, topology: Topology) -> Topology:
    return Topology(
        resources=tuple(
            resource.model_copy(update={"id": without_scope(resource.id)})
            for resource in topology.resources
            if scope_of(resource.id) == scope
        ),
        edges=tuple(
            edge.model_copy(update={"source": without_scope(edge.source), "target": without_scope(edge.target)})
            for edge in topology.edges
            if scope_of(edge.source) == scope_of(edge.target) == scope
        ),
    )


def _own(scope: str, name: str) -> str:
    """What a cluster calls the resource; of another scope it is unknown there, and keeps its whole name."""
    return without_scope(name) if scope_of(name) == scope else name


def _scoped(value: Any, scope: str) -> Any:
    return in_scope(value, scope) if isinstance(value, str) and is_kubernetes(value) else value


def _cluster_words(scope: str) -> str:
    known = parse_id(in_scope("-", scope))
    return known.cluster or ", ".join(part for part in (known.account, known.region) if part)
