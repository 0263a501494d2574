"""One pure function for each command: (state, command, who, time) → events.

`decide` and `precondition` know every command; the type checker keeps both complete. Three checks, in this order, say
whether a command is possible now: `lifecycle.refuse_closed`, the command's decider, and its `precondition`, which the
actor checks. A decider reads the state, writes nothing, and raises `UsageError` when the command makes no sense now.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, assert_never

from engine.act.commands import (
    ApproveUnder,
    ApproveUndo,
    BeginDispatch,
    ExpireRun,
    PrepareIn,
    RecordChecks,
    RecordConvergence,
    RecordDispatch,
    RecordMeasurement,
    RecordPlan,
    RecordVerification,
    RefuseRun,
    RunCommand,
)
from engine.act.targeted_diagnostics import targeted_step
from engine.deciders import advice, approvals, conclusions, lifecycle, notes, runs, steps, watch
from engine.deciders.decision import NOTHING, Decision
from engine.deciders.judge import judge
from engine.events import Who
from engine.incident import IncidentState
from engine.investigate.commands import (
    AddStep,
    AskAgain,
    ChoosePeriod,
    CloseAged,
    Conclude,
    FailInvestigation,
    FindDecisiveFacts,
    FinishInvestigation,
    FinishStep,
    InvestigationCommand,
    KeepTies,
    OpenIncident,
    ProposePlan,
    PublishFacts,
    Rank,
    RecordAnswer,
    ReportProgress,
    ResumeInvestigation,
    StartStep,
    StopWatch,
    TakeAdvice,
    TakeReading,
)
from engine.investigate.conclude import next_step
from engine.port import (
    ActionCommand,
    AddNote,
    ApproveAction,
    AskNext,
    Cancel,
    CloseIncident,
    Command,
    ConfirmPlan,
    ContinueAction,
    IncidentCommand,
    Judge,
    KeepAction,
    PrepareAction,
    RejectAction,
    RunDiagnostic,
    Watch,
)
from primitives.dataclass import dataclass
from primitives.sources import SourceDirectory

__all__ = ["WEIGHING", "AnyCommand", "Decision", "NeedsScenario", "Precondition", "decide", "precondition"]

AnyCommand = Command | InvestigationCommand | RunCommand
"""Every command that an incident's actor takes."""

WEIGHING: Final = (Rank, Conclude, FindDecisiveFacts, AskNext, TakeAdvice, Judge)
"""The commands whose decision weighs every hypothesis: tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class NeedsScenario:
    """The command starts an investigation that asks `sources`; where there are none, those that its log names."""

    sources: tuple[str, ...]
    definitions: SourceDirectory


Precondition = Literal["nothing", "running", "resting"] | NeedsScenario


def decide(state: IncidentState, command: AnyCommand, who: Who, now: datetime) -> Decision:
    """The events of `command` by `who`, given `state`; `now` is real time. Raises `UsageError` when it makes no sense.

    A closed incident takes no command of any kind.
    """
    if not isinstance(command, CloseAged):
        lifecycle.refuse_closed(state)
    if isinstance(command, InvestigationCommand):
        return _decide_for_engine(state, command, who, now)
    if isinstance(command, RunCommand):
        return _decide_of_run(state, command, who, now)
    if isinstance(command, ActionCommand):
        return _decide_of_action(state, command, who)
    return _decide_for_person(state, command, who, now)


def _decide_for_person(state: IncidentState, command: IncidentCommand, who: Who, now: datetime) -> Decision:
    match command:
        case ConfirmPlan():
            return steps.confirm_plan(state, command, who)
        case Cancel():
            return lifecycle.cancel(state, command, who)
        case Judge():
            return judge(state, command, who, now)
        case AskNext():
            return steps.add_requested_step(state, who, next_step)
        case RunDiagnostic():
            return steps.add_requested_step(
                state, who, lambda current: targeted_step(current, command.primitive, command.target)
            )
        case Watch():
            return watch.start_watch(state, command, who)
        case AddNote():
            return notes.add_note(state, command, who)
        case CloseIncident():
            return lifecycle.close(state, command, who)
        case _:
            assert_never(command)


def _decide_of_action(state: IncidentState, command: ActionCommand, who: Who) -> Decision:
    match command:
        case RejectAction():
            return runs.reject(state, command, who)
        case KeepAction():
            return runs.keep(state, command, who)
        case ContinueAction():
            return NOTHING
        case PrepareAction() | ApproveAction():
            # The actor adds what a decider can't know: the store, and the policy of now.
            raise AssertionError(command)
        case _:
            assert_never(command)


def _decide_of_run(  # noqa: C901, PLR0912 - one branch a command
    state: IncidentState, command: RunCommand, who: Who, now: datetime
) -> Decision:
    match command:
        case PrepareIn():
            return runs.prepare(state, command, who)
        case ApproveUnder():
            return approvals.approve(state, command, who, now)
        case RecordChecks():
            return runs.record_checks(state, command)
        case RefuseRun():
            return runs.refuse(state, command)
        case RecordPlan():
            return runs.record_plan(state, command, now)
        case ExpireRun():
            return runs.expire(state, command)
        case BeginDispatch():
            return approvals.begin_dispatch(state, command, now)
        case RecordDispatch():
            return runs.record_dispatch(state, command)
        case RecordConvergence():
            return runs.record_convergence(state, command)
        case RecordMeasurement():
            return runs.record_measurement(state, command)
        case RecordVerification():
            return runs.record_verification(state, command)
        case ApproveUndo():
            return approvals.approve_undo(state, command, now)
        case _:
            assert_never(command)


def _decide_for_engine(  # noqa: C901, PLR0912 - one branch a command
    state: IncidentState, command: InvestigationCommand, who: Who, now: datetime
) -> Decision:
    match command:
        case OpenIncident():
            return lifecycle.open_incident(state, command, who)
        case CloseAged():
            return lifecycle.close_aged(state, command, now)
        case PublishFacts():
            return steps.publish_facts(state, command)
        case RecordAnswer():
            return steps.record_answer(state, command)
        case ReportProgress():
            return steps.report_progress(command)
        case StartStep():
            return steps.start_step(state, command)
        case FinishStep():
            return steps.finish_step(command)
        case AddStep():
            return steps.add_step(state, command)
        case TakeReading():
            return watch.take_reading(state, command)
        case StopWatch():
            return watch.stop_watch(state, command)
        case AskAgain():
            return watch.ask_again(state, command)
        case KeepTies():
            return steps.keep_ties(state, command)
        case ChoosePeriod():
            return steps.choose_period(state, command)
        case ProposePlan():
            return steps.propose_plan(state, command)
        case TakeAdvice():
            return advice.take_advice(state, command)
        case Rank():
            return conclusions.rank(state, command)
        case FindDecisiveFacts():
            return conclusions.find_decisive_facts(state, command)
        case Conclude():
            return conclusions.conclude(state, command)
        case ResumeInvestigation():
            return lifecycle.resume(state, command)
        case FinishInvestigation():
            return lifecycle.finish(state, command)
        case FailInvestigation():
            return lifecycle.fail(state, command)
        case _:
            assert_never(command)


def precondition(state: IncidentState, command: AnyCommand) -> Precondition:
    """What a command needs besides the state: a running investigation, none that runs, or sources to start one.

    The engine's own commands need nothing but to ask again: it sends each when it is due.
    """
    if isinstance(command, AskAgain):
        return NeedsScenario(command.sources, command.definitions)
    if isinstance(command, InvestigationCommand | RunCommand | ActionCommand):
        return "nothing"
    match command:
        case ConfirmPlan() | Cancel():
            return "running"
        case AskNext() | RunDiagnostic():
            return NeedsScenario(command.sources, command.definitions) if state.ended else "running"
        case CloseIncident():
            return "resting"
        case Judge() | AddNote() | Watch():
            return "nothing"
        case _:
            assert_never(command)
