"""Leaving: one screen at a time, never by accident, and with a line that says how to come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import START, Opened, settle, shown
from story import EXECUTION, StoryPort
from textual.command import CommandPalette

from cockpit.app import CockpitApp, run_cockpit
from cockpit.exit_summary import ExitSummary, print_summaries, summary_line
from cockpit.screens.incidents import IncidentsScreen
from cockpit.screens.live import LiveScreen
from cockpit.screens.prompts import PlanPrompt
from cockpit.screens.replay import ReplayScreen
from cockpit.screens.stopping import StopPrompt
from cockpit.settings import Settings
from cockpit.start_modes import Attach, Browse, Replay, StartMode
from engine.port import Cancel, IncidentSummary
from engine.store.locations import parse_location

TINY, SMALL = (58, 18), (60, 20)


def said_after(app: object) -> list[str]:
    return [summary_line(one, None) for one in app.exit_summaries]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mode", "said"), [(START, 1), (Attach("exec-1"), 1), (Browse(), 0)])
def test_an_interrupt_before_there_is_an_incident_is_said(
    mode: StartMode, said: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    location = parse_location(str(tmp_path / "i.db"))
    settings = Settings(store=location, config=tmp_path / "c.yaml", config_found=False)
    monkeypatch.setattr(CockpitApp, "run", lambda app: setattr(app, "exit_status", 130))
    assert run_cockpit(settings, mode) == 130
    assert capsys.readouterr().err.count("cloudops: interrupted; `cloudops incidents` lists what is stored") == said


async def test_q_in_a_replay_that_an_incident_opened_goes_back_to_it(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        assert "q quit" in " ".join(shown(app).splitlines()[-1].split())
        await pilot.press("r")
        await settle(pilot)
        assert isinstance(app.screen, ReplayScreen)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, LiveScreen)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 0
    assert said_after(app) == [f"{EXECUTION} completed; `cloudops replay {EXECUTION}` shows it again"]


async def test_q_goes_back_to_the_list_and_then_leaves(opened: Opened) -> None:
    async with opened(Browse()) as (app, pilot):
        await pilot.press("r")
        await settle(pilot)
        assert isinstance(app.screen, ReplayScreen)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, IncidentsScreen)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 0
    assert app.exit_summaries == ()


async def test_ctrl_c_in_a_replay_that_an_incident_opened_leaves_everything(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("r")
        await settle(pilot)
        await pilot.press("ctrl+c")
        await settle(pilot)
    assert app.exit_status == 0
    assert len(said_after(app)) == 1


class Own(StoryPort):
    """An engine that runs what the list shows first, in the cockpit's own process."""

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        first = (await super().incidents(limit))[0]
        return (first._replace(phase="planned", running=True),)


async def test_leaving_the_list_asks_about_what_was_left_running(opened: Opened) -> None:
    port = Own()
    async with opened(Browse(), port=port) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, PlanPrompt)
        await pilot.press("escape", "q")
        await settle(pilot)
        assert isinstance(app.screen, IncidentsScreen)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, StopPrompt)
        await pilot.press("c")
        await settle(pilot)
        assert port.commands == [Cancel()]
        await pilot.press("q", "l")
        await settle(pilot)
    assert said_after(app) == [f"{EXECUTION} paused; `cloudops attach {EXECUTION}` resumes it"]


@pytest.mark.parametrize(
    ("keys", "remote", "words"),
    [
        (["q"], False, "waits for its plan to be confirmed; `cloudops attach exec-0a1b2c3d` resumes it"),
        (["q"], True, "goes on in the process that runs it; `cloudops attach exec-0a1b2c3d` joins it again"),
        (["escape", "ctrl+c", "ctrl+c"], False, "cancelled; `cloudops replay exec-0a1b2c3d` shows"),
    ],
)
async def test_what_had_not_ended_says_what_goes_on(opened: Opened, keys: list[str], remote: bool, words: str) -> None:
    async with opened(Attach(EXECUTION), port=StoryPort(), remote=remote) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
    (line,) = said_after(app)
    assert line.startswith(f"{EXECUTION} {words}")


def test_the_line_names_the_store_where_the_command_would_not_find_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "my store.db"
    settings = Settings(store=parse_location(store), config=tmp_path / "c.yaml", config_found=False)
    left = [ExitSummary("exec-1", "completed", "replay", "shows it again")]
    print_summaries(left, settings)
    assert capsys.readouterr().err == f"exec-1 completed; `cloudops replay exec-1 --store '{store}'` shows it again\n"
    monkeypatch.setenv("CLOUDOPS_STORE", str(store))
    print_summaries(left, settings)
    assert capsys.readouterr().err == "exec-1 completed; `cloudops replay exec-1` shows it again\n"


# A terminal that is too small


async def test_no_dialog_can_be_answered_below_60x20(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        await pilot.resize_terminal(*TINY)
        await settle(pilot)
        text = shown(app)
        assert "needs 60x20" in text
        assert "PLAN WAITS FOR YOU" in text
        assert "DIAGNOSTICS" not in text
        await pilot.press("y", "enter", "escape", "j", "colon")
        await settle(pilot)
        assert port.commands == []
        assert isinstance(app.screen, PlanPrompt)
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        assert "READ-ONLY DIAGNOSTICS" in shown(app)
        assert "needs 60x20" not in shown(app)


async def test_a_dialog_that_opens_below_60x20_waits_for_a_larger_terminal(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port, size=TINY) as (app, pilot):
        assert "needs 60x20" in shown(app)
        assert "DIAGNOSTICS" not in shown(app)
        await pilot.resize_terminal(120, 36)
        await pilot.press("y")
        await settle(pilot)
        assert len(port.commands) == 1


async def test_leaving_what_runs_below_60x20_takes_q_twice(opened: Opened) -> None:
    async with opened(port=StoryPort(), size=TINY) as (app, pilot):
        await pilot.press("q")
        await settle(pilot)
        assert "q again pauses it and leaves" in " ".join(shown(app).split())
        assert app.is_running
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 4


async def test_the_palette_closes_when_the_terminal_gets_too_small(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("colon")
        await settle(pilot)
        assert isinstance(app.screen, CommandPalette)
        await pilot.resize_terminal(*TINY)
        await settle(pilot)
        assert "needs 60x20" in shown(app)


@pytest.mark.parametrize("start_mode", [Browse(), Replay(EXECUTION, "20")], ids=["list", "replay"])
async def test_every_screen_says_what_it_needs(opened: Opened, start_mode: object) -> None:
    async with opened(start_mode, size=TINY) as (app, pilot):
        assert "needs 60x20" in shown(app)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 0


async def test_ids_are_on_the_incident_and_in_the_list(opened: Opened) -> None:
    async with opened(START, port=StoryPort(wait=False), size=(120, 36)) as (app, _):
        assert EXECUTION in shown(app).splitlines()[1]
    async with opened(Browse(), size=(80, 24)) as (app, _):
        assert f"{EXECUTION}  api-service p95 l" in shown(app)
