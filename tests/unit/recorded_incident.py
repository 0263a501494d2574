"""A recorded incident in a few lines: write the parts that a test is about, ask a diagnostic, get its facts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from primitives.backends.recorded.backend import RecordedBackend
from primitives.bundle import read_bundle
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.facts import FactBase
from primitives.telemetry import Answer, Telemetry

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""When the incident's window begins; a minute's samples around it are easy to count."""


def at(minutes: float) -> str:
    """A time in minutes from the window's start, as bundles write it."""
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


class NoRecorder:
    """Keeps nothing."""

    async def record(self, answer: Answer[Any]) -> str:
        return f"{hash(answer.query.question) & 0xFFFF:064x}"


class RecordedIncident:
    """A bundle under `folder`: `baseline` minutes before the window (None: not stated) and a window of `length`."""

    def __init__(self, folder: Path, *, length: int = 30, baseline: int | None = 120, **manifest: Any) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._metrics: dict[str, Any] = {}
        document: dict[str, Any] = {
            "format": "cloudops-incident/1",
            "id": "made-for-a-test",
            "title": "made for a test",
            "detected_at": at(length - 5),
            "window": {"from": at(0), "to": at(length)},
        }
        if baseline is not None:
            document["baseline"] = {"from": at(-baseline), "to": at(0)}
        self._write("incident.yaml", json.dumps(document | manifest))

    def metric(
        self, name: str, columns: Mapping[str, Sequence[float | None]], first: int = -120, **meaning: Any
    ) -> None:
        """A sample a minute for each resource from `first` minutes on; None is a missing sample."""
        defaults = {"kind": "latency", "unit": "ms", "statistic": "average", "worse": "higher"}
        self._metrics[name] = defaults | meaning
        self._write("metrics.yaml", json.dumps(self._metrics))
        rows = [",".join(["time", *columns])]
        for index, values in enumerate(zip(*columns.values(), strict=True)):
            rows.append(",".join([at(first + index), *("" if value is None else str(value) for value in values)]))
        self._write(f"metrics/{name}.csv", "\n".join(rows) + "\n")

    def topology(self, *edges: tuple[str, str], kind: str = "calls") -> None:
        names = sorted({name for edge in edges for name in edge})
        document = {
            "resources": [{"id": name, "kind": "service"} for name in names],
            "edges": [{"from": source, "to": target, "kind": kind} for source, target in edges],
        }
        self._write("topology.yaml", json.dumps(document))

    def lines(self, part: str, *records: Mapping[str, Any]) -> None:
        self._write(f"{part}.jsonl", "".join(json.dumps(record) + "\n" for record in records))

    def file(self, name: str, text: str) -> None:
        self._write(name, text)

    def backend(self) -> RecordedBackend:
        return RecordedBackend(read_bundle(self.folder))

    async def facts(self, name: str) -> list[Any]:
        """What the diagnostic `name` yields."""
        manifest = read_bundle(self.folder).manifest
        ask = Telemetry([self.backend()], NoRecorder(), ManualClock(manifest.window.end))
        args = Arguments(
            window=manifest.window, baseline=manifest.baseline, now=manifest.window.end, symptom=manifest.symptom
        )
        outputs = [output async for output in diagnostics()[name].run(ask, args)]
        return [output for output in outputs if isinstance(output, FactBase)]

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def of(facts: Sequence[Any], kind: str, polarity: str = "present") -> list[Any]:
    """The facts of one type and polarity, in their order."""
    return [fact for fact in facts if fact.type == kind and fact.polarity == polarity]
