"""Bundles within the limits that hold more than anybody reads: every command takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bad_input import Cloudops

pytestmark = pytest.mark.usefixtures("bounded")


def test_an_investigation_that_only_counted_lines_is_exported_and_imported(
    cloudops: Cloudops, small: Path, tmp_path: Path
) -> None:
    line = '{"time": "2026-03-10T12:06:00Z", "resource": "checkout", "severity": "ERROR", "body": "late"}\n'
    (small / "logs.jsonl").write_text(line * 100_001)
    told = cloudops("investigate", "--incident", small, "--json")
    execution_id = json.loads(told.out)["execution_id"]
    exported = tmp_path / "exported"
    assert cloudops("export", execution_id, exported).code == 0
    assert "Of logs some were only counted" in (exported / "NOTICE.md").read_text()
    assert cloudops("import", exported, "--store", tmp_path / "other.db").out == f"{execution_id}\n"
    assert cloudops("investigate", "--incident", exported, "--json", "--store", tmp_path / "third.db").code in {0, 1}
