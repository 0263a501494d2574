"""The keys: each does what its table says, on the screens that it says."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from stage import START, Opened, settle, shown
from story import EXECUTION, StoryPort
from textual.command import CommandPalette

from cockpit.keys import KEYS, bindings, help_rows, key_page, keys_for
from cockpit.screens.incident import IncidentScreen
from cockpit.screens.incidents import IncidentsScreen
from cockpit.screens.prompts import Prompt
from cockpit.screens.replay import ReplayScreen
from cockpit.start_modes import Browse, Replay, StartMode
from primitives.bundle import read_bundle

ROOT = Path(__file__).parents[2]


def done() -> StoryPort:
    return StoryPort(wait=False)


def test_the_key_page_says_what_the_table_says() -> None:
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == key_page()


def test_ids_are_unique_and_no_two_keys_of_a_screen_are_the_same() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    for where in ("incident", "replay", "list"):
        pressed = [one for key in keys_for(where) for one in key.keys.split(",")]
        assert len(pressed) == len(set(pressed)), where


@pytest.mark.parametrize("screen", [IncidentScreen, IncidentsScreen])
def test_every_bound_action_exists(screen: type) -> None:
    where = ("list",) if screen is IncidentsScreen else ("incident", "replay")
    from cockpit.app import CockpitApp

    for binding in bindings(*where):
        name = binding.action.partition("(")[0]
        owner = CockpitApp if name.startswith("app.") else screen
        assert hasattr(owner, f"action_{name.removeprefix('app.')}"), name


@pytest.mark.parametrize(
    ("key", "pane"),
    [("1", "facts"), ("2", "hypotheses"), ("3", "detail"), ("4", "timeline"), ("5", "remediation"), ("m", "facts")],
)
async def test_a_number_goes_to_its_pane(opened: Opened, key: str, pane: str) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == pane


async def test_one_again_swaps_facts_and_plan(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("1", "1")
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == "plan"


async def test_tab_goes_around(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        visited = []
        for _ in range(6):
            await pilot.press("tab")
            visited.append(app.focused.id if app.focused else "")
        assert visited == ["timeline", "remediation", "facts", "plan", "detail", "hypotheses"]
        await pilot.press("shift+tab")
        assert app.focused is not None
        assert app.focused.id == "detail"


async def test_the_detail_shows_what_the_cursor_is_on(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await settle(pilot)
        assert "calibrated" not in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "80 % confidence" in shown(app)
        await pilot.press("j", "j")
        await settle(pilot)
        assert "Detail: F1 latency p95 · api-service" in shown(app)
        assert "┤" in shown(app)
        await pilot.press("1", "1", "j")
        await settle(pilot)
        assert "what else moved with it" in shown(app)
        await pilot.press("5")
        await settle(pilot)
        assert "Nothing runs from here." in shown(app)


async def test_enter_folds_a_hypothesis_and_opens_evidence_and_escape_comes_back(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        assert "+1.9" in shown(app).split("4 Timeline")[0]
        await pilot.press("h", "l", "j", "enter")
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == "detail"
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused.id == "hypotheses"


async def test_the_time_cursor_moves_over_chart_and_timeline_together(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("j", "j", "4", "l", "h", "h", "h")
        await settle(pilot)
        assert "before the alert" in shown(app)
        assert "cursor 14:3" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "cursor 14:3" not in shown(app)


async def test_the_filter_hides_what_does_not_match(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("m", "slash", *"connections")
        await settle(pilot)
        facts = app.screen.query_one("#facts")
        assert [row.key for row in facts.listed] == ["F5"]  # type: ignore[attr-defined]
        await pilot.press("enter")
        await settle(pilot)
        assert "filter “connections”" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert len(facts.listed) == 7  # type: ignore[attr-defined]


async def test_next_match_goes_around(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("1", "1", "n", "n", "n", "n", "n", "n")
        await settle(pilot)
        assert app.screen.query_one("#plan").selected == "S1"  # type: ignore[attr-defined]
        await pilot.press("number_sign")
        assert app.screen.query_one("#plan").selected == "S6"  # type: ignore[attr-defined]


async def test_zoom_shows_one_pane_and_comes_back(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("plus", "plus")
        await settle(pilot)
        assert "4 Timeline" not in shown(app)
        assert app.screen.query_one("#hypotheses").size.height > 28
        await pilot.press("underscore", "underscore")
        await settle(pilot)
        assert "4 Timeline" in shown(app)


async def test_y_copies_plain_text_to_the_clipboard(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("5", "y")
        await settle(pilot)
        assert app.clipboard == "kubectl rollout undo deployment/api-service"
        assert base64.b64encode(app.clipboard.encode())


def test_help_has_a_row_for_every_key() -> None:
    for where in ("incident", "replay", "list"):
        rows = " ".join(shown for shown, _ in help_rows(where))
        rows = rows.replace("1…5", "1 2 3 4 5").replace("⇧Tab", "Shift-Tab")
        for key in keys_for(where):
            assert set(key.shown.split()) - {"or"} <= set(rows.split()), key.id


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)], ids=str)
@pytest.mark.parametrize("start_mode", [START, Replay(EXECUTION, "20"), Browse()], ids=["live", "replay", "list"])
async def test_help_fits_and_cuts_nothing(opened: Opened, start_mode: StartMode, size: tuple[int, int]) -> None:
    async with opened(start_mode, port=done(), size=size) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        assert "more line" not in shown(app)
        prompt = app.screen.query_one(Prompt)
        lines = [prompt.render_line(y).text for y in range(prompt.content_size.height)]
        box = "\n".join(lines)
        assert "…" not in box.replace("1…5", "")
        for words in ("go to a name, command", "screenshot (SVG)"):
            assert words in box
        if not isinstance(start_mode, Browse):
            assert "time cursor, or fold" in box
            assert lines[-1].strip()


async def test_help_scrolls_where_it_does_not_fit(opened: Opened) -> None:
    async with opened(port=done(), size=(60, 20)) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        assert "more lines ↓" in shown(app)
        assert "note, bookmark" not in shown(app)
        await pilot.press("G")
        await settle(pilot)
        assert "note, bookmark" in shown(app)
        assert "the keys that work here" not in shown(app)
        await pilot.press("g", "pagedown")
        await settle(pilot)
        assert "the keys that work here" not in shown(app)
        await pilot.press("pageup")
        await settle(pilot)
        assert "the keys that work here" in shown(app)


async def test_help_goes_away_with_escape(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, IncidentScreen)


async def test_the_newest_notice_takes_the_place_of_the_others_and_is_short(opened: Opened) -> None:
    async with opened(port=done(), size=(80, 24), notices=True) as (app, pilot):
        await pilot.press("a", "i", "space", "y")
        await settle(pilot)
        (notice,) = app._notifications
        assert str(notice.message).startswith("copied: ")
        app.show_notice("word " * 100)
        await settle(pilot)
        assert 1 <= sum("word word" in line for line in shown(app).splitlines()) <= 2


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (119, 36)])
async def test_beside_a_notice_nothing_is_left_standing(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(port=done(), size=size, notices=True) as (app, pilot):
        await settle(pilot)
        actions = [line for line in shown(app).splitlines() if "proposed" in line or "kubectl" in line]
        assert actions
        app.show_notice("copied: " + "x " * 20)
        await settle(pilot)
        (line,) = [line for line in shown(app).splitlines() if "copied: x" in line]
        assert line.strip(" ▌").removeprefix("copied: ").replace("x", "").strip() == ""
        for action in actions:
            assert action in shown(app), "a notice of one line never covers the actions"


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (119, 36)])
async def test_a_notice_of_several_lines_covers_no_action_in_part(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(port=done(), size=size, notices=True) as (app, pilot):
        await settle(pilot)
        top = app.screen.query_one("#remediation").region.y
        before = shown(app).splitlines()[top:]
        app.show_notice("not sent: " + "a word or two " * 14, problem=True)
        await settle(pilot)
        assert "not sent: a word" in shown(app)
        assert shown(app).splitlines()[top:] == before
        app.show_notice("copied: x")
        await settle(pilot)
        assert "copied: x" in shown(app).splitlines()[-1 if size[0] < 120 else -2]


async def test_where_something_is_typed_a_notice_is_above_it(opened: Opened) -> None:
    async with opened(port=done(), size=(80, 24), notices=True) as (app, pilot):
        await pilot.press("/", "a", "b", "c")
        await settle(pilot)
        app.show_notice("copied: x")
        await settle(pilot)
        assert "abc" in shown(app).splitlines()[-1]
        assert "copied: x" in shown(app).splitlines()[-2]


async def test_e_exports_a_bundle_that_can_be_read_again(opened: Opened, tmp_path: Path) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("e")
        file = tmp_path / f"{EXECUTION}.incident"
        for _ in range(100):
            await pilot.pause(0.05)
            if app._notifications:
                break
        assert [str(one.message) for one in app._notifications] == [f"exported to {file.name}"]
        parts = read_bundle(file).load_all()
        assert len(parts.events.splitlines()) == 35
        await pilot.press("e")
        for _ in range(100):
            await pilot.pause(0.05)
            if not str(next(iter(app._notifications)).message).startswith("exported"):
                break
        (refusal,) = app._notifications
        assert refusal.severity == "error"
        assert str(refusal.message) == (
            f"{file.name} exists already; move it away and press e again, "
            f"or `cloudops export {EXECUTION} {file.name} --force` replaces it"
        )


async def test_e_in_a_list_or_before_anything_is_known_does_no_harm(opened: Opened, tmp_path: Path) -> None:
    async with opened(Browse()) as (app, pilot):
        await pilot.press("e")
        await settle(pilot)
        assert app.is_running
    assert not list(tmp_path.glob("*.incident"))


async def test_a_colon_can_be_typed_into_a_filter(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("m", "slash", "a", "colon", "enter")
        await settle(pilot)
        assert app.screen.query_one("#facts").filter == "a:"  # type: ignore[attr-defined]


async def test_a_command_takes_one_line_of_the_palette(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("colon")
        await pilot.pause(0.5)
        await settle(pilot)
        lines = [line for line in shown(app).splitlines() if "Detail  " in line or "Export to ./ID" in line]
        at = [shown(app).splitlines().index(line) for line in lines]
        assert at[1] == at[0] + 1
        assert lines[1].split("Export to ./ID.incident")[1].split()[0] == "e"


async def test_a_replay_key_says_that_nothing_is_replayed(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("space")
        await settle(pilot)
        assert any("replay" in str(one.message) for one in app._notifications)


async def test_the_palette_runs_our_commands(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("colon")
        await settle(pilot)
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"remediation")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.3)
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == "remediation"


async def test_t_changes_the_theme_and_the_setting_is_honoured(opened: Opened) -> None:
    async with opened(port=done(), theme="cloudops-light") as (app, pilot):
        assert app.theme == "cloudops-light"
        assert app.text_styles.palette.name == "cloudops-light"
        await pilot.press("t")
        await settle(pilot)
        assert app.theme == "cloudops-contrast"
        assert app.text_styles.palette.name == "cloudops-contrast"


async def test_s_saves_a_picture_of_the_screen(opened: Opened, tmp_path: Path) -> None:
    async with opened(START, port=done()) as (_, pilot):
        await pilot.press("s")
        await settle(pilot)
    (picture,) = tmp_path.glob("*.svg")
    assert "<svg" in picture.read_text(encoding="utf-8")


async def test_r_replays_from_what_the_cursor_is_on(opened: Opened) -> None:
    async with opened(port=done()) as (app, pilot):
        await pilot.press("1", "1", "j", "j", "r")
        await settle(pilot)
        assert isinstance(app.screen, ReplayScreen)
        state = app.screen.view.state
        assert state is not None
        assert state.steps["S3"].status == "running"
        assert state.steps["S4"].status == "waiting"
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, ReplayScreen)
