"""A cause is one entry in one file and a bundle that names it: the entry of docs/extending.md, in a copied tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from engine.reason.catalogue import causes

ROOT = Path(__file__).parents[2]
CONTRACT = """
    cpu_saturated memory_exhausted disk_full io_saturated connections_exhausted threads_exhausted
    concurrency_limited rate_limited quota_exceeded deployment_regression rollout_stuck feature_flag_regression
    bad_configuration missing_configuration missing_secret wrong_address wrong_port port_conflict scaled_to_zero
    dependency_unavailable dependency_slow dependency_errors database_read_only database_failover replication_lag
    slow_query lock_contention external_provider_failure application_crash application_error out_of_memory_killed
    image_not_found image_registry_unreachable image_pull_unauthorized liveness_probe_misconfigured
    readiness_probe_misconfigured startup_probe_misconfigured missing_service_account volume_mount_failed
    volume_permission_denied volume_claim_unbound insufficient_cpu insufficient_memory
    insufficient_extended_resource node_selector_mismatch node_affinity_mismatch pod_affinity_conflict
    taint_not_tolerated job_failed dns_resolution_failed service_selector_mismatch service_port_mismatch
    service_protocol_mismatch ingress_misrouted network_policy_blocked network_delay network_packet_loss
    invalid_credentials permission_denied certificate_expired token_expired node_not_ready node_cordoned
    node_pressure kubelet_unavailable container_runtime_unavailable kube_proxy_unavailable scheduler_unavailable
    instance_failed zone_failed autoscaler_at_limit autoscaler_not_scaling traffic_surge queue_backlog
    consumer_stalled false_alarm recovered unknown
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the entry of the page, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes", "docs"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    shown = r"### A cause\n.*?`(\w+\.py)`:\n\n```python\n.*?(    Cause\(.*?\n    \),)\n\)\n```"
    ((family, entry),) = re.findall(shown, page, re.DOTALL)
    path = tree / "engine" / "reason" / "causes" / family
    before, close, after = path.read_text(encoding="utf-8").rpartition("\n)")
    path.write_text(f"{before}\n{entry.rstrip()}{close}{after}", encoding="utf-8")
    return tree


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An hour in which the offset of a node's clock jumps."""
    bundle, start = tmp_path / "bundle", datetime(2026, 3, 1, 10, tzinfo=UTC)
    (bundle / "metrics").mkdir(parents=True)
    rows = ["time,node/a,node/b"]
    for minute in range(60):
        ripple = 0.001 * (minute % 3)
        offset = 4.0 if minute >= 40 else 0.02
        rows.append(f"{(start + timedelta(minutes=minute)):%Y-%m-%dT%H:%M:%SZ},{offset + ripple},{0.02 + ripple}")
    (bundle / "metrics" / "clock_offset.csv").write_text("\n".join(rows) + "\n")
    parts = {
        "incident.yaml": {
            "format": "cloudops-incident/1", "id": "skewed-clock", "title": "Node a: clock", "query": "node a: clock",
            "detected_at": "2026-03-01T10:45:00Z",
            "window": {"from": "2026-03-01T10:30:00Z", "to": "2026-03-01T10:59:00Z"},
            "symptom": {"resource": "node/a", "metric": "clock_offset", "direction": "above"},
        },
        "metrics.yaml": {"clock_offset": {"kind": "other", "unit": "s", "statistic": "average", "worse": "higher"}},
        "topology.yaml": {"resources": [{"id": "node/a", "kind": "node"}, {"id": "node/b", "kind": "node"}],
                          "edges": []},
        "truth.yaml": {"root_causes": [{"resource": "node/a", "cause_id": "clock_skewed"}],
                       "cause_class": "INFRASTRUCTURE_FAILURE", "source": "made for this test"},
    }  # fmt: skip
    for name, document in parts.items():
        (bundle / name).write_text(yaml.safe_dump(document))
    return bundle


def run(tree: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def top1(tree: Path, bundle: Path) -> float:
    return float(json.loads(run(tree, "-m", "cockpit", "evaluate", str(bundle), "--json"))["top1"])


def test_one_entry_adds_a_cause_that_is_found_and_documented(tree: Path, bundle: Path) -> None:
    assert top1(ROOT, bundle) == 0.0
    assert top1(tree, bundle) == 1.0
    run(tree, "docs/generate.py")
    assert "clock_skewed" in (tree / "docs" / "reference" / "causes.md").read_text(encoding="utf-8")
    assert "clock_skewed" not in (ROOT / "docs" / "reference" / "causes.md").read_text(encoding="utf-8")


def test_the_causes_of_the_contract_stay() -> None:
    assert set(CONTRACT.split()) <= causes().keys()
