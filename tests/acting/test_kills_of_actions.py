"""Whenever the engine is killed in the life of an action: nothing is sent twice or unapproved, or stays unknown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("kill_actions.py")


@pytest.mark.timeout(300)
def test_kills_between_any_two_transitions(tmp_path: Path) -> None:
    command = [sys.executable, str(HARNESS), str(tmp_path / "kills"), "--kills", "30", "--seed", "11"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stderr
    findings = json.loads(ended.stdout)
    assert findings["kills"] >= 30
    assert findings["calls"]
    assert (findings["twice"], findings["unapproved"], findings["unresolved"]) == ([], [], [])
