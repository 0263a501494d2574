"""Look at one Kubernetes object: the states that it is in, its events, and its conditions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

from primitives.actions.kubernetes import InCluster, kubectl
from primitives.actions.proposal import Proposed, TargetedDiagnostic, shell
from primitives.actions.target import KubernetesObject, Target, Unknown
from primitives.analysis.asking import lookback_window
from primitives.diagnostics.inspect_workloads import inspect_workloads
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, Progress, diagnostic
from primitives.facts import Observed, SourceGap, WorkloadState
from primitives.identity import in_scope
from primitives.telemetry import Answers, ObjectsQuery, Telemetry
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.kubernetes.cluster import Cluster
    from primitives.kubernetes.event_records import Event
    from primitives.kubernetes.kinds import KubeObject

__all__ = ["inspect_object"]

_CONTROLLERS: Final = ("Deployment", "StatefulSet", "DaemonSet")
_KINDS: Final = frozenset({
    "pod", "deployment", "statefulset", "daemonset", "replicaset", "job", "cronjob", "service", "ingress", "configmap",
    "persistentvolumeclaim", "horizontalpodautoscaler", "networkpolicy", "resourcequota", "serviceaccount", "node",
    "namespace", "persistentvolume", "storageclass", "ingressclass",
})  # fmt: skip
_MOST_EVENTS: Final = 40
_LONGEST: Final = 300


class ObjectName(InCluster):
    """An object by kind and name; `namespace` is None of a cluster-wide kind.

    Without a kind it is the workload of that name, in whichever namespace it is.
    """

    namespace: str | None = None
    kind: str | None = None
    name: str


class InspectObject(Arguments):
    """`target` is the object to look at."""

    target: ObjectName


def _propose(target: Target) -> Proposed | None:
    match target.kubernetes:
        case KubernetesObject(kind=kind, name=name, namespace=namespace, context=context) if kind in _KINDS:
            known = ObjectName(namespace=namespace or None, kind=kind, name=name, context=context or None)
            return Proposed(known, f"Look at {target.name} and its events")
        case Unknown(name=name, what=what):
            place = target.location
            known = ObjectName(namespace=place.namespace or None, name=name, context=place.context or None)
            return Proposed(known, f"Find {target.name} in the cluster: {what} not known")
        case _:
            return None


def _command(args: ObjectName) -> str:
    if args.kind is not None:
        return shell(*kubectl("describe", f"{args.kind}/{args.name}", args=args, namespace=args.namespace))
    # kubectl's own short names: written out, the name that is looked for would be cut from a narrow terminal.
    everywhere = None if args.namespace else "-A"
    by_name = ("--field-selector", f"metadata.name={args.name}")
    return shell(*kubectl("get", "deploy,sts,ds", everywhere, *by_name, args=args, namespace=args.namespace))


def _tells(args: ObjectName) -> str:
    return "would show its settings, its state and its events" if args.kind is not None else ""


def _is_answered(target: Target) -> bool:
    """Whether its state was read, with what the platform says of it: then the look shows nothing new."""
    return any(fact.message or fact.details for fact in target.present(WorkloadState))


@diagnostic(
    "inspect_object",
    title="Look at a Kubernetes object",
    answers=("WORKLOAD_FAILURE", "INFRASTRUCTURE_FAILURE", "CONFIGURATION_DRIFT"),
    questions=("objects",),
    arguments=InspectObject,
    cost_s=5.0,
    on_request=True,
    look=TargetedDiagnostic(ObjectName, _propose, _command, general=True, tells=_tells, is_answered=_is_answered),
)
async def inspect_object(ask: Telemetry, args: InspectObject) -> AsyncIterator[DiagnosticOutput]:
    """Tell the states of the object and of what it owns, its rollout, its events, newest first, and its conditions."""
    from primitives.kubernetes.scopes import clusters_in_context, clusters_of

    objects = await ask.objects(ObjectsQuery(window=lookback_window(args)))
    dumps = [dump for dump in objects.records if dump.time <= args.now]
    clusters = clusters_in_context(clusters_of(dumps, args.window), args.target.context)
    items = [
        (known, item) for known in clusters for item in await asyncio.to_thread(_meant, known.cluster, args.target)
    ]
    ids = {in_scope(item.id, known.scope) for known, item in items}
    scope = Arguments(window=args.window, baseline=args.baseline, now=args.now, focus=tuple(sorted(ids)))
    async for fact in inspect_workloads(ask, scope):
        if _is_about(fact, ids):
            yield fact
    if objects.answered and not items:
        yield _observed(args.target.name, "kubernetes_object", "is not among the objects that were read", args, objects)
    for known, item in items:
        for kind, subject in (*_events(known.cluster, item), *_conditions(item)):
            yield _observed(in_scope(item.id, known.scope), kind, subject, args, objects)


def _is_about(fact: DiagnosticOutput, ids: Collection[str]) -> bool:
    if isinstance(fact, Progress | SourceGap):
        return True
    return fact.resource in ids or (isinstance(fact, WorkloadState) and fact.object in ids)


def _meant(cluster: Cluster, target: ObjectName) -> list[KubeObject]:
    """The object; every workload of that name where only its name is known."""
    return [
        item for kind in cluster.times
        if (kind in _CONTROLLERS if target.kind is None else kind.lower() == target.kind)
        for item in cluster.all(kind)
        if item.name == target.name and (target.namespace is None or item.namespace == target.namespace)
    ]  # fmt: skip


def _events(cluster: Cluster, item: KubeObject) -> Iterator[tuple[str, str]]:
    own = [event for event in cluster.events if event.target == item.id]
    for event in reversed(own[-_MOST_EVENTS:]):
        yield "kubernetes_event", _event_words(event)


def _event_words(event: Event) -> str:
    times = f" ({event.count} times)" if event.count > 1 else ""
    return f"{event.reason}: {event.message}{times}"


def _conditions(item: KubeObject) -> Iterator[tuple[str, str]]:
    from primitives.kubernetes.fields import maps, text

    for condition in maps(item.raw, "status", "conditions"):
        words = f"{text(condition, 'type')} is {text(condition, 'status')}"
        reason = ": ".join(part for part in (text(condition, "reason"), text(condition, "message")) if part)
        yield "kubernetes_condition", f"{words} ({reason})" if reason else words


def _observed(resource: str, kind: str, subject: str, args: Arguments, objects: Answers[Any]) -> Observed:
    return Observed(
        resource=resource, kind=kind, subject=safe_line(subject, limit=_LONGEST), trust="reported",
        window=args.window, observed_at=args.now, source=objects.source, answers=objects.digests,
    )  # fmt: skip
