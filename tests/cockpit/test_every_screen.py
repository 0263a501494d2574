"""What every screen and dialog looks like at five sizes, in every theme: its text, and the role of each cell's colour.

The file of a picture has the text, then for each line what its cells are drawn in (`3 bad bold, 40 dim on bar`). All
themes share it: each must draw the same words, in its own colour of each role.

`python tests/cockpit/test_every_screen.py [SCENE ...]` takes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from approvals import low_risk, name_to_type
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from stage import START, make_app, settle
from story import EXECUTION, StoryPort
from textual.color import Color as TextualColor
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.screens.approval import GUARD_S
from cockpit.start_modes import Browse, Replay, StartMode
from themes import PALETTES, Palette

SIZES = ((80, 24), (120, 36), (200, 60), (80, 60), (50, 15))
TAKEN = Path(__file__).parent / "screens"

Run = tuple[int, str, str, str]
"""Cells, colour, ground (`#rrggbb`) and weight of a piece of a line."""
Named = tuple[int, str, str, str]
"""The same with roles for colours."""

# By name: how the cockpit starts, whether the plan waits, and the keys until the picture.
SCENES: Mapping[str, tuple[StartMode, bool, tuple[str, ...]]] = {
    "answer": (START, False, ()),
    "hypotheses": (START, False, ("2", "j", "j")),
    "time-cursor": (START, False, ("4", "l", "h", "h")),
    "detail": (START, False, ("1", "1", "j", "j", "enter", "n")),
    "filter": (START, False, ("m", "slash", "a", "p", "i")),
    "refute": (START, False, ("m", "x")),
    "replay": (Replay(EXECUTION, "20"), False, ("1",)),
    "incident-time": (Replay(EXECUTION, "99"), False, ("i", "right_square_bracket")),
    "moments": (Replay(EXECUTION, "14"), False, ("equals_sign", "end", "equals_sign")),
    "drill": (Replay(EXECUTION, drill=True), False, ("f", "f")),
    "diagnosis": (Replay(EXECUTION, drill=True), False, ("f", "f", "A")),
    "drill-result": (Replay(EXECUTION, drill=True), False, ("f", "A", "2", "enter")),
    "report": (START, False, ("colon", *"report", "~", "enter")),
    "story": (START, False, ("colon", *"story", "~", "enter")),
    "change": (START, False, ("f", *"pool", "space", *"cut", "space", *"at", "space", *"9", "colon", *"20", "enter")),
    "looks": (START, False, ("d",)),
    "form": (START, False, ("d", "3", "enter")),
    "zoomed-chart": (START, False, ("3", "z", "z", "left_curly_bracket")),
    "samples": (START, False, ("3", "v")),
    "note": (START, False, ("c",)),
    "topology": (START, False, ("3", "3")),
    "go-to-time": (Replay(EXECUTION, "20"), False, ("at",)),
    "plan": (START, True, ()),
    "stop": (START, True, ("escape", "ctrl+c")),
    "help": (START, False, ("question_mark",)),
    "incidents": (Browse(), False, ("j",)),
    "approval": (START, False, ("5", "a")),
    "approval-typing": (START, False, ("5", "a", "~~", "tab", *"api-ser")),
    "approval-low-risk": (START, False, ("5", "a")),
}

# What is told instead of the story.
PORTS: Mapping[str, Callable[[], StoryPort]] = {
    "approval": name_to_type,
    "approval-typing": name_to_type,
    "approval-low-risk": low_risk,
}


def cells(app: CockpitApp) -> tuple[str, list[list[Run]]]:
    """The text on the screen, and the colours of its cells, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()[:height]
    text = "\n".join("".join(segment.text for segment in line)[:width].rstrip() for line in lines)
    return text, [_runs(line) for line in lines]


def _runs(line: Iterable[Segment]) -> list[Run]:
    """Runs of one look; blanks have no colour of their own."""
    runs: list[Run] = []
    for segment in line:
        style = segment.style or Style()
        blank = not segment.text.strip() and not style.reverse
        words = " ".join(word for word in ("bold", "reverse", "strike") if getattr(style, word) and not blank)
        look = ("" if blank else _hex(style.color), _hex(style.bgcolor), words)
        if runs and runs[-1][1:] == look:
            runs[-1] = (runs[-1][0] + segment.cell_length, *look)
        else:
            runs.append((segment.cell_length, *look))
    return runs


def _hex(color: Color | None) -> str:
    return color.triplet.hex if color is not None and color.triplet is not None else ""


def roles_of(palette: Palette) -> dict[str, str]:
    """The colour of each role, and as it is seen through the ground behind a dialog (`role~`)."""
    colours = palette.colours()
    ground = TextualColor.parse(palette.ground)
    faded = {f"{role}~": TextualColor.parse(value).blend(ground, 0.7).hex.lower() for role, value in colours.items()}
    return {**colours, **faded}


def named(lines: list[list[Run]], palette: Palette) -> list[list[Named]]:
    """The runs with the roles of their colours; `a/b` where two have the same."""
    names: dict[str, str] = {}
    for role, value in roles_of(palette).items():
        names[value] = f"{names[value]}/{role}" if value in names else role
    return [[(size, names[fore] if fore else "", names[back], words) for size, fore, back, words in line]
            for line in lines]  # fmt: skip


def first(roles: str) -> str:
    """The first of several roles."""
    return roles.partition("/")[0]


def written(lines: list[list[Named]]) -> list[str]:
    """The roles as text: `3 bad bold, 40 dim on bar`; a line of blanks on the plain ground is left out."""
    rows: list[str] = []
    for number, line in enumerate(lines, 1):
        runs = [f"{size} {first(fore) or '-'}{f' {words}' if words else ''}"
                f"{'' if first(back) == 'ground' else f' on {first(back)}'}"
                for size, fore, back, words in line]  # fmt: skip
        if any(run[1] for run in line):
            rows.append(f"{number}: {', '.join(runs)}")
    return rows


def wrong_cells(drawn: list[list[Run]], roles: list[list[Named]], palette: Palette) -> list[tuple[Run, Named]]:
    """The cells that `palette` draws in another colour than it has for their role, each with what it should be."""
    known = {"": "", **roles_of(palette)}
    return [
        (cell, wanted)
        for line, named_line in zip(drawn, roles, strict=True)
        for cell, wanted in zip(_cells_of(line), _cells_of(named_line), strict=True)
        if cell[3] != wanted[3]
        or not all(
            any(near(colour, known[role]) for role in either.split("/"))
            for colour, either in zip(cell[1:3], wanted[1:3], strict=True)
        )
    ]


def _cells_of(line: list[Run]) -> Iterator[Run]:
    return (run for run in line for _ in range(run[0]))


def near(first: str, second: str) -> bool:
    """Whether two colours (`#rrggbb`, or none) differ by a rounding at most: one may be seen through another."""
    if not first or not second:
        return first == second
    return all(abs(int(first[at : at + 2], 16) - int(second[at : at + 2], 16)) <= 2 for at in (1, 3, 5))


async def settled(app: CockpitApp, pilot: Pilot[int]) -> tuple[str, list[list[Run]]]:
    """What is on the screen when it no longer changes: a theme is put on in several steps."""
    before: tuple[str, list[list[Run]]] = ("", [])
    for _ in range(100):
        await pilot.pause(0.02)
        now = cells(app)
        if now == before:
            break
        before = now
    return before


async def taken(scene: str, tmp_path: Path) -> dict[str, str]:
    """The picture of each size, by its file's name."""
    start_mode, wait, keys = SCENES[scene]
    port = PORTS[scene]() if scene in PORTS else StoryPort(wait=wait)
    app = make_app(tmp_path, start_mode, port)
    pictures: dict[str, str] = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key in keys:
            # `~` waits: names are looked up while they are typed, and nobody approves what was not yet read (`~~`).
            if key == "~~":
                await pilot.pause(GUARD_S + 0.2)
            else:
                await (settle(pilot) if key == "~" else pilot.press(key))
        await settle(pilot)
        app.clear_notifications()
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(pilot)
            text, seen = await settled(app, pilot)
            roles = named(seen, PALETTES[app.theme])
            for theme, palette in list(PALETTES.items())[1:]:
                app.theme = theme
                drawn, runs = await settled(app, pilot)
                assert drawn == text, f"{theme} draws other words at {size}"
                wrong = wrong_cells(runs, roles, palette)
                assert not wrong, f"{theme} has colours that are not its own at {size}: {wrong[0]}"
            app.theme = next(iter(PALETTES))
            await settled(app, pilot)
            pictures[f"{scene}-{size[0]}x{size[1]}.txt"] = "\n".join([text, "", *written(roles), ""])
    return pictures


@pytest.mark.parametrize("scene", SCENES)
async def test_a_screen_looks_as_it_did(scene: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pictures = await taken(scene, tmp_path)
    for name, picture in pictures.items():
        assert picture == (TAKEN / name).read_text(encoding="utf-8"), name


def test_no_picture_is_left_over() -> None:
    wanted = {f"{scene}-{width}x{height}.txt" for scene in SCENES for width, height in SIZES}
    assert {path.name for path in TAKEN.iterdir()} == wanted


async def update(scenes: Iterable[str]) -> None:
    """Take the pictures of these scenes anew."""
    TAKEN.mkdir(exist_ok=True)
    wanted = {f"{scene}-{width}x{height}.txt" for scene in SCENES for width, height in SIZES}
    for old in TAKEN.iterdir():
        if old.name not in wanted:
            old.unlink()
    for scene in scenes:
        with tempfile.TemporaryDirectory() as scratch:
            for name, picture in (await taken(scene, Path(scratch))).items():
                (TAKEN / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(update(sys.argv[1:] or SCENES))
