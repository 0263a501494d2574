"""What nobody meant: keys typed for something else, pasted text, a command found by its letters."""

from __future__ import annotations

import pytest
from stage import Opened, settle, shown
from story import StoryPort
from test_typing import Slow, answered, burst
from test_what_engineers_say import HeedingPort, notices, statements_of
from textual import events
from textual.pilot import Pilot

from cockpit.keys import KEYS
from cockpit.palette import match_score
from cockpit.screens.live import LiveScreen
from cockpit.screens.prompts import ConfirmPrompt, LinePrompt
from cockpit.screens.stopping import StopPrompt
from cockpit.start_modes import Browse
from cockpit.terminal_input import PasteParser, pasted_line
from engine.port import AddFact, Cancel, CloseIncident, IncidentSummary, PinFact

START, END = "\x1b[200~", "\x1b[201~"


# The list


class Empty(Slow):
    """An engine without incidents, that takes its time to say so."""

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        del limit
        await self.go.wait()
        return ()


async def test_a_list_that_loads_is_not_said_to_be_empty(opened: Opened) -> None:
    port = Empty()
    async with opened(Browse(), port=port) as (app, pilot):
        assert "No incidents" not in shown(app)
        assert "reading the store" in shown(app)
        port.go.set()
        await settle(pilot)
        assert "No incidents are stored yet" in shown(app)
        assert "reading the store" not in shown(app)


# The command palette


async def chosen_in_palette(pilot: Pilot[int], words: str, *then: str) -> None:
    await pilot.press("colon")
    await settle(pilot)
    await pilot.press(*words)
    await settle(pilot)
    await pilot.press(*then, "enter")
    await settle(pilot)


@pytest.mark.parametrize("words", ["report", "pin", "undo", "p", "run", "take", "n"])
async def test_no_words_and_enter_in_the_palette_change_the_log(opened: Opened, words: str) -> None:
    port = HeedingPort()
    async with opened(port=port) as (_, pilot):
        await pilot.press("m", "g")
        await chosen_in_palette(pilot, words)
        assert port.commands == []


async def test_a_judgement_chosen_in_the_palette_names_its_fact_and_asks(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g")
        await chosen_in_palette(pilot, "pin", "down")
        assert isinstance(app.screen, ConfirmPrompt)
        assert "F1  api-service latency p95 rose" in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert port.commands == []
        await pilot.press("y")
        await settle(pilot)
        assert statements_of(port) == [PinFact(fact="F1")]


async def test_closing_an_incident_from_the_palette_names_it_and_asks_why(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await chosen_in_palette(pilot, "close", "down")
        assert "CLOSE THE INCIDENT?" in shown(app)
        assert "exec-0a1b2c3d  api-service p95 latency above 800 ms" in shown(app)
        assert port.commands == []
        await pilot.press(*"fixed", "enter")
        await settle(pilot)
        assert port.commands == [CloseIncident(because="fixed")]
        assert "the incident is closed" in notices(app)


@pytest.mark.parametrize("query", ["report", "r", "re", "in", "p", "fact", "ne", "the", "y", "e"])
def test_what_changes_the_log_comes_after_everything_else(query: str) -> None:
    scores = {key.id: match_score(key, query) for key in KEYS}
    writes = {key.id for key in KEYS if key.writes}
    others = [score for id_, score in scores.items() if id_ not in writes and score]
    assert all(scores[id_] < min(others, default=1.0) for id_ in writes)


# Judgements say what they did


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["m", "g", "p"], "F1 pinned · u undoes"),
        (["m", "g", "x", "enter"], "F1 refuted · u undoes"),
        (["2", "g", "p"], "H1 marked as right · u undoes"),
        (["2", "g", "x", "enter"], "H1 excluded · u undoes"),
        (["m", "g", "p", "u"], "F1: judgement taken back"),
        (["m", "g", "f", "o", "k", "enter"], "fact added: “ok” · u on it undoes"),
    ],
)
async def test_a_judgement_shows_what_it_did_and_how_to_undo_it(opened: Opened, keys: list[str], words: str) -> None:
    async with opened(port=HeedingPort()) as (app, pilot):
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        assert words in notices(app)


# Dialogs


async def test_a_dialog_names_the_thing_in_words(opened: Opened) -> None:
    async with opened(port=HeedingPort()) as (app, pilot):
        await pilot.press("2", "g", "x")
        await settle(pilot)
        assert "EXCLUDE H1?" in shown(app)
        assert "H1  Deployment v2.3.1 made api-service slower (80 %)" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("m", "g", "x")
        await settle(pilot)
        assert "REFUTE F1?" in shown(app)
        assert "F1  api-service latency p95 rose from 200 ms" in shown(app)


async def test_keys_typed_before_a_dialog_is_seen_do_not_answer_it(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("2", "g")
        await settle(pilot)
        # A person types j x Enter for another list than the one that has the focus.
        for key in ("j", "x", "enter"):
            event = events.Key(key, key if len(key) == 1 else "\r")
            event.time += {"j": 0.0, "x": 0.02, "enter": 0.04}[key] - 1.0
            app.post_message(event)
        await answered(pilot)
        assert port.commands == []
        assert isinstance(app.screen, LinePrompt)
        await pilot.press("enter")
        await settle(pilot)
        assert len(port.commands) == 1


async def test_a_key_typed_before_it_is_asked_what_to_stop_cancels_nothing(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert isinstance(app.screen, StopPrompt)
        key = events.Key("c", "c")
        key.time -= 5.0
        app.post_message(key)
        await answered(pilot)
        assert port.commands == []
        await pilot.press("c")
        await settle(pilot)
        assert port.commands == [Cancel()]


# Pastes


async def pasted(pilot: Pilot[int], raw: str) -> None:
    """Feed what a terminal sends for a paste through the parser and into the app."""
    for message in [*PasteParser().feed(raw)]:
        pilot.app.post_message(message)
    await answered(pilot)


async def test_a_paste_with_an_escape_character_is_text_and_submits_nothing(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g", "f")
        await settle(pilot)
        await pasted(pilot, f"{START}pool\x1bq cut\r\nto 100\x07\n\x1b\x1b[Aat 14:20{END}")
        assert app.is_running
        assert isinstance(app.screen, LinePrompt)
        assert app.screen.entered == "poolq cut to 100 [Aat 14:20"
        assert port.commands == []
        await pilot.press("enter")
        await settle(pilot)
        # It names a time and a change, so how it was read is shown first; w keeps the words.
        await pilot.press("w")
        await settle(pilot)
        assert [one.text for one in statements_of(port) if isinstance(one, AddFact)] == ["poolq cut to 100 [Aat 14:20"]


async def test_a_paste_where_nothing_is_typed_does_nothing_and_says_so(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g")
        await pasted(pilot, f"{START}pxq\x1bq\n{END}")
        assert app.is_running
        assert isinstance(app.screen, LiveScreen)
        assert port.commands == []
        assert "nothing to paste into" in notices(app)


async def test_what_is_typed_before_a_paste_opens_what_it_is_pasted_into(opened: Opened) -> None:
    async with opened(port=HeedingPort()) as (app, pilot):
        burst(app, "m", "/")
        await pasted(pilot, f"{START}late\nncy{END}")
        assert isinstance(app.screen, LiveScreen)
        assert app.screen.pane("facts").filter == "late ncy"


async def test_a_paste_without_brackets_submits_nothing_and_does_not_quit(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g", "f")
        await settle(pilot)
        burst(app, "pool cut", "escape", "q", "enter", "now", "enter")
        await answered(pilot)
        assert app.is_running
        assert isinstance(app.screen, LinePrompt)
        assert app.screen.entered == "pool cutq now "
        assert port.commands == []


async def test_a_paste_without_brackets_judges_nothing_in_a_pane(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g")
        await settle(pilot)
        burst(app, "j", "p", "u", "q")
        await answered(pilot)
        assert app.is_running
        assert port.commands == []
        assert "press it again" in notices(app)


def parsed(*chunks: str) -> list[str]:
    parser = PasteParser()
    return [
        f"paste {event.text!r}" if isinstance(event, events.Paste) else f"key {event.key}"
        for chunk in chunks
        for event in parser.feed(chunk)
        if isinstance(event, events.Paste | events.Key)
    ]


@pytest.mark.parametrize("size", range(1, 16))
def test_a_paste_may_come_in_any_parts(size: int) -> None:
    raw = f"a{START}x\x1b[A\x1bq\r\x1b[20{END}b{START}{END}c"
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert parsed(*chunks) == ["key a", "paste 'x\\x1b[A\\x1bq\\r\\x1b[20'", "key b", "paste ''", "key c"]


def test_keys_are_read_as_before() -> None:
    assert parsed("\x1b[A", "\x1b", "[B", "\x1b[1;5C", "é", "\r") == [
        "key up",
        "key down",
        "key ctrl+right",
        "key é",
        "key enter",
    ]


def test_a_paste_that_never_ends_does_not_take_all_keys_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = PasteParser()
    assert [*parser.feed(f"{START}abc")] == []
    assert [*parser.tick()] == []
    parser._last_at -= 10
    (paste,) = parser.tick()
    assert isinstance(paste, events.Paste)
    assert paste.text == "abc"
    (key,) = parser.feed("q")
    assert isinstance(key, events.Key)


def test_a_pasted_line_holds_no_control_character() -> None:
    assert pasted_line("a\r\nb\tc\x00\x1b[31md\u202e\u2028e\x7f\n") == "a b c[31md e"
    assert len(pasted_line("x" * 1_000_000)) == 10_000
