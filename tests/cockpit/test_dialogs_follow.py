"""An incident goes on under its dialogs: they offer only what can still be done, and keep the keys typed for them."""

from __future__ import annotations

from typing import Any, cast

import pytest
from approvals import low_risk, name_to_type
from stage import Opened, settle, shown
from story import (
    ENGINE,
    EXECUTION,
    HYPOTHESES,
    StoryPort,
    after_confirmation,
    before_confirmation,
    events,
)
from textual.widgets import Input

from cockpit.screens.approval import ApprovalPrompt
from cockpit.screens.incidents import IncidentsScreen
from cockpit.screens.live import LiveScreen
from cockpit.screens.prompts import LinePrompt
from cockpit.screens.stopping import StopPrompt
from cockpit.start_modes import Attach, Browse
from engine.events import HypothesesRanked, IncidentClosed, Who
from engine.events.actions import ActionApproved, ActionExpired, ActionPreviewed
from engine.port import IncidentSummary
from primitives.clock import ManualClock

OTHER = Who(kind="person", name="bo")
STORY = [*before_confirmation(), *after_confirmation()]


def on_top(app: Any) -> Any:
    """The screen that has the keys."""
    return app.screen


async def told(app: Any, pilot: Any, port: StoryPort, *further: Any) -> None:
    """These events come while the dialog is open."""
    known = [(0.1, event.who, event.body) for event in port.log]
    port.log = events([*known, *((1.0, who, body) for who, body in further)])
    (live,) = [screen for screen in app.screen_stack if isinstance(screen, LiveScreen)]
    live.catch_up()
    await settle(pilot)


# What to stop


async def test_what_ends_while_it_is_asked_what_to_stop_can_only_be_left(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("escape", "ctrl+c")
        await settle(pilot)
        assert "cancel the investigation" in shown(app)
        port.confirmed.set()
        port.changed.set()
        await settle(pilot)
        assert isinstance(on_top(app), StopPrompt)
        text = shown(app)
        assert "The investigation has ended: there is nothing left to stop" in text
        assert "LEAVE?" in text
        assert "STOP WHAT?" not in text
        assert "cancel" not in text
        await pilot.press("c")
        await settle(pilot)
        assert port.commands == []
        assert isinstance(on_top(app), StopPrompt)
        await pilot.press("ctrl+c")
        await settle(pilot)
    assert port.commands == []
    assert app.exit_status == 0


async def test_nothing_is_cancelled_in_an_engine_that_went_away_meanwhile(opened: Opened) -> None:
    port = StoryPort()
    async with opened(Attach(EXECUTION), port=port, remote=True) as (app, pilot):
        await pilot.press("escape", "ctrl+c")
        await settle(pilot)
        port.go_away()
        await settle(pilot)
        assert "The engine that ran the investigation is gone" in shown(app)
        await pilot.press("c", "escape")
        await settle(pilot)
        assert isinstance(on_top(app), LiveScreen)
    assert port.commands == []


class EndsInTheList(StoryPort):
    """What the list shows first runs until it is told to end."""

    running = True

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        first = (await super().incidents(limit))[0]
        phase = "planned" if self.running else "completed"
        return (first._replace(phase=phase, running=self.running),)


async def test_the_list_too_stops_offering_to_cancel_what_has_ended(opened: Opened) -> None:
    port = EndsInTheList()
    async with opened(Browse(), port=port) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("escape", "q")
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(on_top(app), StopPrompt)
        port.running = False
        (listing,) = [screen for screen in app.screen_stack if isinstance(screen, IncidentsScreen)]
        await listing._read_list()
        await settle(pilot)
        assert "there is nothing left to stop" in shown(app)
        await pilot.press("c", "escape")
        await settle(pilot)
    assert port.commands == []


# What somebody else closes or decides


@pytest.mark.parametrize("keys", [["1", "x"], ["2", "x"], ["c"], ["b"], ["f"], ["d"]])
async def test_a_dialog_of_an_incident_that_is_closed_meanwhile_says_so_and_sends_nothing(
    opened: Opened, keys: list[str]
) -> None:
    port = StoryPort(events(STORY), wait=False)
    async with opened(port=port) as (app, pilot):
        await pilot.press(*keys)
        await settle(pilot)
        assert isinstance(on_top(app), LinePrompt)
        await pilot.press("h", "i")
        await told(app, pilot, port, (OTHER, IncidentClosed(reason="person")))
        assert "bo closed the incident at" in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(on_top(app), LinePrompt)
        assert app.screen.query_one(Input).value == "hi"
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(on_top(app), LiveScreen)
    assert port.commands == []


async def test_a_hypothesis_that_the_ranking_drops_is_no_longer_offered_for_exclusion(opened: Opened) -> None:
    port = StoryPort(events(STORY), wait=False)
    async with opened(port=port) as (app, pilot):
        await pilot.press("2", "j", "x")
        await settle(pilot)
        title = str(app.screen.query_one("Prompt").border_title)
        chosen = title.split()[1].rstrip("?")
        left = tuple(each for each in HYPOTHESES if each.id != chosen)
        await told(app, pilot, port, (ENGINE, HypothesesRanked(hypotheses=left)))
        assert f"{chosen} is no longer among the hypotheses" in shown(app)
        await pilot.press("enter", "escape")
        await settle(pilot)
    assert port.commands == []


async def test_an_approval_that_was_given_elsewhere_stays_to_take_the_name_that_is_being_typed(opened: Opened) -> None:
    port = name_to_type()
    async with opened(port=port) as (app, pilot):
        await pilot.press("5", "a")
        await settle(pilot)
        await pilot.pause(0.5)
        await pilot.press("tab", *"api-s")
        await told(
            app,
            pilot,
            port,
            (OTHER, ActionApproved(run="R1", digest=cast("ActionPreviewed", port.log[-1].body).digest)),
        )
        prompt = on_top(app)
        assert isinstance(prompt, ApprovalPrompt)
        assert "R1 was approved by bo meanwhile" in shown(app)
        assert "expires in" not in shown(app)
        await pilot.press(*"ervice", "enter")
        await settle(pilot)
        assert on_top(app) is prompt
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(on_top(app), LiveScreen)
    assert port.commands == []


@pytest.mark.parametrize("void", [True, False])
async def test_an_approval_whose_time_is_over_is_not_given_by_a_late_key(opened: Opened, void: bool) -> None:
    port = low_risk()
    async with opened(port=port) as (app, pilot):
        await pilot.press("5", "a")
        await settle(pilot)
        await pilot.pause(0.5)
        prompt = on_top(app)
        assert isinstance(prompt, ApprovalPrompt)
        if void:
            await told(app, pilot, port, (ENGINE, ActionExpired(run="R1", because="the target changed")))
            assert "R1 is void: the target changed" in shown(app)
        else:
            cast("ManualClock", app.clock).advance(600)
            prompt._tick()
            await settle(pilot)
            assert "The time to approve R1 is over: a checks and previews it anew" in shown(app)
        await pilot.press("y")
        await settle(pilot)
        assert port.commands == []
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(on_top(app), LiveScreen)
        assert "shows it again while it waits" not in shown(app)
