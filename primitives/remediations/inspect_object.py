"""Look at a Kubernetes object and its events: changes nothing."""

from __future__ import annotations

import re
from typing import Final

from primitives.remediations.registry import Arguments, Remediation, Target, register, shell, workload_of

_IN_NAMESPACE: Final = frozenset(
    (
        "pod",
        "deployment",
        "statefulset",
        "daemonset",
        "replicaset",
        "job",
        "cronjob",
        "service",
        "ingress",
        "configmap",
        "persistentvolumeclaim",
        "horizontalpodautoscaler",
        "networkpolicy",
        "resourcequota",
        "serviceaccount",
    )
)
_CLUSTER_WIDE: Final = frozenset(("node", "namespace", "persistentvolume", "storageclass", "ingressclass"))
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class InspectObject(Arguments):
    """An object by kind and name; without a namespace it has none, or it is the current one's."""

    namespace: str | None
    kind: str
    name: str


def _fit(target: Target) -> InspectObject | None:
    parts = target.resource.split("/")
    workload = workload_of(target)
    if workload is not None:
        return InspectObject(namespace=workload[0], kind=workload[1], name=workload[2])
    known = (len(parts) == 3 and parts[1] in _IN_NAMESPACE) or (len(parts) == 2 and parts[0] in _CLUSTER_WIDE)
    if not known or not all(_NAME.fullmatch(part) for part in parts):
        return None
    return InspectObject(namespace=parts[0] if len(parts) == 3 else None, kind=parts[-2], name=parts[-1])


def _command(args: InspectObject) -> str:
    namespace = ("--namespace", args.namespace) if args.namespace else ()
    return shell("kubectl", "describe", f"{args.kind}/{args.name}", *namespace)


REMEDIATION = register(
    Remediation(
        "inspect_object",
        "Look at {resource} and its events",
        "read",
        "low",
        5,
        InspectObject,
        _fit,
        _command,
        requires_approval=False,
    )
)
