"""From records in memory to facts and a ranking: how long, for how large a system, and with how much memory.

Every diagnostic of the plan is run, one after the other, over a backend that answers from memory as it does from a
bundle that has been read; then the facts are ranked. Nothing is stored. Times are those of the quickest of a few
rounds: the machines are shared, and what others do is no part of it. The reference is the median of every series,
before and in the window, one after the other: the least that judging them takes.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from benchmarks.children import own_peak_mib, private_home
from benchmarks.figures import Figure, Reference, Result, Target
from benchmarks.isolated import isolated
from benchmarks.made_system import MadeSystem, Size, made_system
from benchmarks.options import Options

__all__ = ["investigated", "measured", "reasoning"]

_LONG = Size(50, 10, 600)
_GROWING = tuple(Size(count, 5, 120) for count in (10, 100, 1_000, 10_000))
_TARGETS = {_LONG: Target(200), _GROWING[-1]: Target(2_000)}
_PINNED = Size(1_000, 5, 120)
_PIN_TARGET = Target(50)
_MEMORY_TARGET = Target(1_024)
# Ten times as much may take this many times as long and still be called nearly linear.
_GROWTH_TARGET = Target(13)


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in ms, the peak memory of the process in MiB, and what came of it."""

    facts_ms: float
    ranking_ms: float
    pinned_ms: float
    medians_ms: float
    peak_mib: float
    processor_ms: float
    """Of facts and ranking: what they would take if nobody else used the machine."""
    facts: int
    place: int | None
    """The culprit's place in the ranking."""

    @property
    def whole_ms(self) -> float:
        """Facts and ranking."""
        return self.facts_ms + self.ranking_ms


def reasoning(options: Options) -> Result:
    """The targets' sizes, growth from 10 to 10,000 resources, re-ranking; quick: up to 1,000 resources."""
    result = Result()
    growing = _GROWING[:-1] if options.quick else _GROWING
    by_size = {size: isolated(measured, size, options.times(5, 3)) for size in (_LONG, *growing)}
    for size, measured_size in by_size.items():
        reference = Reference("the medians alone", measured_size.medians_ms)
        name = f"facts and ranking, {_label(size)}"
        result.figures.append(Figure("reason", name, measured_size.whole_ms, "ms", _TARGETS.get(size), reference))
        if size in _TARGETS:
            result.figures.append(Figure("reason", f"{name}, processor time", measured_size.processor_ms, "ms"))
        result.notes += (
            [] if measured_size.place == 1 else [f"reason {_label(size)}: the culprit's place is {measured_size.place}"]
        )
    result.figures += [
        Figure("reason", f"{more.resources:,} over {less.resources:,} resources",
               by_size[more].whole_ms / by_size[less].whole_ms, "×", _GROWTH_TARGET)
        for less, more in pairwise(growing)
    ]  # fmt: skip
    largest = growing[-1]
    result.figures += [
        Figure("reason", f"ranking alone, {_label(largest)}", by_size[largest].ranking_ms, "ms"),
        Figure(
            "reason", f"ranking again after a pin, {_label(_PINNED)}", by_size[_PINNED].pinned_ms, "ms", _PIN_TARGET
        ),
        Figure("reason", f"peak memory, {_label(largest)}", by_size[largest].peak_mib, "MiB", _MEMORY_TARGET),
    ]
    with private_home(options.scratch) as home:
        taken = isolated(reading, largest, home / "bundle")
        result.figures.append(Figure("reason", f"reading the bundle, {_label(largest)}", taken, "ms"))
    return result


def _label(size: Size) -> str:
    return f"{size.resources:,} × {size.metrics} × {size.samples}"


def measured(size: Size, rounds: int) -> Measured:
    """The quickest of `rounds` investigations of a made system; one of a small system warms the process up."""
    asyncio.run(investigated(made_system(Size(10, 5, 60))))
    made = made_system(size)
    first = asyncio.run(investigated(made))
    peak = own_peak_mib()
    taken = [first, *(asyncio.run(investigated(made)) for _ in range(rounds - 1))]
    return Measured(
        facts_ms=min(run.facts_ms for run in taken),
        ranking_ms=min(run.ranking_ms for run in taken),
        pinned_ms=min(run.pinned_ms for run in taken),
        medians_ms=min(_medians(made) for _ in range(rounds)),
        peak_mib=peak,
        processor_ms=min(run.processor_ms for run in taken),
        facts=first.facts,
        place=first.place,
    )


async def investigated(made: MadeSystem) -> Measured:
    """One investigation's times, its memory left out."""
    from engine.fact_deduplication import fact_key
    from engine.incident import FoundFact, IncidentState
    from engine.reason import rank
    from engine.state.investigation import InvestigationState
    from primitives.diagnostics.registry import diagnostics
    from primitives.facts import FactBase

    opened, classification, steps, telemetry = await _prepared(made)
    begin, used = time.perf_counter(), time.process_time()
    facts: dict[str, FoundFact] = {}
    for step in steps:
        diagnostic = diagnostics()[step.primitive]
        arguments = diagnostic.arguments.model_validate(step.arguments)
        async for result in diagnostic.run(telemetry, arguments):
            if isinstance(result, FactBase):
                found_fact = FoundFact(
                    f"F{len(facts) + 1}", step.id, fact_key(cast("Any", result)), cast("Any", result)
                )
                facts.setdefault(found_fact.key, found_fact)
    known = {found_fact.id: found_fact for found_fact in facts.values()}
    state = IncidentState(opened=opened, investigation=InvestigationState(classification=classification, facts=known))
    middle = time.perf_counter()
    state.investigation.hypotheses = rank(state).hypotheses
    end, used = time.perf_counter(), time.process_time() - used
    pinned = _pinned(state)
    places = [
        place for place, hypothesis in enumerate(state.hypotheses, start=1) if hypothesis.resource == made.culprit
    ]
    return Measured(
        facts_ms=1000 * (middle - begin),
        ranking_ms=1000 * (end - middle),
        pinned_ms=pinned,
        medians_ms=0.0,
        peak_mib=0.0,
        processor_ms=1000 * used,
        facts=len(facts),
        place=min(places, default=None),
    )


def _pinned(state: Any) -> float:
    """The ms that a ranking takes after an engineer called its most telling fact certain."""
    from engine.hypotheses import Judgement
    from engine.reason import rank

    for hypothesis in state.hypotheses:
        if hypothesis.evidence:
            state.judgements[hypothesis.evidence[0].fact] = Judgement(verdict="pinned", by="somebody")
            break
    begin = time.perf_counter()
    rank(state)
    return 1000 * (time.perf_counter() - begin)


async def _prepared(made: MadeSystem) -> tuple[Any, Any, Any, Any]:
    """What the engine has before the first step runs: the opened incident, its class, the plan, the sources."""
    from engine.events import IncidentOpened
    from engine.investigate.classify import classify
    from engine.investigate.plan import propose_plan
    from primitives.backends.recorded.backend import RecordedBackend
    from primitives.clock import RecordedClock
    from primitives.diagnostics.registry import Arguments, diagnostics
    from primitives.telemetry import Telemetry

    manifest = made.parts.manifest
    backend = RecordedBackend(cast("Any", _Held(made)))
    telemetry = Telemetry((backend,), _Forgetful(), RecordedClock(manifest.window.end))
    opened = IncidentOpened(
        title=manifest.title, query=manifest.query, origin="recorded", detected_at=manifest.detected_at,
        now=manifest.window.end, window=manifest.window, baseline=manifest.baseline, symptom=manifest.symptom,
    )  # fmt: skip
    names = [resource.id for resource in made.parts.topology.resources] if made.parts.topology else []
    understood = classify(opened.query, symptom=opened.symptom, resources=names, detected_at=opened.detected_at)
    scope = Arguments(
        window=opened.window,
        baseline=opened.baseline,
        now=opened.now,
        symptom=opened.symptom,
        focus=understood.focus,
        detected=opened.detected_at,
    )
    held = frozenset((await backend.check()).questions)
    steps = propose_plan(understood.classification, scope, cast("Any", held), diagnostics())
    return opened, understood.classification, steps, telemetry


class _Held:
    """Records in memory with the face of a bundle that has been read."""

    parts = ("metrics", "topology")
    alert = changes = logs = spans = probes = observations = configuration = None
    kubernetes = kubernetes_logs = ()

    def __init__(self, made: MadeSystem) -> None:
        self.manifest, self.topology = made.parts.manifest, made.parts.topology
        self._by_metric: dict[str, list[Any]] = {}
        for series in made.parts.series:
            # A series that was judged before would not be judged again.
            self._by_metric.setdefault(series.metric.name, []).append(replace(series))

    @property
    def metric_names(self) -> tuple[str, ...]:
        return tuple(self._by_metric)

    def series_of(self, metric: str) -> list[Any]:
        return list(self._by_metric.get(metric, ()))


class _Forgetful:
    """Keeps no answer; its digest is the question's name."""

    async def record(self, answer: Any) -> str:
        return str(answer.query.question)


def _medians(made: MadeSystem) -> float:
    import numpy as np

    manifest = made.parts.manifest
    split = manifest.window.start.timestamp()
    begin = time.perf_counter()
    for series in made.parts.series:
        at = int(np.searchsorted(series.times, split))
        np.median(series.values[:at])
        np.median(series.values[at:])
    return 1000 * (time.perf_counter() - begin)


def reading(size: Size, path: Path) -> float:
    """The ms that reading and checking the bundle of a made system takes, once it is written."""
    from primitives.bundle import read_bundle, write_bundle

    write_bundle(made_system(size).parts, path)
    begin = time.perf_counter()
    read_bundle(path).validate()
    return 1000 * (time.perf_counter() - begin)
