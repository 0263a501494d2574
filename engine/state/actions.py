"""The state of the actions: what is proposed."""

from __future__ import annotations

from dataclasses import replace

from engine.events import ConclusionReached
from engine.hypotheses import Action
from primitives.dataclass import dataclass

__all__ = ["ActionsState"]


@dataclass(slots=True)
class ActionsState:
    """The queue of actions, as the last conclusion proposed it."""

    proposed: tuple[Action, ...] = ()

    def apply(self, body: ConclusionReached) -> None:
        """Fold one event in."""
        self.proposed = body.actions

    def copy(self) -> ActionsState:
        """A state that can be folded on without changing this one."""
        return replace(self)
