"""How an action is executed: the five operations of `Operations`, and how it is undone.

A remediation declares its operations on its entry in the catalogue (`Remediation.operations`). One without operations
can't be executed: it is shown, with its command, and nothing else. Each operation works on one action:

| operation | asks | answers |
| --- | --- | --- |
| preflight | the sources, reading only | may it be done now: the target exists, is what it was, is healthy enough |
| preview | the sources, and a server-side dry run | the one call to send, what it changes, and the state before |
| dispatch | the platform, writing: once | whether the platform took the call, refused it, or nobody knows |
| converged | the sources, reading only | how far the platform is with carrying it out |
| verify | nothing: it follows from the arguments | which metric has to recover, and for how long |
| inverse | nothing: see `primitives.actions.inverse` | the action that undoes this one, from the state before |

A person approves the digest of a preview. `dispatch` sends that preview's call and nothing else.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from primitives.actions.inverse import PriorState
from primitives.actions.proposal import ActionArguments
from primitives.telemetry import Telemetry

__all__ = [
    "BlastRadius",
    "Call",
    "Check",
    "Convergence",
    "Dispatch",
    "Operations",
    "PlatformWriter",
    "Preflight",
    "Preview",
    "Verification",
]

A = TypeVar("A", bound=ActionArguments, contravariant=True)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Check(_Frozen):
    """One thing that must hold before an action may run; `passed` is None where it could not be found out."""

    name: str
    passed: bool | None
    detail: str = ""


class Preflight(_Frozen):
    """The checks of an action. It may go on only where each one passed; what is unknown stops it as well."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed. Nothing checked is nothing passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)


class Call(_Frozen):
    """One request to a platform's API, as it will be sent.

    `api` and `operation` are the platform's own names (`apps/v1` and `patch Deployment`, `rds` and `ModifyDBInstance`);
    `target` is the resource's identifier. `fence` makes the platform refuse the call where the target has changed since
    or the call came already: a resourceVersion, a revision id or a client token.
    """

    api: str
    operation: str
    target: str
    parameters: Mapping[str, Any]
    fence: str


class BlastRadius(_Frozen):
    """What feels the action: how many of its parts at a time, of how many, and who depends on it."""

    at_a_time: int
    parts: int
    part: str
    dependents: tuple[str, ...] = ()


class Preview(_Frozen):
    """What will be done: the call, what changes (a unified diff of the platform's dry run), and the state before.

    A person approves this; when any of it changes, the approval is void.
    """

    call: Call
    diff: str
    prior: PriorState
    blast_radius: BlastRadius


class Dispatch(_Frozen):
    """What became of the call: accepted, refused, or unknown (the connection broke after it was sent).

    `request_id` is the platform's, where it gave one; `detail` its own words. What is unknown is read back from the
    target and never sent again without that.
    """

    outcome: Literal["accepted", "refused", "unknown"]
    request_id: str = ""
    detail: str = ""


class Convergence(_Frozen):
    """How far the platform is: `done` of `total` parts, with a few words ("3 of 3 pods ready")."""

    state: Literal["converging", "converged", "failed"]
    done: int
    total: int
    detail: str = ""


class Verification(_Frozen):
    """What proves that the action helped: the metric of the resource is back at its baseline for `for_s` seconds.

    It is looked at until `until`; without samples by then the outcome is inconclusive and nothing is rolled back.
    """

    resource: str
    metric: str
    for_s: float
    until: AwareDatetime


class PlatformWriter(Protocol):
    """Sends calls to one platform with the identity that may act; the backend's writing side implements it."""

    async def dry_run(self, call: Call) -> str:
        """What the platform says that `call` would change, as a unified diff. Raises `SourceError`."""
        ...

    async def send(self, call: Call) -> Dispatch:
        """Send `call` once. Never raises for what became of it: an answer that was lost is `unknown`."""
        ...


class Operations(Protocol[A]):
    """How one kind of action is executed."""

    async def preflight(self, ask: Telemetry, arguments: A) -> Preflight:
        """Check by reading whether the action may run now. Raises `SourceError` where the sources can't say."""
        ...

    async def preview(self, ask: Telemetry, writer: PlatformWriter, arguments: A) -> Preview:
        """Work out the one call, what it would change, and the state to go back to. Changes nothing."""
        ...

    async def dispatch(self, writer: PlatformWriter, preview: Preview) -> Dispatch:
        """Send the call of the preview that was approved, at most once."""
        ...

    async def converged(self, ask: Telemetry, arguments: A, preview: Preview) -> Convergence:
        """How far the platform is, by reading."""
        ...

    def verify(self, arguments: A, symptom_metric: str, now: AwareDatetime) -> Verification:
        """What has to recover: the metric that raised the alarm unless this action has a better one."""
        ...
