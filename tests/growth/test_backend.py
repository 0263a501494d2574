"""A backend comes from a package outside of the tree: the one that docs/sources.md shows, investigated live with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from primitives.clock import SystemClock

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
SECRET_PATH = "hunter-2.csv"  # stands for an address: it must show in no event


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the package of the page, as pip would install it, with a file to read and a configuration."""
    page = PAGE.read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`([\w./]+)`\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    for name, text in shown.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ((group, entries),) = re.findall(r'\[project\.entry-points\."([\w.]+)"\]\n((?:.+\n)+)', shown["pyproject.toml"])
    assert group == "cloudops.backends"
    (tmp_path / "acme_backend" / "__init__.py").touch()
    information = tmp_path / "acme_backend-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-backend\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{entries.replace(chr(34), '')}")
    _write_samples(tmp_path / SECRET_PATH)
    (configured,) = re.findall(r"^sources:\n  queues:\n(?:    .+\n)+", page, re.MULTILINE)
    (tmp_path / "config.yaml").write_text(configured.replace("/var/lib/acme/queues.csv", str(tmp_path / SECRET_PATH)))
    return tmp_path


def _write_samples(path: Path) -> None:
    """Seven hours, a sample a minute; the queue of `orders` grew a quarter of an hour ago."""
    now = SystemClock().now().timestamp()
    random = np.random.default_rng(3)
    lines = []
    for minute in range(-420, 1):
        for resource, level in (("orders", 900.0 if minute > -15 else 12.0), ("carts", 10.0)):
            lines.append(f"{now + 60 * minute - 1:.0f},{resource},{level + random.normal(0, 1):.3f}\n")
    path.write_text("".join(lines))


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cockpit", *arguments, "--config", "config.yaml", "--store", "store.db"]
    path = os.pathsep.join([str(PAGE.parents[1]), str(place)])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_backend_from_outside_is_configured_checked_and_investigated_with(place: Path) -> None:
    checks = {check["name"]: check for check in json.loads(run(place, "doctor", "--json").stdout)}
    assert checks["source queues"]["status"] == "ok"
    assert checks["source queues"]["detail"].startswith(f"acme_csv at {place / SECRET_PATH}")
    assert "acme_csv" in checks["backends"]["detail"]

    done = run(place, "investigate", "the queue of orders grows", "--source", "queues", "--json")
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    shifts = [fact for fact in report["facts"] if fact["type"] == "metric_shift" and fact["polarity"] == "present"]
    assert [(fact["resource"], fact["source"]) for fact in shifts] == [("orders", "queues")]


def test_the_log_has_the_name_of_a_source_and_nothing_of_its_settings(place: Path) -> None:
    assert run(place, "investigate", "the queue of orders grows", "--events").returncode in (0, 1)
    for file in place.glob("store.db*"):
        assert SECRET_PATH.encode() not in file.read_bytes()
    listed = json.loads(run(place, "incidents", "--json").stdout)
    log = run(place, "attach", listed[0]["execution_id"], "--events").stdout
    events = [json.loads(line) for line in log.splitlines()]
    (checked,) = [event for event in events if event["body"]["type"] == "sources_checked"]
    assert checked["seq"] == 2
    assert "investigation_resumed" not in {event["body"]["type"] for event in events}
    assert [source["name"] for source in checked["body"]["sources"]] == ["queues"]


def test_a_backend_that_cannot_be_loaded_is_named_by_doctor_and_leaves_the_others(place: Path) -> None:
    (place / "acme_backend" / "csv_files.py").write_text("import no_such_thing\n")
    (place / "config.yaml").write_text("")
    checks = {check["name"]: check for check in json.loads(run(place, "doctor", "--json").stdout)}
    assert checks["backends"]["status"] == "warning"
    assert "acme_csv of acme-backend can't be loaded" in checks["backends"]["detail"]
    assert "prometheus" in checks["backends"]["detail"]
