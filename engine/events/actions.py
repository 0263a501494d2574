"""The life of an action: each transition of one of its runs is an event."""

import operator
from typing import Literal

from pydantic import AwareDatetime, Field

from engine.act.plan import ActionPlan
from engine.events.envelope import IncidentEvent
from engine.hypotheses import Action
from primitives.actions.execution import Check

__all__ = [
    "ActionApproved",
    "ActionBody",
    "ActionChecked",
    "ActionConverged",
    "ActionDispatched",
    "ActionDispatching",
    "ActionExpired",
    "ActionMeasured",
    "ActionPreviewed",
    "ActionRefused",
    "ActionRejected",
    "ActionRequested",
    "ActionSettled",
    "ActionVerified",
]


class _OfRun(IncidentEvent):
    """`run` is the number of the run in its incident: R1, R2, ..."""

    run: str


class ActionRequested(_OfRun):
    """An action was asked for; it is checked and previewed next. With `undoes` it undoes that run."""

    type: Literal["action_requested"] = "action_requested"
    version: Literal[1] = 1
    action: Action
    undoes: str = ""
    dry_run: bool = False


class ActionChecked(_OfRun):
    """The preconditions were checked. `instead` is another way to the same, where a controller owns the target."""

    type: Literal["action_checked"] = "action_checked"
    version: Literal[1] = 1
    checks: tuple[Check, ...]
    instead: str = ""


class ActionRefused(_OfRun):
    """It may not run: a check failed, the policy denies it, or it could not be previewed. Nothing was sent."""

    type: Literal["action_refused"] = "action_refused"
    version: Literal[1] = 1
    because: str


class ActionPreviewed(_OfRun):
    """The plan that waits for approval until `expires_at` (real time). `digest` is what an approval is bound to."""

    type: Literal["action_previewed"] = "action_previewed"
    version: Literal[1] = 1
    plan: ActionPlan
    digest: str
    expires_at: AwareDatetime


class ActionApproved(_OfRun):
    """A person approved the plan with this digest. `further` says that another person has to approve it too."""

    type: Literal["action_approved"] = "action_approved"
    version: Literal[1] = 1
    digest: str
    further: bool = Field(default=False, exclude_if=operator.not_)


class ActionRejected(_OfRun):
    """A person said no."""

    type: Literal["action_rejected"] = "action_rejected"
    version: Literal[1] = 1
    because: str = ""


class ActionExpired(_OfRun):
    """The plan or its approval is void: the time is over, or something changed since. Nothing was sent."""

    type: Literal["action_expired"] = "action_expired"
    version: Literal[1] = 1
    because: str


class ActionDispatching(_OfRun):
    """The intent: the call of the approved plan is sent next, once, with this fence."""

    type: Literal["action_dispatching"] = "action_dispatching"
    version: Literal[1] = 1
    digest: str
    fence: str


class ActionDispatched(_OfRun):
    """What became of the call. `read` says that this was read from the target because the answer was lost."""

    type: Literal["action_dispatched"] = "action_dispatched"
    version: Literal[1] = 1
    outcome: Literal["accepted", "refused", "unknown"]
    request_id: str = ""
    detail: str = ""
    read: bool = Field(default=False, exclude_if=operator.not_)


class ActionConverged(_OfRun):
    """How far the platform has carried it out."""

    type: Literal["action_converged"] = "action_converged"
    version: Literal[1] = 1
    state: Literal["converging", "converged", "failed"]
    done: int
    total: int
    detail: str = ""


class ActionMeasured(_OfRun):
    """A look at the metric that tells whether it helped: its level, and for how many seconds it has been good.

    `answers` are the digests of the recorded answers with its samples, from some time before the dispatch on.
    """

    type: Literal["action_measured"] = "action_measured"
    version: Literal[1] = 1
    value: float | None = None
    good_for_s: float = 0.0
    answers: tuple[str, ...] = ()


class ActionVerified(_OfRun):
    """Whether it helped. Inconclusive: there were no samples to tell by.

    `value` is the last level seen, in the unit of the plan's verification.
    """

    type: Literal["action_verified"] = "action_verified"
    version: Literal[1] = 1
    outcome: Literal["verified", "not_improved", "inconclusive"]
    value: float | None = None
    detail: str = ""


class ActionSettled(_OfRun):
    """A person or the policy settled what the run did: rolled back (`by` is the run that did it), or kept."""

    type: Literal["action_settled"] = "action_settled"
    version: Literal[1] = 1
    outcome: Literal["rolled_back", "kept"]
    by: str = ""
    because: str = ""


ActionBody = (
    ActionRequested
    | ActionChecked
    | ActionRefused
    | ActionPreviewed
    | ActionApproved
    | ActionRejected
    | ActionExpired
    | ActionDispatching
    | ActionDispatched
    | ActionConverged
    | ActionMeasured
    | ActionVerified
    | ActionSettled
)
"""Bodies about a run of an action. They carry real time."""
