"""Runs one investigation: plan, confirmation, steps, conclusion.

It reads from the folded state what is still to do, so resuming after a crash is the same as continuing. It writes only
by sending commands to its incident.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from engine.events import IncidentOpened, NamesTied, NameTie, PlannedStep, SourcesChecked, SourceState
from engine.failpoints import failpoint
from engine.incident import IncidentState
from engine.investigate.classify import Classified, classify
from engine.investigate.commands import (
    AddStep,
    ChoosePeriod,
    Conclude,
    FinishInvestigation,
    FinishStep,
    KeepTies,
    ProposePlan,
    Rank,
    TakeAdvice,
)
from engine.investigate.conclude import changes_ranking, further_steps
from engine.investigate.first_questions import first_questions, whole_window
from engine.investigate.incident_access import IncidentAccess
from engine.investigate.meant import Meant, meant_resources
from engine.investigate.period import choose_period
from engine.investigate.plan import propose_plan
from engine.investigate.recorder import AnswerRecorder, Unrecorded
from engine.investigate.run import StepRunner
from engine.investigate.scenario import Scenario
from engine.port import ConfirmPlan
from engine.reason.advisor import Advisor, consult
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.records import Alert, Topology
from primitives.resolver import Tie
from primitives.telemetry import AlertsQuery, SeriesQuery, TopologyQuery

__all__ = ["Investigation", "sources_checked"]

_MOST_TIES = 500
_MOST_LOOKS = 3
"""Further diagnostics that are tried on what was recorded before the answer counts as final."""


class Investigation:
    """Continues the investigation of `incident` from its current state to its end.

    With `confirmed` the read-only plan runs without waiting for a person. An `advisor` is asked once, before the
    conclusion; its advice is checked, and the investigation continues without it when it fails.
    """

    def __init__(
        self, incident: IncidentAccess, scenario: Scenario, *, confirmed: bool, advisor: Advisor | None = None
    ) -> None:
        self._incident = incident
        self._scenario = scenario
        self._telemetry = scenario.telemetry(AnswerRecorder(incident))
        # Not recorded: what counts is asked for again, and a bundle holds the samples that the answer rests on.
        self._looking = scenario.telemetry(Unrecorded())
        self._confirmed = confirmed
        self._advisor = advisor
        self._work: asyncio.Task[None] | None = None
        self._stopping = False
        self._started = scenario.clock.monotonic()

    @property
    def state(self) -> IncidentState:
        """What is known by now."""
        return self._incident.state

    @property
    def elapsed_s(self) -> float:
        """Seconds that this run has taken."""
        return self._scenario.clock.monotonic() - self._started

    async def run(self) -> None:
        """Run to the end. Raises `StoreError`; when cancelled it stops where it is, to be resumed later."""
        try:
            self._work = asyncio.create_task(self._investigate())
            if self.state.cancelling:
                self.stop()
            with suppress(asyncio.CancelledError):
                await self._work
            leaving = (task := asyncio.current_task()) is not None and task.cancelling() > 0
            if leaving and not self.state.cancelling:
                raise asyncio.CancelledError
            await self._finish()
        finally:
            await self._telemetry.close()

    def stop(self) -> None:
        """Stop early because a person cancelled; what was found is concluded."""
        if self._work and not self._stopping:
            self._stopping = True
            self._work.cancel()

    async def _investigate(self) -> None:
        if self.state.classification is None or not self.state.steps:
            await self._plan()
        failpoint("actor.planned")
        if self.state.confirmed_by is None:
            await self._confirm()
        failpoint("actor.confirmed")
        while not self.state.concluded:
            await self._run_plan()
            if not await self._ask_further() and not await self._ask_advisor():
                await self._conclude()

    async def _plan(self) -> None:
        opened = self.state.opened
        assert opened is not None
        ahead = asyncio.ensure_future(self._ask_ahead(opened))
        # Recorded ones are asked one after the other, so that the same incident always gives the same log.
        alerts = await self._telemetry.alerts(AlertsQuery(window=opened.window))
        topologies = await self._telemetry.topology(TopologyQuery(window=opened.window))
        await ahead
        alert: Alert | None = next(iter(alerts.records), None)
        # Of thousands of resources, to find those that the words name takes longer than a key should wait.
        understood = await asyncio.to_thread(
            classify,
            opened.query,
            alert=alert,
            symptom=opened.symptom,
            resources=_resource_ids(topologies.records),
            detected_at=opened.detected_at,
        )
        opened = await self._look_at_the_data(opened, understood)
        meant = self._meant(understood, topologies.records, alerts.records)
        scope = Arguments(
            window=opened.window,
            baseline=opened.baseline,
            now=opened.now,
            symptom=meant.symptom,
            focus=meant.focus,
            detected=opened.detected_at,
        )
        reachable = [source for source in self.state.sources if source.status == "reachable"]
        answerable = frozenset(question for source in reachable for question in source.questions)
        steps = propose_plan(understood.classification, scope, answerable, diagnostics())
        classification = understood.classification.model_copy(update={"candidates": meant.candidates})
        await self._incident.send(ProposePlan(classification, steps))

    def _meant(self, understood: Classified, topologies: tuple[Topology, ...], alerts: tuple[Alert, ...]) -> Meant:
        """What is looked at first. A recorded incident's names were checked when it was opened."""
        opened = self.state.opened
        assert opened is not None
        if self._scenario.recorded:
            return Meant(opened.focus or understood.focus, opened.symptom)
        named = next(iter(opened.focus), None)
        return meant_resources(named, opened.symptom, understood, _resource_ids(topologies), alerts)

    async def _look_at_the_data(self, opened: IncidentOpened, understood: Classified) -> IncidentOpened:
        """The opening with the time that the data suggest, where it is a live one and nobody said which time."""
        if self._scenario.recorded or opened.period_given:
            return opened
        answers = await self._looking.series(SeriesQuery(window=whole_window(opened)))
        period = await asyncio.to_thread(choose_period, opened, understood, answers.records)
        if period is not None:
            await self._incident.send(ChoosePeriod(period))
        return self.state.opened or opened

    async def _ask_ahead(self, opened: IncidentOpened) -> None:
        """Ask live sources side by side what the plan is made of."""
        if self._scenario.recorded:
            return
        # What only the period is chosen from isn't recorded.
        asked = ((self._looking if query.question == "series" else self._telemetry, query)
                 for query in first_questions(opened))  # fmt: skip
        await asyncio.gather(*(telemetry.ask(query) for telemetry, query in asked))

    async def _confirm(self) -> None:
        """Wait for a person's confirmation, where one is needed."""
        if self._confirmed:
            await self._incident.send(ConfirmPlan())
        else:
            await self._incident.until(lambda state: state.confirmed_by is not None)

    async def _run_plan(self) -> None:
        await self._runner().run(_waiting(self.state))

    def _runner(self) -> StepRunner:
        return StepRunner(
            incident=self._incident,
            telemetry=self._telemetry,
            diagnostics=diagnostics(),
            clock=self._scenario.clock,
            after_step=self._rank,
            in_plan_order=self._scenario.recorded,
        )

    async def _ask_further(self) -> bool:
        """Add the next best diagnostic if it is worth its cost; returns whether anything is left to run.

        For recorded sources it is run ahead: a step that would change nothing is not added.
        """
        for step in further_steps(self.state)[:_MOST_LOOKS]:
            if not self._scenario.recorded or changes_ranking(self.state, await self._runner().look_ahead(step)):
                await self._incident.send(AddStep(step))
                break
        failpoint("actor.asked_further")
        return bool(_waiting(self.state))

    async def _ask_advisor(self) -> bool:
        """Ask the advisor, once, and take the valid part of its advice; returns whether anything is left to run."""
        advisor, self._advisor = self._advisor, None
        if advisor is None:
            return False
        name, advised = await consult(advisor, self.state, diagnostics(), self._scenario.clock.now())
        await self._incident.send(TakeAdvice(name, advised.facts, advised.steps, advised.remarks))
        return bool(_waiting(self.state))

    async def _rank(self) -> None:
        await self._incident.send(Rank())

    async def _conclude(self) -> None:
        await self._incident.send(KeepTies(names_tied(self._telemetry.ties)))
        await self._incident.send(Conclude())
        failpoint("actor.concluded")

    async def _finish(self) -> None:
        if self.state.ended:
            return
        if self.state.cancelling:
            for step in _waiting(self.state):
                await self._incident.send(FinishStep(step.id, "cancelled", "cancelled", 0.0))
            await self._conclude()
        await self._incident.send(FinishInvestigation(self.elapsed_s, self._telemetry.cost_usd))


def sources_checked(scenario: Scenario) -> SourcesChecked:
    """The event that names the scenario's sources and says which can be asked."""
    states = tuple(
        SourceState(name=check.name, status=check.status, detail=check.detail, questions=tuple(sorted(check.questions)))
        for check in scenario.checks
    )
    return SourcesChecked(sources=states)


def names_tied(ties: Sequence[Tie]) -> NamesTied:
    """The event that says what was tied, with at most so many ties as somebody reads."""
    kept = tuple(
        NameTie(source=tie.source, name=tie.name, resource=tie.resource, rule=tie.rule, candidates=tie.candidates,
                more=tie.more) for tie in ties[:_MOST_TIES]
    )  # fmt: skip
    return NamesTied(ties=kept, left_out=len(ties) - len(kept))


def _waiting(state: IncidentState) -> list[PlannedStep]:
    return [step.plan for step in state.steps.values() if step.status in ("waiting", "running")]


def _resource_ids(topologies: tuple[Topology, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(resource.id for topology in topologies for resource in topology.resources))
