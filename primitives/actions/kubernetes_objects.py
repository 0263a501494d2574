"""Objects of a cluster as actions see them: how they are addressed, patched, compared, and who owns them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from primitives.actions.diffs import redacted_diff
from primitives.actions.execution import Check, Dispatch
from primitives.dataclass import dataclass
from primitives.digests import json_digest
from primitives.errors import SourceUnreachable
from primitives.identity import kubernetes_id
from primitives.kubernetes.fields import mapping, maps, strings, text
from primitives.redact import Redactor

__all__ = [
    "JSON_PATCH",
    "MARK",
    "Access",
    "KubernetesWorld",
    "ObjectRef",
    "Request",
    "TargetChanged",
    "diff_of",
    "existing",
    "fencing",
    "gitops_way",
    "marking",
    "no_secret",
    "owner_of",
    "permission",
    "pointer",
    "presence",
    "version_of",
]

JSON_PATCH: Final = "application/json-patch+json"
MARK: Final = "cloudops.dev/action"
"""The annotation that names the run which changed an object last."""

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_NOISE: Final = ("managedFields", "resourceVersion", "generation", "selfLink", "uid", "creationTimestamp")


class TargetChanged(SourceUnreachable):
    """The target was changed between reading it and trying the change (409)."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object by its API (`/apis/apps/v1`), plural, kind in lower case, namespace and name."""

    api: str
    plural: str
    kind: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Where the API serves it."""
        return f"{self.folder}/{self.name}"

    @property
    def folder(self) -> str:
        """Where the API lists its like, in its namespace."""
        return (
            f"{self.api}/namespaces/{self.namespace}/{self.plural}" if self.namespace else f"{self.api}/{self.plural}"
        )

    @property
    def group(self) -> str:
        """The API group; empty for the core's."""
        parts = self.api.strip("/").split("/")
        return parts[1] if parts[0] == "apis" else ""

    @property
    def id(self) -> str:
        """Its identifier."""
        return kubernetes_id(self.kind, self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Access:
    """A permission: a verb on a resource of an API group."""

    verb: str
    group: str
    resource: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API server."""

    method: str
    path: str
    body: Any = None
    content_type: str = "application/json"


class KubernetesWorld(Protocol):
    """What operations use of a cluster; the writing side of the Kubernetes backend implements it."""

    name: str

    async def get(self, path: str) -> Mapping[str, Any] | None:
        """The object or list at `path`; None where there is none. Raises `SourceError`."""
        ...

    async def may(self, access: Access, ref: ObjectRef) -> tuple[bool, str]:
        """Whether the identity may do that, and why. Raises `SourceError`."""
        ...

    async def dry_run(self, request: Request) -> Mapping[str, Any]:
        """What the server would store. Raises `SourceError`."""
        ...

    async def send(self, request: Request) -> Dispatch:
        """Send the request, once."""
        ...


def pointer(*path: str | int) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def fencing(version: str) -> Mapping[str, Any]:
    """The operation of a JSON patch that the server refuses with 409 where the object has another resourceVersion."""
    return {"op": "replace", "path": pointer("metadata", "resourceVersion"), "value": version}


def marking(current: Mapping[str, Any], mark: str) -> Mapping[str, Any]:
    """The operation of a JSON patch that sets the annotation `MARK`, together with the map where there is none yet."""
    if mapping(current, "metadata", "annotations"):
        return {"op": "add", "path": pointer("metadata", "annotations", MARK), "value": mark}
    return {"op": "add", "path": pointer("metadata", "annotations"), "value": {MARK: mark}}


async def existing(world: KubernetesWorld, ref: ObjectRef) -> Mapping[str, Any]:
    """The object. Raises `SourceError`, also where there is none."""
    current = await world.get(ref.path)
    if current is None:
        raise SourceUnreachable(world.name, f"there is no {ref.id}")
    return current


def presence(ref: ObjectRef, current: Mapping[str, Any] | None) -> tuple[Check, ...]:
    """Whether the target, as it was read, is there and stays."""
    if current is None:
        return (Check(name="the target exists", passed=False, detail=f"there is no {ref.id}"),)
    going = text(current, "metadata", "deletionTimestamp")
    detail = f"it is, since {going}" if going else ""
    return (
        Check(name="the target exists", passed=True),
        Check(name="it is not being deleted", passed=not going, detail=detail),
    )


async def permission(world: KubernetesWorld, access: Access, ref: ObjectRef) -> Check:
    """Whether the identity that acts may do that. Raises `SourceError`."""
    allowed, why = await world.may(access, ref)
    what = "/".join(filter(None, (access.resource, access.subresource)))
    return Check(name=f"it may {access.verb} {what}", passed=allowed, detail="" if allowed else why or "it may not")


def no_secret(name: str, *values: str | None) -> Check:
    """Whether a setting, as it is and as it shall be, holds no secret: what an action changes is stored and shown."""
    redactor = Redactor()
    settings = [{name: value} for value in values if value]
    secret = any(redactor.redact_value(setting) != setting for setting in settings)
    detail = f"{name} looks like one, and would be stored and shown: change it by hand" if secret else ""
    return Check(name="it is no secret", passed=not secret, detail=detail)


def version_of(current: Mapping[str, Any]) -> str:
    """The object's identity and its desired state: its uid and a digest of its spec (or data) and labels.

    It leaves out the resourceVersion, which every change of the status makes a new one of although the action would do
    the same. The resourceVersion fences the dispatch: it guards the time between reading and writing.
    """
    document = {"spec": current.get("spec"), "labels": mapping(current, "metadata", "labels")}
    if "data" in current:
        document["data"] = current["data"]
    return f"{text(current, 'metadata', 'uid')} {json_digest(document)[:16]}"


def diff_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What the server's dry run changes, as a unified diff of YAML; without secrets and the server's own counters."""
    return redacted_diff(_desired(before), _desired(after))


def _desired(document: Mapping[str, Any]) -> dict[str, Any]:
    """The desired state: the object without its status and what the server sets itself."""
    kept = {key: value for key, value in document.items() if key not in ("status", "apiVersion", "kind")}
    metadata = {key: value for key, value in mapping(document, "metadata").items() if key not in _NOISE}
    annotations = {
        key: value for key, value in mapping(metadata, "annotations").items() if key not in (_LAST_APPLIED, MARK)
    }
    return {**kept, "metadata": {**metadata, "annotations": annotations}}


def gitops_way(current: Mapping[str, Any]) -> tuple[str, str] | None:
    """Who applies the object from Git, and the way to change it through that; None where nobody is known to.

    Argo CD: Resource Tracking (annotation or label); Flux: labels of Kustomization and Helm controllers. A change made
    past them is undone at their next look, or hides a drift.
    """
    marks = {**strings(current, "metadata", "labels"), **strings(current, "metadata", "annotations")}
    argo = marks.get("argocd.argoproj.io/tracking-id", "").partition(":")[0] or marks.get("argocd.argoproj.io/instance")
    if argo:
        return f"Argo CD application {argo}", f"argocd app rollback {argo}"
    release = marks.get("helm.toolkit.fluxcd.io/name")
    if release:
        return f"Flux HelmRelease {release}", f"flux suspend helmrelease {release}, then revert its change in Git"
    applied = marks.get("kustomize.toolkit.fluxcd.io/name")
    if applied:
        return f"Flux Kustomization {applied}", "revert the change in Git with a pull request; Flux applies it"
    return None


def owner_of(current: Mapping[str, Any]) -> str:
    """The controller that owns the object, as kind/name; empty where none does."""
    owners = [owner for owner in maps(current, "metadata", "ownerReferences") if owner.get("controller")]
    return f"{text(owners[0], 'kind')} {text(owners[0], 'name')}" if owners else ""
