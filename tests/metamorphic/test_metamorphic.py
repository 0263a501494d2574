"""What must not change a first answer: old trifles, bystanders, names, dates, levels, clocks.

Each transformation is tried on all small samples and on a handful of the other incidents, another one for each, so
that all transformations together meet most incidents. `make metamorphic` tries everything on everything (some minutes).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import ROOT, SHARED, TRANSFORMATIONS, Answers, answered, expected, incidents, investigated, read_files
from bundle_files import Files
from evidence import raised_without_evidence
from known import UNMET

from engine.engine import Engine

_HANDFUL = 2
_SMALL = 1_000_000
_SAMPLES = [path for path in incidents(ROOT / "sample_incidents") if sum(map(len, read_files(path).values())) < _SMALL]
_OTHERS = [*incidents(ROOT / "tests" / "cases" / "recorded"), *incidents(SHARED / "datasets")]
_read: dict[Path, Files] = {}
_known: dict[Path, Answers] = {}


def _files(path: Path) -> Files:
    if path not in _read:
        _read[path] = read_files(path)
    return _read[path]


async def _answer(engine: Engine, path: Path) -> Answers:
    if path not in _known:
        _known[path] = await answered(engine, _files(path))
    return _known[path]


def _pairs() -> Iterator[Any]:
    stride = max(len(_OTHERS) // _HANDFUL, 1)
    for number, name in enumerate(TRANSFORMATIONS):
        rotating = [_OTHERS[(number + stride * turn) % len(_OTHERS)] for turn in range(_HANDFUL)]
        for path in [*_SAMPLES, *rotating]:
            reason = UNMET.get((name, path.stem))
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            yield pytest.param(name, path, id=f"{name}-{path.stem}", marks=marks)


@pytest.mark.parametrize(("name", "path"), _pairs())
async def test_the_first_answer_stays(name: str, path: Path, tmp_path: Path) -> None:
    files = _files(path)
    other = TRANSFORMATIONS[name](files)
    if other is None or other == files:
        return  # the incident has nothing that this changes
    engine = await Engine.open(tmp_path / "incidents.db")
    try:
        known, now = await _answer(engine, path), await answered(engine, other)
    finally:
        await engine.close()
    assert now.first in expected(name, files, known), f"{known} became {now}"


@pytest.mark.parametrize("path", [*_SAMPLES, *_OTHERS[::15]], ids=lambda path: path.stem)
async def test_without_its_evidence_the_first_answer_is_no_surer(path: Path, tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "incidents.db")
    try:
        state = await investigated(engine, path)
    finally:
        await engine.close()
    assert "all" not in raised_without_evidence(state)


def test_every_transformation_changes_some_sample_or_recorded_incident_and_none_changes_its_argument() -> None:
    paths = [*_SAMPLES, *incidents(ROOT / "tests" / "cases" / "recorded")[:6]]
    for name, change in TRANSFORMATIONS.items():
        changed = 0
        for path in paths:
            files = _files(path)
            before = dict(files)
            other = change(files)
            changed += other is not None and other != files
            assert files == before
        assert changed, name
