"""A cluster in memory as actions see it: objects by path, JSON patches, resource versions; no controllers."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from primitives.actions.execution import Dispatch
from primitives.actions.kubernetes_objects import Access, ObjectRef, Request, TargetChanged

APPS = "/apis/apps/v1/namespaces/clinic"


def deployment(name: str = "booking", **spec: Any) -> dict[str, Any]:
    """A Deployment that is rolled out, with one container."""
    container = {
        "name": "app", "image": "registry.example/app:1",
        "env": [
            {"name": "MODE", "value": "calm"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ],
        "resources": {"limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "timeoutSeconds": 1},
    }  # fmt: skip
    return {
        "metadata": {
            "name": name, "namespace": "clinic", "uid": f"uid-{name}", "resourceVersion": "7", "generation": 3,
            "labels": {"app": name}, "annotations": {"deployment.kubernetes.io/revision": "3"},
        },
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}, **spec,
        },
        "status": {"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3},
    }  # fmt: skip


class FakeWorld:
    """Implements `KubernetesWorld`."""

    name = "lab"

    def __init__(self, objects: Mapping[str, dict[str, Any]]) -> None:
        self.objects = dict(objects)
        self.denied: set[str] = set()
        self.sent: list[Request] = []

    async def get(self, path: str) -> Mapping[str, Any] | None:
        if path in self.objects:
            return copy.deepcopy(self.objects[path])
        inside = [each for key, each in self.objects.items() if key.rpartition("/")[0] == path]
        return {"items": copy.deepcopy(inside)} if inside or path.endswith("s") else None

    async def may(self, access: Access, ref: ObjectRef) -> tuple[bool, str]:
        del ref
        return access.verb not in self.denied, "no role allows it"

    async def dry_run(self, request: Request) -> Mapping[str, Any]:
        return self._patched(request)

    async def send(self, request: Request) -> Dispatch:
        self.sent.append(request)
        try:
            self.objects[request.path] = self._patched(request)
        except TargetChanged as error:
            return Dispatch(outcome="refused", detail=error.problem)
        return Dispatch(outcome="accepted")

    def touch(self, path: str) -> None:
        """Somebody else writes the object."""
        metadata = self.objects[path]["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)

    def _patched(self, request: Request) -> dict[str, Any]:
        assert request.content_type == "application/json-patch+json"
        document = copy.deepcopy(self.objects[request.path])
        version = document["metadata"]["resourceVersion"]
        spec = copy.deepcopy(document.get("spec"))
        for operation in request.body:
            apply_operation(document, operation)
        if document["metadata"]["resourceVersion"] != version:
            raise TargetChanged(self.name, "HTTP 409: the object has been modified")
        document["metadata"]["resourceVersion"] = str(int(version) + 1)
        document["metadata"]["generation"] = document["metadata"].get("generation", 0) + int(
            document.get("spec") != spec
        )
        return document


def apply_operation(document: Any, operation: Mapping[str, Any]) -> None:
    """One operation of a JSON patch (RFC 6902)."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    inner = document
    for part in parents:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    key: Any = last
    if isinstance(inner, list):
        key = len(inner) if last == "-" else int(last)
    match operation["op"]:
        case "test":
            assert inner[key] == operation["value"]
        case "remove":
            del inner[key]
        case "add" if isinstance(inner, list):
            inner.insert(key, operation["value"])
        case "add":
            inner[key] = operation["value"]
        case "replace":
            assert isinstance(inner, list) or key in inner
            inner[key] = operation["value"]
        case other:
            raise AssertionError(other)
