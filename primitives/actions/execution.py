"""How an action is executed: the operations of `Operations`, and how it is undone.

A remediation declares its operations on its entry in the catalogue (`Remediation.operations`). One without operations
can't be executed: it is shown, with its command, and nothing else. Each operation works on one action:

| operation | asks | answers |
| --- | --- | --- |
| preflight | the platform, reading only | may it be done now: the target exists, is healthy enough, nothing undoes it |
| preview | the platform: reading, and a server-side dry run | the one call to send, what it changes, the state before |
| dispatch | the platform, writing: once | whether the platform took the call, refused it, or nobody knows |
| find_out | the platform, reading only | what became of a call whose answer was lost |
| converged | the platform, reading only | how far the platform is with carrying it out |
| inverse | nothing: see `primitives.actions.inverse` | the action that undoes this one, from the state before |

A person approves the digest of a preview. `dispatch` sends that preview's call and nothing else.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from primitives.actions.inverse import PriorState
from primitives.actions.proposal import ActionArguments

__all__ = ["BlastRadius", "Call", "Check", "Convergence", "Dispatch", "Operations", "Preflight", "Preview"]

A = TypeVar("A", bound=ActionArguments, contravariant=True)
W = TypeVar("W", contravariant=True)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Check(_Frozen):
    """One thing that must hold before an action may run; `passed` is None where it could not be found out."""

    name: str
    passed: bool | None
    detail: str = ""


class Preflight(_Frozen):
    """The checks of an action. It may go on only where each one passed; what is unknown stops it as well.

    `instead` is the way to reach the same where another controller owns the target.
    """

    checks: tuple[Check, ...]
    instead: str = ""

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

    `version` is the target's identity and version (a uid and a generation): while it stays, nobody changed what was
    looked at. `labels` are the target's own. A person approves this; when any of it changes, the approval is void.
    """

    call: Call
    diff: str
    prior: PriorState
    blast_radius: BlastRadius
    version: str
    labels: Mapping[str, str] = {}


class Dispatch(_Frozen):
    """What became of the call: accepted, refused, or unknown (the connection broke after it was sent).

    `request_id` is the platform's, where it gave one; `detail` its own words. What is unknown is read back from the
    target and never sent again.
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


class Operations(Protocol[A, W]):
    """How one kind of action is executed; `world` reads and writes one platform, with the identity that may act."""

    @property
    def platform(self) -> str:
        """The kind of source whose writing side it needs: `kubernetes`."""
        ...

    async def preflight(self, world: W, arguments: A) -> Preflight:
        """Check by reading whether the action may run now. Raises `SourceError` where the platform can't say."""
        ...

    async def preview(self, world: W, arguments: A, mark: str) -> Preview:
        """Work out the one call, what it would change, and the state to go back to. Changes nothing.

        `mark` names the run; the call leaves it on the target, where that can carry one. Raises `SourceError`.
        """
        ...

    async def dispatch(self, world: W, preview: Preview) -> Dispatch:
        """Send the call of the preview, once. Never raises for what became of it: a lost answer is `unknown`."""
        ...

    async def find_out(self, world: W, arguments: A, preview: Preview, mark: str) -> Dispatch:
        """What became of a call whose answer was lost, by reading; `unknown` while that can't be said.

        Raises `SourceError`.
        """
        ...

    async def converged(self, world: W, arguments: A, preview: Preview) -> Convergence:
        """How far the platform is, by reading. Raises `SourceError`."""
        ...
