"""`:` goes to things and places by their names, Enter to an id, and Esc comes back."""

from __future__ import annotations

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, StoryPort, whole
from test_accidents import chosen_in_palette
from textual.command import CommandList, CommandPalette

from cockpit.keys import KEYS
from cockpit.places import best_places, places_of
from cockpit.screens.incidents import IncidentsScreen
from cockpit.screens.live import LiveScreen
from cockpit.screens.replay import ReplayScreen
from cockpit.screens.report import ReportScreen
from cockpit.start_modes import Browse, Replay
from engine.incident import fold
from primitives.display_names import full_name


@pytest.mark.parametrize(
    ("words", "pane", "seen"),
    [
        ("F5", "facts", "Detail: F5 database connections"),
        ("h2", "hypotheses", "Detail: H2 Database connections exhausted"),
        ("S3", "plan", "Detail: S3 check_recent_changes"),
        ("A2", "remediation", "Detail: A2 Raise max_connections"),
        ("orders-db", "detail", "Detail: orders-db"),
    ],
)
async def test_a_name_leads_there_and_escape_back(opened: Opened, words: str, pane: str, seen: str) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("2", "j")
        await chosen_in_palette(pilot, words)
        assert app.focused is not None
        assert app.focused.id == pane
        assert seen in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused.id == "hypotheses"
        assert "Detail: H2" in shown(app)


async def test_enter_on_an_id_in_the_detail_goes_to_it(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(120, 48)) as (app, pilot):
        await pilot.press("1", "1", "j", "j", "enter")
        await settle(pilot)
        assert "Detail: S3" in shown(app)
        await pilot.press("n", "enter")
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == "facts"
        assert app.screen.query_one("#facts").selected == "F3"  # type: ignore[attr-defined]
        await pilot.press("escape")
        await settle(pilot)
        assert "Detail: S3" in shown(app)
        await pilot.press("number_sign")
        await settle(pilot)
        assert "⏎ goes to F4" in shown(app)


async def test_a_click_on_an_id_goes_to_it(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(120, 48)) as (app, pilot):
        await pilot.press("1", "1", "j", "j", "enter")
        await settle(pilot)
        lines = shown(app).splitlines()
        row = next(number for number, line in enumerate(lines) if " F3 ◆" in line)
        await pilot.click(offset=(lines[row].index(" F3 ◆") + 1, row))
        await settle(pilot)
        assert app.screen.query_one("#facts").selected == "F3"  # type: ignore[attr-defined]


async def test_the_report_is_read_on_the_screen(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await chosen_in_palette(pilot, "report")
        await settle(pilot)
        assert isinstance(app.screen, ReportScreen)
        assert "Postmortem: api-service p95 latency above 800 ms" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, LiveScreen)


async def test_the_list_and_back_and_attach_from_a_replay(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "20"), port=StoryPort(wait=False)) as (app, pilot):
        await chosen_in_palette(pilot, "incidents")
        await settle(pilot)
        assert isinstance(app.screen, IncidentsScreen)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, ReplayScreen)


async def test_an_incident_is_opened_by_its_name_from_the_list(opened: Opened) -> None:
    async with opened(Browse(), port=StoryPort(wait=False)) as (app, pilot):
        await chosen_in_palette(pilot, "exec-0a1b")
        await settle(pilot)
        assert isinstance(app.screen, LiveScreen)


@pytest.mark.parametrize("words", ["p", "pin", "u", "und", "close", "run", "add", "x", "mark", "a", "approve", "n"])
async def test_the_first_hit_never_changes_the_log(opened: Opened, words: str) -> None:
    writing = {key.words[:1].upper() + key.words[1:] for key in KEYS if key.writes}
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("colon")
        await settle(pilot)
        await pilot.press(*words)
        await settle(pilot)
        assert isinstance(app.screen, CommandPalette)
        options = app.screen.query_one(CommandList)
        if options.option_count:
            first = str(options.get_option_at_index(0).prompt)
            assert not any(first.startswith(words) for words in writing), first


async def test_a_filter_says_how_many_match(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("m", "slash", *"api")
        await settle(pilot)
        typing = shown(app).splitlines()[-1]
        await pilot.press("enter")
        await settle(pilot)
        assert "of 7" not in typing
        assert "7 in all" in typing
        assert "7 in all" in shown(app).splitlines()[-1]
        await pilot.press("n")
        await settle(pilot)
        assert "2 of " in shown(app).splitlines()[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
@pytest.mark.parametrize(("key", "words"), [("m", " p pin"), ("2", " p is right"), ("5", " a approve")])
async def test_the_footer_shows_the_keys_of_the_pane_and_q(
    opened: Opened, size: tuple[int, int], key: str, words: str
) -> None:
    async with opened(port=StoryPort(wait=False), size=size) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        footer = shown(app).splitlines()[-1]
        assert words in footer
        assert " q quit" in footer


def test_an_id_is_meant_before_what_begins_like_it() -> None:
    state = fold(whole())
    assert next(place.name for _, place in best_places(places_of(state, full_name), "F3")) == "F3"
    assert next(place.name for _, place in best_places(places_of(state, full_name), "orders")) == "orders-db"
    assert best_places(places_of(state, full_name), "zebra") == []
