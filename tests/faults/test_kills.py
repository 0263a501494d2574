"""No acknowledged event is lost or doubled, however the process dies; see `kill_harness`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HARNESS = Path(__file__).with_name("kill_harness.py")


def harness(folder: Path, *arguments: str, planted: str = "") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HARNESS), str(folder), *arguments],
        env=os.environ | {"CLOUDOPS_PLANTED_BUG": planted},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    findings: dict[str, Any] = json.loads(done.stdout)
    return findings


def test_no_kill_loses_or_doubles_an_acknowledged_event(tmp_path: Path) -> None:
    found = harness(tmp_path, "--rounds", "300")
    assert (found["lost"], found["doubled"], found["broken"]) == ([], [], [])
    assert found["kills"] >= 300
    assert found["acknowledged"] > 5_000
    assert [name for name, kills in found["failpoints"].items() if not kills] == []
    assert len(found["failpoints"]) >= 9


@pytest.mark.parametrize(
    "arguments", [("--rounds", "0", "--failpoint-rounds", "2"), ("--rounds", "60", "--failpoint-rounds", "0")]
)
def test_the_harness_finds_a_planted_bug(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = harness(tmp_path, *arguments, planted="ack-before-commit")
    assert found["lost"]
