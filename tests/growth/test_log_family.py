"""A family of log messages is an entry in `RULES` and a line in `_STEMS`; an import without the line says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Stands for an entry that was added to the tuple.
ADDED = """
import primitives.analysis.error_rules as rules
rules.RULES += (("tape_jammed", r"tape (?:is )?jammed"),)
"""


def test_a_family_without_its_stems_is_named_when_it_is_imported() -> None:
    command = [sys.executable, "-c", f"{ADDED}\nimport primitives.analysis.error_families"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: _STEMS in ")
    assert last.endswith("tape_jammed")
