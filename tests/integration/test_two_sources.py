"""Kubernetes and Prometheus in one live investigation: the symptom is in one, the cause in the other.

A real Prometheus has seen `orders` become slow; an API server tells of its rollout a minute before. What is exported
gives the same facts and the same ranking offline, and it makes no difference which of the two sources answers last.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cases.fake_kubernetes import FakeKubernetes
from cases.fake_server import FakeServer, Reply
from prometheus_system import PrometheusSystem

from primitives.resolver import RULE_WORDS

pytestmark = pytest.mark.parts("prometheus", "promtool")

VOLATILE = ("id", "source", "observed_at")
SLOW_S = 0.3
BEFORE_JUMP = timedelta(seconds=60)
LONG_AGO = timedelta(days=3)
ORDERS = "shop/deployment/orders"


class Passing(FakeServer):
    """Hands each request on to a server at `target`, `wait_s` seconds late."""

    def __init__(self, target: str, wait_s: float) -> None:
        self.target, self.wait_s = target, wait_s
        super().__init__()

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        time.sleep(self.wait_s)
        headers = {"Content-Type": handler.headers.get("Content-Type", "application/json")}
        request = urllib.request.Request(
            self.target + handler.path, data=body or None, headers=headers, method=handler.command
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Reply(answer.status, answer.read(), {"Content-Type": answer.headers["Content-Type"]})
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read())


def stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def released(jump: datetime) -> dict[str, list[dict[str, Any]]]:
    """The cluster that runs `orders`, which got a new image a minute before `jump`, and `catalogue`, which did not."""
    new, old = jump - BEFORE_JUMP, jump - LONG_AGO
    objects: dict[str, list[dict[str, Any]]] = {"nodes": [
        {"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    ]}  # fmt: skip
    for name, revisions in (("orders", ((1, old), (2, new))), ("catalogue", ((1, old),))):
        for kind, items in _workload(name, revisions, old).items():
            objects.setdefault(kind, []).extend(items)
    return objects


def _workload(
    name: str, revisions: tuple[tuple[int, datetime], ...], made: datetime
) -> dict[str, list[dict[str, Any]]]:
    labels = {"app": name}
    sets, (newest, since) = [], revisions[-1]
    for number, at in revisions:
        wanted = int(number == newest)
        sets.append({
            "metadata": {
                "name": f"{name}-{number}", "namespace": "shop", "creationTimestamp": stamp(at), "labels": labels,
                "annotations": {"deployment.kubernetes.io/revision": str(number)},
                "ownerReferences": [{"kind": "Deployment", "name": name, "controller": True}],
            },
            "spec": {"replicas": wanted, "selector": {"matchLabels": labels}, "template": _template(name, number)},
            "status": {"replicas": wanted, "readyReplicas": wanted},
        })  # fmt: skip
    pod = {
        "metadata": {
            "name": f"{name}-{newest}-aa1", "namespace": "shop", "labels": labels, "creationTimestamp": stamp(since),
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"{name}-{newest}", "controller": True}],
        },
        "spec": {"nodeName": "n1", **_template(name, newest)["spec"]},
        "status": {
            "phase": "Running", "podIP": "10.0.0.7", "startTime": stamp(since),
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": stamp(since)}],
            "containerStatuses": [{"name": "app", "ready": True, "restartCount": 0, "lastState": {},
                                   "image": f"registry.example/{name}:{newest}",
                                   "state": {"running": {"startedAt": stamp(since)}}}],
        },
    }  # fmt: skip
    deployment = {
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": stamp(made), "generation": newest,
                     "annotations": {"deployment.kubernetes.io/revision": str(newest)}},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": _template(name, newest)},
        "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1,
                   "observedGeneration": newest},
    }  # fmt: skip
    service = {"metadata": {"name": name, "namespace": "shop", "creationTimestamp": stamp(made)},
               "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}}  # fmt: skip
    return {"deployments": [deployment], "replicasets": sets, "pods": [pod], "services": [service]}


def _template(name: str, revision: int) -> dict[str, Any]:
    container = {"name": "app", "image": f"registry.example/{name}:{revision}"}
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}


def cloudops(*arguments: str, folder: Path, store: str) -> dict[str, Any]:
    text = cloudops_text(*arguments, folder=folder, store=store)
    document: dict[str, Any] = json.loads(text) if text.startswith("{") else {}
    return document


def cloudops_text(*arguments: str, folder: Path, store: str) -> str:
    command = [sys.executable, "-m", "cockpit", *arguments, "--store", str(folder / store)]
    command += ["--config", str(folder / "config.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def cluster(jumping_prometheus: PrometheusSystem) -> Iterator[FakeKubernetes]:
    fake = FakeKubernetes(released(jumping_prometheus.jump))
    yield fake
    fake.close()


def investigated(
    system: PrometheusSystem, cluster: FakeKubernetes, folder: Path, until: datetime, *, late: str
) -> dict[str, Any]:
    """The report of one live investigation of the time until then, in which the source `late` answers last."""
    folder.mkdir()
    metrics = Passing(system.url, SLOW_S if late == "metrics" else 0.0)
    api = Passing(cluster.url, SLOW_S if late == "cluster" else 0.0)
    kubeconfig = cluster.kubeconfig(folder)
    kubeconfig.write_text(kubeconfig.read_text().replace(cluster.url, api.url))
    sources = {
        "metrics": {"kind": "prometheus", "url": metrics.url},
        "cluster": {"kind": "kubernetes", "kubeconfig": str(kubeconfig)},
    }
    (folder / "config.yaml").write_text(json.dumps({"sources": sources}))
    try:
        looked_at = ("--since", stamp(system.jump - timedelta(minutes=30)), "--until", stamp(until))
        return cloudops("investigate", "orders latency is high", *looked_at, "--json", folder=folder, store="live.db")
    finally:
        metrics.close()
        api.close()


_OF_THE_MOMENT = ("value", "summary")


def plain_facts(report: dict[str, Any]) -> list[str]:
    """What the facts say, without where the answer came from."""
    plain = []
    for fact in report["facts"]:
        kept = {key: value for key, value in fact.items() if key not in VOLATILE}
        if fact["type"] == "source_gap":
            del kept["statement"]  # It names the source.
        if fact["type"] == "alert":
            # Prometheus evaluates it anew every few seconds, and nobody asks twice in the same one.
            kept["data"] = {key: value for key, value in kept["data"].items() if key not in _OF_THE_MOMENT}
            del kept["statement"]
        kept["data"] = {key: value for key, value in kept["data"].items() if key not in ("answers", *VOLATILE)}
        plain.append(json.dumps(kept, sort_keys=True))
    return sorted(plain)


def ranking(report: dict[str, Any]) -> list[tuple[str, str, float]]:
    return [
        (cause["cause_id"], cause["resource"], round(cause["confidence"], 6)) for cause in report["likely_root_causes"]
    ]


def test_the_symptom_of_one_source_and_the_cause_of_the_other_are_the_same_offline_and_in_any_order(
    jumping_prometheus: PrometheusSystem, cluster: FakeKubernetes, tmp_path: Path
) -> None:
    # Both look at the same minutes, and at once: an API server tells what is there now.
    until = datetime.now(UTC)
    with ThreadPoolExecutor(2) as pool:
        begun = {
            late: pool.submit(investigated, jumping_prometheus, cluster, tmp_path / late, until, late=late)
            for late in ("metrics", "cluster")
        }
        reports = {late: report.result() for late, report in begun.items()}
    report = reports["metrics"]
    best = report["likely_root_causes"][0]
    assert (best["cause_id"], best["resource"]) == ("deployment_regression", ORDERS)
    shifts = [fact for fact in report["facts"] if fact["type"] == "metric_shift" and fact["polarity"] == "present"]
    assert any(fact["resource"] == ORDERS and fact["source"] == "metrics" for fact in shifts)
    changes = [fact for fact in report["facts"] if fact["type"] == "change" and fact["polarity"] == "present"]
    assert {fact["resource"] for fact in changes} == {ORDERS}
    sources = [fact["source"] for fact in report["facts"] if fact["id"] in _cited(best)]
    assert "metrics" in sources
    assert any("cluster" in source for source in sources)

    tied = {(tie["source"], tie["name"]): tie for tie in report["names_tied"]}
    assert tied["metrics", "orders"]["resource"] == ORDERS
    assert tied["metrics", "orders"]["because"] == RULE_WORDS["name"]
    words = cloudops_text("replay", report["execution_id"], "--explain", folder=tmp_path / "metrics", store="live.db")
    said = " ".join(words.split())
    assert f"orders (metrics) = {ORDERS}: {RULE_WORDS['name']}" in said.partition("NAMES TIED ACROSS SOURCES")[2]

    assert ranking(reports["cluster"]) == ranking(report)
    assert reports["cluster"]["names_tied"] == report["names_tied"]
    assert plain_facts(reports["cluster"]) == plain_facts(report)

    for late, live in reports.items():
        folder = tmp_path / late
        bundle = folder / "live.incident"
        cloudops("export", live["execution_id"], str(bundle), folder=folder, store="live.db")
        again = cloudops("investigate", "--incident", str(bundle), "--json", folder=folder, store="offline.db")
        assert ranking(again) == ranking(live)
        assert plain_facts(again) == plain_facts(live)


def _cited(cause: dict[str, Any]) -> set[str]:
    return {weighed["fact"] for weighed in cause["evidence_for"]}
