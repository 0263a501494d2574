"""Each job is done with the keys that docs/walks.md says, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases.acting import EXECUTION as ACTED
from cases.acting import acting
from cases.toy_platform import TOY, TURN_DIAL
from stage import START, Opened, settle, shown
from story import DEPLOYED, EXECUTION, ONSET, StoryPort
from test_two_people import Other
from textual.pilot import Pilot
from walks import PILOT_NAMES, keys_of_walk

from cockpit.app import CockpitApp
from cockpit.screens.approval import GUARD_S, ApprovalPrompt
from cockpit.screens.drill import DrillResult
from cockpit.screens.live import LiveScreen
from cockpit.screens.replay import ReplayScreen
from cockpit.screens.report import ReportScreen
from cockpit.screens.story import StoryScreen
from cockpit.settings import Settings
from cockpit.start_modes import Attach, Browse, Replay
from engine.port import AddNote
from engine.store.locations import parse_location
from primitives.backends.registry import backends
from primitives.remediations.registry import remediations


async def walk(pilot: Pilot[int], keys: list[str]) -> None:
    for key in keys:
        await pilot.press(PILOT_NAMES.get(key, key))
        await settle(pilot)


async def test_a_fresh_alert_is_answered_with_the_first_key(opened: Opened) -> None:
    async with opened(START, port=StoryPort()) as (app, pilot):
        await walk(pilot, keys_of_walk(1)[:1])
        text = shown(app)
        for words in ("bad at", "Deployment v2.3.1 made api-service slower", "80 %", "Next:"):
            assert words in text


async def test_the_action_is_approved_with_the_other_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(remediations(), "turn_dial", TURN_DIAL)
    monkeypatch.setitem(backends(), "toy", TOY)  # type: ignore[arg-type]
    async with acting(tmp_path) as world:

        async def connect(_: object) -> tuple[object, bool]:
            return world.engine, False

        settings = Settings(
            store=parse_location(tmp_path / "x.db"), config=tmp_path / "c.yaml", config_found=False,
            configured=world.engine.sources,
        )  # fmt: skip
        app = CockpitApp(settings, Attach(ACTED), connect=connect)  # type: ignore[arg-type]
        async with app.run_test(size=(120, 36)) as pilot:
            for _ in range(200):
                if getattr(app.screen, "accepts_keys", False) and app.screen.is_mounted:
                    break
                await pilot.pause(0.05)
            *before, approve = keys_of_walk(1)[1:]
            await walk(pilot, before)
            for _ in range(200):
                if isinstance(app.screen, ApprovalPrompt):
                    break
                await pilot.pause(0.05)
            await pilot.pause(GUARD_S + 0.2)
            await walk(pilot, [approve])
            await world.reached("verified")
        assert len(world.toy.calls()) == 1


async def test_who_joins_late_reads_the_story(opened: Opened) -> None:
    async with opened(Attach(EXECUTION), port=StoryPort(wait=False)) as (app, pilot):
        await walk(pilot, keys_of_walk(2))
        assert isinstance(app.screen, StoryScreen)
        for words in ("bad at 14:52", "Deployment v2.3.1", "14:34:00 ⚑"):
            assert words in shown(app)


async def test_two_people_follow_and_hand_over(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot), Other(port).here() as bob:
        bob.look(pane="facts", row="F3")
        await settle(pilot)
        follow, *rest = keys_of_walk(6)
        await walk(pilot, [follow])
        assert "◆ you → ◇ bob" in shown(app)
        await walk(pilot, rest)
        assert port.commands == [AddNote(text="handed over to bob: db")]


async def test_a_postmortem_goes_through_the_incidents_time_to_the_report(opened: Opened) -> None:
    async with opened(Browse(), port=StoryPort(wait=False)) as (app, pilot):
        keys = keys_of_walk(3)
        await walk(pilot, keys[:4])
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        assert screen.view.cursor == DEPLOYED
        await walk(pilot, keys[4:5])
        assert screen.view.cursor == ONSET
        await walk(pilot, keys[5:])
        assert isinstance(app.screen, ReportScreen)


async def test_a_similar_incident_is_found_and_opened_as_it_was_left(opened: Opened) -> None:
    async with opened(Browse(), port=StoryPort(wait=False)) as (app, pilot):
        await walk(pilot, keys_of_walk(4))
        assert isinstance(app.screen, LiveScreen)
        assert "Deployment v2.3.1 made api-service slower" in shown(app)


async def test_a_drill_ends_with_the_score(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, drill=True), port=StoryPort(wait=False)) as (app, pilot):
        await walk(pilot, keys_of_walk(5))
        assert isinstance(app.screen, DrillResult)
        assert "OF 100" in shown(app)
