"""The course of one investigation: classified, planned, confirmed, run, concluded.

An actor looks at the folded state to see what is still to do, so going on after a crash is the same as going on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from engine.classify import classify
from engine.conclude import asked_on, conclusion, further, moves
from engine.events import (
    HypothesesRanked,
    IncidentClassified,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    SourcesChecked,
    SourceState,
    StepAdded,
    StepFinished,
    Who,
)
from engine.failpoints import failpoint
from engine.incident import IncidentState
from engine.investigate.scenario import Scenario
from engine.journal import ENGINE, Journal
from engine.judge import judged, settled
from engine.plan import propose_plan
from engine.port import Judge
from engine.reason import rank
from engine.run import StepRunner
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.errors import StoreError, UsageError
from primitives.records import Alert, Topology
from primitives.telemetry import AlertsQuery, TopologyQuery
from primitives.text import safe_line

__all__ = ["STOPPED", "Actor", "sources_checked"]

STOPPED = "the engine stopped before the investigation ended"
"""Why an interrupted investigation goes on, as its log says it."""

_MOST_LOOKS = 3
"""Further questions that are tried on what was recorded before the answer counts as final."""


class Actor:
    """Carries one investigation to its end; commands come in through `confirm`, `cancel`, `judge` and `ask_next`.

    An investigation that was under way before goes on; `reason` says why, where that isn't in the log yet.
    """

    def __init__(self, journal: Journal, scenario: Scenario, *, confirm: bool, reason: str = STOPPED) -> None:
        self._journal = journal
        self._scenario = scenario
        self._telemetry = scenario.telemetry(journal)
        self._confirmed_by = ENGINE
        self._confirmed = asyncio.Event()
        self._reason = reason
        self._work: asyncio.Task[None] | None = None
        self._started = scenario.clock.monotonic()
        if confirm:
            self._confirmed.set()

    @property
    def state(self) -> IncidentState:
        """What is known by now."""
        return self._journal.state

    async def run(self) -> None:
        """Carry the investigation to its end, or on from where it stopped. Raises `StoreError`."""
        try:
            if self.state.seq > 1 and self._reason:
                await self._journal.write(InvestigationResumed(reason=self._reason))
            self._work = asyncio.create_task(self._investigate())
            if self.state.cancelling:
                self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
            stopping = (task := asyncio.current_task()) is not None and task.cancelling() > 0
            if stopping and not self.state.cancelling:
                raise asyncio.CancelledError
            await self._finish()
        finally:
            await self._telemetry.close()

    def confirm(self, who: Who) -> None:
        """Run the plan. Raises `UsageError` when it already runs."""
        if self._confirmed.is_set():
            raise UsageError("the plan is already confirmed; follow it, or cancel it")
        self._confirmed_by = who
        self._confirmed.set()

    async def cancel(self, who: Who) -> None:
        """Stop; what was found stays. Raises `UsageError` when it has ended."""
        await self._journal.decide(
            lambda state: None if state.ended or state.cancelling else InvestigationCancelled(), who=who
        )
        if self.state.ended:
            raise UsageError("the investigation has already ended")
        if self._work:
            self._work.cancel()

    async def judge(self, judge: Judge, who: Who) -> None:
        """Heed what a person says of facts and causes. Raises `UsageError` when it makes no sense."""
        now = self._scenario.clock.now()
        await self._journal.decide_all(lambda state: judged(state, judge, who, now))
        await self._journal.decide_all(settled)

    async def ask_next(self, who: Who) -> None:
        """Add the next best diagnostic to the plan. Raises `UsageError` when there is none, or it is too late."""
        await self._journal.decide(asked_on, who=who)

    async def _investigate(self) -> None:
        if not self.state.sources:
            await self._journal.write(sources_checked(self._scenario))
        if self.state.classification is None or not self.state.steps:
            await self._plan()
        failpoint("actor.planned")
        if self.state.confirmed_by is None:
            await self._confirmed.wait()
            await self._journal.write(PlanConfirmed(), who=self._confirmed_by)
        failpoint("actor.confirmed")
        while not self.state.concluded:
            await self._run_plan()
            if not await self._ask_further():
                await self._conclude()

    async def _plan(self) -> None:
        opened = self.state.opened
        assert opened is not None
        alerts = await self._telemetry.alerts(AlertsQuery(window=opened.window))
        topologies = await self._telemetry.topology(TopologyQuery(window=opened.window))
        alert: Alert | None = next(iter(alerts.records), None)
        understood = classify(
            opened.query,
            alert=alert,
            symptom=opened.symptom,
            resources=_resource_ids(topologies.records),
            detected_at=opened.detected_at,
        )
        scope = Arguments(
            window=opened.window,
            baseline=opened.baseline,
            now=opened.now,
            symptom=opened.symptom,
            focus=opened.focus or understood.focus,
        )
        reachable = [source for source in self.state.sources if source.status == "reachable"]
        answerable = frozenset(question for source in reachable for question in source.questions)
        steps = propose_plan(understood.classification, scope, answerable, diagnostics())
        await self._journal.write(
            IncidentClassified(classification=understood.classification), PlanProposed(steps=steps)
        )

    async def _run_plan(self) -> None:
        await self._runner().run(_waiting(self.state))

    def _runner(self) -> StepRunner:
        return StepRunner(
            journal=self._journal,
            telemetry=self._telemetry,
            diagnostics=diagnostics(),
            clock=self._scenario.clock,
            after_step=self._rank,
            in_plan_order=self._scenario.recorded,
        )

    async def _ask_further(self) -> bool:
        """Add the next best diagnostic where it is worth its cost; whether anything is left to run.

        What was recorded can be looked at beforehand: a step that would change nothing is not added.
        """
        for step in further(self.state)[:_MOST_LOOKS]:
            if not self._scenario.recorded or moves(self.state, await self._runner().would_tell(step)):
                await self._journal.decide(lambda state, step=step: _added(state, step))  # type: ignore[misc]
                break
        failpoint("actor.asked_further")
        return bool(_waiting(self.state))

    async def _rank(self) -> None:
        ranking = rank(self.state)
        if ranking.hypotheses != self.state.hypotheses:
            await self._journal.write(
                HypothesesRanked(hypotheses=ranking.hypotheses, would_change=ranking.would_change)
            )

    async def _conclude(self) -> None:
        if not self.state.concluded:
            await self._journal.decide_all(conclusion)
            failpoint("actor.concluded")

    async def _finish(self) -> None:
        if self.state.ended:
            return
        if self.state.cancelling:
            await self._close_steps()
            await self._conclude()
        duration = self._scenario.clock.monotonic() - self._started
        # Decided when it is written: a person may cancel in the very last moment.
        await self._journal.decide(
            lambda state: InvestigationFinished(
                status="cancelled" if state.cancelling else "completed", duration_s=duration
            )
        )

    async def _close_steps(self) -> None:
        for step in list(self.state.steps.values()):
            if step.status in ("waiting", "running"):
                await self._journal.write(
                    StepFinished(step=step.plan.id, status="cancelled", summary="cancelled", duration_s=0.0)
                )

    async def fail(self, error: Exception) -> None:
        """Say in the log that the investigation could not go on; silent when even that can't be written."""
        with suppress(StoreError):
            await self._journal.write(
                InvestigationFinished(
                    status="failed",
                    duration_s=self._scenario.clock.monotonic() - self._started,
                    problem=safe_line(f"{type(error).__name__}: {error}"),
                )
            )


def sources_checked(scenario: Scenario) -> SourcesChecked:
    """The event that names the scenario's sources and says which can be asked."""
    states = tuple(
        SourceState(name=check.name, status=check.status, detail=check.detail, questions=tuple(sorted(check.questions)))
        for check in scenario.checks
    )
    return SourcesChecked(sources=states)


def _added(state: IncidentState, step: PlannedStep) -> StepAdded | None:
    """The step, unless a person was quicker."""
    return None if _waiting(state) or step.id in state.steps else StepAdded(step=step)


def _waiting(state: IncidentState) -> list[PlannedStep]:
    return [step.plan for step in state.steps.values() if step.status in ("waiting", "running")]


def _resource_ids(topologies: tuple[Topology, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(resource.id for topology in topologies for resource in topology.resources))
