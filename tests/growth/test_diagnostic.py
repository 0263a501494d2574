"""A diagnostic is one file in its folder, and one backend is one folder: what the pages show, in a copied tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the pages' diagnostic and backend in their folders, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes", "docs"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    diagnostic = _shown("extending.md", "acme_cloudops/queue_depth.py")
    (tree / "primitives" / "diagnostics" / "queue_depth.py").write_text(diagnostic, encoding="utf-8")
    backend = tree / "primitives" / "backends" / "acme_csv"
    backend.mkdir()
    (backend / "__init__.py").write_text(_shown("sources.md", "acme_backend/csv_files.py"), encoding="utf-8")
    return tree


def _shown(page: str, name: str) -> str:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (code,) = re.findall(rf"^`{re.escape(name)}`\n```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(code)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The story with a queue that fills."""
    bundle = tmp_path / "bundle"
    shutil.copytree(ROOT / "sample_incidents" / "api-latency-spike", bundle)
    with (bundle / "metrics.yaml").open("a", encoding="utf-8") as metrics:
        metrics.write('queue_depth: {kind: saturation, unit: "{message}", statistic: value, worse: higher}\n')
    moments = re.findall(r"^2\S+Z", (bundle / "metrics" / "requests.csv").read_text(), re.MULTILINE)
    depths = "time,orders\n" + "".join(f"{moment},{number}\n" for number, moment in enumerate(moments))
    (bundle / "metrics" / "queue_depth.csv").write_text(depths, encoding="utf-8")
    return bundle


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(tree)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_diagnostic_is_one_file_that_the_plan_takes_and_the_reference_lists(tree: Path, bundle: Path) -> None:
    done = run(
        tree, "-m", "cockpit", "investigate", "--incident", str(bundle), "--events", "--store", str(tree / "s.db")
    )
    assert done.returncode in (0, 1), done.stderr
    events = [json.loads(line)["body"] for line in done.stdout.splitlines()]
    (plan,) = [event for event in events if event["type"] == "plan_proposed"]
    (step,) = [step for step in plan["steps"] if step["primitive"] == "queue_depth"]
    assert step["reason"].startswith("a queue that grows names who does not keep up")
    facts = [event["fact"] for event in events if event["type"] == "fact_found"]
    assert [fact["value"] for fact in facts if fact.get("kind") == "queue_depth"] == [123.0]
    assert run(tree, "docs/generate.py").returncode == 0
    assert "queue_depth" in (tree / "docs" / "reference" / "diagnostics.md").read_text(encoding="utf-8")


def test_a_backend_is_one_folder_that_is_known_as_a_kind_of_source(tree: Path) -> None:
    (tree / "samples.csv").write_text("1,orders,2\n")
    (tree / "config.yaml").write_text(
        "sources:\n  queues: {kind: acme_csv, path: samples.csv, metric: "
        "{name: depth, kind: saturation, unit: '1', statistic: value, worse: higher}}\n"
    )
    done = run(tree, "-m", "cockpit", "doctor", "--json", "--config", "config.yaml", "--store", str(tree / "s.db"))
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert checks["source queues"]["detail"] == "acme_csv at samples.csv: 1 series"
    assert "acme_csv" in checks["backends"]["detail"].split(", ")
