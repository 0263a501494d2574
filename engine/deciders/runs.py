"""Deciders of the runs of actions up to the plan, and after the dispatch. `approvals` has what is in between.

A run goes one way: each decider takes it from the states that it names, and refuses it in any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from engine.act.commands import (
    ExpireRun,
    PrepareIn,
    RecordChecks,
    RecordConvergence,
    RecordDispatch,
    RecordMeasurement,
    RecordPlan,
    RecordVerification,
    RefuseRun,
)
from engine.act.identity import action_id, canonical
from engine.act.plan import UndoPlan
from engine.deciders.decision import NOTHING, Decision, by
from engine.deciders.text_cleaning import clean_text
from engine.events import (
    ENGINE,
    ActionChecked,
    ActionConverged,
    ActionDispatched,
    ActionExpired,
    ActionMeasured,
    ActionPreviewed,
    ActionRefused,
    ActionRejected,
    ActionRequested,
    ActionSettled,
    ActionVerified,
    Body,
    Who,
)
from engine.hypotheses import Action
from engine.incident import IncidentState
from engine.port import KeepAction, RejectAction
from engine.state.runs import ActionRun
from primitives.errors import PolicyError, UsageError
from primitives.remediations.registry import remediations
from primitives.text import safe_line

__all__ = [
    "expire",
    "keep",
    "prepare",
    "record_checks",
    "record_convergence",
    "record_dispatch",
    "record_measurement",
    "record_plan",
    "record_verification",
    "refuse",
    "reject",
    "run_named",
]

_UNDOABLE = frozenset({"verified", "not_improved", "inconclusive", "kept"})


def run_named(state: IncidentState, name: str) -> ActionRun:
    """The run called `name`. Raises `UsageError` where there is none."""
    run = state.runs.get(name.strip().upper())
    if run is None:
        known = ", ".join(state.runs) or "none was asked for"
        raise UsageError(f"there is no run {safe_line(name, limit=40)}; there are: {known}")
    return run


def prepare(state: IncidentState, under: PrepareIn, who: Who) -> Decision:
    """Begin a run. A plan of another run that waits for approval is void with it.

    Raises `PolicyError` where the incident wasn't opened live in this store: what was recorded elsewhere is never acted
    on, whatever credentials are there. Raises `UsageError` where the action can't run now.
    """
    _refuse_recordings(state, under.home)
    command = under.command
    action = _undoing(state, command.undo) if command.undo else _recommended(state, command.action)
    _refuse_incomplete(action)
    if not command.undo and not command.dry_run:
        _refuse_repetition(state, action)
    events: list[tuple[Who, Body]] = []
    other = state.remediation.unfinished
    if other is not None and other.status != "previewed":
        raise UsageError(f"{other.id} ({other.action.action}) isn't finished; wait for it, or continue it")
    if other is not None:
        events.append((who, ActionExpired(run=other.id, because="another action was asked for")))
    requested = ActionRequested(
        run=_next(state), action=action, undoes=command.undo and run_named(state, command.undo).id,
        dry_run=command.dry_run,
    )  # fmt: skip
    return Decision([*events, (who, requested)])


def record_checks(state: IncidentState, command: RecordChecks) -> Decision:
    """The checks, and where one didn't pass the end."""
    run = _in(state, command.run, "requested")
    preflight = command.preflight
    checked = ActionChecked(run=run.id, checks=preflight.checks, instead=preflight.instead)
    if preflight.passed:
        return by(ENGINE, checked)
    failed = [check for check in preflight.checks if not check.passed]
    because = "; ".join(f"{check.name}: {check.detail or 'not known'}" for check in failed) or "nothing was checked"
    return by(ENGINE, checked, ActionRefused(run=run.id, because=safe_line(because, limit=600)))


def refuse(state: IncidentState, command: RefuseRun) -> Decision:
    """End a run before it has a plan."""
    run = _in(state, command.run, "requested", "checked")
    return by(ENGINE, ActionRefused(run=run.id, because=safe_line(command.because, limit=600)))


def record_plan(state: IncidentState, command: RecordPlan, now: datetime) -> Decision:
    """The plan, which waits for approval. Where the policy denies it, and after a dry run, the run ends here."""
    run, plan = _in(state, command.run, "checked"), command.plan
    expires = now + timedelta(minutes=command.minutes)
    events: list[Body] = [ActionPreviewed(run=run.id, plan=plan, digest=plan.digest(), expires_at=expires)]
    if plan.verdict == "deny":
        because = f"denied by the policy, rule {plan.rule}"
        return by(ENGINE, *events, ActionExpired(run=run.id, because=safe_line(because, limit=300)))
    if run.dry_run:
        events.append(ActionExpired(run=run.id, because="it was a dry run"))
    return by(ENGINE, *events)


def reject(state: IncidentState, command: RejectAction, who: Who) -> Decision:
    """A person says no, up to the moment of the dispatch."""
    run = _in(state, run_named(state, command.run).id, "previewed", "approved")
    return by(who, ActionRejected(run=run.id, because=clean_text(command.because, "the reason")))


def expire(state: IncidentState, command: ExpireRun) -> Decision:
    """The plan or its approval is void; nothing where it was decided meanwhile."""
    run = run_named(state, command.run)
    if run.status not in ("previewed", "approved"):
        return NOTHING
    return by(ENGINE, ActionExpired(run=run.id, because=safe_line(command.because, limit=600)))


def record_dispatch(state: IncidentState, command: RecordDispatch) -> Decision:
    """What became of the call: by its answer, or where that was lost by reading the target."""
    run = _in(state, command.run, "unknown" if command.read else "dispatching")
    answer = command.dispatch
    if command.read and answer.outcome == "unknown":
        return NOTHING
    detail = safe_line(answer.detail, limit=600)
    return by(
        ENGINE,
        ActionDispatched(
            run=run.id, outcome=answer.outcome, request_id=safe_line(answer.request_id, limit=100), detail=detail,
            read=command.read,
        ),
    )  # fmt: skip


def record_convergence(state: IncidentState, command: RecordConvergence) -> Decision:
    """How far the platform is; nothing where that is recorded already."""
    run, new = _in(state, command.run, "executed", "converging"), command.convergence
    known = (run.status, run.done, run.total, run.detail)
    if known == ("converging", new.done, new.total, new.detail) and new.state == "converging":
        return NOTHING
    detail = safe_line(new.detail, limit=300)
    converged = ActionConverged(run=run.id, state=new.state, done=new.done, total=new.total, detail=detail)
    return by(ENGINE, converged)


def record_measurement(state: IncidentState, command: RecordMeasurement) -> Decision:
    """A look at the metric; nothing where the platform no longer waits for one."""
    run = run_named(state, command.run)
    if run.status != "converged":
        return NOTHING
    return by(
        ENGINE,
        ActionMeasured(run=run.id, value=command.value, good_for_s=command.good_for_s, answers=command.answers),
    )


def record_verification(state: IncidentState, command: RecordVerification) -> Decision:
    """Whether it helped. An undoing run settles the run that it undid.

    What hasn't helped is undone from here, in the same commit, where that was approved with it.
    """
    run = _in(state, command.run, "converged", "executed", "converging")
    detail = safe_line(command.detail, limit=300)
    verified = ActionVerified(run=run.id, outcome=command.outcome, value=command.value, detail=detail)
    if run.undoes and command.outcome == "verified":
        return by(ENGINE, verified, ActionSettled(run=run.undoes, outcome="rolled_back", by=run.id))
    undo = run.plan.undo if run.plan is not None else None
    if command.outcome != "not_improved" or undo is None or not undo.automatic or run.undoes:
        return by(ENGINE, verified)
    action = _undo_action(state, run, undo)
    return by(ENGINE, verified, ActionRequested(run=_next(state), action=action, undoes=run.id))


def keep(state: IncidentState, command: KeepAction, who: Who) -> Decision:
    """A person keeps what a run did, although it hasn't helped or nobody can tell."""
    run = _in(state, run_named(state, command.run).id, "not_improved", "inconclusive", "verified")
    return by(who, ActionSettled(run=run.id, outcome="kept", because=clean_text(command.because, "the reason")))


def _in(state: IncidentState, name: str, *statuses: str) -> ActionRun:
    run = run_named(state, name)
    if run.status not in statuses:
        raise UsageError(f"{run.id} ({run.action.action}) is {run.status.replace('_', ' ')} already")
    return run


def _next(state: IncidentState) -> str:
    return f"R{len(state.runs) + 1}"


def _refuse_recordings(state: IncidentState, home: str) -> None:
    if state.opened is None or not state.live:
        raise PolicyError(
            f"{state.execution_id} was investigated from a recording: nothing is executed for it; "
            "investigate the live system (--source NAME) and act on that"
        )
    if not home or state.opened.store != home:
        raise PolicyError(
            f"{state.execution_id} was not opened in this store but came from a bundle or a copy: nothing is executed "
            "for it; investigate the live system and act on that"
        )


def _recommended(state: IncidentState, name: str) -> Action:
    wanted = name.strip().casefold()
    action = next((action for action in state.actions if action.id.casefold() == wanted), None)
    if action is None:
        known = ", ".join(action.id for action in state.actions if action.effect != "read") or "none is recommended"
        raise UsageError(f"there is no action {safe_line(name, limit=40)}; there are: {known}")
    if not action.recommended:
        raise UsageError(f"{action.id} is no longer recommended: {action.not_recommended}")
    if action.effect == "read":
        raise UsageError(f"{action.id} only looks: `cloudops judge {state.execution_id} --look {action.id}` runs it")
    return action


def _refuse_incomplete(action: Action) -> None:
    """Raise `UsageError` for what can be shown only: nothing executes it, or something isn't known of it."""
    remediation = remediations().get(action.primitive)
    if remediation is None or remediation.operations is None:
        raise UsageError(f"{action.id} ({action.action}) is shown only: this CloudOps can't execute {action.primitive}")
    try:
        arguments = remediation.arguments.model_validate(action.arguments)
    except ValidationError:
        unknown = action.command_note.removeprefix("no command: ") or "something about it is not known"
        raise UsageError(f"{action.id} ({action.action}) can't run: {unknown}") from None
    if arguments.unstated_place:
        raise UsageError(f"{action.id} ({action.action}) can't run: {arguments.unstated_place} not known")


def _refuse_repetition(state: IncidentState, action: Action) -> None:
    """Raise `UsageError` for what was done and not undone: "the previous revision" is another one by now."""
    for run in state.remediation.runs_of(action.id):
        if run.status in _UNDOABLE and not run.undoes:
            outcome = run.status.replace("_", " ")
            raise UsageError(f"{run.id} did that ({outcome}): undo it first, or investigate the incident again")


def _undoing(state: IncidentState, name: str) -> Action:
    run = run_named(state, name)
    if run.status not in _UNDOABLE or run.plan is None:
        raise UsageError(f"{run.id} ({run.action.action}) is {run.status.replace('_', ' ')}: there is nothing to undo")
    if run.plan.undo is None:
        why = run.plan.irreversible or "nothing does it"
        raise UsageError(f"{run.id} ({run.action.action}) can't be undone: {why}")
    return _undo_action(state, run, run.plan.undo)


def _undo_action(state: IncidentState, run: ActionRun, undo: UndoPlan) -> Action:
    remediation = remediations()[undo.primitive]
    arguments: Mapping[str, Any] = undo.arguments
    known = [*state.actions, *(each.action for each in state.runs.values())]
    identity = canonical(undo.primitive, arguments)
    same = [action.id for action in known if canonical(action.primitive, action.arguments) == identity]
    return run.action.model_copy(
        update={
            "id": same[0] if same else action_id(identity, [action.id for action in known]),
            "primitive": undo.primitive, "arguments": dict(arguments), "action": undo.title,
            "effect": remediation.effect, "risk": remediation.risk,
            "command": remediation.command(remediation.arguments.model_validate(arguments)), "priority": 0,
            "estimated_duration_s": remediation.estimated_duration_s, "command_note": "",
        }
    )  # fmt: skip
