"""`cloudops remediate` as a person meets it: asked, refused, interrupted at each stage, from two terminals, on a pipe.

The cluster is a fake over real HTTP. `tests/acting/test_whole_scenario.py` does the first two on a real API server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cases.acting_clinic import BAD, GOOD, Clinic, configure
from pseudo_terminal import ROOT, PseudoTerminal

WITH_CLINIC = (
    "import sys; sys.path.insert(0, 'tests'); from cases.acting_clinic import register; register(); "
    "from cockpit.cli import main; sys.exit(main())"
)
WITHIN_S = 90


class Desk:
    """A person with a clinic's cluster, a store, and an investigation of its slowness."""

    def __init__(self, clinic: Clinic, folder: Path, *, live: bool = True, **policy: str) -> None:
        self.clinic, self.folder = clinic, folder
        config = configure(clinic, folder, **policy)
        self._environment = {"CLOUDOPS_CONFIG": str(config), "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        asked = ("booking is slow in clinic",) if live else ("--incident", "api-latency-spike")
        done = self.on_a_pipe("investigate", *asked, "--plain")
        assert done.returncode == 0, done.stderr
        self.execution = re.findall(r"exec-[0-9a-f]+", done.stdout)[-1]

    def on_a_pipe(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        command, environment = [sys.executable, "-c", WITH_CLINIC, *words], os.environ | self._environment
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, timeout=120, check=False
        )

    def remediate_on_a_pipe(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return self.on_a_pipe("remediate", "--plan-id", self.execution, *words, given=given)

    def remediate(self, *words: str) -> PseudoTerminal:
        command = (sys.executable, "-c", WITH_CLINIC, "remediate", "--plan-id", self.execution, *words)
        return PseudoTerminal(*command, columns=160, lines=70, environment=self._environment)

    def verified(self) -> None:
        assert self.on_a_pipe("audit", "verify").returncode == 0


@pytest.fixture
def clinic(request: pytest.FixtureRequest) -> Iterator[Clinic]:
    server = Clinic(cured=getattr(request, "param", True))
    yield server
    server.close()


@contextmanager
def asking(desk: Desk, *words: str) -> Iterator[PseudoTerminal]:
    """The command, up to its question."""
    with desk.remediate(*words) as terminal:
        terminal.wait_for("Proceed? [y/n]:", WITHIN_S)
        yield terminal
        assert b"Traceback" not in terminal.raw


not_cured = pytest.mark.parametrize("clinic", [False], ids=["not cured"], indirect=True)


def test_a_no_sends_nothing_a_yes_helps_and_the_undoing_asks_again(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path)
    with asking(desk) as terminal:
        terminal.press("n\n")
        assert terminal.wait() == 4
    assert clinic.calls == []
    with asking(desk, "--action", "RollbackDeployment") as terminal:
        terminal.press("y\n")
        terminal.wait_for("Verification: latency p95 returned to", WITHIN_S)
        terminal.wait_for("Remediation Complete")
        assert terminal.wait() == 0
    assert (clinic.image, len(clinic.calls)) == (GOOD, 1)
    undone = clinic.calls[0].rpartition(".")[2]
    # A dry run of the undoing changes nothing, and asks nothing.
    done = desk.remediate_on_a_pipe("--undo", undone, "--dry-run")
    assert (done.returncode, clinic.image) == (0, GOOD), done.stderr
    with asking(desk, "--undo", undone) as terminal:
        terminal.press("y\n")
        terminal.wait_for("is rolled back: the state before is there again", WITHIN_S)
        assert terminal.wait() == 0
    assert (clinic.image, len(clinic.calls)) == (BAD, 2)
    desk.verified()


@not_cured
def test_what_has_not_helped_is_undone_by_itself_where_that_was_approved(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path, roll_back="automatic")
    with asking(desk) as terminal:
        terminal.press("y\n")
        terminal.wait_for("Rolled back: the state before is there again", WITHIN_S)
        assert terminal.wait() == 1
    assert clinic.image == BAD
    assert [mark.rpartition(".")[2] for mark in clinic.calls] == ["R1", "R2"]
    desk.verified()


@not_cured
def test_leaving_the_question_after_a_failure_says_what_stays(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path)
    with asking(desk) as terminal:
        terminal.press("y\n")
        terminal.wait_for("Undo it (", WITHIN_S)
        terminal.press("\x03")
        assert terminal.wait() == 130
        for words in ("R1 was sent at", "stays as it is (not improved)", "--undo R1` undoes it"):
            assert words in terminal.shown.replace("\n", "")
    assert (clinic.image, len(clinic.calls)) == (GOOD, 1)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_leaves_the_question_has_sent_nothing(clinic: Clinic, short_path: Path, key: str) -> None:
    desk = Desk(clinic, short_path)
    with asking(desk) as terminal:
        terminal.press(key)
        assert terminal.wait() == 130
        assert "interrupted: nothing of R1 was sent" in terminal.shown
    assert clinic.calls == []


def test_ctrl_c_after_it_was_sent_asks_and_what_is_left_is_gone_on_with(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path)
    with asking(desk) as terminal:
        terminal.press("y\n")
        terminal.wait_for("converging", WITHIN_S)
        terminal.press("\x03")
        terminal.wait_for("Wait for it, or leave it?")
        terminal.press("l\n")
        assert terminal.wait() == 130
        assert "R1 was sent at" in terminal.shown
    # A dry run is none of what goes on.
    done = desk.remediate_on_a_pipe("--dry-run")
    assert (done.returncode, "is not finished" in done.stderr) == (2, True), done.stderr
    with desk.remediate() as terminal:
        terminal.wait_for("was interrupted; going on with it", WITHIN_S)
        terminal.wait_for("verifying", WITHIN_S)
        terminal.press("\x03")
        terminal.wait_for("Wait for it, or leave it?")
        terminal.press("w\n")
        terminal.wait_for("Verification: latency p95 returned to", WITHIN_S)
        assert terminal.wait() == 0
    assert len(clinic.calls) == 1


@pytest.mark.parametrize(("late", "code"), [("y\n", 0), ("n\n", 0), ("\x03", 130)], ids=["yes", "no", "Ctrl-C"])
def test_whatever_a_second_terminal_says_after_the_approval_it_tells_the_truth(
    clinic: Clinic, short_path: Path, late: str, code: int
) -> None:
    desk = Desk(clinic, short_path)
    with asking(desk) as first, asking(desk) as second:
        second.press("y\n")
        second.wait_for("converging", WITHIN_S)
        first.press(late)
        first.wait_for("R1 was approved elsewhere meanwhile" if code == 0 else "R1 was sent at", WITHIN_S)
        assert first.wait(WITHIN_S) == code
        if code == 0:
            assert "Remediation Complete" in first.shown
            assert second.wait(WITHIN_S) == 0
    assert len(clinic.calls) == 1


def test_on_a_pipe_nobody_is_asked_so_nothing_is_sent(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path)
    done = desk.remediate_on_a_pipe(given="y\n")
    assert (done.returncode, "there is no terminal to ask on" in done.stderr) == (4, True)
    done = desk.remediate_on_a_pipe("--yes")
    assert (done.returncode, "--yes can't answer for one" in done.stderr) == (4, True)
    done = desk.remediate_on_a_pipe("--json")
    runs = json.loads(done.stdout)["runs"]
    assert (done.returncode, [run["status"] for run in runs]) == (4, ["rejected"] * 3)
    assert "⏎" not in done.stderr
    assert "     Digest " in done.stderr
    done = desk.remediate_on_a_pipe("--undo", "R1", "--action", "A-1")
    assert (done.returncode, clinic.calls) == (2, [])


def test_an_execution_from_a_bundle_is_refused_whatever_credentials_are_there(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path, live=False)
    asked = len(clinic.asked)
    done = desk.remediate_on_a_pipe("--source", "ward")
    assert (done.returncode, "was investigated from a recording" in done.stderr) == (4, True), done.stderr
    assert (len(clinic.asked), clinic.calls) == (asked, [])


BROKEN = (
    "policy: [",
    "policy:\n  auto_aprove: [write]\n",
    "",
    "\x00",
    "policy: {auto_approve: [read, write]}\nx: 1\n",
)


def test_with_a_policy_that_can_not_be_used_nothing_is_even_asked(clinic: Clinic, short_path: Path) -> None:
    desk = Desk(clinic, short_path)
    for broken in BROKEN:
        (short_path / "policy.yaml").write_text(broken)
        done = desk.remediate_on_a_pipe("--yes")
        assert (done.returncode, "the policy can't be used" in done.stderr, clinic.calls) == (4, True, []), done.stderr
