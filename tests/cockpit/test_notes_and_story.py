"""Notes, bookmarks, and the story so far."""

from __future__ import annotations

from datetime import timedelta

from stage import Opened, settle, shown
from story import ALERT, NOW, ONSET, PERSON, StoryPort, after_confirmation, before_confirmation, events
from test_accidents import chosen_in_palette
from test_what_engineers_say import HeedingPort

from cockpit.screens.story import StoryScreen
from engine.events import ENGINE, FactJudged, NoteAdded, ReadingTaken, SymptomChanged
from engine.incident import fold
from engine.port import AddNote


def noted() -> StoryPort:
    told = [*before_confirmation(), *after_confirmation()]
    told.append((60.0, PERSON, NoteAdded(id="N1", text="cache was\x1b[2J cleared", at=ONSET + timedelta(minutes=1))))
    told.append((60.0, PERSON, NoteAdded(id="N2", text="rolled back by hand")))
    told.append((1.0, PERSON, FactJudged(fact="F7", verdict="refuted", because="loki was down for a drill")))
    return StoryPort(events(told), wait=False)


async def test_c_writes_a_note_and_b_bookmarks_the_cursors_moment(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (_, pilot):
        await pilot.press("c")
        await settle(pilot)
        await pilot.press(*"seen", "enter")
        await settle(pilot)
        await pilot.press("4", "l", "b")
        await settle(pilot)
        await pilot.press(*"here", "enter")
        await settle(pilot)
    assert port.commands == [AddNote(text="seen"), AddNote(text="here", at=ALERT)]


async def test_an_empty_note_writes_nothing(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (_, pilot):
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
    assert port.commands == []


async def test_a_bookmark_stands_on_the_timeline(opened: Opened) -> None:
    async with opened(port=noted(), size=(80, 24)) as (app, pilot):
        await pilot.press("4")
        await settle(pilot)
        line = next(line for line in shown(app).splitlines() if "✎ 14:31:00" in line)
        assert "N1 ann: cache was cleared" in line


async def test_the_story_tells_a_late_joiner_everything_on_one_screen(opened: Opened) -> None:
    async with opened(port=noted(), size=(120, 48)) as (app, pilot):
        await chosen_in_palette(pilot, "story")
        await settle(pilot)
        assert isinstance(app.screen, StoryScreen)
        text = shown(app)
        for words in ("bad at 14:52", "opened by ann", "Deployment v2.3.1 made api-service slower", "14:25:00 ▲",
                      "14:34:00 ⚑", "F7 refuted by ann", "N2 ann at 14:5", "rolled back by hand"):  # fmt: skip
            assert words in text, words
        assert "more line" not in text


async def test_the_story_of_a_watched_incident_says_what_the_watch_saw_last(opened: Opened) -> None:
    told = [*before_confirmation(), *after_confirmation()]
    told += [(60.0, ENGINE, ReadingTaken(asked=1)), (0.0, ENGINE, SymptomChanged(state="recovered", since=NOW))]
    async with opened(port=StoryPort(events(told), wait=False), size=(120, 48)) as (app, pilot):
        await chosen_in_palette(pilot, "story")
        await settle(pilot)
        now = shown(app).partition("Believed")[0]
        assert "✓ recovered" in now
        assert "still bad" not in now


def test_a_bookmark_keeps_its_moment_and_an_old_note_its_bytes() -> None:
    state = fold(noted().log)
    assert state.notes["N1"].about == ONSET + timedelta(minutes=1)
    assert "at" not in NoteAdded(id="N2", text="x").model_dump(mode="json")
