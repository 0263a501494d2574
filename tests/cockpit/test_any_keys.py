"""Any keys in any order, at any size, live and in replay: the cockpit draws on and never breaks."""

from __future__ import annotations

import random

import pytest
from stage import Opened, settle, shown
from story import StoryPort

from cockpit.keys import KEYS
from cockpit.screens.incident import IncidentScreen

# What ends the cockpit is left out, so that the others get their turn.
PRESSED = [one for key in KEYS if key.id not in {"leave", "interrupt", "screenshot"} for one in key.keys.split(",")]
SIZES = [(60, 20), (80, 24), (99, 36), (120, 36), (200, 60), (50, 15)]


@pytest.mark.parametrize("seed", range(4))
async def test_any_keys_in_any_order_leave_a_cockpit_that_works(opened: Opened, seed: int) -> None:
    chosen = random.Random(seed)
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        for number in range(120):
            await pilot.press(chosen.choice(PRESSED))
            if number % 30 == 29:
                await pilot.resize_terminal(*chosen.choice(SIZES))
        await pilot.resize_terminal(120, 36)
        while not isinstance(app.screen, IncidentScreen):
            await pilot.press("escape")
            await settle(pilot)
        await settle(pilot)
        # At a time before anything was measured the header has the title instead of the symptom.
        assert any(words in shown(app) for words in ("api-service latency p95", "api-service p95 latency"))


async def test_a_cursor_on_what_a_seek_took_away_falls_back(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("j", "j", "r")
        await settle(pilot)
        # Back to before there were hypotheses, and at once a key that needs what the cursor was on.
        await pilot.press("end", "G", "home", "enter", "l", "y", "5", "y", "2", "h")
        await settle(pilot)
        assert "nothing is believed yet" in shown(app)
