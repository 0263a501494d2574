"""A made incident in the files of a bundle, to be damaged: one slow database behind two services.

Everything is made up. Each minute has a sample; the database's queries slow from 20 ms to 200 ms in the window's tenth
minute, and its callers wait for it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

__all__ = ["BASELINE", "CULPRIT", "LENGTH", "Incident", "at"]

START: Final = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
BASELINE: Final = 120
LENGTH: Final = 30
ONSET: Final = 10
CULPRIT: Final = "orders-db"
_OWN_MS: Final = {"shop": 5.0, "orders": 15.0, CULPRIT: 20.0, "mail": 30.0}
_CALLS: Final = (("shop", "orders"), ("orders", CULPRIT), ("shop", "mail"))


def at(minutes: float) -> str:
    """A time in minutes from the window's start, as bundles write it."""
    return f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


class Incident:
    """The incident's parts as plain data: change what a test is about, then `write` the bundle.

    `rows[metric]` are lists of a time and a cell for each of `columns`, oldest first.
    """

    def __init__(self) -> None:
        noise = random.Random(4)
        self.columns: list[str] = list(_OWN_MS)
        self.manifest: dict[str, Any] = {
            "format": "cloudops-incident/1",
            "id": "made-slow-database",
            "title": "The shop is slow",
            "query": "shop latency",
            "detected_at": at(LENGTH - 10),
            "baseline": {"from": at(-BASELINE), "to": at(-1)},
            "window": {"from": at(0), "to": at(LENGTH)},
            "symptom": {"resource": "shop", "metric": "latency", "direction": "above"},
        }
        self.meanings: dict[str, dict[str, Any]] = {
            "latency": {"kind": "latency", "unit": "ms", "statistic": "average", "worse": "higher"},
            "requests": {"kind": "traffic", "unit": "{request}", "statistic": "sum", "worse": "either"},
            "failed": {"kind": "errors", "unit": "1", "statistic": "average", "worse": "higher"},
        }
        self.resources = list(_OWN_MS)
        self.edges = list(_CALLS)
        self.logs: list[dict[str, Any]] = []
        self.rows: dict[str, list[tuple[str, list[Any]]]] = {name: [] for name in self.meanings}
        for minute in range(-BASELINE, LENGTH + 1):
            latency = {name: ms * noise.uniform(0.9, 1.1) for name, ms in _OWN_MS.items()}
            latency[CULPRIT] += 180.0 if minute >= ONSET else 0.0
            latency["orders"] += latency[CULPRIT]
            latency["shop"] += latency["orders"] + latency["mail"]
            self.rows["latency"].append((at(minute), [round(latency[name], 3) for name in self.columns]))
            self.rows["requests"].append((at(minute), [round(noise.uniform(95, 105)) for _ in self.columns]))
            self.rows["failed"].append((at(minute), [round(noise.uniform(0.0, 0.002), 5) for _ in self.columns]))

    def change(self, metric: str, to: Callable[[int, str, Any], Any]) -> None:
        """Every cell of `metric` anew: `to` gets its minute from the window's start, its column and its value."""
        self.rows[metric] = [
            (time, [to(place - BASELINE, name, cell) for name, cell in zip(self.columns, cells, strict=True)])
            for place, (time, cells) in enumerate(self.rows[metric])
        ]

    def write(self, folder: Path) -> Path:
        """The bundle, at `folder`."""
        (folder / "metrics").mkdir(parents=True)
        (folder / "incident.yaml").write_text(json.dumps(self.manifest))
        (folder / "metrics.yaml").write_text(json.dumps(self.meanings))
        for metric, rows in self.rows.items():
            lines = [",".join(["time", *self.columns])]
            lines += [",".join([time, *("" if cell is None else str(cell) for cell in cells)]) for time, cells in rows]
            (folder / "metrics" / f"{metric}.csv").write_text("\n".join(lines) + "\n")
        topology = {
            "resources": [{"id": name, "kind": "service"} for name in self.resources],
            "edges": [{"from": source, "to": target, "kind": "calls"} for source, target in self.edges],
        }
        (folder / "topology.yaml").write_text(json.dumps(topology))
        if self.logs:
            (folder / "logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.logs))
        return folder
