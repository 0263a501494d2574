"""A first sight is recorded once, from a commit, and holds nothing that names an incident."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import first_sight
from benchmarks.accuracy_page import _systems, first_sight_section
from benchmarks.sights import Group, Sights, read_sights
from engine.evaluate.figures import wilson

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_incidents"
PAGE = (
    "before\n<!-- first sight: made by `make first-sight` and `make accuracy` -->\n<!-- end of first sight -->\nafter\n"
)


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """Two incidents of a stage that nobody has seen, and an empty record."""
    for name in ("opensre-rds-007", "opensre-rds-003"):
        shutil.copytree(SAMPLES / name, tmp_path / "unseen" / "stage-9" / "databases" / name)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "accuracy.md").write_text(PAGE, encoding="utf-8")
    return ["--bundles", str(tmp_path / "unseen"), "--docs", str(tmp_path / "docs")]


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree without changes, at a known commit."""
    monkeypatch.setattr(first_sight, "_git", lambda *what: "" if what[0] == "status" else "abc1234")


def test_a_stage_is_recorded_with_its_commit_and_shown(places: list[str], clean: None, tmp_path: Path) -> None:
    assert first_sight.main(["stage-9", *places]) == 0
    (sight,) = read_sights(tmp_path / "docs" / "first_sight.json").stages
    assert (sight.stage, sight.commit, sight.figures.n, sight.faulty) == ("stage-9", "abc1234", 2, 0)
    assert set(sight.by_dataset) == {"databases"}
    assert {"metrics", "observations"} <= set(sight.by_evidence)
    assert sum(part.n for part in sight.calibration) == 2
    page = (tmp_path / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
    assert "| stage-9 | abc1234 | 2 |" in page


def test_a_stage_is_never_recorded_twice(
    places: list[str], clean: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "docs" / "first_sight.json"
    assert first_sight.main(["stage-9", *places]) == 0
    before = record.read_bytes()
    capsys.readouterr()
    assert first_sight.main(["stage-9", *places]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "the first sight of stage-9 was recorded on" in told
    assert record.read_bytes() == before


def test_a_tree_with_changes_is_refused(
    places: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(first_sight, "_git", lambda *what: " M engine/reason/ranking.py")
    assert first_sight.main(["stage-9", *places]) == 1
    assert "the tree has changes" in capsys.readouterr().err
    assert not (tmp_path / "docs" / "first_sight.json").exists()


def test_the_record_of_this_project_names_no_incident_and_is_what_the_page_shows() -> None:
    text = (ROOT / "docs" / "first_sight.json").read_text(encoding="utf-8")
    sights = Sights.model_validate_json(text)
    assert set(_keys(json.loads(text))).isdisjoint({"cases", "id", "top", "named", "expected", "confusion"})
    assert first_sight_section(sights) in (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    (first,) = [sight for sight in sights.stages if sight.stage == "stage-1"]
    assert (first.commit, first.date, first.figures.n) == ("3fc0188", date(2026, 11, 29), 140)


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for part in value.values() for key in _keys(part))]
    return [key for part in value for key in _keys(part)] if isinstance(value, list) else []


def test_what_is_not_asked_for_has_a_dash() -> None:
    assert Group(n=1, top1=1.0, top3=1.0, resource_top1=None, brier=0.0, ece=0.0).resource_top1 is None
    assert "Nothing was recorded yet." in first_sight_section(Sights())


def test_wilson_s_interval_is_that_of_the_tables() -> None:
    # R. G. Newcombe, Two-sided confidence intervals for the single proportion (1998), table I.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_systems_of_one_folder_each_have_their_row() -> None:
    examples: list[Any] = [
        SimpleNamespace(dataset="dumps", system="shop"),
        SimpleNamespace(dataset="dumps", system="train"),
        SimpleNamespace(dataset="traces", system="bank"),
        SimpleNamespace(dataset="dumps", system="shop"),
    ]
    assert _systems(examples) == {"dumps 1": [0, 3], "dumps 2": [1], "traces": [2]}
