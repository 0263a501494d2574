"""The whole way on a real Kubernetes API with a real Prometheus: a release fails, is found, cured, and seen as cured.

It is left out where the cluster's binaries are not built (CONTRIBUTING.md). It takes four minutes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.cluster_faults import running_cluster
from benchmarks.cluster_recording import ClusterAccess

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

CALM_S, SHOWS_S = 75, 60
EVERY_S = 10
RELEASE = "kubectl set image deployment/api-service api=registry.local/api:v2.3.2"
CURE = "kubectl rollout undo deployment/api-service"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterAccess]:
    with running_cluster(tmp_path_factory.mktemp("cluster") / "shop") as access:
        time.sleep(CALM_S)
        yield access


@pytest.fixture
def config(cluster: ClusterAccess, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"sources": {
        "prom": {"kind": "prometheus", "url": cluster.prometheus},
        "shop": {"kind": "kubernetes", "kubeconfig": str(cluster.reader)},
    }}))  # fmt: skip
    return path


def command(*arguments: str, config: Path) -> list[str]:
    store = config.with_name("store.db")
    return [sys.executable, "-m", "cockpit", *arguments, "--store", str(store), "--config", str(config)]


def cloudops(*arguments: str, config: Path) -> dict[str, Any]:
    done = subprocess.run(command(*arguments, config=config), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else {}


def causes(report: dict[str, Any]) -> list[tuple[str, str, float]]:
    return [
        (cause["cause_id"], cause["resource"], round(cause["confidence"], 2)) for cause in report["likely_root_causes"]
    ]


def test_a_release_that_fails_is_found_and_cured_and_seen_as_cured(cluster: ClusterAccess, config: Path) -> None:
    cluster.kubectl(RELEASE)
    time.sleep(SHOWS_S)
    report = cloudops("investigate", "frontend returns errors", "--json", config=config)
    cause_id, resource, _ = causes(report)[0]
    assert (cause_id, resource) == ("deployment_regression", "shop/deployment/api-service")

    bundle = config.with_name("bundle")
    cloudops("export", report["execution_id"], str(bundle), config=config)
    assert causes(cloudops("investigate", "--incident", str(bundle), "--json", config=config)) == causes(report)

    watch = command("investigate", "frontend returns errors", "--events", "--watch", "--watch-every", str(EVERY_S),
                    config=config)  # fmt: skip
    with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        readings_since_cure, cured = 0, False
        for line in process.stdout:
            body = json.loads(line)["body"]
            if body["type"] == "watch_started":
                cluster.kubectl(f"{CURE} && kubectl rollout status deployment/api-service --timeout=60s")
                cured = True
            readings_since_cure += body["type"] == "reading_taken" and cured
            if body["type"] == "symptom_changed":
                break
            assert readings_since_cure < 8
        process.send_signal(signal.SIGINT)
    assert body["state"] == "recovered"
