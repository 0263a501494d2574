"""Arguments that name objects of Kubernetes, and the options of kubectl that say where they are."""

from __future__ import annotations

from typing import Literal, get_args

from primitives.actions.proposal import ActionArguments, Manual
from primitives.actions.target import KubernetesObject, Target, Unknown

__all__ = ["InCluster", "Workload", "WorkloadKind", "kubectl", "kubectl_path", "workload_of"]

WorkloadKind = Literal["deployment", "statefulset", "daemonset"]
"""What rolls out its pods by itself."""


class InCluster(ActionArguments):
    """Arguments in one cluster, by its kubectl context; None where the source doesn't say which cluster it is."""

    context: str | None = None

    @property
    def unstated_place(self) -> str:
        return "" if self.context else "kubectl context"


class Workload(InCluster):
    """A workload by namespace, kind and name."""

    namespace: str
    kind: WorkloadKind
    name: str

    @property
    def path(self) -> str:
        """As kubectl names it: `deployment/api`."""
        return kubectl_path(self.kind, self.name)


def kubectl_path(kind: str, name: str) -> str:
    """An object as kubectl takes it in one word: `deployment/api`."""
    return f"{kind}/{name}"


def workload_of(target: Target, title: str, change: str | None = None) -> Workload | Manual | None:
    """The target as a workload, or None where it is none; where something about it isn't known, `title` in words.

    `change` is the one that the action is about, if any.
    """
    match target.kubernetes:
        case KubernetesObject(kind=kind, name=name, namespace=namespace, context=context) if kind in get_args(
            WorkloadKind
        ):
            return Workload.model_validate(
                {"namespace": namespace, "kind": kind, "name": name, "context": context or None}
            )
        case Unknown(what=what):
            return Manual(title, what, change)
        case _:
            return None


def kubectl(*words: str | None, args: InCluster, namespace: str | None = None) -> tuple[str | None, ...]:
    """The words of a kubectl command, ended by the options that say where it acts."""
    where = (*(("--namespace", namespace) if namespace else ()), *(("--context", args.context) if args.context else ()))
    return ("kubectl", *words, *where)
