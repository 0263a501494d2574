"""How an action is undone: by another action, with arguments from the values that were read before it ran."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from primitives.actions.proposal import ActionArguments
from primitives.dataclass import dataclass

__all__ = ["Inverse", "Irreversible", "PriorState"]


class PriorState(BaseModel):
    """The values that the action will change, read before it runs; None where one could not be read.

    `values` are further ones by the names of the action's arguments; None in them means that it wasn't set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    revision: int | None = None
    replicas: int | None = None
    memory_limit: str | None = None
    values: Mapping[str, str | int | bool | None] = {}


@dataclass(frozen=True, slots=True)
class Inverse:
    """The action that undoes another one.

    `primitive` is its name; `arguments` fills it from the action's own arguments and the state before, and is None
    where that state isn't known.
    """

    primitive: str
    arguments: Callable[[Any, PriorState], ActionArguments | None]


@dataclass(frozen=True, slots=True)
class Irreversible:
    """Why an action can't be undone, as a sentence ends: "RDS never shrinks a volume"."""

    why: str
