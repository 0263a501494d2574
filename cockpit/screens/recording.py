"""A stored incident for replay: the time of each event, and fast access to the state at any position."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from itertools import accumulate, chain, islice, pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from cockpit.positions import position_to_seq
from primitives.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from engine.events import Event
    from engine.incident import IncidentState, Step

__all__ = ["INCIDENT_SPEEDS", "PAGE", "SPEEDS", "EventKind", "Log", "Recording", "first_speed", "seq_of_subject"]

SPEEDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 125.0, 250.0, 500.0, 1000.0)
INCIDENT_SPEEDS = tuple(speed for speed in SPEEDS if speed >= 1.0)
"""Of the incident's time: nobody watches an hour slower than it was."""

EventKind = Literal["fact", "decision", "action", "note"]
_TYPES: Mapping[EventKind, tuple[str, ...]] = {
    "fact": ("fact_found", "fact_added"),
    "decision": ("plan_confirmed", "fact_judged", "conclusion_reached", "investigation_cancelled", "incident_closed"),
    "action": ("action_approved", "action_rejected", "action_dispatched", "action_verified"),
    "note": ("note_added",),
}
_KINDS: Mapping[str, EventKind] = {name: kind for kind, names in _TYPES.items() for name in names}
"""What a replay jumps to, by the type of the event."""
PAUSE_LIMIT_S = 2.0
"""A longer pause is shortened to this: watching an engine wait for a person teaches nothing."""

PAGE = 500
"""Events that are asked for at once: they are read, decoded and folded in a few milliseconds."""

PAGES_KEPT = 6
"""As many as `FAR` and the two pages at its ends need; a page of decoded events takes 2 MiB."""
CHECKPOINTS = 256
FAR = 4 * PAGE
"""From so many events away the store, which has snapshots of its own, knows a state sooner than we fold it."""


class Log(Protocol):
    """Where a recording's events and states come from: an engine, or a store."""

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """At most `limit` events after `after`."""
        ...

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        """The state after `seq` events."""
        ...


class _Growing(dict[str, Any]):
    """What the fold only adds to, with everything that was added in order: any earlier state of it is a beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[tuple[str, Any]] = []

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.added.append((key, value))

    def first(self, count: int) -> dict[str, Any]:
        """As it was when so much had been added."""
        return dict(islice(self.added, count))


class _Checkpoint(NamedTuple):
    """The state after `seq` events without what only grows: of that, how much there was. Steps are not to be changed.

    So all checkpoints together share each fact, answer and step that did not change from one to the next.
    """

    seq: int
    state: IncidentState
    steps: tuple[Step, ...]
    facts: int
    answers: int


class Recording:
    """Any moment of one execution's log, of which only some pages are held in memory.

    The distances between events are real but for pauses over `PAUSE_LIMIT_S`. `learn` is given the whole log once, in
    order, and folds it; from then on any state is a checkpoint and the events since. A moment that it hasn't come to
    yet is asked of `log`. `state_at` answers from what is there, and `fetch` gets what is missing for it.
    """

    def __init__(self, log: Log, execution_id: str, times: Sequence[float]) -> None:
        from engine.incident import IncidentState as State
        from engine.state.investigation import InvestigationState as Investigation

        self.times = times
        self.offsets = array("d", accumulate(min(gap, PAUSE_LIMIT_S) for gap in _gaps(times)))
        self.shortened = sum(gap > PAUSE_LIMIT_S for gap in _gaps(times))
        self._log = log
        self._execution_id = execution_id
        self._pages: OrderedDict[int, Sequence[Event]] = OrderedDict()
        self._facts, self._answers = _Growing(), _Growing()
        self._tip: IncidentState = State(investigation=Investigation(facts=self._facts, answers=self._answers))
        self._confirmed: Event | None = None
        self._checkpoints = [_Checkpoint(0, State(), (), 0, 0)]
        self._interval = PAGE
        self._of_kind: dict[EventKind, array[int]] = {kind: array("Q") for kind in _TYPES}
        self._anchor: IncidentState | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def learned(self) -> int:
        """How many events `learn` was given."""
        return self._tip.seq

    @property
    def length_s(self) -> float:
        """Seconds that it plays for at speed 1."""
        return self.offsets[-1] if self.offsets else 0.0

    def learn(self, events: Sequence[Event]) -> None:
        """Take the next events of the log. Raises `StoreCorrupt` when they can't follow those before."""
        for event in events:
            _apply(self._tip, event)
            if (kind := _KINDS.get(event.body.type)) is not None:
                self._of_kind[kind].append(event.seq)
            if event.body.type == "plan_confirmed" and event.who.kind == "person":
                self._confirmed = event
            if event.seq - self._checkpoints[-1].seq >= self._interval:
                self._add_checkpoint()
        if self._anchor is not None and self._anchor.seq <= self.learned:
            self._anchor = None
        if events and len(self._pages) < PAGES_KEPT and self._is_page(events):
            self._pages.setdefault(_page(events[0].seq), events)

    def _add_checkpoint(self) -> None:
        tip = self._tip
        known = {step.plan.id: step for step in self._checkpoints[-1].steps}
        steps = tuple(known[name] if known.get(name) == step else step.copy() for name, step in tip.steps.items())
        rest = tip.replaced(steps={}, facts={}, answers={}).copy()
        facts, answers = len(self._facts.added), len(self._answers.added)
        self._checkpoints.append(_Checkpoint(tip.seq, rest, steps, facts, answers))
        if len(self._checkpoints) > CHECKPOINTS:
            # Every second one goes: memory stays bounded and the distances even.
            self._checkpoints = self._checkpoints[::2]
            self._interval *= 2

    def state_at(self, seq: int, near: IncidentState | None = None) -> IncidentState | None:
        """The state after `seq` events (1 or more), the caller's own; None when something for it must be fetched first.

        Where it is the shorter way it is folded on from `near`, which is changed by that. Raises `StoreCorrupt`.
        """
        near = _if_near(near, seq)
        start = near.seq if near else self._start(seq)
        if self._is_far(start, seq) or self._missing(start, seq) is not None:
            return None
        state = near or self._restored(seq)
        for number in _pages_between(start, seq):
            for event in self._pages[number]:
                if start < event.seq <= seq:
                    _apply(state, event)
        return state

    async def fetch(self, seq: int, near: IncidentState | None = None) -> None:
        """Get what `state_at` misses. Raises `StoreError` and its like when that can't be had."""
        near = _if_near(near, seq)
        start = near.seq if near else self._start(seq)
        if self._is_far(start, seq):
            self._anchor = await self._log.state(self._execution_id, _page(seq) * PAGE)
            start = self._anchor.seq
        while (number := self._missing(start, seq)) is not None:
            events = await self._log.read(self._execution_id, number * PAGE, PAGE)
            if not self._is_page(events) or _page(events[0].seq) != number:
                raise StoreCorrupt(f"events of {self._execution_id} are missing; run `cloudops audit verify`")
            self._pages[number] = events
            while len(self._pages) > max(PAGES_KEPT, self._reach // PAGE + 2):
                self._pages.popitem(last=False)

    def event(self, seq: int) -> Event:
        """The event that `state_at` just went to."""
        return self._pages[_page(seq)][(seq - 1) % PAGE]

    @property
    def _reach(self) -> int:
        """How many events are folded at most for one state."""
        return max(FAR, self._interval)

    def _is_far(self, start: int, seq: int) -> bool:
        return seq - start > self._reach

    def _missing(self, start: int, seq: int) -> int | None:
        """The first page that is not there of those that lead from `start` to `seq`."""
        for number in _pages_between(start, seq):
            if number not in self._pages:
                return number
            self._pages.move_to_end(number)
        return None

    def _is_page(self, events: Sequence[Event]) -> bool:
        """Whether these are all events of one page."""
        if not events:
            return False
        begin = _page(events[0].seq) * PAGE
        return events[0].seq == begin + 1 and events[-1].seq == min(begin + PAGE, len(self)) == begin + len(events)

    def _start(self, seq: int) -> int:
        """After how many events the nearest known state at or before `seq` is."""
        known = self._checkpoints[bisect_right(self._checkpoints, seq, key=lambda checkpoint: checkpoint.seq) - 1].seq
        return max(known, self._anchor.seq) if self._anchor is not None and self._anchor.seq <= seq else known

    def _restored(self, seq: int) -> IncidentState:
        """The nearest known state at or before `seq`, as one that can be changed."""
        start = self._start(seq)
        if self._anchor is not None and self._anchor.seq == start:
            return self._anchor.copy()
        known = self._checkpoints[bisect_right(self._checkpoints, start, key=lambda checkpoint: checkpoint.seq) - 1]
        state = known.state.copy()
        own = state.investigation
        own.steps = {step.plan.id: step.copy() for step in known.steps}
        own.facts, own.answers = self._facts.first(known.facts), self._answers.first(known.answers)
        return state

    def next_of(self, kind: EventKind, seq: int, by: int) -> int:
        """The first event of `kind` after `seq`, or for `by` < 0 the last one before; 0 where none was learned."""
        known = self._of_kind[kind]
        at = bisect_right(known, seq) if by > 0 else bisect_left(known, seq) - 1
        return known[at] if 0 <= at < len(known) else 0

    def seq_at_offset(self, offset: float) -> int:
        """How many events have come `offset` seconds into the replay."""
        return bisect_right(self.offsets, offset + 1e-9)

    def seq_of(self, at: str) -> int:
        """How many events had come at `at`: a number, or a time. Raises `UsageError` when it is neither."""
        return position_to_seq(self.times, at)

    def confirmed_at(self, seq: int) -> datetime | None:
        """When a person confirmed the plan, if that is among the first `seq` events and was learned."""
        return self._confirmed.time if self._confirmed is not None and self._confirmed.seq <= seq else None


def seq_of_subject(events: Iterable[Event], kind: str, name: str) -> int:
    """The event among `events` that brought a step or fact; 0 where there is none."""
    for event in events:
        body = event.body
        matches = (kind == "fact" and body.type == "fact_found" and body.id == name) or (
            kind == "step" and body.type == "step_started" and body.step == name
        )
        if matches:
            return event.seq
    return 0


def first_speed(length_s: float) -> float:
    """The highest speed, at most real time, at which there is something to watch: about eight seconds."""
    fitting = [speed for speed in SPEEDS if speed <= 1.0 and length_s / speed >= 8.0]
    return fitting[-1] if fitting else SPEEDS[0]


def _gaps(times: Sequence[float]) -> Iterator[float]:
    """How long after the one before each event came; clocks may go backwards, a replay doesn't."""
    return (max(after - before, 0.0) for before, after in pairwise(chain(times[:1], times)))


def _page(seq: int) -> int:
    return (seq - 1) // PAGE


def _pages_between(start: int, seq: int) -> range:
    """The pages of the events after `start` up to `seq`; that of `seq` in any case."""
    return range(min(start // PAGE, _page(seq)), _page(seq) + 1)


def _if_near(state: IncidentState | None, seq: int) -> IncidentState | None:
    return state if state is not None and state.seq <= seq <= state.seq + PAGE else None


def _apply(state: IncidentState, event: Event) -> None:
    try:
        state.apply(event)
    except (ValueError, KeyError) as error:
        raise StoreCorrupt(
            f"event {event.seq} of {event.execution_id} can't follow those before it; run `cloudops audit verify`"
        ) from error
