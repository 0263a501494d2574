"""Deciders of approval and dispatch: the checks between a plan and its one call.

They are made on the state when the command's turn comes, so neither an outdated screen nor several approvals at once
can get past them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from engine.act.commands import ApproveUnder, ApproveUndo, BeginDispatch
from engine.act.plan import ActionPlan
from engine.act.policy import Policy, Ruling, Subject, stricter
from engine.act.policy_file import CurrentPolicy
from engine.deciders.decision import NOTHING, Decision, by
from engine.deciders.runs import run_named
from engine.events import ENGINE, ActionApproved, ActionDispatching, Who
from engine.incident import IncidentState
from engine.state.runs import ActionRun
from primitives.errors import PolicyError, UsageError
from primitives.remediations.registry import remediations
from primitives.text import safe_line

__all__ = ["approve", "approve_undo", "begin_dispatch", "ruling_for"]

_CLOCK_SLACK: Final = timedelta(seconds=60)
"""A clock that was set back by more than this since the preview can't tell how old an approval is."""


def approve(state: IncidentState, under: ApproveUnder, who: Who, now: datetime) -> Decision:
    """A person approves a plan, by its digest. Raises `UsageError` and `PolicyError`; then nothing was approved."""
    run, plan = _waiting(state, under.command.run)
    if under.command.digest != run.digest or plan.digest() != run.digest:
        raise UsageError(f"the plan of {run.id} is another one than was shown; look at it again")
    _refuse_old(run, now)
    ruling = _ruling_now(plan, under.policy, (who,), now)
    if who.kind != "person":
        raise PolicyError(f"{run.id} needs the approval of a person")
    if any(approval.name == who.name for approval in run.approvals):
        raise UsageError(f"{who.name} has approved {run.id} already; another person has to")
    verdict = stricter(plan.verdict, ruling.verdict)
    if verdict in ("type_to_confirm", "two_person") and under.command.typed != plan.name:
        raise UsageError(f"{run.id} was not approved: type {safe_line(plan.name, limit=80)}, exactly")
    needed = 2 if verdict == "two_person" else plan.people
    further = len(run.approvals) + 1 < needed
    return by(who, ActionApproved(run=run.id, digest=run.digest, further=further))


def approve_undo(state: IncidentState, command: ApproveUndo, now: datetime) -> Decision:
    """Approve an undoing run where its plan is what was approved with the run that it undoes."""
    run, plan = _waiting(state, command.run)
    undone = state.runs.get(run.undoes)
    undo = undone.plan.undo if undone is not None and undone.plan is not None else None
    if undone is None or undone.plan is None or undo is None or not undo.automatic or not undone.approvals:
        return NOTHING
    same = (undo.primitive, dict(undo.arguments)) == (plan.primitive, dict(plan.arguments))
    current = command.policy
    if not same or current.digest != undone.plan.policy or current.policy.roll_back != "automatic":
        return NOTHING
    _ruling_now(plan, current, undone.approvals, now)
    return by(ENGINE, ActionApproved(run=run.id, digest=run.digest))


def begin_dispatch(state: IncidentState, command: BeginDispatch, now: datetime) -> Decision:
    """The intent, once: only from an approved run, of the very plan that was approved, under the same policy.

    Raises `PolicyError` where the approval doesn't count any more, `UsageError` where there is none.
    """
    run = run_named(state, command.run)
    plan = run.plan
    if run.status != "approved" or plan is None:
        raise UsageError(f"{run.id} is not approved: nothing is sent")
    _refuse_old(run, now)
    _ruling_now(plan, command.policy, run.approvals, now)
    if command.digest != run.digest or plan.digest() != run.digest:
        raise PolicyError(f"what {run.id} would do has changed since it was approved")
    return by(ENGINE, ActionDispatching(run=run.id, digest=run.digest, fence=command.fence))


def ruling_for(policy: Policy, plan: ActionPlan, person: str, now: datetime) -> Ruling:
    """What the policy says of a plan, for a person."""
    radius = plan.preview.blast_radius
    entry = remediations().get(plan.primitive)
    subject = Subject(
        primitive=plan.primitive,
        alias=entry.alias if entry is not None else None,
        effect=plan.effect,
        platform=plan.platform,
        environment=plan.environment,
        labels=plan.preview.labels,
        resource=plan.resource,
        risk=plan.risk,
        parts=radius.parts,
        share=radius.at_a_time / radius.parts if radius.parts else None,
        person=person,
    )
    return policy.ruling(subject, now)


def _waiting(state: IncidentState, name: str) -> tuple[ActionRun, ActionPlan]:
    run = run_named(state, name)
    if run.status != "previewed" or run.plan is None:
        raise UsageError(f"{run.id} ({run.action.action}) doesn't wait for approval: it is {run.status}")
    if run.dry_run:
        raise UsageError(f"{run.id} is a dry run: there is nothing to approve")
    return run, run.plan


def _refuse_old(run: ActionRun, now: datetime) -> None:
    assert run.expires_at is not None
    assert run.previewed_at is not None
    if now >= run.expires_at:
        raise PolicyError(f"the plan of {run.id} expired at {run.expires_at:%H:%M:%S} UTC; ask for the action again")
    if now < run.previewed_at - _CLOCK_SLACK:
        raise PolicyError(f"the clock was set back since {run.id} was previewed; ask for the action again")


def _ruling_now(plan: ActionPlan, current: CurrentPolicy, people: Iterable[Who], now: datetime) -> Ruling:
    """The strictest ruling of now for these people. Raises `PolicyError` where the policy changed or denies it."""
    if current.problem:
        raise PolicyError(f"the policy can't be used, so nothing is changed: {current.problem}")
    if current.digest != plan.policy:
        raise PolicyError("the policy has changed since the plan was made; ask for the action again")
    rulings = [ruling_for(current.policy, plan, who.name, now) for who in people]
    strictest = rulings[0]
    for ruling in rulings:
        if ruling.verdict == "deny":
            raise PolicyError(f"denied by the policy, rule {safe_line(ruling.rule, limit=100)}")
        if stricter(ruling.verdict, strictest.verdict) == ruling.verdict:
            strictest = ruling
    return strictest
