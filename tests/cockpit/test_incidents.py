"""The list of stored incidents."""

from __future__ import annotations

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, StoryPort

from cockpit.screens.incidents import IncidentsScreen
from cockpit.screens.live import LiveScreen
from cockpit.screens.replay import ReplayScreen
from cockpit.start_modes import Browse
from engine.port import IncidentSummary
from primitives.errors import EngineGone


async def test_the_columns_have_headings_over_them(opened: Opened) -> None:
    for size in ((80, 24), (120, 36)):
        async with opened(Browse(), size=size) as (app, _):
            lines = shown(app).splitlines()
            heads = next(line for line in lines if "ANALYSIS" in line)
            row = next(line for line in lines if "exec-0a1b2c3d" in line)
            assert heads.index("ID ") == row.index("exec-")
            assert heads.index("INCIDENT") == row.index("api-service")
            if size[0] > 100:
                assert heads.index("CAUSE") == row.index("Deployment v2.3.1")


async def test_the_list_says_what_each_incident_is(opened: Opened) -> None:
    async with opened(Browse()) as (app, _):
        text = shown(app)
        for words in ("Done", "Running", "Interrupted", "80 %", "4 min ago", "3 stored · 1 running"):
            assert words in text, words
        assert "[@click=app.bell]orders[/]" in text


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=str)
async def test_the_list_tells_the_severity_of_what_is_seen(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(Browse(), size=size) as (app, pilot):
        await settle(pilot)
        lines = shown(app).splitlines()
        row = next(line for line in lines if "exec-0a1b2c3d" in line)
        heads = next(line for line in lines if "ANALYSIS" in line)
        assert heads.index("SEV") == row.index("SEV2")
        await pilot.press("slash", *"sev2", "enter")
        await settle(pilot)
        assert "exec-0a1b2c3d" in shown(app)


async def test_enter_opens_what_has_ended_as_it_is_and_escape_comes_back(opened: Opened) -> None:
    async with opened(Browse(), port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, LiveScreen)
        assert app.screen.view.state is not None
        assert app.screen.view.state.seq == 35
        assert "NOT LIVE" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, IncidentsScreen)


async def test_enter_joins_what_runs(opened: Opened) -> None:
    port = StoryPort(wait=False)

    async def resolve(name: str) -> str:
        return EXECUTION

    port.resolve = resolve  # type: ignore[method-assign]
    async with opened(Browse(), port=port, remote=True) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        assert isinstance(app.screen, LiveScreen)
        assert "(attached)" in shown(app)


async def test_r_replays_from_the_beginning(opened: Opened) -> None:
    async with opened(Browse()) as (app, pilot):
        await pilot.press("r")
        await settle(pilot)
        assert isinstance(app.screen, ReplayScreen)
        assert app.screen.playback.playing


async def test_the_list_is_filtered(opened: Opened) -> None:
    async with opened(Browse()) as (app, pilot):
        await pilot.press("slash", *"checkout", "enter")
        await settle(pilot)
        assert "api-service p95" not in shown(app)
        assert "checkout errors" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "api-service p95" in shown(app)


async def test_y_copies_the_execution_id_and_q_leaves(opened: Opened) -> None:
    async with opened(Browse()) as (app, pilot):
        await pilot.press("y")
        await settle(pilot)
        assert app.clipboard == EXECUTION
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 0


async def test_a_list_whose_engine_goes_away_stays_readable_and_says_so(opened: Opened) -> None:
    port = StoryPort()
    async with opened(Browse(), port=port, remote=True) as (app, pilot):

        async def gone() -> tuple[IncidentSummary, ...]:
            raise EngineGone("the engine went away; run the command again")

        port.incidents = gone  # type: ignore[method-assign]
        assert isinstance(app.screen, IncidentsScreen)
        await app.screen._read()
        await settle(pilot)
        assert "the engine went away" in shown(app)
        assert "checkout errors" in shown(app)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 3


async def test_an_incident_that_can_not_be_opened_leads_back_to_the_list(opened: Opened) -> None:
    async with opened(Browse()) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        assert isinstance(app.screen, IncidentsScreen)
        assert any("there is no such incident" in str(one.message) for one in app._notifications)
