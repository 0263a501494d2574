"""What each event of an action's run says, as one line: in the text report, the postmortem and the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from engine.events import (
    ActionApproved,
    ActionBody,
    ActionChecked,
    ActionConverged,
    ActionDispatched,
    ActionDispatching,
    ActionExpired,
    ActionMeasured,
    ActionPreviewed,
    ActionRefused,
    ActionRejected,
    ActionRequested,
    ActionSettled,
    ActionVerified,
    Who,
)
from primitives.quantities import counted, duration

if TYPE_CHECKING:
    from engine.state.runs import ActionRun

__all__ = ["OUTCOMES", "run_words", "verifying_words"]

OUTCOMES: Final = {"verified": "it helped", "not_improved": "it hasn't helped", "inconclusive": "nobody can tell"}
_ANSWERS: Final = {
    "accepted": "the platform took it",
    "refused": "the platform refused it",
    "unknown": "sent, and the answer was lost",
}


def run_words(body: ActionBody, who: Who) -> str:
    """The event in words; `who` caused it."""
    return f"{body.run} {_words(body, who.name)}"


def verifying_words(run: ActionRun) -> str:
    """How far the verification of a run is: its metric's level, its target, and for how long it has been met."""
    plan = run.plan.verification if run.plan is not None else None
    if plan is None:
        return f"{run.id} verifying"
    metric, level = plan.metric.replace("_", " "), "no samples yet" if run.value is None else plan.reading(run.value)
    side = "at least" if plan.above else "at most"
    held = f", good for {duration(run.good_for_s)} of {duration(plan.for_s)}" if run.good_for_s else ""
    return f"{run.id} verifying: {metric} {level} (target {side} {plan.reading(plan.limit)}{held})"


def _words(body: ActionBody, by: str) -> str:  # noqa: C901, PLR0912 - one branch a type of event
    match body:
        case ActionRequested():
            undoes = f", which undoes {body.undoes}" if body.undoes else ""
            return f"{by} asked for: {body.action.action}{undoes}{' (dry run)' if body.dry_run else ''}"
        case ActionChecked():
            failed = sum(not check.passed for check in body.checks)
            return f"checked: {counted(len(body.checks), 'check')}, {failed} failed" + _after(
                body.instead, "; instead: "
            )
        case ActionRefused():
            return f"refused: {body.because}"
        case ActionPreviewed():
            return f"previewed: {body.plan.verdict} by the rule {body.plan.rule}, digest {body.digest[:8]}"
        case ActionApproved():
            return f"approved by {by}{'; another person has to approve it too' if body.further else ''}"
        case ActionRejected():
            return f"rejected by {by}{_after(body.because, ': ')}"
        case ActionExpired():
            return f"void: {body.because}"
        case ActionDispatching():
            return "is being sent"
        case ActionDispatched():
            return (
                f"{_ANSWERS[body.outcome]}{' (read from its target)' if body.read else ''}{_after(body.detail, ': ')}"
            )
        case ActionConverged():
            return f"{body.state}: {body.done} of {body.total}{_after(body.detail, ', ')}"
        case ActionMeasured():
            return f"verifying: good for {duration(body.good_for_s)} by now" if body.good_for_s else "verifying"
        case ActionVerified(outcome="verified", value=None):
            return "the platform has carried it out"  # An undoing has no metric that would prove it.
        case ActionVerified():
            return f"{OUTCOMES[body.outcome]}{_after(body.detail, ': ')}"
        case ActionSettled():
            how = f"rolled back by {body.by}" if body.outcome == "rolled_back" else f"kept by {by}"
            return f"{how}{_after(body.because, ': ')}"
        case _:
            assert_never(body)


def _after(text: str, sign: str) -> str:
    return f"{sign}{text}" if text else ""
