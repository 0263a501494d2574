"""The walks of docs/walks.md with the real command in a real terminal, key by key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from pseudo_terminal import COCKPIT, ROOT, PseudoTerminal

sys.path.insert(0, str(ROOT / "tests" / "cockpit"))
from walks import TYPED, keys_of_walk

INCIDENT = str(ROOT / "sample_incidents" / "api-latency-spike")
Walk = Callable[..., PseudoTerminal]


def run(*arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*COCKPIT, *arguments], capture_output=True, text=True, timeout=120, check=True, env=environment
    ).stdout


@pytest.fixture(scope="module")
def investigated(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A store with one investigated incident, and its id."""
    store = str(tmp_path_factory.mktemp("w") / "i.db")
    run("investigate", "API latency spike in prod", "--incident", INCIDENT, "--plain", "--store", store)
    (incident,) = json.loads(run("incidents", "--json", "--store", store))
    return store, incident["execution_id"]


@pytest.fixture
def start(investigated: tuple[str, str]) -> Iterator[Walk]:
    started: list[PseudoTerminal] = []

    def begin(*arguments: str) -> PseudoTerminal:
        terminal = PseudoTerminal(*COCKPIT, *arguments, "--store", investigated[0])
        started.append(terminal)
        return terminal

    yield begin
    for terminal in started:
        terminal.__exit__()


def press(terminal: PseudoTerminal, key: str, seen: str) -> None:
    """One key, and what it must show."""
    terminal.press(TYPED.get(key, key))
    terminal.wait_for(seen)


def test_from_a_fresh_alert_to_the_action(start: Walk) -> None:
    keys = keys_of_walk(1)
    terminal = start("investigate", "API latency spike in prod", "--incident", INCIDENT)
    terminal.wait_for("READ-ONLY DIAGNOSTICS")
    press(terminal, keys[0], "analysis done")
    terminal.wait_for("Deployment v2.3.1 made api-service slower")
    press(terminal, keys[1], "a approve")
    # A recorded incident executes nothing, and the key says so.
    press(terminal, keys[2], "was investigated from")


def test_joining_late(start: Walk, investigated: tuple[str, str]) -> None:
    terminal = start("attach", investigated[1])
    terminal.wait_for("analysis done")
    (story,) = keys_of_walk(2)
    press(terminal, story, "THE STORY SO FAR")


def test_a_postmortem_from_the_replay(start: Walk) -> None:
    replay, end, incident_time, mark, again, colon, *letters, enter = keys_of_walk(3)
    terminal = start()
    terminal.wait_for("stored")
    press(terminal, replay, "REPLAY")
    press(terminal, end, "analysis done")
    press(terminal, incident_time, "REPLAY incident")
    before = re.search(r"⌖ (\S+)", terminal.shown)
    assert before is not None
    terminal.press(mark)
    terminal.wait_for(lambda shown: "⌖" in shown and f"⌖ {before[1]}" not in shown)
    terminal.press(again)
    press(terminal, colon, "Search")
    for letter in letters:
        terminal.press(letter)
    terminal.wait_for("Report: the postmortem")
    press(terminal, enter, "Postmortem:")


def test_a_similar_incident(start: Walk) -> None:
    slash, *letters, keep, open_it = keys_of_walk(4)
    terminal = start()
    terminal.wait_for("stored")
    terminal.press(slash)
    terminal.wait_for("filter incidents")
    for letter in letters:
        terminal.press(letter)
    terminal.press(TYPED[keep])
    terminal.wait_for(lambda shown: "filter incidents" not in shown)
    press(terminal, open_it, "Deployment v2.3.1 made api-service slower")


def test_a_drill(start: Walk, investigated: tuple[str, str]) -> None:
    fact, another, answer, number, enter = keys_of_walk(5)
    terminal = start("replay", investigated[1], "--drill")
    terminal.wait_for("what would you say it is?")
    press(terminal, fact, "1 fact so far")
    press(terminal, another, "2 facts so far")
    press(terminal, answer, "WHAT IS IT?")
    terminal.press(number)
    press(terminal, enter, "OF 100")


def test_two_people_on_one_incident(start: Walk, investigated: tuple[str, str]) -> None:
    follow, note, *words, keep = keys_of_walk(6)
    first = start("attach", investigated[1])
    first.wait_for("analysis done")
    second = start("attach", investigated[1])
    second.wait_for("is here too")
    second.wait_for("◆ you ◇ +1")
    first.wait_for("◆ you ◇ +1")
    press(second, follow, "◆ you → ◇")
    first.wait_for("follows your view")
    first.press("4")
    first.press("h")
    first.wait_for("⌖")
    second.wait_for("⌖")
    press(second, note, "HAND OVER to")
    for letter in words:
        second.press(letter)
    second.wait_for("  db ")
    time.sleep(0.5)  # Enter so close behind a letter could be pasted text
    press(second, keep, "noted")
    first.wait_for("handed over to")
    second.press("q")
    first.wait_for(lambda shown: "◆ you ◇" not in shown)
