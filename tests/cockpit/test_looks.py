"""Sizes, themes and colours: what fits is shown, what is said is said without colour too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color, ColorSystem
from stage import Opened, make_app, settle, shown
from story import StoryPort

from cockpit.screens.layout import arrangement
from cockpit.screens.splash import Splash
from cockpit.start_modes import Browse, Replay
from cockpit.widgets.words import PHASES, STEPS
from themes import PALETTES, TEXT_ROLES, Palette


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_measured_as_wcag_does(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
@pytest.mark.parametrize("ground", ["ground", "bar", "cursor", "band"])
def test_every_text_colour_can_be_read_on_every_ground(palette: Palette, ground: str) -> None:
    for role in TEXT_ROLES:
        assert contrast(getattr(palette, role), getattr(palette, ground)) >= 4.5, role


def in_256_colours(palette: Palette) -> Palette:
    """The palette as a terminal with 256 colours gets it (Rich rounds to the colour cube and the greys)."""
    rounded: dict[str, str] = {}
    for role, colour in palette.colours().items():
        number = Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).number
        assert number is not None
        rounded[role] = EIGHT_BIT_PALETTE[number].hex
    return replace(palette, **rounded)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_256_colours_keep_the_grounds_grey_and_the_text_readable(palette: Palette) -> None:
    rounded = in_256_colours(palette)
    for ground in ("ground", "bar", "cursor", "band", "line"):
        colour = getattr(rounded, ground)
        assert colour[1:3] == colour[3:5] == colour[5:7], (ground, colour)
    for ground in ("ground", "bar", "cursor", "band"):
        for role in TEXT_ROLES:
            assert contrast(getattr(rounded, role), getattr(rounded, ground)) >= 4.5, (role, ground)
    assert len({getattr(rounded, role) for role in TEXT_ROLES}) == len(TEXT_ROLES)
    assert contrast(rounded.ground, rounded.focus) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_the_cursor_and_a_charts_band_stand_out_from_the_ground(palette: Palette) -> None:
    for one in (palette, in_256_colours(palette)):
        assert contrast(one.cursor, one.ground) >= 1.25
        assert contrast(one.band, one.ground) >= 1.25


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_the_inverted_header_of_a_replay_can_be_read(palette: Palette) -> None:
    assert contrast(palette.ground, palette.focus) >= 4.5


@pytest.mark.parametrize("states", [STEPS, PHASES])
def test_every_state_has_a_sign_and_a_word_of_its_own(states: dict[str, tuple[str, str, str]]) -> None:
    assert all(sign.strip() and word.strip() for sign, word, _ in states.values())
    assert len({(sign, word) for sign, word, _ in states.values()}) == len(states)


@pytest.mark.parametrize(
    ("size", "how"),
    [((200, 60), "wide"), ((120, 36), "wide"), ((99, 36), "column"), ((120, 29), "column"), ((80, 24), "column"),
     ((60, 20), "column"), ((59, 20), "too-small"), ((80, 19), "too-small")],
)  # fmt: skip
def test_what_fits_is_shown(size: tuple[int, int], how: str) -> None:
    assert arrangement(*size, 0) == how


async def test_one_column_folds_what_has_no_focus(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(80, 24)) as (app, pilot):
        text = shown(app)
        for words in (
            "1 Facts",
            "7 facts",
            "2 Hypotheses",
            "3 Detail",
            "4 Timeline",
            "5 Remediation",
            "2 proposed",
        ):
            assert words in text
        await pilot.press("5")
        await settle(pilot)
        for words in (
            "Roll back deployment v2.3.1 → v2.3.0",
            "write risk medium · ~2 min · run it by hand",
            "$ kubectl rollout undo deployment/api-service",
        ):
            assert words in shown(app)
        assert "+1.9" not in shown(app)
        assert "Deployment v2.3.1 made api-service slower" in shown(app)
        await pilot.press("m")
        await settle(pilot)
        assert "loki" in shown(app)


@pytest.mark.parametrize(("size", "lines"), [((100, 30), 2), ((120, 36), 2), ((200, 60), 2), ((80, 24), 3)], ids=str)
async def test_an_action_takes_the_lines_that_there_are_for_it(
    opened: Opened, size: tuple[int, int], lines: int
) -> None:
    async with opened(port=StoryPort(wait=False), size=size) as (app, pilot):
        await pilot.press("5")
        await settle(pilot)
        # The answer names actions too.
        shown_lines = shown(app).partition("5 Remediation")[2].splitlines()
        first = next(at for at, line in enumerate(shown_lines) if "1 Roll back deployment" in line)
        second = next(at for at, line in enumerate(shown_lines) if "Raise max_connections" in line)
        assert second - first == lines
        if lines > 1:
            assert "$ kubectl rollout undo deployment/api-service" in "\n".join(shown_lines)


@pytest.mark.parametrize("size", [(120, 36), (200, 60), (100, 30)], ids=str)
async def test_the_first_frame_has_the_panes_where_they_will_be(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(port=StoryPort(wait=False), size=size) as (app, _):
        screen = app.screen
        boxes = Splash("", "", app.text_styles, panes=True)._frames(*size, "wide")
        tops = {title: top for _, top, _, _, title in boxes}
        for title, top in tops.items():
            name = title.lstrip("12345 ").lower()
            assert screen.query_one(f"#{name}").region.y == top, name


async def test_a_tiny_terminal_says_what_is_needed_and_how_things_stand(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(50, 15)) as (app, pilot):
        await settle(pilot)
        assert "needs 60x20" in " ".join(shown(app).split())
        assert "analysis done" in shown(app)


async def test_the_cockpit_follows_the_terminals_size(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        for size, words in (((50, 15), "needs"), ((80, 24), "▸ Database"), ((200, 60), "Facts"), ((120, 36), "Facts")):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert words in shown(app), size


async def test_no_color_is_monochrome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(tmp_path, Replay("api-latency-spike", "99"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for line in app.screen._compositor.render_strips():
            for segment in line.apply_filter(app._filters[0], app.background_colors[0]) if app._filters else line:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1, segment


async def test_the_list_works_where_it_is_narrow(opened: Opened) -> None:
    async with opened(Browse(), size=(60, 20)) as (app, _):
        assert "Interrupted" in shown(app)
