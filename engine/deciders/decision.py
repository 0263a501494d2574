"""A decider's result: the events of a command, and who caused each."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import Body, Who
from engine.investigate.commands import InvestigationCommand
from primitives.dataclass import dataclass

__all__ = ["NOTHING", "Decision", "by"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The events of a command, in one commit with the `blobs` that they name.

    `then` is what the engine decides next, in a commit of its own.
    """

    events: Sequence[tuple[Who, Body]] = ()
    blobs: Sequence[bytes] = ()
    then: InvestigationCommand | None = None


NOTHING = Decision()
"""There is nothing to write."""


def by(who: Who, *bodies: Body) -> Decision:
    """All of `bodies`, caused by `who`."""
    return Decision([(who, body) for body in bodies])
