"""A server that speaks as much of Kubernetes' API as a test tells it to: lists, pages, logs, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cases.fake_server import FakeServer, Reply

NAMESPACED = {
    "pods": "Pod", "events": "Event", "services": "Service", "configmaps": "ConfigMap", "secrets": "Secret",
}  # fmt: skip
APPS = {"deployments": "Deployment", "replicasets": "ReplicaSet"}
KINDS = {**NAMESPACED, **APPS, "nodes": "Node"}


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


def document(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode())


def refusal(status: int, message: str) -> Reply:
    return document({"kind": "Status", "status": "Failure", "message": message, "code": status}, status)


def pod(name: str, *, ready: bool = True, restarts: int = 0, namespace: str = "clinic") -> dict[str, Any]:
    """A pod of a Deployment's ReplicaSet, with one container."""
    state = {"running": {"startedAt": "2026-03-10T11:00:00Z"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
    status = {
        "name": "app", "ready": ready, "restartCount": restarts, "state": state if ready else waiting,
        "image": "registry.example/app:1", "lastState": {},
    }  # fmt: skip
    if restarts:
        status["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-03-10T12:25:00Z"}}
    return {
        "metadata": {
            "name": name, "namespace": namespace, "labels": {"app": "booking"},
            "creationTimestamp": "2026-03-10T11:00:00Z", "managedFields": [{"manager": "kubectl"}],
            "ownerReferences": [{"kind": "ReplicaSet", "name": "booking-5d9c", "controller": True}],
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "registry.example/app:1"}]},
        "status": {
            "phase": "Running", "containerStatuses": [status], "podIP": "10.0.0.7",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }  # fmt: skip


def clinic() -> dict[str, list[dict[str, Any]]]:
    """One Deployment with its pods behind a Service, on one node, all well."""
    meta = {"namespace": "clinic", "creationTimestamp": "2026-03-10T10:00:00Z"}
    spec = {"containers": [{"name": "app", "image": "registry.example/app:1"}]}
    template = {"metadata": {"labels": {"app": "booking"}}, "spec": spec}
    workload = {"replicas": 1, "selector": {"matchLabels": {"app": "booking"}}, "template": template}
    applied = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "front-desk"}
    owner = [{"kind": "Deployment", "name": "booking", "controller": True}]
    return {
        "pods": [pod("booking-5d9c-aa1")],
        "events": [],
        "services": [
            {"metadata": {**meta, "name": "booking"},
             "spec": {"selector": {"app": "booking"}, "ports": [{"port": 80, "targetPort": 8080}]}}
        ],
        "configmaps": [{"metadata": {**meta, "name": "settings", "annotations": applied}, "data": {"COLOUR": "blue"}}],
        "secrets": [{"metadata": {**meta, "name": "login"}}],
        "deployments": [
            {"metadata": {**meta, "name": "booking"}, "spec": workload,
             "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1}}
        ],
        "replicasets": [
            {"metadata": {**meta, "name": "booking-5d9c", "ownerReferences": owner}, "spec": workload,
             "status": {"replicas": 1, "readyReplicas": 1}}
        ],
        "nodes": [
            {"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        ],
    }  # fmt: skip


class FakeKubernetes(FakeServer):
    """Answers on a port of the loopback from `objects`, with `logs` by "pod/container"; `rule` may answer first."""

    def __init__(self, objects: dict[str, list[dict[str, Any]]] | None = None, *, page: int = 500) -> None:
        self.objects = clinic() if objects is None else objects
        self.logs: dict[str, bytes] = {}
        self.page = page
        self.rule: Callable[[Request], Reply | None] = lambda _: None
        self.asked: list[Request] = []
        super().__init__()

    def kubeconfig(self, folder: Path, *, token: str = "fake-token-4711", **user: Any) -> Path:
        """A kubeconfig for this server, with a token or what `user` says."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "config"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "ward",
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": user or {"token": token}}],
            "contexts": [{"name": "ward", "context": {"cluster": "c", "user": "u", "namespace": "clinic"}}],
        }))  # fmt: skip
        return path

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        del body
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        request = Request(parts.path, query, dict(handler.headers))
        self.asked.append(request)
        return self.rule(request) or self.answer(request)

    def answer(self, request: Request) -> Reply:
        """What a server in good order says."""
        path = request.path
        if path == "/version":
            return document({"gitVersion": "v1.31.0"})
        if path == "/api/v1":
            return document({"resources": [*_resources(NAMESPACED), *_resources({"nodes": "Node"}, namespaced=False)]})
        if path == "/apis":
            return document({"groups": [{"name": "apps", "preferredVersion": {"version": "v1"}}]})
        if path == "/apis/apps/v1":
            return document({"resources": _resources(APPS)})
        if path.endswith("/log"):
            _, _, _, _, namespace, _, name, _ = path.split("/")
            previous = "/previous" if request.query.get("previous") else ""
            text = self.logs.get(f"{name}/{request.query['container']}{previous}")
            return refusal(400, f"container in {namespace} is waiting") if text is None else Reply(body=text)
        return self._list(request)

    def _list(self, request: Request) -> Reply:
        plural = request.path.rpartition("/")[2]
        if plural not in KINDS:
            return refusal(404, "the server could not find the requested resource")
        items = self.objects.get(plural, [])
        if "/namespaces/" in request.path:
            namespace = request.path.split("/namespaces/")[1].split("/")[0]
            items = [item for item in items if item["metadata"].get("namespace") == namespace]
        start = int(request.query.get("continue", "0"))
        end = start + min(self.page, int(request.query.get("limit", "500")))
        more = {"continue": str(end)} if end < len(items) else {}
        return document({"kind": f"{KINDS[plural]}List", "metadata": more, "items": items[start:end]})


def _resources(kinds: dict[str, str], *, namespaced: bool = True) -> list[dict[str, Any]]:
    return [
        {"name": name, "kind": kind, "namespaced": namespaced, "verbs": ["get", "list", "watch"]}
        for name, kind in kinds.items()
    ]


def stamped(moment: datetime, text: str) -> str:
    """A log line as the API server gives it with `timestamps`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.000000000Z} {text}\n"
