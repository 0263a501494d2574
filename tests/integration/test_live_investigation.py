"""A live investigation of a real Prometheus, and the same investigation offline from its exported bundle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_system import PrometheusSystem

pytestmark = pytest.mark.parts("prometheus", "promtool")

VOLATILE = ("id", "source", "observed_at")


def cloudops(*arguments: str, store: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cockpit", *arguments, "--store", str(store)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def facts_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What the facts say, without where the answer came from."""
    plain = []
    for fact in report["facts"]:
        kept = {key: value for key, value in fact.items() if key not in VOLATILE}
        if fact["type"] == "source_gap":
            del kept["statement"]  # It names the source.
        kept["data"] = {key: value for key, value in kept["data"].items() if key not in ("answers", *VOLATILE)}
        plain.append(kept)
    return sorted(plain, key=lambda fact: json.dumps(fact, sort_keys=True))


def test_a_live_jump_is_found_and_its_bundle_gives_the_same_facts_offline(
    jumping_prometheus: PrometheusSystem, tmp_path: Path
) -> None:
    live = cloudops(
        "investigate", "api latency", "--prometheus", jumping_prometheus.url, "--json", store=tmp_path / "a.db"
    )
    assert live.returncode == 0, live.stderr
    report = json.loads(live.stdout)
    shifts = [fact for fact in report["facts"] if fact["type"] == "metric_shift" and fact["polarity"] == "present"]
    assert any(fact["resource"] == "orders" and "latency" in fact["data"]["metric"] for fact in shifts)
    assert report["likely_root_causes"][0]["resource"] == "orders"

    bundle = tmp_path / "live.incident"
    exported = cloudops("export", report["execution_id"], str(bundle), store=tmp_path / "a.db")
    assert exported.returncode == 0, exported.stderr
    offline = cloudops("investigate", "--incident", str(bundle), "--json", store=tmp_path / "b.db")
    assert offline.returncode == 0, offline.stderr
    again = json.loads(offline.stdout)
    assert facts_of(again) == facts_of(report)
    assert [one["cause"] for one in again["likely_root_causes"]] == [
        one["cause"] for one in report["likely_root_causes"]
    ]


def test_a_prometheus_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    run = cloudops(
        "investigate", "api latency", "--prometheus", "http://127.0.0.1:1", "--plain", store=tmp_path / "a.db"
    )
    assert run.returncode == 3
    assert len(run.stderr.strip().splitlines()) == 1
    assert "prometheus" in run.stderr
