"""A clinic's cluster that takes patches: a Deployment with revisions, rolled out pod by pod, and how slow it is.

One release made it slow. Rolled back it is as fast as before, unless something else is the matter (`cured=False`). The
API server is real HTTP; `clinic_metrics` is a source of its samples, for a process that calls `register`.
"""

from __future__ import annotations

import asyncio
import copy
import json
import socket
import threading
import time
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from cases.fake_kubernetes import FakeKubernetes, Request, document, pod, refusal
from cases.fake_server import Reply
from cases.fake_world import apply_operation

from primitives.backends.registry import BackendKind, SourceSettings, backends
from primitives.clock import Clock
from primitives.records import Metric, Series
from primitives.telemetry import Answer, Backend, BackendStatus, Query

GOOD, BAD = "registry.example/booking:1.4.0", "registry.example/booking:1.5.0"
PATH = "/apis/apps/v1/namespaces/clinic/deployments/booking"
REPLICAS = 3
POD_S = 0.7
"""A new pod is ready after so long, one after the other."""
REVISION = "deployment.kubernetes.io/revision"
LATENCY = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")
REQUESTS = Metric(name="request_rate", kind="traffic", unit="1/s", statistic="value", worse="either")
SLOW_S = 20 * 60
"""So long ago the bad release was rolled out."""


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def template(image: str) -> dict[str, Any]:
    container = {"name": "app", "image": image, "resources": {"limits": {"memory": "256Mi"}}}
    return {"metadata": {"labels": {"app": "booking"}}, "spec": {"containers": [container]}}


class Clinic(FakeKubernetes):
    """The cluster and its metrics.

    `calls` are the patches that were carried out, by their marks; while `dropping` their answers are lost.
    """

    def __init__(self, *, cured: bool = True) -> None:
        self._cured = cured
        self.dropping = False
        self._lock = threading.Lock()
        now = time.time()
        self.calls: list[str] = []
        self._images = [(1, GOOD, now - 86_400), (2, BAD, now - SLOW_S)]
        self._deployment: dict[str, Any] = {
            "metadata": {
                "name": "booking", "namespace": "clinic", "uid": "uid-booking", "resourceVersion": "7", "generation": 2,
                "labels": {"app": "booking"}, "annotations": {REVISION: "2"}, "creationTimestamp": stamp(now - 86_400),
            },
            "spec": {
                "replicas": REPLICAS, "selector": {"matchLabels": {"app": "booking"}}, "template": template(BAD),
                "strategy": {"rollingUpdate": {"maxUnavailable": 1}},
            },
        }  # fmt: skip
        super().__init__({})

    @property
    def image(self) -> str:
        image: str = self._deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        return image

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self._lock:
            if parts.path == "/samples":
                return document(self._samples(float(query["start"]), float(query["end"]), float(query["step"])))
            if handler.command == "PATCH":
                reply = self._patched(json.loads(body), query)
                if self.dropping and "dryRun" not in query:
                    # It is carried out, and nobody hears of it.
                    handler.connection.shutdown(socket.SHUT_RDWR)
                return reply
            if handler.command == "POST":
                return document({"status": {"allowed": True}}, 201)
            self.objects = self._lists()
            return self.answer(Request(parts.path, query, dict(handler.headers)))

    def answer(self, request: Request) -> Reply:
        if request.path == PATH:
            return document(self._rolled())
        if request.path.rpartition("/")[2] in ("horizontalpodautoscalers", "controllerrevisions"):
            return document({"items": []})
        return super().answer(request)

    def _patched(self, operations: list[dict[str, Any]], query: dict[str, str]) -> Reply:
        changed = copy.deepcopy(self._deployment)
        version = changed["metadata"]["resourceVersion"]
        for operation in operations:
            apply_operation(changed, operation)
        if changed["metadata"]["resourceVersion"] != version:
            return refusal(409, "the object has been modified")
        if "dryRun" in query:
            return document(changed)
        metadata, old = changed["metadata"], self.image
        metadata["resourceVersion"] = str(int(version) + 1)
        metadata["generation"] += 1
        self._deployment = changed
        if self.image != old:
            number = self._images[-1][0] + 1
            metadata["annotations"][REVISION] = str(number)
            self._images = [
                *(each for each in self._images if each[1] != self.image),
                (number, self.image, time.time()),
            ]
        self.calls.append(metadata["annotations"]["cloudops.dev/action"])
        return document(changed)

    def _updated(self) -> int:
        """How many pods of the newest revision are there."""
        return min(REPLICAS, int((time.time() - self._images[-1][2]) / POD_S))

    def _rolled(self) -> dict[str, Any]:
        updated = self._updated()
        generation = self._deployment["metadata"]["generation"]
        status = {
            "observedGeneration": generation, "replicas": REPLICAS, "updatedReplicas": updated,
            "availableReplicas": REPLICAS, "readyReplicas": REPLICAS,
        }  # fmt: skip
        return {**self._deployment, "status": status}

    def _lists(self) -> dict[str, list[dict[str, Any]]]:
        owner = [{"kind": "Deployment", "name": "booking", "uid": "uid-booking", "controller": True}]
        sets, pods = [], []
        for number, image, born in self._images:
            newest = number == self._images[-1][0]
            count = self._updated() if newest else REPLICAS - self._updated() if number == self._images[-2][0] else 0
            meta = {
                "name": f"booking-{number}", "namespace": "clinic", "uid": f"uid-{number}", "ownerReferences": owner,
                "annotations": {REVISION: str(number)}, "labels": {"app": "booking"}, "creationTimestamp": stamp(born),
            }  # fmt: skip
            spec = {"replicas": count, "selector": {"matchLabels": {"app": "booking"}}, "template": template(image)}
            sets.append({"metadata": meta, "spec": spec, "status": {"replicas": count, "readyReplicas": count}})
            for index in range(count):
                made = pod(f"booking-{number}-{index}")
                made["metadata"]["creationTimestamp"] = stamp(born)
                made["metadata"]["ownerReferences"] = [
                    {"kind": "ReplicaSet", "name": f"booking-{number}", "controller": True}
                ]
                made["status"]["containerStatuses"][0] |= {
                    "image": image,
                    "state": {"running": {"startedAt": stamp(born)}},
                }
                made["spec"]["containers"][0]["image"] = image
                pods.append(made)
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        service = {"selector": {"app": "booking"}, "ports": [{"port": 80, "targetPort": 8080}]}
        return {
            "deployments": [self._rolled()], "replicasets": sets, "pods": pods,
            "nodes": [{"metadata": {"name": "n1"}, "status": ready}],
            "services": [{"metadata": {"name": "booking", "namespace": "clinic"}, "spec": service}],
        }  # fmt: skip

    def _samples(self, start: float, end: float, step: float) -> dict[str, Any]:
        times = np.arange(np.ceil(start / step) * step, end, step)
        slow = np.zeros(len(times), dtype=bool)
        changes = sorted((born, image) for _, image, born in self._images)
        for born, image in changes:
            slow[times >= born + POD_S] = image == BAD or (not self._cured and born > changes[0][0])
        noise = np.sin(times) * 0.01
        return {"times": times.tolist(), "latency": (np.where(slow, 1.5, 0.2) + noise).tolist()}


class MetricsSettings(SourceSettings):
    """Where the cluster is."""

    url: str


class ClinicMetrics:
    """The latency of the Deployment."""

    questions = frozenset({"series"})

    def __init__(self, name: str, url: str) -> None:
        self.name, self._url = name, url

    async def ask(self, query: Query) -> Answer[Any]:
        step = max(getattr(query, "step_s", None) or 15.0, 1.0)
        start, end = query.window.start.timestamp(), query.window.end.timestamp()
        url = f"{self._url}/samples?start={start}&end={end}&step={step}"
        read = await asyncio.to_thread(lambda: json.loads(urllib.request.urlopen(url, timeout=10).read()))
        times, latency = np.array(read["times"]), np.array(read["latency"])
        resource = "clinic/deployment/booking"
        known = (
            Series(resource, LATENCY, times, latency),
            Series(resource, REQUESTS, times, np.full(len(times), 40.0)),
        )
        return Answer(query, self.name, "answered", known if len(times) else ())

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", ("series",))

    async def close(self) -> None:
        pass


def _open(name: str, settings: MetricsSettings, clock: Clock) -> Backend:
    del clock
    return ClinicMetrics(name, settings.url)  # type: ignore[return-value]


def register() -> None:
    """Make the source known to this process."""
    backends()["clinic_metrics"] = BackendKind(
        "clinic_metrics", "Clinic", frozenset({"series"}), MetricsSettings, _open, lambda _: None, "nothing", None
    )


def configure(clinic: Clinic, folder: Path, **policy: Any) -> Path:
    """The configuration file of a folder, and its policy."""
    kubeconfig = clinic.kubeconfig(folder / "kube")
    sources = {
        "ward": {"kind": "kubernetes", "kubeconfig": str(kubeconfig), "context": "ward"},
        "metrics": {"kind": "clinic_metrics", "url": clinic.url},
    }
    (folder / "config.yaml").write_text(json.dumps({"store": str(folder / "i.db"), "sources": sources}))
    wanted = {"require_approval_for": ["write", "delete"], "verify_seconds": 4, "verify_within_seconds": 15, **policy}
    (folder / "policy.yaml").write_text(json.dumps({"policy": wanted}))
    return folder / "config.yaml"
