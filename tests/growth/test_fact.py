"""A kind of fact is one module, its place in the union and its export: the module of docs/extending.md, in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The new fact is stored, read back, folded and shown, and its sentence names things as the reader does.
_USE = """
from datetime import UTC, datetime
from cockpit.plain import PlainReport
from engine.events import Event, FactAdded, Who, decode_body, encode_body
from engine.incident import IncidentState
from primitives.facts import CertificateExpiry, fact_adapter

fact = CertificateExpiry(
    resource="shop/deployment/checkout", subject="shop.example", source="recorded",
    observed_at=datetime(2026, 3, 1, tzinfo=UTC), expires=datetime(2026, 3, 2, 9, tzinfo=UTC),
)
assert fact_adapter.validate_json(fact.model_dump_json()) == fact
body = decode_body(encode_body(FactAdded(id="F1", key="k", fact=fact)))
assert body.fact == fact
event = Event("exec-1", "inc-1", 1, fact.observed_at, Who(kind="person", name="ann"), body, "0", "1")
state = IncidentState()
state.apply(event)
assert IncidentState.decode(state.encode()).facts["F1"].fact == fact
print(fact.sentence(lambda identifier: identifier.rpartition("/")[2]))
print(PlainReport(width=100).tell(state, event))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree with the module of the page, in the union and exported, and nothing else changed."""
    tree = tmp_path / "tree"
    for folder in ("cockpit", "engine", "primitives", "themes", "docs"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    shown = r"### A kind of fact\n`(primitives/facts/\w+\.py)`:\n\n```python\n(.*?)```"
    ((name, module),) = re.findall(shown, page, re.DOTALL)
    (tree / name).write_text(module, encoding="utf-8")
    imported = "from primitives.facts.certificates import CertificateExpiry\n"
    for file in ("union.py", "__init__.py"):
        change(tree / "primitives" / "facts" / file, "from primitives.facts.changes", imported)
    change(tree / "primitives" / "facts" / "union.py", "    | Assertion,", "    | CertificateExpiry\n")
    change(tree / "primitives" / "facts" / "__init__.py", '    "ChangeFound",', '    "CertificateExpiry",\n')
    return tree


def change(path: Path, before: str, added: str) -> None:
    """Put `added` in front of `before`, which stands there once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, (path, before)
    path.write_text(text.replace(before, added + before), encoding="utf-8")


def run(tree: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_kind_of_fact_is_stored_folded_shown_and_documented(tree: Path) -> None:
    sentence, *report = run(tree, "-c", _USE).splitlines()
    assert sentence == "checkout's certificate for shop.example runs out on 2026-03-02 at 09:00"
    assert any("certificate for shop.example runs out" in line for line in report)
    run(tree, "docs/generate.py")
    reference = (tree / "docs" / "reference" / "facts.md").read_text(encoding="utf-8")
    assert "## certificate_expiry" in reference
    assert "> checkout's certificate for shop.example runs out on 2026-11-23 at 09:00" in reference
