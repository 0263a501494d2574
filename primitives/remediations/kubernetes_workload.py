"""What the actions on a Kubernetes workload have in common: its arguments."""

from __future__ import annotations

from typing import Literal

from primitives.remediations.registry import Arguments, Target, workload_of

__all__ = ["Workload", "workload_arguments"]


class Workload(Arguments):
    """A workload by kind and name; without a namespace it is the current one's."""

    namespace: str | None
    kind: Literal["deployment", "statefulset", "daemonset"]
    name: str

    @property
    def path(self) -> str:
        """As kubectl names it: `deployment/api`."""
        return f"{self.kind}/{self.name}"

    def namespace_words(self) -> tuple[str, ...]:
        """The option that names the namespace, where one is known."""
        return ("--namespace", self.namespace) if self.namespace else ()


def workload_arguments(target: Target) -> Workload | None:
    """The target as a workload, or None when it isn't known to be one."""
    found = workload_of(target)
    if found is None:
        return None
    namespace, kind, name = found
    return Workload.model_validate({"namespace": namespace, "kind": kind, "name": name})
