"""The engine's own commands about runs of actions. People's are in `engine.port`."""

from __future__ import annotations

from typing import Literal

from engine.act.plan import ActionPlan
from engine.act.policy_file import CurrentPolicy
from engine.port import ApproveAction, PrepareAction
from primitives.actions.execution import Convergence, Dispatch, Preflight
from primitives.dataclass import dataclass

__all__ = [
    "ApproveUnder",
    "ApproveUndo",
    "BeginDispatch",
    "ExpireRun",
    "PrepareIn",
    "RecordChecks",
    "RecordConvergence",
    "RecordDispatch",
    "RecordMeasurement",
    "RecordPlan",
    "RecordVerification",
    "RefuseRun",
    "RunCommand",
]


@dataclass(frozen=True, slots=True)
class PrepareIn:
    """A person's `command`, in the store `home`."""

    command: PrepareAction
    home: str


@dataclass(frozen=True, slots=True)
class ApproveUnder:
    """A person's `command`, under the policy that holds now."""

    command: ApproveAction
    policy: CurrentPolicy


@dataclass(frozen=True, slots=True)
class RecordChecks:
    """The preconditions were checked; the run ends where one doesn't hold."""

    run: str
    preflight: Preflight


@dataclass(frozen=True, slots=True)
class RefuseRun:
    """The run ends before anything was sent."""

    run: str
    because: str


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """The plan is made; it waits for approval for `minutes`."""

    run: str
    plan: ActionPlan
    minutes: int


@dataclass(frozen=True, slots=True)
class ExpireRun:
    """The plan or its approval is void."""

    run: str
    because: str


@dataclass(frozen=True, slots=True)
class BeginDispatch:
    """Store the intent to send: `digest` and `fence` are of the plan as it would be now, `policy` is the one of now."""

    run: str
    digest: str
    fence: str
    policy: CurrentPolicy


@dataclass(frozen=True, slots=True)
class RecordDispatch:
    """What became of the call; `read` where that was read from the target."""

    run: str
    dispatch: Dispatch
    read: bool = False


@dataclass(frozen=True, slots=True)
class RecordConvergence:
    """How far the platform has carried it out."""

    run: str
    convergence: Convergence


@dataclass(frozen=True, slots=True)
class RecordMeasurement:
    """A look at the metric that tells whether it helped, and the digests of its recorded samples."""

    run: str
    value: float | None
    good_for_s: float
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordVerification:
    """Whether it helped."""

    run: str
    outcome: Literal["verified", "not_improved", "inconclusive"]
    value: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ApproveUndo:
    """Approve the plan of an undoing run by the approval of the run that it undoes."""

    run: str
    policy: CurrentPolicy


RunCommand = (
    PrepareIn
    | ApproveUnder
    | RecordChecks
    | RefuseRun
    | RecordPlan
    | ExpireRun
    | BeginDispatch
    | RecordDispatch
    | RecordConvergence
    | RecordMeasurement
    | RecordVerification
    | ApproveUndo
)
"""The commands about runs of actions that the engine makes."""
