"""What the cockpit looks like; `pytest --snapshot-update` takes the pictures anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stage import START, make_app, settle
from story import EXECUTION, StoryPort
from textual.pilot import Pilot

from cockpit.start_modes import Browse, Replay

SIZES = [(80, 24), (120, 36), (200, 60)]


def pressing(*keys: str) -> Callable[[Pilot[Any]], Any]:
    async def press(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)

    return press


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_investigation_that_has_ended(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path, START, StoryPort(wait=False))
    assert snap_compare(app, terminal_size=size, run_before=pressing("2", "j", "j"))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_replay_in_the_middle(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path, Replay(EXECUTION, "20"))
    assert snap_compare(app, terminal_size=size, run_before=pressing("1"))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_plan_prompt(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(tmp_path, START), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_help(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path, START, StoryPort(wait=False))
    assert snap_compare(app, terminal_size=size, run_before=pressing("question_mark"))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_list_of_incidents(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(tmp_path, Browse()), terminal_size=size, run_before=pressing("j"))


def test_the_light_theme_with_the_time_cursor(snap_compare: Any, tmp_path: Path) -> None:
    app = make_app(tmp_path, START, StoryPort(wait=False), theme="cloudops-light")
    assert snap_compare(app, terminal_size=(120, 36), run_before=pressing("m", "3", "l", "h", "h"))


def test_a_tiny_terminal(snap_compare: Any, tmp_path: Path) -> None:
    app = make_app(tmp_path, START, StoryPort(wait=False))
    assert snap_compare(app, terminal_size=(50, 15), run_before=pressing())
