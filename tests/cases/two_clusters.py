"""Sources of clusters that call their things alike, as a package's backend would be: a deployment and its latency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from primitives.backends.registry import BackendKind, SourceSettings
from primitives.clock import Clock
from primitives.records import (
    Alert,
    Change,
    ContainerLog,
    Edge,
    KubernetesDump,
    LogRecord,
    Metric,
    Resource,
    Series,
    Topology,
)
from primitives.telemetry import Answer, BackendStatus, Query, Question, SeriesQuery

API = "payments/deployment/payments-api"
LATENCY = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")


class ClusterSettings(SourceSettings):
    """`context` is what the topology states of the cluster, `image` what the deployment runs there."""

    context: str = ""
    level: float = 1.5
    image: str = "api:1"


class ClusterSource:
    """One cluster: `payments-api`, which got slow 20 minutes ago and whose pod is killed for its memory."""

    questions: frozenset[Question] = frozenset(
        {"series", "topology", "changes", "alerts", "logs", "objects", "container_logs"}
    )

    def __init__(self, name: str, settings: ClusterSettings, now: datetime) -> None:
        self.name, self._settings, self._now = name, settings, now
        self.queries: list[Query] = []

    async def ask(self, query: Query) -> Answer[Any]:
        self.queries.append(query)
        records = self._records(query.question)
        if isinstance(query, SeriesQuery) and query.names is not None:
            records = tuple(record for record in records if record.resource in query.names)
        return Answer(query, self.name, "answered", records)

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", tuple(sorted(self.questions)))

    async def close(self) -> None:
        return None

    def _records(self, question: Question) -> tuple[Any, ...]:
        soon = self._now - timedelta(minutes=2)
        match question:
            case "series":
                return (self._series(API), self._series("front"))
            case "topology":
                return (self._topology(),)
            case "changes":
                change = {"time": self._now - timedelta(minutes=21), "id": "r7", "resource": API, "kind": "deployment"}
                return (Change.model_validate({**change, "summary": f"payments-api to {self._settings.image}"}),)
            case "alerts":
                return (Alert(name="latency", state="firing", resource=API, started_at=soon),)
            case "logs":
                return (LogRecord(soon, "payments-api-7d9f-x2", "ERROR", "failed", {}),)
            case "container_logs":
                return (
                    ContainerLog(
                        namespace="payments", pod="payments-api-7d9f-x2", container="app", text="ERROR out of memory"
                    ),
                )
            case _:
                return self._objects()

    def _series(self, resource: str) -> Series:
        now = self._now.timestamp()
        times = np.arange(now - 7 * 3600, now + 1, 60.0)
        ripple = 1 + 0.01 * np.sin(np.arange(len(times)))
        return Series(resource, LATENCY, times, np.where(times < now - 1200, 0.2, self._settings.level) * ripple)

    def _topology(self) -> Topology:
        attributes = {"platform": "kubernetes", "namespace": "payments", "workload": "deployment"}
        if self._settings.context:
            attributes["context"] = self._settings.context
        return Topology(
            resources=(Resource(id=API, kind="workload", attributes=attributes), Resource(id="front", kind="service")),
            edges=(Edge(source="front", target=API, kind="calls"),),
        )

    def _objects(self) -> tuple[KubernetesDump, ...]:
        labels = {"app": "payments-api"}
        limits = {"limits": {"memory": "256Mi"}}
        spec = {"containers": [{"name": "app", "image": self._settings.image, "resources": limits}]}
        template = {"metadata": {"labels": labels}, "spec": spec}
        killed = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": self._now.isoformat()}
        container = {
            "name": "app", "ready": False, "restartCount": 4, "lastState": {"terminated": killed},
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        }  # fmt: skip
        meta = {"namespace": "payments", "labels": labels}
        owner = {"kind": "Deployment", "name": "payments-api", "controller": True}
        kept: dict[str, dict[str, Any]] = {
            "deployments": {
                "kind": "Deployment", "metadata": {**meta, "name": "payments-api"},
                "spec": {"selector": {"matchLabels": labels}, "template": template},
            },
            "replicasets": {
                "kind": "ReplicaSet", "spec": {"template": template},
                "metadata": {
                    **meta, "name": "payments-api-7d9f", "ownerReferences": [owner],
                    "annotations": {"deployment.kubernetes.io/revision": "7"},
                },
            },
            "pods": {
                "kind": "Pod", "spec": spec, "status": {"phase": "Running", "containerStatuses": [container]},
                "metadata": {
                    **meta, "name": "payments-api-7d9f-x2",
                    "ownerReferences": [{"kind": "ReplicaSet", "name": "payments-api-7d9f", "controller": True}],
                },
            },
        }  # fmt: skip
        return tuple(KubernetesDump(time=self._now, kind=kind, items=(item,)) for kind, item in kept.items())


def open_cluster(name: str, settings: ClusterSettings, clock: Clock) -> ClusterSource:
    """The factory of the kind."""
    return ClusterSource(name, settings, clock.now() - timedelta(seconds=30))


KIND = BackendKind(
    "fake_cluster", "A cluster", ClusterSource.questions, ClusterSettings, open_cluster, lambda _: None, "nothing"
)
NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
