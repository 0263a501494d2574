"""Deciders of the plan and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.deciders.carried_judgements import carried_judgements
from engine.deciders.decision import NOTHING, Decision, by
from engine.deciders.lifecycle import reopen
from engine.events import (
    ENGINE,
    FactFound,
    IncidentClassified,
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
)
from engine.fact_deduplication import deduplication_keys, fact_key
from engine.incident import IncidentState
from engine.investigate.commands import (
    AddStep,
    ChoosePeriod,
    FinishStep,
    KeepTies,
    ProposePlan,
    PublishFacts,
    RecordAnswer,
    ReportProgress,
    StartStep,
)
from engine.port import ConfirmPlan
from primitives.errors import UsageError

__all__ = [
    "add_requested_step",
    "add_step",
    "choose_period",
    "confirm_plan",
    "finish_step",
    "keep_ties",
    "propose_plan",
    "publish_facts",
    "record_answer",
    "report_progress",
    "start_step",
    "unfinished_steps",
]


def unfinished_steps(state: IncidentState) -> list[PlannedStep]:
    """The steps that have not ended."""
    return [step.plan for step in state.steps.values() if step.status in ("waiting", "running")]


def choose_period(state: IncidentState, command: ChoosePeriod) -> Decision:
    """Look at the time that the data suggest, once, before anything else is asked."""
    return NOTHING if state.steps else by(ENGINE, command.period)


def keep_ties(state: IncidentState, command: KeepTies) -> Decision:
    """Keep which names were tied, where that is news."""
    return NOTHING if command.tied.ties == state.watch.ties else by(ENGINE, command.tied)


def propose_plan(state: IncidentState, command: ProposePlan) -> Decision:
    """Classify and plan, once."""
    if state.steps:
        return NOTHING
    return by(ENGINE, IncidentClassified(classification=command.classification), PlanProposed(steps=command.steps))


def confirm_plan(state: IncidentState, command: ConfirmPlan, who: Who) -> Decision:
    """Confirm the plan, also ahead of its proposal. Raises `UsageError` when that makes no sense any more."""
    del command
    if state.ended:
        raise UsageError("the investigation has already ended")
    if state.confirmed_by is not None:
        raise UsageError("the plan is already confirmed; follow it, or cancel it")
    return by(who, PlanConfirmed())


def add_requested_step(state: IncidentState, who: Who, choose: Callable[[IncidentState], PlannedStep]) -> Decision:
    """Add the step that `choose` gives, for a person; a finished investigation is reopened for it.

    Raises `UsageError` when there is none.
    """
    if state.ended:
        return reopen(state, who, choose)
    if state.cancelling or state.concluded:
        raise UsageError("the investigation is ending; ask again when it has ended")
    return by(who, StepAdded(step=choose(state)))


def add_step(state: IncidentState, command: AddStep) -> Decision:
    """Add the step, unless a person added one first."""
    if unfinished_steps(state) or command.step.id in state.steps:
        return NOTHING
    return by(ENGINE, StepAdded(step=command.step))


def start_step(state: IncidentState, command: StartStep) -> Decision:
    """Start a step and count the attempt."""
    return by(ENGINE, StepStarted(step=command.step, attempt=state.steps[command.step].attempt + 1))


def report_progress(command: ReportProgress) -> Decision:
    """Report the progress of a step."""
    return by(ENGINE, StepProgressed(step=command.step, done=command.done, total=command.total, note=command.note))


def record_answer(state: IncidentState, command: RecordAnswer) -> Decision:
    """Store an answer as a blob, and the event that names it, once."""
    if command.answer.digest in state.answers:
        return NOTHING
    return replace(by(ENGINE, command.answer), blobs=(command.data,))


def publish_facts(state: IncidentState, command: PublishFacts) -> Decision:
    """Publish facts, except those that another step or an earlier attempt found.

    What was judged of a fact is carried to the one that measures the same again.
    """
    # What is being asked again is found again, whether or not it is as it was; what somebody judged stays judged.
    again, past = {step.plan.supersedes for step in state.steps.values()} - {""}, state.past_facts
    kept = (entry for entry in state.facts.values() if entry.step not in again or not entry.step
            or (entry.id in state.judgements and entry.id not in past))  # fmt: skip
    known = {key for entry in kept for key in deduplication_keys(entry.key, entry.fact)}
    bodies: list[FactFound] = []
    for fact in command.facts:
        key = fact_key(fact)
        keys = deduplication_keys(key, fact)
        if known.isdisjoint(keys):
            known.update(keys)
            number = len(state.facts) + len(bodies) + 1
            bodies.append(FactFound(id=f"F{number}", step=command.step, key=key, fact=fact))
    return by(ENGINE, *bodies, *carried_judgements(state, command.step, bodies))


def finish_step(command: FinishStep) -> Decision:
    """Finish a step."""
    return by(
        ENGINE,
        StepFinished(
            step=command.step,
            status=command.status,
            summary=command.summary,
            duration_s=command.duration_s,
            fault=command.fault,
        ),
    )
