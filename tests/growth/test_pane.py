"""A pane is one file in its folder: what docs/extending.md shows, in a copied tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = "cockpit/panes/sources.py"
SCREENS = """
import asyncio, tempfile
from pathlib import Path
from stage import START, make_app, settle, shown
from story import StoryPort

async def main():
    app = make_app(Path(tempfile.mkdtemp()), START, StoryPort(wait=False))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        print(shown(app))
        await pilot.press("6", "j", "y")
        await settle(pilot)
        print("FOCUS", app.screen.focused.id, app.screen.focused.selected, [n.message for n in app._notifications])
        await pilot.press("question_mark")
        await settle(pilot)
        print(shown(app))
        await pilot.press("escape", "2")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        print("NARROW", shown(app))

asyncio.run(main())
"""
FIRST_FRAME = """
from cockpit.screens.layout import boxes
from cockpit.panes import pane_specs
print([(box.spec.title, box.left, box.top, box.width, box.height) for box in boxes(pane_specs(), 120, 36)])
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the page's pane in its folder, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"^`{re.escape(NAME)}`\n```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert not (tree / NAME).exists()
    (tree / NAME).write_text(code, encoding="utf-8")
    return tree


def run(tree: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tree), str(ROOT / "tests" / "cockpit")])}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_pane_has_its_place_its_key_and_its_line(tree: Path) -> None:
    output = run(tree, "-c", SCREENS)
    wide, _, rest = output.partition("FOCUS")
    assert "6 Sources" in wide
    assert re.search(r"│ prometheus +reachable │", wide)
    assert "sources " in wide
    assert rest.split()[:2] == ["sources", "loki"]
    assert "copied: loki" in rest
    narrow = rest.partition("NARROW")[2]
    assert re.search(r"^ 6 Sources +\d sources", narrow, re.MULTILINE)
    assert "to pane; 1 again: plan" in rest
    assert "1…6" in rest


def test_its_key_is_on_the_page_of_keys(tree: Path) -> None:
    assert "| `6` | sources | `pane.6` |" in run(tree, "-m", "cockpit.keys")


def test_the_first_frame_leaves_room_for_it(tree: Path) -> None:
    assert "('Sources', 52, " in run(tree, "-c", FIRST_FRAME)
