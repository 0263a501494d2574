"""Several resources fit the question: the plan says so, and `o` asks about one of them alone."""

from __future__ import annotations

import pytest
from stage import START, Opened, settle, shown
from story import EXECUTION, StoryPort, after_confirmation, before_confirmation, events
from test_what_engineers_say import notices

from cockpit.screens.live import LiveScreen
from cockpit.screens.requesting import _chosen
from cockpit.start_modes import Attach
from engine.events import IncidentClassified
from engine.port import Cancel

FITTING = ("shop/deployment/checkout", "shop/deployment/checkout-worker", "test/deployment/checkout")


def undecided(*, wait: bool = True) -> StoryPort:
    """The story of a question that three resources fit."""
    told = []
    for after, who, body in [*before_confirmation(), *after_confirmation()]:
        known = body.classification if isinstance(body, IncidentClassified) else None
        undecided = known.model_copy(update={"candidates": FITTING}) if known is not None else None
        told.append((after, who, IncidentClassified(classification=undecided) if undecided is not None else body))
    return StoryPort(events(told), wait=wait)


async def test_the_plan_names_them_and_o_asks_about_the_chosen_one_alone(opened: Opened) -> None:
    port = undecided()
    async with opened(START, port=port) as (app, pilot):
        text = shown(app)
        assert "Several resources fit the question" in text
        assert "test/deployment/checkout" in text
        assert "o only one of them" in text
        await pilot.press("o")
        await settle(pilot)
        assert "3  test/deployment/checkout" in shown(app)
        await pilot.press("3", "enter")
        await settle(pilot)
        assert [(request.query, request.bundle, request.resource) for request in port.requests] == [
            (START.query, START.bundle, None), (START.query, START.bundle, FITTING[2]),
        ]  # fmt: skip
        assert port.commands == [Cancel()], "what waited is not left behind"
        assert isinstance(app.screen_stack[-1], LiveScreen) or len(app.screen_stack) > 3


@pytest.mark.parametrize(
    ("typed", "chosen"), [("worker", FITTING[1]), ("TEST/deploy", FITTING[2]), ("checkout", None), ("9", None)]
)
async def test_a_part_of_the_name_is_enough_where_only_one_has_it(
    opened: Opened, typed: str, chosen: str | None
) -> None:
    port = undecided(wait=False)
    async with opened(START, port=port) as (app, pilot):
        await pilot.press("o")
        await settle(pilot)
        await pilot.press(*("slash" if letter == "/" else letter for letter in typed), "enter")
        await settle(pilot)
        asked = [request.resource for request in port.requests[1:]]
        assert asked == ([chosen] if chosen else [])
        assert port.commands == [], "what has ended is not cancelled"
        if chosen is None:
            assert "is none of them, or several" in notices(app)


@pytest.mark.parametrize("typed", ["9" * 5000, "0", "4"])
def test_a_number_that_is_none_of_theirs_chooses_nothing(typed: str) -> None:
    assert _chosen(typed, FITTING) is None


async def test_where_nothing_is_left_open_the_key_says_so_and_the_plan_has_no_such_choice(opened: Opened) -> None:
    port = StoryPort()
    async with opened(START, port=port) as (app, pilot):
        assert "only one of them" not in shown(app)
        await pilot.press("o")
        await settle(pilot)
        assert "WHICH ONE?" not in shown(app)
        await pilot.press("escape", "o")
        await settle(pilot)
        assert "doesn't leave open which resource" in notices(app)


async def test_an_attached_recording_says_how_to_ask_instead(opened: Opened) -> None:
    port = undecided(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot):
        await pilot.press("o")
        await settle(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        assert port.requests == []
        assert f"--resource {FITTING[0]}" in notices(app)
