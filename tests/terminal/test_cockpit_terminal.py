"""The real command in a real pseudo-terminal: first frame, result, signals, a terminal that goes away."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pseudo_terminal import COCKPIT, ROOT, PseudoTerminal

INCIDENT = str(ROOT / "sample_incidents" / "api-latency-spike")
OUTPUT = {
    "capture_output": True,
    "text": True,
    "timeout": 60,
    "check": True,
    "env": os.environ | {"PYTHONPATH": str(ROOT)},
}
MINIMAL = """
from textual.app import App
from textual.widgets import Static

class Minimal(App):
    def compose(self):
        yield Static("a minimal frame")

Minimal().run()
"""


@pytest.fixture
def store(short_path: Path) -> Path:
    return short_path / "i.db"


@pytest.fixture
def cockpit(store: Path) -> Iterator[Callable[..., PseudoTerminal]]:
    """Starts `cloudops ...` in a terminal; ends whatever is left."""
    started: list[PseudoTerminal] = []

    def start(*arguments: str, **kwargs: int) -> PseudoTerminal:
        terminal = PseudoTerminal(*COCKPIT, *arguments, "--store", str(store), **kwargs)
        started.append(terminal)
        return terminal

    yield start
    for terminal in started:
        terminal.__exit__()


def verified(store: Path) -> str:
    """What `audit verify` and `incidents` say of the store afterwards."""
    done = subprocess.run(
        [*COCKPIT, "audit", "verify", "--store", str(store)],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_restored(terminal: PseudoTerminal) -> bool:
    """Whether the last that was written leaves the alternate screen, shows the cursor and ends mouse reports."""
    last = bytes(terminal.raw[-400:])
    return all(code in last for code in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?2004l"))


def look_first(terminal: PseudoTerminal) -> None:
    """Put the plan's prompt away. A key that came too soon after Esc would be taken for one together with Alt."""
    terminal.press("\x1b")
    terminal.wait_for(lambda shown: "RUN THE PLAN" in shown and "READ-ONLY" not in shown)


def first_frame(command: tuple[str, ...], *wanted: str) -> float:
    """Seconds from exec until all of `wanted` was written."""
    with PseudoTerminal(*command) as terminal:
        seen = b""
        marks = [one.encode() for one in wanted]
        while not all(mark in seen for mark in marks):
            assert select.select([terminal.terminal], [], [], 30)[0], seen[-500:]
            seen += os.read(terminal.terminal, 1 << 16)
        return time.monotonic() - terminal.started


def test_the_first_frame_takes_at_most_one_and_a_half_times_a_minimal_apps(store: Path) -> None:
    minimal = (sys.executable, "-c", MINIMAL)
    ours = (*COCKPIT, "investigate", "API latency spike", "--incident", INCIDENT, "--store", str(store))
    ratios = []
    for _ in range(4):
        pairs = [
            (first_frame(ours, "API latency spike", "Hypotheses", "╯"), first_frame(minimal, "a minimal frame"))
            for _ in range(3)
        ]
        ratios.append(statistics.median(one for one, _ in pairs) / statistics.median(one for _, one in pairs))
        # The machine is shared: other processes can only make it worse.
        if ratios[-1] <= 1.5:
            return
    raise AssertionError(f"ratios {ratios}")


def test_an_investigation_from_the_first_frame_to_its_result(
    cockpit: Callable[..., PseudoTerminal], store: Path
) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    terminal.press("y")
    terminal.wait_for("analysis done")
    terminal.wait_for("Deployment v2.3.1")
    terminal.press("q")
    assert terminal.wait() == 0
    assert is_restored(terminal)
    assert b"Traceback" not in terminal.raw
    assert "1" in verified(store)


def test_without_a_known_cause_or_confirmation_the_exit_code_says_so(cockpit: Callable[..., PseudoTerminal]) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    terminal.press("q")
    assert terminal.wait() == 4
    assert is_restored(terminal)


def test_a_bundle_that_is_not_there_is_one_line_and_exit_code_2(cockpit: Callable[..., PseudoTerminal]) -> None:
    terminal = cockpit("investigate", "--incident", "/no/such/bundle")
    assert terminal.wait() == 2
    assert is_restored(terminal) is False or b"cloudops: " in terminal.raw
    line = bytes(terminal.raw).rpartition(b"cloudops: ")[2]
    assert b"/no/such/bundle" in line
    assert line.count(b"\n") == 1


def test_ctrl_c_twice_cancels_and_ends_with_130(cockpit: Callable[..., PseudoTerminal], store: Path) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    look_first(terminal)
    terminal.press("\x03")
    terminal.wait_for("STOP WHAT?")
    terminal.press("\x03")
    assert terminal.wait() == 130
    assert is_restored(terminal)
    verified(store)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("moment", ["opening", "waiting"])
def test_a_signal_ends_it_with_130_and_an_intact_store(
    cockpit: Callable[..., PseudoTerminal], store: Path, number: signal.Signals, moment: str
) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("Hypotheses" if moment == "opening" else "READ-ONLY DIAGNOSTICS")
    terminal.signal(number)
    assert terminal.wait() == 130
    if number == signal.SIGTERM:
        assert is_restored(terminal)
    if store.exists():
        verified(store)


def test_an_interrupt_from_outside_asks_like_the_key(cockpit: Callable[..., PseudoTerminal]) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    look_first(terminal)
    terminal.signal(signal.SIGINT)
    terminal.wait_for("STOP WHAT?")
    terminal.press("l")
    assert terminal.wait() == 4


def test_a_terminal_that_is_closed_ends_it(cockpit: Callable[..., PseudoTerminal], store: Path) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    terminal.press("y")
    terminal.close()
    assert terminal.wait(30) == 130
    verified(store)


def test_a_tiny_terminal_says_so_and_grows(cockpit: Callable[..., PseudoTerminal]) -> None:
    terminal = cockpit("investigate", "API latency spike", "--incident", INCIDENT, columns=50, lines=15)
    terminal.wait_for("needs 60x20")
    terminal.wait_for("PLAN WAITS FOR YOU")
    terminal.press("y")
    # A key that comes together with the new size may be answered in it.
    time.sleep(1.0)
    terminal.resize(120, 36)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    terminal.press("y")
    terminal.wait_for("analysis done")
    terminal.press("q")
    assert terminal.wait() == 0


def last_line(terminal: PseudoTerminal) -> str:
    """What stands in the terminal when the cockpit was left."""
    return bytes(terminal.raw).rpartition(b"\x1b[?1049l")[2].decode().splitlines()[-1]


def test_after_leaving_a_line_says_how_to_come_back(cockpit: Callable[..., PseudoTerminal], store: Path) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    look_first(terminal)
    (execution_id,) = re.findall(r"exec-[0-9a-f]{8}", terminal.shown)
    terminal.press("ql")
    assert terminal.wait() == 4
    back = f"`cloudops attach {execution_id} --store {store}`"
    waits = f"{execution_id} waits for its plan to be confirmed; {back} resumes it"
    assert last_line(terminal).endswith(waits)
    again = cockpit("attach", execution_id)
    again.wait_for("READ-ONLY DIAGNOSTICS")
    again.press("y")
    again.wait_for("analysis done")
    again.press("q")
    assert again.wait() == 0
    back = f"`cloudops replay {execution_id} --store {store}`"
    assert last_line(again).endswith(f"{execution_id} completed; {back} shows it again")


def test_keys_typed_in_one_burst_are_each_answered(cockpit: Callable[..., PseudoTerminal]) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.press("y")
    terminal.wait_for("analysis done")
    terminal.press("m/aeq:py\r?")
    terminal.wait_for("KEYS")
    terminal.press("q")
    # A key that leaves is dropped when it comes within 10 ms of another one: that is a paste.
    terminal.wait_for(lambda shown: "KEYS" not in shown and "filter “aeq:py”" in shown)
    time.sleep(0.05)
    terminal.press("q")
    assert terminal.wait() == 0


def test_a_second_cockpit_sees_the_same_and_survives_the_first(cockpit: Callable[..., PseudoTerminal]) -> None:
    first = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    first.wait_for("READ-ONLY DIAGNOSTICS")
    second = cockpit("attach", "api-latency-spike")
    second.wait_for("READ-ONLY DIAGNOSTICS")
    look_first(second)
    os.kill(first.pid, signal.SIGKILL)
    second.wait_for("went away")
    second.wait_for("CONNECTION LOST")
    assert "analyze_utilization" in second.shown
    second.press("q")
    assert second.wait() == 3
    assert is_restored(second)


def test_a_plan_confirmed_in_one_cockpit_runs_in_both(cockpit: Callable[..., PseudoTerminal]) -> None:
    first = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    first.wait_for("READ-ONLY DIAGNOSTICS")
    second = cockpit("attach", "api-latency-spike")
    second.wait_for("READ-ONLY DIAGNOSTICS")
    second.press("y")
    second.wait_for("analysis done")
    first.wait_for("analysis done")
    second.press("q")
    assert second.wait() == 0
    first.press("q")
    assert first.wait() == 0


def test_a_stored_incident_is_listed_and_replayed(cockpit: Callable[..., PseudoTerminal]) -> None:
    made = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    made.wait_for("READ-ONLY DIAGNOSTICS")
    made.press("y")
    made.wait_for("analysis done")
    made.press("q")
    assert made.wait() == 0
    browsing = cockpit()
    browsing.wait_for("1 stored")
    browsing.press("r")
    browsing.wait_for("REPLAY")
    browsing.press("\x1b")
    browsing.wait_for("1 stored")
    browsing.press("q")
    assert browsing.wait() == 0
    replayed = cockpit("replay", "api-latency-spike", "--at", "3")
    replayed.wait_for("event 3 of")
    replayed.press("q")
    assert replayed.wait() == 0


def test_no_color_draws_greys_alone(cockpit: Callable[..., PseudoTerminal]) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT, "--no-color")
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    terminal.press("q")
    assert terminal.wait() == 4
    colours = set(re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", bytes(terminal.raw)))
    assert colours
    assert all(len(set(colour)) == 1 for colour in colours), colours


def test_a_pasted_escape_and_newline_stay_in_the_line_and_nothing_is_submitted(
    cockpit: Callable[..., PseudoTerminal], store: Path
) -> None:
    terminal = cockpit("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    terminal.press("y")
    terminal.wait_for("analysis done")
    terminal.press("f")
    terminal.wait_for("ADD A FACT")
    terminal.press("\x1b[200~pool cut\x1bq\r\nfrom 200\n\x1b[A to 100\n\x1b[201~")
    terminal.wait_for("pool cutq from 200 [A to 100")
    for _ in range(20):
        assert terminal.read(0.05)
    assert "ADD A FACT" in terminal.shown
    assert "fact added" not in terminal.shown
    terminal.press("\x1b")
    terminal.wait_for(lambda shown: "ADD A FACT" not in shown)
    terminal.press("q")
    assert terminal.wait() == 0
    assert is_restored(terminal)
    assert "pool cut" not in events_of(store)


def events_of(store: Path) -> str:
    """Every event of the stored incident, as JSON lines."""
    (incident,) = json.loads(output_of("incidents", "--json", "--store", str(store)))
    return output_of("attach", incident["execution_id"], "--events", "--store", str(store))


def output_of(*arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*COCKPIT, *arguments], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    return done.stdout
