"""Themes of one's own, keys that a person gives to commands, and less motion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich._palettes import STANDARD_PALETTE
from rich.color import Color, ColorSystem
from stage import START, Opened, make_app, settle, shown
from story import StoryPort

from cockpit.key_map import KeyMap
from cockpit.settings import load_settings
from cockpit.user_theme import contrast, read_theme
from primitives.errors import UsageError
from themes import PALETTES, TEXT_ROLES


def theme_file(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_theme_of_ones_own_takes_the_rest_from_another(tmp_path: Path) -> None:
    palette = read_theme(theme_file(tmp_path, "name: mine\nbased_on: cloudops-light\nbad: '#900000'\n"))
    assert (palette.name, palette.bad, palette.text) == ("mine", "#900000", PALETTES["cloudops-light"].text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bad: red", "bad: a colour is written as"),
        ("worse: '#ff0000'", "worse: there is no such role"),
        ("based_on: nice", "there is no theme 'nice'"),
        ("name: cloudops-dark", "name: a theme needs a name"),
        ("text: '#202428'", "text can hardly be read on ground: contrast 1."),
        ("- 1", "a theme has keys with colours"),
        ("{", "the theme is not YAML"),
    ],
)
def test_a_theme_that_can_not_be_used_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_theme(theme_file(tmp_path, text))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_configuration_names_a_theme_file_beside_it(tmp_path: Path) -> None:
    theme_file(tmp_path, "bad: '#ff9d3c'")
    config = tmp_path / "config.yaml"
    config.write_text("theme: mine.yaml\nkeys: {pin: P, '?': x}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="keys"):
        load_settings(tmp_path / "i.db", config)
    config.write_text("theme: mine.yaml\nkeys: {pin: P}\nmotion: reduced\n", encoding="utf-8")
    settings = load_settings(tmp_path / "i.db", config)
    assert settings.palette is not None
    assert (settings.theme, settings.palette.bad, settings.reduced_motion) == ("mine", "#ff9d3c", True)
    assert settings.keys == {"pin": "P"}


def test_the_contrast_theme_has_seven_to_one_everywhere() -> None:
    palette = PALETTES["cloudops-contrast"]
    for role in TEXT_ROLES:
        for ground in ("ground", "bar", "cursor", "band", "target"):
            assert contrast(getattr(palette, role), getattr(palette, ground)) >= 7, (role, ground)


def test_the_sixteen_colours_stay_apart_in_a_terminal_that_has_no_more() -> None:
    palette = PALETTES["cloudops-16"]
    told = {}
    for role in ("text", "dim", "good", "warning", "bad"):
        number = Color.parse(getattr(palette, role)).downgrade(ColorSystem.STANDARD).number
        assert number is not None
        told[role] = STANDARD_PALETTE[number].hex
    assert len(set(told.values())) == len(told), told


def seen_by(colour: str, kind: str) -> tuple[float, float, float]:
    """A colour as somebody without a kind of cones sees it (Viénot 1999, simplified to linear RGB)."""
    red, green, blue = ((int(colour[at : at + 2], 16) / 255) ** 2.2 for at in (1, 3, 5))
    if kind == "protan":
        mixed = 0.11 * red + 0.89 * green
    else:
        mixed = 0.29 * red + 0.71 * green
    return mixed, mixed, blue


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_good_and_bad_are_far_apart_without_red_or_green(kind: str) -> None:
    palette = PALETTES["cloudops-colour-blind"]
    good, bad = seen_by(palette.good, kind), seen_by(palette.bad, kind)
    dark_good, dark_bad = (seen_by(getattr(PALETTES["cloudops-dark"], role), kind) for role in ("good", "bad"))
    apart = abs(good[2] - bad[2])
    assert apart > 0.5
    assert apart > 2 * abs(dark_good[2] - dark_bad[2])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nothing": "P"}, "there is no such command"),
        ({"leave": "P"}, "can't be given away"),
        ({"pin": "x"}, "x is the key of refute too"),
        ({"pin": "a b"}, "give one key"),
    ],
)
def test_a_key_that_can_not_be_given_says_why(given: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        KeyMap(given)


async def test_a_key_of_ones_own_works_and_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(tmp_path, START, StoryPort(wait=False))
    app.settings = replace(app.settings, keys={"theme": "f5", "help": "H"})
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("t")
        await settle(pilot)
        assert app.theme == "cloudops-dark"
        await pilot.press("f5")
        await settle(pilot)
        assert app.theme == "cloudops-light"
        assert " H help" in shown(app).splitlines()[-1]
        await pilot.press("H")
        await settle(pilot)
        assert "f5" in shown(app)


async def test_t_goes_through_every_theme_and_words_stay(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        before = shown(app)
        visited = []
        for _ in PALETTES:
            await pilot.press("t")
            await settle(pilot)
            visited.append(app.theme)
            assert shown(app) == before
        assert sorted(visited) == sorted(PALETTES)


async def test_with_reduced_motion_nothing_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(tmp_path, START, StoryPort(wait=True))
    app.settings = replace(app.settings, reduced_motion=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        screen = app.screen_stack[1]
        for _ in range(3):
            screen._tick()  # type: ignore[attr-defined]
        assert screen.view.spinner == 0  # type: ignore[attr-defined]
