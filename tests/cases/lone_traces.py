"""Made incidents of which only traces and changes are known: no metrics, no topology, no normal times named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from primitives.bundle import BundleParts, Manifest
from primitives.records import Change, Span, SpanStatus, Symptom, Window

__all__ = ["BEGUN", "Op", "bundle", "changed"]

START = datetime(2026, 2, 3, 8, 0, tzinfo=UTC)
REQUESTS = 140
BEGUN = 85
"""The number of the request from which on the fault is there."""
_EVERY_S = 25.0


@dataclass
class Op:
    """An operation of a request: `own` seconds of its own, `way` seconds to it and back, and what it calls in turn."""

    resource: str
    name: str
    own: float
    calls: Sequence[Op] = ()
    way: float = 0.0
    failed: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)


def bundle(request: Callable[[int], Op], symptom: str, changes: Sequence[Change] = (), query: str = "it is slow") -> (
    BundleParts
):  # fmt: skip
    """`request` makes the tree of the request of a number; each takes its time give or take a tenth."""
    rng = np.random.default_rng(5)
    spans: list[Span] = []
    for number in range(REQUESTS):
        start = START + timedelta(seconds=_EVERY_S * number)
        _add(spans, rng, request(number), f"{number:032x}", None, start)
    end = START + timedelta(seconds=_EVERY_S * REQUESTS)
    return BundleParts(
        manifest=Manifest(
            id="made-traces", title=query, query=query, detected_at=end - timedelta(minutes=3),
            window=Window(start=START, end=end), symptom=Symptom(resource=symptom), platform=("other",),
        ),
        changes=tuple(changes) or None, spans=tuple(spans),
    )  # fmt: skip


def changed(number: float, name: str, resource: str, kind: str = "deployment") -> Change:
    """A change at the time of the request of that number."""
    time = START + timedelta(seconds=_EVERY_S * number)
    return Change.model_validate({"time": time, "id": name, "resource": resource, "kind": kind, "summary": name})


def _add(spans: list[Span], rng: np.random.Generator, op: Op, trace: str, parent: str | None, start: datetime) -> float:
    identity = f"{len(spans):016x}"
    place = len(spans)
    spans.append(None)  # type: ignore[arg-type]
    own = op.own * float(rng.lognormal(0.0, 0.1))
    reached = own / 2
    for call in op.calls:
        way = call.way * float(rng.lognormal(0.0, 0.05))
        begun = start + timedelta(seconds=reached + way / 2)
        reached += way + _add(spans, rng, call, trace, identity, begun)
    status: SpanStatus = "error" if op.failed else "unset"
    duration = reached + own / 2
    spans[place] = Span(trace, identity, parent, op.resource, op.name, start, duration, status, op.attributes)
    return duration
