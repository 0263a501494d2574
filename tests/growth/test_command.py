"""A command is one file in its folder: what docs/extending.md shows, in a copied tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = "cockpit/commands/where.py"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the page's command in its folder, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes", "docs"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"^`{re.escape(NAME)}`\n```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert not (tree / NAME).exists()
    (tree / NAME).write_text(code, encoding="utf-8")
    return tree


def run(tree: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_runs_and_takes_the_options_of_every_command(tree: Path, tmp_path: Path) -> None:
    store = tmp_path / "elsewhere.db"
    assert run(tree, "-m", "cockpit", "where", "--store", str(store)) == f"{store}\n"
    assert run(tree, "-m", "cockpit", "--store", str(store), "where") == f"{store}\n"


def test_the_command_is_in_the_help_and_in_the_reference(tree: Path) -> None:
    assert re.search(r"^  where +Print the path of the store\.$", run(tree, "-m", "cockpit", "--help"), re.MULTILINE)
    assert "cloudops where" in run(tree, "-m", "cockpit", "where", "--help")
    page = run(
        tree, "-c", "import sys; sys.path.insert(0, 'docs'); import generate; print(generate.pages()['commands.md'])"
    )
    assert "## cloudops where\n\nPrint the path of the store." in page


def test_no_other_command_imports_it(tree: Path) -> None:
    code = (
        "import sys; from cockpit.cli import main; main(['incidents']); print('cockpit.commands.where' in sys.modules)"
    )
    assert run(tree, "-c", code).splitlines()[-1] == "False"


def test_a_name_that_no_module_has_is_no_command(tree: Path) -> None:
    code = "from cockpit.cli import main; print(main(['wherever']), main(['__init__']))"
    assert run(tree, "-c", code) == "2 2\n"
