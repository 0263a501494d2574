"""A recorded incident of a running test cluster: its objects by kubectl, its logs, and what its Prometheus measured."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["NAMESPACE", "ClusterAccess", "record_metrics", "record_objects", "stamp"]

NAMESPACE: Final = "shop"
_KINDS: Final = (
    "pods", "deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions", "services", "endpoints",
    "configmaps", "poddisruptionbudgets", "resourcequotas", "nodes", "events",
)  # fmt: skip
_STEP_S: Final = 5
_REQUESTS: Final = "http_server_request_duration_seconds"
_CPU_LIMIT: Final = "max by (namespace, pod) (container_spec_cpu_quota / container_spec_cpu_period)"
_MEMORY_LIMIT: Final = "max by (namespace, pod) (container_spec_memory_limit_bytes)"
_ALL: Final = f"sum by (service) (rate({_REQUESTS}_count[20s]))"
_FAILED: Final = f'sum by (service) (rate({_REQUESTS}_count{{http_response_status_code=~"5.."}}[20s]))'
_CONNECTIONS: Final = 'sum by (service, pod) (db_client_connections_usage{state="used"})'
_POOLS: Final = "sum by (service, pod) (db_client_connections_max)"
# OpenTelemetry's names: latency and errors of requests, what is used of a limit.
_METRICS: Final[Mapping[str, tuple[dict[str, Any], str]]] = {
    "latency_p95": (
        {"kind": "latency", "unit": "s", "statistic": "p95", "worse": "higher"},
        f"histogram_quantile(0.95, sum by (service, le) (rate({_REQUESTS}_bucket[20s])))",
    ),
    "error_ratio": (
        {"kind": "errors", "unit": "1", "statistic": "average", "worse": "higher"},
        f"({_FAILED} or 0 * {_ALL}) / {_ALL}",
    ),
    "requests": (
        {"kind": "traffic", "unit": "{request}/s", "statistic": "average", "worse": "either"},
        _ALL,
    ),
    "cpu_utilization": (
        {"kind": "saturation", "unit": "1", "statistic": "max", "worse": "higher", "limit": 1},
        f"max by (service) (rate(process_cpu_seconds_total[20s]) / on (namespace, pod) group_left () {_CPU_LIMIT})",
    ),
    "memory_utilization": (
        {"kind": "saturation", "unit": "1", "statistic": "max", "worse": "higher", "limit": 1},
        f"max by (service) (process_resident_memory_bytes / on (namespace, pod) group_left () {_MEMORY_LIMIT})",
    ),
    "connection_pool_utilization": (
        {"kind": "saturation", "unit": "1", "statistic": "max", "worse": "higher", "limit": 1},
        f"max by (service) ({_CONNECTIONS} / {_POOLS})",
    ),
}


@dataclass(frozen=True)
class ClusterAccess:
    """Where the cluster is: its kubeconfigs, its Prometheus, and the workloads' identifiers by service name."""

    admin: Path
    actor: Path
    reader: Path
    prometheus: str
    resources: Mapping[str, str]

    def kubectl(self, command: str, *, check: bool = True) -> str:
        """What a shell command prints; kubectl in it works in the shop as somebody who may edit."""
        environment = {**os.environ, "KUBECONFIG": str(self.actor), "ADMIN": str(self.admin)}
        ended = subprocess.run(
            command, shell=True, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        if check and ended.returncode:
            raise RuntimeError(f"{command}: {ended.stderr.strip()}")
        return ended.stdout


def stamp(moment: datetime) -> str:
    """The moment as a bundle writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def record_objects(cluster: ClusterAccess, bundle: Path, *, logs: bool) -> None:
    """Every kind of object as it is now, with the containers' logs and their last lives' where wanted."""
    folder = bundle / "kubernetes" / stamp(datetime.now(UTC)).replace(":", "-")
    folder.mkdir(parents=True)
    admin = f'kubectl --kubeconfig "{cluster.admin}"'
    for kind in _KINDS:
        (folder / f"{kind}.json").write_text(cluster.kubectl(f"{admin} get {kind} -A -o json"))
    if logs:
        pods = json.loads((folder / "pods.json").read_text())["items"]
        (bundle / "kubernetes" / "logs").mkdir()
        for pod in pods:
            _record_logs(cluster, bundle / "kubernetes" / "logs", pod["metadata"]["name"], pod["spec"]["containers"])


def _record_logs(cluster: ClusterAccess, folder: Path, pod: str, containers: list[dict[str, Any]]) -> None:
    for container in containers:
        name = container["name"]
        for flag, suffix in (("", ".log"), (" --previous", ".previous.log")):
            lines = cluster.kubectl(f"kubectl -n {NAMESPACE} logs --timestamps {pod} -c {name}{flag}", check=False)
            if lines:
                (folder / f"{NAMESPACE}_{pod}_{name}{suffix}").write_text(lines)


def record_metrics(cluster: ClusterAccess, bundle: Path, since: datetime, until: datetime) -> None:
    """The usual metrics of every service, a sample each five seconds."""
    (bundle / "metrics").mkdir()
    for name, (_, query) in _METRICS.items():
        series = _series(cluster, query, since, until)
        moments = sorted({moment for samples in series.values() for moment in samples})
        with (bundle / "metrics" / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["time", *series])
            for moment in moments:
                row = [samples.get(moment, "") for samples in series.values()]
                writer.writerow([stamp(datetime.fromtimestamp(moment, UTC)), *row])
    metrics = {name: meaning for name, (meaning, _) in _METRICS.items()}
    (bundle / "metrics.yaml").write_text(yaml.safe_dump(metrics, sort_keys=False))


def _series(cluster: ClusterAccess, query: str, since: datetime, until: datetime) -> dict[str, dict[float, str]]:
    asked = {"query": query, "start": since.timestamp(), "end": until.timestamp(), "step": _STEP_S}
    address = f"{cluster.prometheus}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        results = json.load(answer)["data"]["result"]
    return {
        cluster.resources[result["metric"]["service"]]: {
            moment: value for moment, value in result["values"] if value not in ("NaN", "+Inf")
        }
        for result in results
        if result["metric"].get("service") in cluster.resources
    }
