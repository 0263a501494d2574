"""The runs of actions, as the fold keeps them: one run is one try of one action, from asking for it to its end."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, assert_never

from engine.act.plan import ActionPlan
from engine.events.actions import (
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
)
from engine.events.envelope import Who
from engine.hypotheses import Action
from primitives.actions.execution import Check
from primitives.dataclass import dataclass

__all__ = ["ENDED", "SENT", "ActionRun", "RunStatus", "apply_to_runs"]

RunStatus = Literal[
    "requested", "checked", "refused", "previewed", "approved", "rejected", "expired", "dispatching", "executed",
    "failed", "unknown", "converging", "converged", "verified", "not_improved", "inconclusive", "rolled_back", "kept",
]  # fmt: skip

ENDED: Final[frozenset[RunStatus]] = frozenset({
    "refused", "rejected", "expired", "failed", "verified", "inconclusive", "not_improved", "rolled_back", "kept",
})  # fmt: skip
"""Nothing more happens by itself. What hasn't helped, or nobody could tell, can still be undone or kept."""

SENT: Final[frozenset[RunStatus]] = frozenset({"dispatching", "unknown", "executed", "converging", "converged"})
"""A call was sent, or may have been, and the run goes on."""


@dataclass(slots=True)
class ActionRun:
    """One run. Times are real ones; `approvals` are who approved the plan with its digest.

    `value` is the last level of the metric that tells whether it helped, `good_for_s` how long it has been good,
    `samples` the digests of recorded answers with its samples.
    """

    id: str
    action: Action
    requested_by: Who
    requested_at: datetime
    status: RunStatus = "requested"
    undoes: str = ""
    dry_run: bool = False
    checks: tuple[Check, ...] = ()
    instead: str = ""
    plan: ActionPlan | None = None
    digest: str = ""
    previewed_at: datetime | None = None
    expires_at: datetime | None = None
    approvals: tuple[Who, ...] = ()
    dispatched_at: datetime | None = None
    fence: str = ""
    request_id: str = ""
    done: int = 0
    total: int = 0
    detail: str = ""
    converged_at: datetime | None = None
    verified: Literal["verified", "not_improved", "inconclusive"] | None = None
    value: float | None = None
    good_for_s: float = 0.0
    samples: tuple[str, ...] = ()
    ended_at: datetime | None = None
    undone_by: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.status in ENDED

    @property
    def sent(self) -> bool:
        """Whether its call was sent, or may have been, and its end isn't known."""
        return self.status in SENT

    def apply(self, body: ActionBody, who: Who, at: datetime) -> None:  # noqa: C901, PLR0912 - one branch a type of event
        """Fold one event in."""
        match body:
            case ActionRequested():
                self.status = "requested"
            case ActionChecked():
                self.status, self.checks, self.instead = "checked", body.checks, body.instead
            case ActionRefused():
                self.status, self.detail = "refused", body.because
            case ActionPreviewed():
                self.status, self.plan, self.digest = "previewed", body.plan, body.digest
                self.previewed_at, self.expires_at = at, body.expires_at
            case ActionApproved():
                self.approvals = (*self.approvals, who)
                self.status = "previewed" if body.further else "approved"
            case ActionRejected():
                self.status, self.detail = "rejected", body.because
            case ActionExpired():
                self.status, self.detail = "expired", body.because
            case ActionDispatching():
                self.status, self.dispatched_at, self.fence = "dispatching", at, body.fence
            case ActionDispatched():
                answered = {"accepted": "executed", "refused": "failed", "unknown": "unknown"}
                self.status = answered[body.outcome]  # type: ignore[assignment]
                self.request_id, self.detail = body.request_id, body.detail
            case ActionConverged():
                self.status = "converging" if body.state == "converging" else "converged"
                self.done, self.total, self.detail = body.done, body.total, body.detail
                self.converged_at = None if body.state == "converging" else at
            case ActionMeasured():
                self.value, self.good_for_s, self.samples = body.value, body.good_for_s, body.answers or self.samples
            case ActionVerified():
                self.status = self.verified = body.outcome
                self.value, self.detail = body.value, body.detail
            case ActionSettled():
                self.status, self.undone_by = body.outcome, body.by
            case _:
                assert_never(body)
        if self.ended:
            self.ended_at = at


def apply_to_runs(runs: dict[str, ActionRun], body: ActionBody, who: Who, at: datetime) -> None:
    """Fold one event into the run that it is about; the first event of a run makes it."""
    if isinstance(body, ActionRequested):
        runs[body.run] = ActionRun(body.run, body.action, who, at, undoes=body.undoes, dry_run=body.dry_run)
    else:
        runs[body.run].apply(body, who, at)
