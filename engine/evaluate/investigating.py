"""Investigates one bundle that has a known answer, and scores what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from engine.engine import Engine
from engine.evaluate.ablation import withhold
from engine.evaluate.cases import Case, FailedStep, Stated, score
from engine.evaluate.evidence import evidence_of
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState
from engine.investigate.scenario import open_scenario
from engine.port import Investigate
from engine.report import report
from primitives.bundle.truth import Truth, read_truth
from primitives.clock import SystemClock, processor_time
from primitives.dataclass import dataclass
from primitives.facts import SourceGap
from primitives.telemetry import Question
from primitives.text import safe_line

__all__ = ["Investigated", "investigated"]


@dataclass(frozen=True, slots=True)
class Investigated:
    """An investigation at its end, and the known answer. Times in seconds: the wall clock's and the processor's."""

    dataset: str
    state: IncidentState
    truth: Truth
    duration_s: float
    cpu_s: float
    evidence: tuple[str, ...]

    @property
    def case(self) -> Case:
        """The scores of its report."""
        return self.scored(report(self.state).likely_root_causes)

    def scored(self, hypotheses: Iterable[Stated]) -> Case:
        """The scores, had it come to these hypotheses, best first."""
        assert self.state.opened is not None
        return score(
            self.state.incident_id,
            self.dataset,
            hypotheses,
            self.truth,
            self.duration_s,
            cpu_s=self.cpu_s,
            platform=self.state.opened.platform,
            problem=_problem(self.state),
            failed_steps=_failed_steps(self.state),
            evidence=self.evidence,
        )


async def investigated(engine: Engine, bundle: Path, without: Collection[Question] = ()) -> Investigated | None:
    """Investigate the incident at `bundle` (absolute), None where it has no `truth.yaml`.

    The questions `without` get no answer. The time is the investigation's alone: from reading the bundle to the last
    event. Raises `BundleError`, `StoreError`.
    """
    truth = read_truth(bundle)
    if truth is None:
        return None
    clock = SystemClock()
    started, worked = clock.monotonic(), processor_time()
    request = Investigate(bundle=str(bundle), confirm=False)
    scenario = withhold(await open_scenario(request, engine.sources), without)
    execution_id = await engine.begin(scenario, confirm=False)
    async for _ in follow_investigation(engine, execution_id):
        pass
    elapsed, work = clock.monotonic() - started, processor_time() - worked
    state = await engine.state(execution_id)
    return Investigated(bundle.parent.name, state, truth, elapsed, work, evidence_of(bundle, without))


def _problem(state: IncidentState) -> str | None:
    """What went wrong in the investigation itself: it failed, or a step of it did."""
    if state.finished is not None and state.finished.problem:
        return safe_line(state.finished.problem)
    return safe_line("; ".join(f"{step.primitive}: {step.why}" for step in _failed_steps(state))) or None


def _failed_steps(state: IncidentState) -> list[FailedStep]:
    """The steps that failed or timed out, in whole or in part.

    A recorded source answers at once, so a time-out is a fault of ours.
    """
    partly = [
        FailedStep(primitive=state.steps[gap.step].plan.primitive, status="partial", why=gap.fact.detail, source=False)
        for gap in state.facts.values()
        if isinstance(gap.fact, SourceGap) and gap.fact.fault
    ]
    return partly + [
        FailedStep(
            primitive=step.plan.primitive,
            status=step.status,
            why=step.summary,
            source=step.status == "failed" and not step.fault,
        )
        for step in state.steps.values()
        if step.status in ("failed", "timed_out")
    ]
