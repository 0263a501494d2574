"""Engine and receiver are killed at any moment, and everything is shown exactly once (`kill_outbox.py` does more)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("kill_outbox.py")


def test_a_receiver_that_knows_keys_shows_everything_exactly_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HARNESS), str(tmp_path / "store"), "--kills", "4", "--seed", "3"],
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["notices"] >= 8
    assert result["kills"]["engine"] == 4
