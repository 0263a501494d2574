"""What every screen and dialog looks like at five sizes, at one in every theme: its text, and a digest of styles.

A theme changes nothing but the colour of each role, so one size tells what all would; all would take minutes.

`python tests/cockpit/test_every_screen.py` takes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from stage import START, make_app, settle
from story import EXECUTION, StoryPort
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.start_modes import Browse, Replay, StartMode
from themes import PALETTES

SIZES = ((80, 24), (120, 36), (200, 60), (80, 60), (50, 15))
EVERY_THEME = (120, 36)
TAKEN = Path(__file__).parent / "screens"

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
    "note": (START, False, ("c",)),
    "topology": (START, False, ("3", "3")),
    "go-to-time": (Replay(EXECUTION, "20"), False, ("at",)),
    "plan": (START, True, ()),
    "stop": (START, True, ("escape", "ctrl+c")),
    "help": (START, False, ("question_mark",)),
    "incidents": (Browse(), False, ("j",)),
}


def cells(app: CockpitApp) -> tuple[str, str]:
    """The text on the screen, and a digest of the styles of its cells."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()[:height]
    styles = hashlib.sha256()
    for line in lines:
        for segment in line.simplify():
            # Blanks without a ground of their own look the same in any colour.
            styles.update(f"{len(segment.text)} {segment.style}\n".encode())
    text = "\n".join("".join(segment.text for segment in line)[:width].rstrip() for line in lines)
    return text, styles.hexdigest()[:16]


async def settled(app: CockpitApp, pilot: Pilot[int]) -> tuple[str, str]:
    """What is on the screen when it no longer changes: a theme is put on in several steps."""
    before = ("", "")
    for _ in range(100):
        await pilot.pause(0.05)
        now = cells(app)
        if now == before:
            break
        before = now
    return before


async def taken(scene: str, tmp_path: Path) -> dict[str, str]:
    """The picture of each size, by its file's name."""
    start_mode, wait, keys = SCENES[scene]
    app = make_app(tmp_path, start_mode, StoryPort(wait=wait))
    pictures: dict[str, str] = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key in keys:
            # `~` waits: names are looked up while they are typed.
            await (settle(pilot) if key == "~" else pilot.press(key))
        await settle(pilot)
        app.clear_notifications()
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(pilot)
            themes: list[str] = []
            text = ""
            for theme in PALETTES if size == EVERY_THEME else list(PALETTES)[:1]:
                app.theme = theme
                drawn, digest = await settled(app, pilot)
                assert not text or drawn == text, f"{theme} draws other words"
                text = drawn
                themes.append(f"{theme}: {digest}")
            app.theme = next(iter(PALETTES))
            pictures[f"{scene}-{size[0]}x{size[1]}.txt"] = "\n".join([text, "", *themes, ""])
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


async def update() -> None:
    """Take every picture anew."""
    TAKEN.mkdir(exist_ok=True)
    for old in TAKEN.iterdir():
        old.unlink()
    for scene in SCENES:
        with tempfile.TemporaryDirectory() as scratch:
            for name, picture in (await taken(scene, Path(scratch))).items():
                (TAKEN / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(update())
