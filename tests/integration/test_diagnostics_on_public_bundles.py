"""Every diagnostic on every public incident: no error, no silence, the same facts each time, and in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from primitives.answers import encode_answer
from primitives.backends.recorded.backend import RecordedBackend
from primitives.bundle import read_bundle
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.facts import FactBase, fact_adapter
from primitives.telemetry import Answer, Telemetry

_DATASETS = Path(__file__).parents[2].parent / "shared" / "datasets"
_BUNDLES = sorted(path.parent for path in _DATASETS.glob("*/*/incident.yaml"))
_SEVEN = (
    "analyze_utilization", "compare_baseline", "check_recent_changes", "diff_configuration", "trace_dependencies",
    "analyze_error_rate", "analyze_logs",
)  # fmt: skip
_MOST_FACTS = 120


class _Recorder:
    def __init__(self) -> None:
        self.answers: list[Answer[Any]] = []

    async def record(self, answer: Answer[Any]) -> str:
        self.answers.append(answer)
        return "0" * 64


async def _facts(path: Path, recorder: _Recorder) -> list[Any]:
    bundle = read_bundle(path)
    manifest = bundle.manifest
    ask = Telemetry([RecordedBackend(bundle)], recorder, ManualClock(manifest.window.end))
    args = Arguments(
        window=manifest.window, baseline=manifest.baseline, now=manifest.window.end, symptom=manifest.symptom
    )
    found: list[Any] = []
    for name in _SEVEN:
        own = [one async for one in diagnostics()[name].run(ask, args) if isinstance(one, FactBase)]
        gaps = [fact.question for fact in own if fact.type == "source_gap"]
        assert len(gaps) == len(set(gaps))
        assert len(own) <= _MOST_FACTS
        found += own
    return found


@pytest.mark.parametrize("path", _BUNDLES, ids=lambda path: path.name)
async def test_a_public_incident_yields_facts_that_can_be_kept_and_told(path: Path) -> None:
    recorder = _Recorder()
    facts = await _facts(path, recorder)
    end = read_bundle(path).manifest.window.end
    assert any(fact.polarity == "present" for fact in facts) or "holmes" in path.name
    for fact in facts:
        assert fact_adapter.validate_json(fact.model_dump_json()) == fact
        assert fact.sentence().isprintable()
        assert fact.observed_at <= end
    assert len({answer.query.question for answer in recorder.answers}) >= 7
    assert all(encode_answer(answer) for answer in recorder.answers)


@pytest.mark.parametrize("path", _BUNDLES[::13], ids=lambda path: path.name)
async def test_the_same_incident_yields_the_same_facts_in_the_same_order(path: Path) -> None:
    assert await _facts(path, _Recorder()) == await _facts(path, _Recorder())
