"""An action comes from a package outside of the tree, or from one file in it: the ones that docs/actions.md shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "actions.md"
SAMPLE = "opensre-rds-003"
SHOWN = "api-latency-spike"
NAME = "acme_purge_audit"
COMMAND = "acmectl audit purge --database orders-prod"
# Stands for a file that was put into the folder: the package looks there as well.
ONE_FILE = """
import sys
import primitives.remediations
primitives.remediations.__path__.append(sys.argv.pop(1))
from cockpit.cli import main
sys.exit(main(sys.argv[1:]))
"""


def shown_files() -> dict[str, str]:
    page = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^`([\w./]+)`\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The package of the page, as pip would install it."""
    shown = shown_files()
    for name, text in shown.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ((group, entries),) = re.findall(r'\[project\.entry-points\."([\w.]+)"\]\n((?:.+\n)+)', shown["pyproject.toml"])
    assert group == "cloudops.remediations"
    (tmp_path / "acme_actions" / "__init__.py").touch()
    information = tmp_path / "acme_actions-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-actions\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{entries.replace(chr(34), '')}")
    return tmp_path


def run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(place)]), "COLUMNS": "100"}
    command = [sys.executable, *words, "--store", "store.db"]
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=120, check=False)


def recommended(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [action for action in json.loads(done.stdout)["recommended_actions"] if action["primitive"] == NAME]


def test_an_action_from_outside_is_recommended_with_its_command(package: Path) -> None:
    (action,) = recommended(run(package, "-m", "cockpit", "investigate", "--incident", SAMPLE, "--json"))
    assert (action["command"], action["arguments"]) == (COMMAND, {"database": "orders-prod"})
    assert action["requires_approval"]
    checks = {check["name"]: check for check in json.loads(run(package, "-m", "cockpit", "doctor", "--json").stdout)}
    assert checks["remediations"]["status"] == "ok"
    assert NAME in checks["remediations"]["detail"]


def test_the_report_reads_as_the_page_shows(package: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (shown,) = re.findall(r"the report then reads:\n\n```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert shown in run(package, "-m", "cockpit", "investigate", "--incident", SAMPLE, "--plain").stdout


def test_an_action_that_is_one_file_in_the_folder_is_recommended(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / f"{NAME}.py").write_text(shown_files()["acme_actions/purge_audit.py"], encoding="utf-8")
    (action,) = recommended(run(tmp_path, "-c", ONE_FILE, str(folder), "investigate", "--incident", SAMPLE, "--json"))
    assert action["command"] == COMMAND


def test_without_the_package_there_is_no_such_action(tmp_path: Path) -> None:
    assert recommended(run(tmp_path, "-m", "cockpit", "investigate", "--incident", SAMPLE, "--json")) == []


def test_an_action_that_cannot_be_loaded_is_left_out_and_doctor_says_so(package: Path) -> None:
    (package / "acme_actions" / "purge_audit.py").write_text("import no_such_thing\n")
    done = run(package, "-m", "cockpit", "doctor", "--json")
    assert "acme_purge_audit of acme-actions can't be loaded" in done.stdout
    assert recommended(run(package, "-m", "cockpit", "investigate", "--incident", SAMPLE, "--json")) == []


def test_the_page_shows_the_actions_of_the_sample_as_they_are(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(RECOMMENDED ACTIONS:.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert shown in run(tmp_path, "-m", "cockpit", "investigate", "--incident", SHOWN, "--plain").stdout
