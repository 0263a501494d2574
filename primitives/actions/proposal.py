"""What can be offered to a person: an action with all its arguments, or in words what a person has to do by hand."""

import shlex
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from primitives.actions.target import Target
from primitives.dataclass import dataclass

__all__ = ["ActionArguments", "Manual", "Proposed", "TargetedDiagnostic", "shell"]


class ActionArguments(BaseModel):
    """What identifies an action besides its name; each one adds its own. Frozen, and complete as it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @property
    def unstated_place(self) -> str:
        """What no source states of where the action acts ("kubectl context"); empty where all is known."""
        return ""

    @property
    def to_choose(self) -> str:
        """What a person has to choose before the command acts in the right place; empty where the command says all."""
        return f"the {self.unstated_place}" if self.unstated_place else ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """An action whose arguments are all known; `title` is what it does, as a person reads it."""

    arguments: ActionArguments
    title: str


@dataclass(frozen=True, slots=True)
class Manual:
    """An action that fits, but its `unknown` ("namespace") is not known: there is no command, and nothing can run it.

    `change` is the id of the change that it is about, where it is about one.
    """

    title: str
    unknown: str
    change: str | None = None


def _nothing(arguments: Any) -> str:
    del arguments
    return ""


def _never(target: Target) -> bool:
    del target
    return False


@dataclass(frozen=True, slots=True)
class TargetedDiagnostic:
    """How a diagnostic is offered to a person as the next look at a resource.

    `propose` gives the `arguments` for a target, or None where it can't look at that; `command` the exact command that
    shows a person the same. It is offered for the causes that it `answers` first, for any cause where it is `general`,
    and otherwise only where a remediation names it. `tells` says of its arguments what the look would tell ("would tell
    a restart from load"), empty where it only finds a place; `is_answered` whether facts hold already what it shows.
    """

    arguments: type[ActionArguments]
    propose: Callable[[Target], Proposed | Manual | None]
    command: Callable[[Any], str]
    answers: tuple[str, ...] = ()
    general: bool = False
    tells: Callable[[Any], str] = _nothing
    is_answered: Callable[[Target], bool] = _never


def shell(*words: str | None) -> str:
    """The words as one command line, each quoted where the shell would read it otherwise; None is left out."""
    return shlex.join(word for word in words if word is not None)
