"""An evaluation fails where a diagnostic failed by itself: a fault of ours looks like a wrong answer in the figures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from engine.events import StepFinished
from primitives.diagnostics.registry import diagnostics
from primitives.errors import SourceUnreachable, UsageError
from primitives.kubernetes import inspection

SAMPLES = Path(__file__).parents[2] / "sample_incidents"
BUNDLE = str(SAMPLES / "opensre-rds-007")
NAME = "compare_baseline"


def broken_by(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one diagnostic of the plan end in `error`."""

    async def run(ask: Any, args: Any) -> AsyncIterator[Any]:
        for _ in ():
            yield _
        raise error

    monkeypatch.setitem(diagnostics(), NAME, replace(diagnostics()[NAME], run=run))


def evaluated(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    code = main(["evaluate", BUNDLE, "--json"])
    told = capsys.readouterr()
    return code, json.loads(told.out), told.err


@pytest.mark.parametrize("error", [IndexError("list index out of range"), UsageError("nonsense"), KeyError("spec")])
def test_a_diagnostic_that_fails_by_itself_fails_the_evaluation(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_by(error, monkeypatch)
    code, result, told = evaluated(capsys)
    (step,) = result["cases"][0]["failed_steps"]
    assert code == 1
    assert result["faulty"] == 1
    assert (step["primitive"], step["status"], step["source"]) == (NAME, "failed", False)
    assert str(error.args[0]) in step["why"]
    assert "in 1 of 1 incidents the investigation itself failed in part" in told


def test_a_diagnostic_whose_source_fails_is_told_and_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_by(SourceUnreachable("prod", "no route to host"), monkeypatch)
    code, result, told = evaluated(capsys)
    (step,) = result["cases"][0]["failed_steps"]
    assert code == 0
    assert result["faulty"] == 0
    assert (step["primitive"], step["source"]) == (NAME, True)
    assert f"the investigation had a problem: {NAME}: " in told


def test_where_nothing_fails_no_step_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, result, told = evaluated(capsys)
    assert (code, result["faulty"], result["cases"][0]["failed_steps"], told) == (0, 0, [], "")


def test_a_fault_is_stored_only_where_there_is_one() -> None:
    """Old logs keep their bytes: an event without a fault is written as before."""
    event = StepFinished(step="S1", status="completed", summary="s", duration_s=1.0)
    assert "fault" not in event.model_dump_json()
    assert event.model_copy(update={"fault": True}).model_dump()["fault"] is True


def test_an_analyzer_that_fails_by_itself_fails_the_evaluation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A supervised analyzer costs its own findings only; an evaluation must not miss that."""

    def find(cluster: Any) -> Any:
        raise AttributeError("'NoneType' object has no attribute 'get'")

    monkeypatch.setattr(inspection, "FAMILIES", (("nodes", find), *inspection.FAMILIES[1:]))
    code = main(["evaluate", str(SAMPLES / "holmes-13b-pending"), "--json"])
    result = json.loads(capsys.readouterr().out)
    (step,) = result["cases"][0]["failed_steps"]
    assert (code, result["faulty"]) == (1, 1)
    assert (step["status"], step["source"]) == ("partial", False)
    assert "the analysis of nodes failed (AttributeError" in step["why"]
