"""A drill hides what is believed, asks for the diagnosis, and scores it."""

from __future__ import annotations

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, HYPOTHESES, StoryPort, whole

from cockpit.drill import causes_to_choose, chosen_cause, score_of
from cockpit.screens.drill import DrillResult, DrillScreen
from cockpit.start_modes import Browse, Replay
from engine.incident import IncidentState, fold
from primitives.errors import UsageError

DRILL = Replay(EXECUTION, drill=True)
BELIEVED = ("Deployment v2.3.1 made", "connections exhausted", "Roll back", "80 %")


def end() -> IncidentState:
    return fold(whole())


def test_the_right_cause_with_few_facts_scores_most() -> None:
    early, late = score_of(HYPOTHESES[0], 2, end()), score_of(HYPOTHESES[0], 7, end())
    assert (early.cause, early.resource, early.early) == (60, 20, 14)
    assert (late.total, early.total) == (80, 94)


def test_another_cause_scores_by_how_possible_it_is_and_never_for_being_early() -> None:
    possible, unlikely = score_of(HYPOTHESES[1], 1, end()), score_of(HYPOTHESES[2], 1, end())
    assert possible.cause > unlikely.cause > 0
    assert possible.early == unlikely.early == 0
    assert possible.total < 60


@pytest.mark.parametrize(
    ("typed", "chosen"), [("1", "H2"), (" 2 ", "H1"), ("downstream", "H3"), ("v2.3.1 slower", "H1")]
)
def test_a_cause_is_chosen_by_its_number_or_by_words(typed: str, chosen: str) -> None:
    assert chosen_cause(causes_to_choose(end()), typed).id == chosen


@pytest.mark.parametrize("typed", ["0", "9", "e", "zebra", "9" * 40, "²"])
def test_what_is_no_choice_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(UsageError, match="type the number"):
        chosen_cause(causes_to_choose(end()), typed)


async def test_nothing_that_is_believed_is_shown_before_the_diagnosis(opened: Opened) -> None:
    async with opened(DRILL, port=StoryPort(wait=False), size=(120, 48)) as (app, pilot):
        assert isinstance(app.screen, DrillScreen)
        for keys in (
            ("end",),
            ("2", "enter"),
            ("5", "enter"),
            ("3",),
            ("home",),
            ("f", "f"),
            ("end", "h"),
            ("i",),
            ("i",),
        ):
            await pilot.press(*keys)
            await settle(pilot)
            text = shown(app)
            assert not [words for words in BELIEVED if words in text], keys
        assert "what would you say it is?" in text


async def test_the_diagnosis_is_revealed_and_scored(opened: Opened) -> None:
    async with opened(DRILL, port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("f", "f", "A")
        await settle(pilot)
        assert "WHAT IS IT?" in shown(app)
        await pilot.press("2", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DrillResult)
        text = shown(app)
        assert "✓ right: Deployment v2.3.1 made api-service slower" in text
        assert "said after 2 of 7 facts" in text
        assert "DRILL: 94 OF 100" in text
        await pilot.press("escape")
        await settle(pilot)
        assert "Roll back" in shown(app)


async def test_a_wrong_diagnosis_says_what_it_was(opened: Opened) -> None:
    async with opened(DRILL, port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("A")
        await settle(pilot)
        await pilot.press(*"downstream", "enter")
        await settle(pilot)
        assert "✗ not that: Downstream service degraded" in shown(app)
        assert "It was: Deployment v2.3.1" in shown(app)


async def test_a_drill_begins_from_the_list(opened: Opened) -> None:
    async with opened(Browse(), port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("colon")
        await settle(pilot)
        await pilot.press(*"drill")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, DrillScreen)
