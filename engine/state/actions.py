"""The state of the actions: what is proposed, and every run of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from datetime import datetime

from engine.events import ActionBody, ConclusionReached, Who
from engine.hypotheses import Action
from engine.state.runs import ActionRun, apply_to_runs
from primitives.dataclass import dataclass

__all__ = ["ActionsState"]


@dataclass(slots=True)
class ActionsState:
    """The queue of actions, as the last conclusion proposed it, and the runs by their id in the order of asking."""

    proposed: tuple[Action, ...] = ()
    runs: dict[str, ActionRun] = field(default_factory=dict)

    def apply(self, body: ConclusionReached) -> None:
        """Fold one event in."""
        self.proposed = body.actions

    def apply_run(self, body: ActionBody, who: Who, at: datetime) -> None:
        """Fold one event of a run in."""
        apply_to_runs(self.runs, body, who, at)

    def runs_of(self, action: str) -> Iterator[ActionRun]:
        """The runs of an action, by its id, the latest first."""
        return (run for run in reversed(self.runs.values()) if run.action.id == action)

    @property
    def unfinished(self) -> ActionRun | None:
        """The run that hasn't ended; there is at most one."""
        return next((run for run in self.runs.values() if not run.ended), None)

    @property
    def latest(self) -> ActionRun:
        """The run that was asked for last. There must be one."""
        return next(reversed(self.runs.values()))

    def copy(self) -> ActionsState:
        """A state that can be folded on without changing this one."""
        return replace(self, runs={name: replace(run) for name, run in self.runs.items()})
