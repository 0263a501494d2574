"""Kubernetes as a source: what the API server says now, asked with the credentials that kubectl uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, field_validator

from primitives.backends.registry import PlatformWriter, SourceSettings, backend, in_variable
from primitives.examination import Offer
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["CONTEXT_VARIABLE", "KubernetesSettings", "open_kubernetes"]

CONTEXT_VARIABLE: Final = "CLOUDOPS_KUBERNETES_CONTEXT"
_MOST_NAMESPACES: Final = 100
_MOST_TEXT: Final = 4_000_000


class KubernetesSettings(SourceSettings):
    """Which cluster, and how much of it.

    `kubeconfig` is a file, or several joined by `:` (empty: those of `KUBECONFIG`, else `~/.kube/config`), `context`
    one of its contexts (empty: its current one). `in_cluster` takes the pod's own service account instead. `namespaces`
    are asked for one by one (empty: the whole cluster, or the context's own namespace where the whole isn't allowed).
    Approved actions are executed with the context `act_context` (empty: `context`) and as the user `act_as`
    (`system:serviceaccount:ops:cloudops-actor`), whom that context's user may impersonate (empty: as itself).
    """

    kubeconfig: str = Field("", max_length=10_000)
    context: str = Field("", max_length=253)
    in_cluster: bool = False
    namespaces: tuple[str, ...] = Field((), max_length=_MOST_NAMESPACES)
    act_context: str = Field("", max_length=253)
    act_as: str = Field("", max_length=253)

    @field_validator("act_as", "act_context")
    @classmethod
    def _one_name(cls, name: str) -> str:
        if name != safe_line(name).strip():
            raise ValueError("expected a name on one line")
        return name

    @field_validator("namespaces")
    @classmethod
    def _are_names(cls, namespaces: tuple[str, ...]) -> tuple[str, ...]:
        for name in namespaces:
            if not re.fullmatch(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", name):
                raise ValueError("expected names of namespaces, such as [shop, payments]")
        return namespaces

    def resolve(self, environment: Mapping[str, str]) -> Self:
        """With the files that `KUBECONFIG` names and the context that is the current one now.

        So the source stays the same cluster when somebody switches contexts during an incident.
        """
        if self.in_cluster:
            return self
        home = environment.get("HOME", "")
        files = self.kubeconfig or environment.get("KUBECONFIG", "") or (f"{home}/.kube/config" if home else "")
        files = ":".join(home + name[1:] if name.startswith("~/") and home else name for name in files.split(":"))
        context = self.context or _current_context(files)
        cluster = self.cluster or ("" if self.account or self.region else context)
        return self.model_copy(update={"kubeconfig": files, "context": context, "cluster": cluster})


def _current_context(files: str) -> str:
    """The `current-context` of the first file that has one, else empty.

    Files that can't be read are skipped here. Connecting reports them.
    """
    currents = (document.get("current-context") for document in _documents(files))
    return next((str(current) for current in currents if _is_name(current)), "")


def _documents(files: str) -> Iterator[Mapping[str, Any]]:
    import yaml

    for name in filter(None, files.split(":")):
        try:
            # A pipe would be waited for.
            text = Path(name).read_text("utf-8")[:_MOST_TEXT] if Path(name).is_file() else ""
            document = yaml.safe_load(text)
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue
        if isinstance(document, Mapping):
            yield document


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value == safe_line(value).strip()


def _offer(environment: Mapping[str, str]) -> Iterator[Offer]:
    """The contexts of the kubeconfig; no cluster is asked."""
    home = environment.get("HOME", "")
    files = environment.get("KUBECONFIG", "") or (f"{home}/.kube/config" if home else "")
    current, seen = _current_context(files), set()
    for document in _documents(files):
        contexts = document.get("contexts")
        for entry in contexts if isinstance(contexts, list) else ():
            name = entry.get("name") if isinstance(entry, Mapping) else None
            if _is_name(name) and name not in seen:
                seen.add(name)
                words = f"context {name} of your kubeconfig{', the current one' if name == current else ''}"
                yield Offer(str(name), "kubernetes", {"context": str(name)}, words)


def _policy() -> str:
    from primitives.backends.kubernetes.role import role_text

    return role_text()


def _act_policy() -> str:
    import yaml

    from primitives.actions.rbac import cluster_role
    from primitives.remediations.registry import permissions_of

    return yaml.safe_dump(cluster_role("cloudops-act", permissions_of("kubernetes")), sort_keys=False)


async def _open_writer(name: str, settings: Any) -> PlatformWriter:
    from primitives.backends.kubernetes.writer import KubernetesWriter

    return KubernetesWriter(name, settings)


@backend(
    "kubernetes",
    title="Kubernetes",
    questions=("objects", "container_logs", "topology", "changes"),
    settings=KubernetesSettings,
    discover=in_variable(CONTEXT_VARIABLE, "context"),
    discovered_by=CONTEXT_VARIABLE,
    writer=_open_writer,
    offer=_offer,
    policy=_policy,
    act_policy=_act_policy,
)
def open_kubernetes(name: str, settings: KubernetesSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.kubernetes.backend import KubernetesBackend

    return KubernetesBackend(settings, clock=clock, name=name)
