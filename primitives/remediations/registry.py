"""The catalogue of actions that change something: typed arguments, risk, effect, and the exact command.

A remediation knows no incident. It decides by a target and the evidence about it (`Target`) whether it can help and
with which arguments, and renders the command that does the same by hand, every part quoted for the shell. Its
`operations` say how it is executed; one without them is shown only. Third parties add theirs through the entry point
group `cloudops.remediations`, which names a module that registers it. Nothing else makes actions: no free text and no
model does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal, get_args

from primitives.actions.execution import Operations
from primitives.actions.inverse import Inverse, Irreversible
from primitives.actions.proposal import ActionArguments, Manual, Proposed
from primitives.actions.target import Target
from primitives.dataclass import dataclass
from primitives.extensions import load_folder
from primitives.terms import Effect, Risk

__all__ = ["ALIASES", "Alias", "Remediation", "named", "permissions_of", "register", "remediations"]

Alias = Literal["RollbackDeployment", "ScaleResource", "RestartService", "UpdateConfiguration"]
ALIASES: Final[tuple[Alias, ...]] = get_args(Alias)
"""Names that several actions share: the same thing done on each platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """A registered action.

    `summary` is what it does, in the catalogue; `estimated_duration_s` a guess in seconds until it shows. `propose`
    gives its arguments for a target, in words what a person has to do where something isn't known, or None where it
    can't help. `command` renders the exact command for arguments. `answers` are the causes that it answers besides
    those whose entry names it, `otherwise` the diagnostic that finds out what it lacks where it gives None.

    `effect` is `write` where it changes something that can be put back or replaced, `delete` where it removes data or a
    resource for good. `inverse` says how it is undone, or why it can't be. Without `operations` it is shown only:
    nothing executes it. `permissions` are the least that executing it takes, in the platform's words. `alias` is the
    name that it shares with what does the same elsewhere.
    """

    name: str
    summary: str
    effect: Effect
    risk: Risk
    estimated_duration_s: int
    arguments: type[ActionArguments]
    propose: Callable[[Target], Proposed | Manual | None]
    command: Callable[[Any], str]
    inverse: Inverse | Irreversible
    requires_approval: bool = True
    answers: tuple[str, ...] = ()
    otherwise: str | None = None
    operations: Operations[Any, Any] | None = None
    permissions: tuple[str, ...] = ()
    alias: Alias | None = None

    @property
    def executable(self) -> bool:
        """Whether it can be executed at all; else it is shown only."""
        return self.operations is not None


_registered: dict[str, Remediation] = {}


def register(remediation: Remediation) -> Remediation:
    """Add an action to the catalogue."""
    _registered[remediation.name] = remediation
    return remediation


@cache
def remediations() -> dict[str, Remediation]:
    """Every action by name: those of this folder and those of entry points."""
    load_folder("primitives.remediations", "cloudops.remediations")
    return dict(sorted(_registered.items()))


def named(name: str) -> tuple[Remediation, ...]:
    """The actions that a name stands for: the one that has it, or those whose alias it is; none where nobody has it."""
    known = remediations()
    if name in known:
        return (known[name],)
    return tuple(entry for entry in known.values() if entry.alias == name)


def permissions_of(platform: str) -> tuple[str, ...]:
    """What executing the actions of a platform takes, each permission once."""
    acting = (entry for entry in remediations().values() if entry.operations and entry.operations.platform == platform)
    return tuple(dict.fromkeys(permission for entry in acting for permission in entry.permissions))
