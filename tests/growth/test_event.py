"""An event is one module and its place in the union; the type checker names the rest: docs/extending.md, in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KNOWERS = ("engine/incident.py", "cockpit/plain.py", "cockpit/postmortem.py")
"""The places that the page says the type checker names."""

_USE = """
from datetime import UTC, datetime
from cockpit.plain import PlainReport
from cockpit.postmortem import is_shown
from engine.events import Event, RunbookLinked, Who, decode_body, encode_body
from engine.incident import IncidentState

body = decode_body(encode_body(RunbookLinked(url="https://wiki/dns")))
event = Event("exec-1", "inc-1", 1, datetime(2026, 3, 1, tzinfo=UTC), Who(kind="person", name="ann"), body, "0", "1")
state = IncidentState()
state.apply(event)
assert IncidentState.decode(state.encode()) == state
print(PlainReport(width=80).tell(state, event), is_shown(event), state.discussion.runbook)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the module of the page, in the union and exported, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", tree / ".mypy_cache")
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    ((name, module),) = re.findall(
        r"### An event\n.*?`(engine/events/\w+\.py)`:\n\n```python\n(.*?)```", page, re.DOTALL
    )
    (tree / name).write_text(module, encoding="utf-8")
    imported = "from engine.events.runbooks import RunbookLinked\n"
    change(
        tree, "engine/events/union.py", "from engine.events.steps import", f"{imported}from engine.events.steps import"
    )
    change(
        tree,
        "engine/events/union.py",
        "IncidentBody = IncidentOpened | ",
        "IncidentBody = IncidentOpened | RunbookLinked | ",
    )
    change(
        tree,
        "engine/events/__init__.py",
        "from engine.events.steps import",
        f"{imported}from engine.events.steps import",
    )
    change(tree, "engine/events/__init__.py", '    "Statement",\n', '    "RunbookLinked",\n    "Statement",\n')
    return tree


def change(tree: Path, name: str, before: str, after: str) -> None:
    text = (tree / name).read_text(encoding="utf-8")
    assert text.count(before) == 1, (name, before)
    (tree / name).write_text(text.replace(before, after), encoding="utf-8")


def add_cases(tree: Path) -> None:
    """What the type checker asked for."""
    for name in KNOWERS:
        change(tree, name, "    NoteAdded,\n", "    NoteAdded,\n    RunbookLinked,\n")
    change(tree, "engine/incident.py", "            case NoteAdded():\n",
           "            case RunbookLinked():\n                self.discussion.runbook = body.url\n"
           "            case NoteAdded():\n")  # fmt: skip
    change(tree, "engine/state/notes.py", "    notes: dict[str, Note] = field(default_factory=dict)\n",
           '    notes: dict[str, Note] = field(default_factory=dict)\n    runbook: str = ""\n')  # fmt: skip
    change(tree, "cockpit/plain.py", "            case NoteAdded():\n",
           '            case RunbookLinked():\n                return f"Runbook: {body.url}"\n'
           "            case NoteAdded():\n")  # fmt: skip
    change(tree, "cockpit/postmortem.py", "        case NoteAdded(text=text, at=at):\n",
           '        case RunbookLinked(url=url):\n            return f"runbook {url} linked"\n'
           "        case NoteAdded(text=text, at=at):\n")  # fmt: skip


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300, check=False)


def type_check(tree: Path) -> set[str]:
    """The files in which the type checker finds a mistake."""
    checked = run(tree, "-m", "mypy", "--no-error-summary", *KNOWERS)
    assert not checked.stderr, checked.stderr
    return {line.partition(":")[0] for line in checked.stdout.splitlines() if ": error: " in line}


@pytest.mark.timeout(600)
def test_an_event_is_a_module_and_the_type_checker_names_the_places_that_must_know_it(tree: Path) -> None:
    assert type_check(tree) == set(KNOWERS)
    add_cases(tree)
    assert type_check(tree) == set()
    used = run(tree, "-c", _USE)
    assert used.returncode == 0, used.stderr
    assert used.stdout.split() == ["Runbook:", "https://wiki/dns", "True", "https://wiki/dns"]
