"""`cloudops record`: a bundle of live sources gives offline what they give live."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import fake_traces
from cases.fake_loki import FakeLine, FakeLoki
from cases.fake_traces import FakeJaeger, FakeSpan
from prometheus_system import PrometheusSystem

KEY = "AKIAIOSFODNN7EXAMPLE"


def cloudops(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cockpit", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def ranking(report: dict[str, Any]) -> list[tuple[str, str, float]]:
    return [(entry["cause"], entry["resource"], entry["confidence"]) for entry in report["likely_root_causes"]]


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A ledger that lost its database twelve minutes ago: its log and its traces say so. A key slipped into the log."""
    now = time.time()
    monkeypatch.setattr(fake_traces, "NOW_US", int(now * 1e6))
    lines, spans = [], []
    for number in range(180):
        ago = 20 + 120 * number
        bad = ago < 720
        text = "could not connect to books-db: connection refused" if bad else f"booked {number} with key {KEY}"
        labels = {"service_name": "ledger", "level": "error" if bad else "info"}
        lines.append(FakeLine(int((now - ago) * 1e9), text, labels))
        trace = f"{number + 1:032x}"
        spans.append(FakeSpan(trace, f"{1:016x}", "teller", "POST /pay", ago, 0.3, failed=bad))
        spans.append(FakeSpan(trace, f"{2:016x}", "ledger", "Book", ago - 0.01, 0.1, f"{1:016x}", failed=bad))
    loki, jaeger = FakeLoki(lines), FakeJaeger(spans)
    config = tmp_path / "config.yaml"
    sources = {"logs": {"kind": "loki", "url": loki.url}, "traces": {"kind": "jaeger", "url": jaeger.url}}
    config.write_text(json.dumps({"sources": sources, "store": str(tmp_path / "live.db")}))
    yield config
    loki.close()
    jaeger.close()


def test_what_was_recorded_ranks_as_it_did_live(configured: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "now.incident"
    recorded = cloudops("record", str(bundle), "--config", str(configured), "--query", "ledger fails")
    assert "log records" in recorded.stderr
    assert "spans" in recorded.stderr
    live = json.loads(cloudops("investigate", "ledger fails", "--json", "--config", str(configured)).stdout)
    offline = ("investigate", "--incident", str(bundle), "--json", "--store", str(tmp_path / "offline.db"))
    again = json.loads(cloudops(*offline).stdout)
    assert ranking(again)[:3] == ranking(live)[:3]
    assert ranking(live)
    assert KEY not in bundle.read_bytes().decode("latin-1")
    refused = cloudops("record", str(bundle), "--config", str(configured), code=2)
    assert "--force" in refused.stderr


def test_an_investigation_can_keep_a_day_for_the_postmortem(configured: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "kept"
    cloudops("investigate", "ledger fails", "--plain", "--config", str(configured), "--record", str(bundle))
    manifest = (bundle / "incident.yaml").read_text()
    assert "baseline" in manifest
    logs = (bundle / "logs.jsonl").read_text().splitlines()
    assert len(logs) == 180
    assert not any(KEY in line for line in logs)


@pytest.mark.parametrize(("option", "said"), [("--since=yesterday", "--since"), ("--since=0m", "--since")])
def test_a_time_that_is_none_is_one_line(configured: Path, tmp_path: Path, option: str, said: str) -> None:
    done = cloudops("record", str(tmp_path / "x"), option, "--config", str(configured), code=2)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not os.path.lexists(tmp_path / "x")


@pytest.mark.parts("prometheus", "promtool")
def test_a_recorded_prometheus_ranks_as_it_did_live(jumping_prometheus: PrometheusSystem, tmp_path: Path) -> None:
    url, bundle = jumping_prometheus.url, tmp_path / "now.incident"
    cloudops("record", str(bundle), "--prometheus", url, "--query", "api latency")
    live = ("investigate", "api latency", "--prometheus", url, "--json", "--store", str(tmp_path / "a.db"))
    offline = ("investigate", "--incident", str(bundle), "--json", "--store", str(tmp_path / "b.db"))
    first, again = (json.loads(cloudops(*arguments).stdout) for arguments in (live, offline))

    def believed(report: Any) -> list[tuple[str, str | None]]:
        """What is left at 0 % was thought of on the way, which depends on the order of the answers."""
        return [(cause, resource) for cause, resource, confidence in ranking(report) if confidence]

    assert believed(again) == believed(first)
