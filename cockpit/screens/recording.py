"""A stored incident as something that can be played: its events, when each comes, and quick ways to any moment."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.moments import moment_to_seq
from primitives.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.events import Event
    from engine.incident import IncidentState

__all__ = ["SPEEDS", "Recording", "first_speed"]

SPEEDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
PAUSE_LIMIT_S = 2.0
"""A pause longer than this is shortened to it: nobody wants to watch an engine wait for a person."""

CHECKPOINTS = 64
SHORTEST_INTERVAL = 500


class Recording:
    """The events of one execution, growing while they are loaded, with folded states kept at intervals.

    The distances between events are real but for pauses over `PAUSE_LIMIT_S`. A seek folds from the checkpoint before
    it, so that its cost is bounded by the interval and not by the log.
    """

    def __init__(self) -> None:
        from engine.incident import IncidentState as State

        self.events: list[Event] = []
        self.offsets: list[float] = []
        self.shortened = 0
        self._confirmed: int | None = None
        self._new = State
        self._tip: IncidentState = State()
        self._checkpoints: list[IncidentState] = [State()]
        self._interval = SHORTEST_INTERVAL

    def add(self, events: Sequence[Event]) -> None:
        """Take the next events of the log."""
        for event in events:
            gap = (event.time - self.events[-1].time).total_seconds() if self.events else 0.0
            if gap > PAUSE_LIMIT_S:
                self.shortened += 1
            before = self.offsets[-1] if self.offsets else 0.0
            self.offsets.append(before + min(max(gap, 0.0), PAUSE_LIMIT_S))
            self.events.append(event)
            if event.body.type == "plan_confirmed" and event.who.kind == "person":
                self._confirmed = event.seq
            self._tip.apply(event)
            if self._tip.seq - self._checkpoints[-1].seq >= self._interval:
                self._checkpoints.append(_copy(self._tip))
                self._thin()

    def _thin(self) -> None:
        if len(self._checkpoints) > CHECKPOINTS:
            # Every second one goes: memory stays bounded and the distances even.
            self._checkpoints = self._checkpoints[::2]
            self._interval *= 2

    @property
    def length_s(self) -> float:
        """Seconds that it plays for at speed 1."""
        return self.offsets[-1] if self.offsets else 0.0

    def state_at(self, seq: int) -> IncidentState:
        """The state after `seq` events, the caller's own."""
        seq = max(0, min(seq, len(self.events)))
        at = bisect_right(self._checkpoints, seq, key=lambda state: state.seq) - 1
        state = _copy(self._checkpoints[at])
        for event in self.events[state.seq : seq]:
            state.apply(event)
        return state

    def go_on(self, state: IncidentState, seq: int) -> IncidentState:
        """The state after `seq` events, folded on from `state` where that is the shorter way."""
        if state.seq <= seq <= state.seq + self._interval:
            for event in self.events[state.seq : seq]:
                state.apply(event)
            return state
        return self.state_at(seq)

    def seq_at_offset(self, offset: float) -> int:
        """How many events have come `offset` seconds into the replay."""
        return bisect_right(self.offsets, offset + 1e-9)

    def seq_of(self, at: str) -> int:
        """How many events had come at `at`: a number, or a time. Raises `UsageError` when it is neither."""
        if not self.events:
            raise UsageError("there is nothing to go to yet")
        return moment_to_seq(self.events, at)

    def confirmed_at(self, seq: int) -> datetime | None:
        """When a person confirmed the plan, if that is among the first `seq` events."""
        if self._confirmed is not None and self._confirmed <= seq:
            return self.events[self._confirmed - 1].time
        return None

    def seq_of_subject(self, kind: str, name: str) -> int:
        """The event that brought a step or fact; 0 where there is none."""
        for event in self.events:
            body = event.body
            found = (kind == "fact" and body.type == "fact_found" and body.id == name) or (
                kind == "step" and body.type == "step_started" and body.step == name
            )
            if found:
                return event.seq
        return 0


def first_speed(length_s: float) -> float:
    """The highest speed, at most real time, at which there is something to watch: about eight seconds."""
    fitting = [speed for speed in SPEEDS if speed <= 1.0 and length_s / speed >= 8.0]
    return fitting[-1] if fitting else SPEEDS[0]


def _copy(state: IncidentState) -> IncidentState:
    """A state that can be folded on without changing the one that it came from: what is mutable is copied."""
    return replace(
        state,
        steps={key: replace(step, facts=list(step.facts)) for key, step in state.steps.items()},
        answers=dict(state.answers),
        facts=dict(state.facts),
    )
