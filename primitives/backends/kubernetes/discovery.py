"""What an API server serves, and which of it an investigation reads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.backends.kubernetes.client import KubernetesClient
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.kubernetes.kinds import kind_of_dump
from primitives.patterns import lazy_pattern
from primitives.text import safe_line

__all__ = ["Listable", "find_listable"]

_NAME: Final = lazy_pattern(r"[a-z0-9][-a-z0-9.]{0,252}")
_VERSION: Final = lazy_pattern(r"v[0-9]{1,4}(?:(?:alpha|beta)[0-9]{1,4})?")
# Kinds that say nothing about an incident, change all the time, or repeat another one.
_LEFT_OUT: Final = frozenset({
    "bindings", "componentstatuses", "controllerrevisions", "flowschemas", "prioritylevelconfigurations",
    "podtemplates", "replicationcontrollers", "csinodes", "csistoragecapacities", "csidrivers", "runtimeclasses",
})  # fmt: skip
_LEFT_OUT_GROUPS: Final = frozenset({
    "events.k8s.io", "metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io", "coordination.k8s.io",
    "flowcontrol.apiserver.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "internal.apiserver.k8s.io",
    "certificates.k8s.io", "extensions", "node.k8s.io",
})  # fmt: skip
# Who may do what matters where something was forbidden; reading all roles of a cluster is for that case.
_ROLES: Final = "rbac.authorization.k8s.io"
# The Gateway API is made of custom resources, but its kinds are known ones: it matches too.
_BUILT_IN: Final = lazy_pattern(r"[a-z]+|[a-z]+(?:\.[a-z]+)?\.k8s\.io")
_MOST_CUSTOM: Final = 60
# What decides most incidents is asked for first: a deadline may cut the rest.
_FIRST: Final = (
    "pods", "events", "deployments", "replicasets", "services", "endpoints", "nodes", "statefulsets", "daemonsets",
    "configmaps", "persistentvolumeclaims", "resourcequotas", "ingresses", "horizontalpodautoscalers", "jobs",
    "networkpolicies", "endpointslices", "secrets", "persistentvolumes", "storageclasses",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listable:
    """One kind that can be listed. A dump of it is called `name`: its plural, for custom kinds with the group."""

    name: str
    kind: str
    group: str
    version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "") -> str:
        """Where its list is: of the whole cluster, or of one namespace."""
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{base}/namespaces/{namespace}/{self.plural}" if namespace else f"{base}/{self.plural}"


async def find_listable(client: KubernetesClient) -> tuple[tuple[Listable, ...], tuple[str, ...]]:
    """The kinds to read, the most telling first; and the API groups that did not say what they have.

    Raises `SourceError` where the server doesn't answer at all.
    """
    core, groups = await asyncio.gather(client.get("/api/v1"), client.get("/apis"))
    versions = [("", "v1", core)]
    wanted = list(_preferred(groups))
    answers = await asyncio.gather(
        *(client.get(f"/apis/{group}/{version}") for group, version in wanted), return_exceptions=True
    )
    silent = []
    for (group, version), answer in zip(wanted, answers, strict=True):
        if isinstance(answer, SourceError):
            silent.append(group)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            versions.append((group, version, answer))
    return tuple(_chosen(versions)), tuple(silent)


def _preferred(groups: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for entry in _maps(groups.get("groups")):
        group, preferred = entry.get("name"), entry.get("preferredVersion")
        version = preferred.get("version") if isinstance(preferred, Mapping) else None
        if (
            isinstance(group, str) and isinstance(version, str) and _NAME.fullmatch(group)
            and _VERSION.fullmatch(version) and group not in _LEFT_OUT_GROUPS and group != _ROLES
        ):  # fmt: skip
            yield group, version


def _chosen(versions: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[Listable]:
    built_in: dict[str, Listable] = {}
    custom: list[Listable] = []
    for group, version, document in versions:
        for entry in _maps(document.get("resources")):
            listable = _listable(group, version, entry)
            if listable is None:
                continue
            if not _is_custom(listable):
                # The older group of a kind that moved (Ingress) says the same.
                built_in.setdefault(listable.plural, listable)
            # A custom kind that is called as one of Kubernetes' own would be taken for it.
            elif not kind_of_dump(listable.plural) and len(custom) < _MOST_CUSTOM:
                custom.append(listable)
    order = {name: place for place, name in enumerate(_FIRST)}
    ranked = sorted(built_in.values(), key=lambda listable: (order.get(listable.plural, len(order)), listable.plural))
    return [*ranked, *custom]


def _listable(group: str, version: str, entry: Mapping[str, Any]) -> Listable | None:
    plural, kind, verbs = entry.get("name"), entry.get("kind"), entry.get("verbs")
    if not (isinstance(plural, str) and isinstance(kind, str) and isinstance(verbs, list)):
        return None
    if "list" not in verbs or not _NAME.fullmatch(plural) or plural in _LEFT_OUT:
        return None
    name = plural if kind_of_dump(plural) or not group else f"{plural}.{group}"
    return Listable(name, safe_line(kind, limit=63), group, version, plural, bool(entry.get("namespaced")))


def _is_custom(listable: Listable) -> bool:
    return bool(listable.group) and not _BUILT_IN.fullmatch(listable.group)


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
