"""Whole investigations of incidents that are never written: classified, planned, asked and ranked without a store."""

from __future__ import annotations

from typing import Any

from engine.events import IncidentOpened
from engine.fact_deduplication import fact_key
from engine.hypotheses import Hypothesis
from engine.incident import FoundFact
from engine.investigate.classify import classify
from engine.investigate.plan import propose_plan
from engine.reason import rank_facts
from primitives.backends.recorded.backend import RecordedBackend
from primitives.bundle.parts import BundleParts
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.facts import FactBase
from primitives.records import Series
from primitives.telemetry import Answer, Telemetry

__all__ = ["ranked"]

_PARTS = (
    "topology", "changes", "logs", "spans", "probes", "observations", "configuration", "kubernetes", "kubernetes_logs",
    "alert",
)  # fmt: skip


class _Bundle:
    """`BundleParts` as the recorded backend asks for them; writing and reading hundreds would take minutes."""

    def __init__(self, parts: BundleParts) -> None:
        self.manifest = parts.manifest
        for name in _PARTS:
            setattr(self, name, getattr(parts, name))
        self.parts = tuple(name for name in _PARTS if getattr(parts, name)) + (("metrics",) if parts.series else ())
        self._series: dict[str, list[Series]] = {}
        for one in parts.series:
            self._series.setdefault(one.metric.name, []).append(one)
        self.metric_names = tuple(self._series)

    def series_of(self, name: str) -> list[Series]:
        return self._series[name]


class _NoRecorder:
    async def record(self, answer: Answer[Any]) -> str:
        return f"{hash(answer.query.question) & 0xFFFF:064x}"


async def ranked(parts: BundleParts) -> tuple[Hypothesis, ...]:
    """The hypotheses of the first plan, best first."""
    manifest = parts.manifest
    backend = RecordedBackend(_Bundle(parts))  # type: ignore[arg-type]
    opened = IncidentOpened(
        title=manifest.title, query=manifest.query or "", origin="recorded", detected_at=manifest.detected_at,
        now=manifest.window.end, window=manifest.window, baseline=manifest.baseline, symptom=manifest.symptom,
        platform=manifest.platform, labels=manifest.labels, coverage=manifest.coverage, alert=parts.alert,
    )  # fmt: skip
    names = tuple(one.id for one in parts.topology.resources) if parts.topology else ()
    understood = classify(
        opened.query, alert=None, symptom=opened.symptom, resources=names, detected_at=opened.detected_at
    )
    scope = Arguments(
        window=opened.window,
        baseline=opened.baseline,
        now=opened.now,
        symptom=opened.symptom,
        focus=understood.focus,
        detected=opened.detected_at,
    )
    ask = Telemetry([backend], _NoRecorder(), ManualClock(opened.now))
    status = await backend.check()
    facts: dict[str, FoundFact] = {}
    for step in propose_plan(understood.classification, scope, frozenset(status.questions), diagnostics()):
        diagnostic = diagnostics()[step.primitive]
        async for fact in diagnostic.run(ask, diagnostic.arguments.model_validate(step.arguments)):
            if isinstance(fact, FactBase):
                facts.setdefault(fact_key(fact), FoundFact(f"F{len(facts) + 1}", step.id, fact_key(fact), fact))
    await ask.close()
    return rank_facts(tuple(facts.values()), opened, understood.classification).hypotheses
