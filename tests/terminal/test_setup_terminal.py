"""`cloudops setup` on a plain terminal: asks, checks, shows, writes; replaces nothing without a yes."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from cases.fake_loki import FakeLoki


@pytest.fixture
def loki() -> Iterator[FakeLoki]:
    server = FakeLoki()
    yield server
    server.close()


def answer_questions(answers: Sequence[tuple[str, str]], config: Path) -> tuple[int, str]:
    """Run setup, and give each answer when its question is there; returns the exit code and what was shown."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "cockpit", "setup", "--config", str(config)]
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    shown, seen, waiting = "", 0, list(answers)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            try:
                shown += os.read(master, 65_536).decode("utf-8", "replace")
            except OSError:
                break
        if waiting and (at := shown.find(waiting[0][0], seen)) >= 0:
            seen = at + len(waiting[0][0])
            os.write(master, waiting.pop(0)[1].encode() + b"\n")
    os.close(master)
    assert not waiting, shown
    return child.wait(10), shown


def test_a_chosen_source_is_checked_shown_and_written(loki: FakeLoki, tmp_path: Path, private_home: Path) -> None:
    config = tmp_path / "new" / "config.yaml"
    (private_home / ".kube").mkdir()
    (private_home / ".kube" / "config").write_text("contexts: [{name: north}]\n")
    answers = [
        ("context north", "n"),
        ("URL of Prometheus", ""),
        ("URL of Jaeger", ""),
        ("URL of Grafana Loki", loki.url),
        ("URL of Grafana Tempo", ""),
        ("Write this", "y"),
    ]
    code, shown = answer_questions(answers, config)
    assert code == 0
    assert "reachable: version 3.4.2" in shown
    assert yaml.safe_load(config.read_text()) == {"sources": {"loki": {"kind": "loki", "url": loki.url}}}
    assert config.stat().st_mode & 0o077 == 0
    assert len(loki.asked) > 0


def test_a_file_that_is_there_stays_unless_somebody_says_yes(loki: FakeLoki, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("theme: cloudops-light\n")
    answers = [("URL of", ""), ("URL of", ""), ("URL of", loki.url), ("URL of", ""), ("Replace it", "")]
    code, shown = answer_questions(answers, config)
    assert (code, config.read_text()) == (4, "theme: cloudops-light\n")
    assert "nothing was written" in shown


def test_a_source_that_does_not_answer_is_not_taken_by_itself(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    answers = [("URL of", "http://127.0.0.1:1"), ("Use it all the same", "n"), ("URL of", ""), ("URL of", ""),
               ("URL of", ""), ("URL of", "")]  # fmt: skip
    code, shown = answer_questions(answers, config)
    assert (code, config.exists()) == (0, False)
    assert "unreachable: can't be reached" in shown


def test_without_a_terminal_it_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cockpit", "setup", "--config", str(tmp_path / "c.yaml")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "docs/configuration.md" in done.stderr
