"""A command of a person: a class, a decider, two cases that the type checker asks for; docs/extending.md in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_incidents" / "holmes-13b-pending"
DECIDERS = "engine/deciders/__init__.py"

_USE = """
import asyncio, sys, tempfile
from pathlib import Path
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine
from engine.port import HandOver, Investigate
from engine.remote import RemoteEngine
from primitives.errors import UsageError

async def main(store):
    served = await ServedEngine.serve(store)
    far = RemoteEngine(store)
    execution_id = await far.investigate(Investigate(bundle=sys.argv[1], confirm=False))
    async for _ in follow_investigation(far, execution_id):
        pass
    await far.send(execution_id, HandOver(to="marta"))
    try:
        await far.send(execution_id, HandOver(to=" "))
    except UsageError as error:
        print(error)
    print([note.text for note in (await far.state(execution_id)).notes.values()])
    await served.close()

with tempfile.TemporaryDirectory() as folder:
    asyncio.run(main(Path(folder) / "store.db"))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the page's class in the union and its decider, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", tree / ".mypy_cache")
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    ((declared, name, module),) = re.findall(
        r"### A command to an incident\n.*?```python\n(.*?)```.*?`(engine/deciders/\w+\.py)`:\n\n```python\n(.*?)```",
        page,
        re.DOTALL,
    )
    (tree / name).write_text(module, encoding="utf-8")
    change(tree, "engine/port.py", "IncidentCommand = Conf", f"{declared}\n\nIncidentCommand = Conf")
    change(tree, "engine/port.py", "| AddNote | CloseIncident", "| AddNote | CloseIncident | HandOver")
    change(tree, "engine/port.py", '    "HoldHypothesis",\n', '    "HandOver",\n    "HoldHypothesis",\n')
    return tree


def change(tree: Path, name: str, before: str, after: str) -> None:
    text = (tree / name).read_text(encoding="utf-8")
    assert text.count(before) == 1, (name, before)
    (tree / name).write_text(text.replace(before, after), encoding="utf-8")


def add_cases(tree: Path) -> None:
    """What the type checker asked for."""
    change(tree, DECIDERS, "from engine.deciders.judge import", "from engine.deciders.handovers import hand_over\n"
           "from engine.deciders.judge import")  # fmt: skip
    change(tree, DECIDERS, "    Command,\n", "    Command,\n    HandOver,\n")
    change(tree, DECIDERS, "        case AddNote():\n", "        case HandOver():\n"
           "            return hand_over(state, command, who)\n        case AddNote():\n")  # fmt: skip
    change(tree, DECIDERS, "case Judge() | AddNote() | Watch():", "case Judge() | AddNote() | Watch() | HandOver():")


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300, check=False)


def type_check(tree: Path) -> list[str]:
    """The mistakes that the type checker finds where commands are decided, and everything that imports it."""
    checked = run(tree, "-m", "mypy", "--no-error-summary", DECIDERS, "engine/actor.py")
    assert not checked.stderr, checked.stderr
    return [line for line in checked.stdout.splitlines() if ": error: " in line]


@pytest.mark.timeout(600)
def test_a_command_is_a_class_and_a_decider_and_the_type_checker_asks_for_its_two_cases(tree: Path) -> None:
    mistakes = type_check(tree)
    assert [line.partition(":")[0] for line in mistakes] == [DECIDERS] * 2, mistakes
    assert all("HandOver" in line for line in mistakes)
    add_cases(tree)
    assert type_check(tree) == []
    used = run(tree, "-c", _USE, str(SAMPLE))
    assert used.returncode == 0, used.stderr
    assert used.stdout.splitlines() == ["nobody is named; say who takes the incident over", "['handed over to marta']"]
