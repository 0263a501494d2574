"""The marks of the timeline (changes, onset, alert, you) and their places on a line of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from cockpit.widgets.beginnings import Beginning, beginning, symptom_fact
from cockpit.widgets.changes import ChangeMark
from cockpit.widgets.condition_words import short_metric
from cockpit.widgets.draw import cells, cut, sanitised
from cockpit.widgets.run_states import RUN_STATES
from cockpit.widgets.words import clock, levels
from primitives.dataclass import dataclass
from primitives.quantities import short_id

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.incident import IncidentState
    from primitives.display_names import NameOf
    from primitives.facts import MetricShift

__all__ = ["ALWAYS_RANK", "Mark", "Scale", "labels", "marks_of", "other_changes", "span_of", "symptom_of"]

MARKS_SHOWN = 40
LABEL_WIDTH = 22
ALWAYS_RANK = 1
"""The marks up to this rank, onset and alert, always have a cell and a label of their own."""
TIMED_FROM = 80
"""Cells from which on these labels tell their times: in less room they would push away those of changes."""
BELIEVED = 3
"""The change that one of so many best hypotheses blames gets its label before other changes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment with its sign, colour and label; marks of a lower `rank` get their labels first.

    `description` is a longer label for where there is room; `resource` is what a change was made to. Where it is not
    known exactly, it was at `until` at the latest.
    """

    time: datetime
    sign: str
    role: str
    label: str
    rank: int
    description: str = ""
    resource: str | None = None
    until: datetime | None = None

    @property
    def timed_label(self) -> str:
        """The label with its time: `alert 14:34`, `onset 14:30–14:35`."""
        return f"{self.label} {clock(self.time)}" + (f"–{clock(self.until)}" if self.until is not None else "")


@dataclass(frozen=True, slots=True)
class Scale:
    """Times to cells and back: `width` cells from `start` to `end`."""

    start: datetime
    end: datetime
    width: int

    @property
    def per_cell(self) -> float:
        """Seconds a cell."""
        return max((self.end - self.start).total_seconds(), 1e-3) / max(self.width - 1, 1)

    def column(self, time: datetime) -> int:
        """The cell of a time; outside 0 to width - 1 when it lies outside."""
        return round((time - self.start).total_seconds() / self.per_cell)

    def time(self, column: float) -> datetime:
        """The time of a cell."""
        return self.start + timedelta(seconds=column * self.per_cell)

    def ticks(self, room: int = 12) -> Iterator[tuple[int, str]]:
        """Round times at least `room` cells apart, with their labels."""
        wanted = self.per_cell * room
        steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800)
        step = next((step for step in steps if step >= wanted), 604800)
        at = int(self.start.timestamp() // step + 1) * step
        while at <= self.end.timestamp():
            time = datetime.fromtimestamp(at, UTC)
            form = "%d %b" if step >= 86400 else "%H:%M:%S" if step < 60 else "%H:%M"
            yield self.column(time), time.strftime(form)
            at += step


def symptom_of(view: View) -> MetricShift | None:
    """The shift of the metric that raised the alarm, or else what was measured to be wrong."""
    known = symptom_fact(view) if view.state else None
    return cast("MetricShift", known.fact) if known is not None else None


def marks_of(view: View) -> list[Mark]:
    """The marks that matter and are known by now, oldest first."""
    state = view.state
    if state is None or state.opened is None:
        return []
    near, _ = view.symptom_cache.gather(state).changes.split(state)
    marks = [_change(change_mark, state, view.names) for change_mark in near]
    marks = sorted(marks, key=lambda mark: mark.rank)[:MARKS_SHOWN]
    if (begun := beginning(view)) is not None:
        marks.append(_begun(begun, view))
    marks.append(Mark(state.opened.detected_at, "⚑", "bad", view.alarm, 1, f"{view.alarm}: {state.opened.title}"))
    if view.you:
        marks.append(Mark(view.you, "◆", "focus", "you", 4, "you confirmed the plan"))
    return sorted([*marks, *_run_marks(state), *_bookmarks(state)], key=lambda mark: mark.time)


def _begun(begun: Beginning, view: View) -> Mark:
    cache = view.symptom_cache
    shift = cache.exact or cache.before
    told = " of the leading cause"
    if begun.exact and shift is not None:
        # The numbers are read before the line ends, also in a narrow one.
        told = (
            f": {shift.resource_name(view.names)} {short_metric(shift.metric, short=True)} {' → '.join(levels(shift))}"
        )
    return Mark(begun.at, "●", "warning", begun.word, 0, f"{begun.word}{told}", until=begun.until)


def _run_marks(state: IncidentState) -> Iterator[Mark]:
    """When each run was sent, and when it was known what came of it."""
    for run in state.runs.values():
        if run.dispatched_at is None:
            continue
        does = sanitised(run.action.action)
        yield Mark(run.dispatched_at, "▼", "warning", f"{run.id} sent", 0, f"{run.id} sent: {does}")
        if run.verified is not None and run.ended_at is not None and not run.undoes:
            words, role = RUN_STATES[run.verified]
            yield Mark(run.ended_at, words[0], role, run.id, 1, f"{run.id} {words[2:]}: {sanitised(run.detail)}")


def _bookmarks(state: IncidentState) -> Iterator[Mark]:
    """The notes about a moment of the incident."""
    for note in state.notes.values():
        if note.about is not None:
            words = sanitised(note.text)
            yield Mark(note.about, "✎", "focus", cut(words, LABEL_WIDTH), 3, f"{note.id} {note.by.name}: {words}")


def _change(change_mark: ChangeMark, state: IncidentState, names: NameOf) -> Mark:
    best = state.hypotheses[:BELIEVED]
    blamed = any(
        hypothesis.resource == change_mark.resource and short_id(hypothesis.change or "") == change_mark.id
        for hypothesis in best
    )
    resource = names(change_mark.resource) if change_mark.resource else "no resource"
    description = f"{change_mark.kind.replace('_', ' ')} {change_mark.id} of {resource}: {change_mark.summary}"
    return Mark(
        change_mark.time,
        "▲",
        "change",
        cut(change_mark.id, LABEL_WIDTH),
        2 if blamed else 3,
        description,
        change_mark.resource,
    )


def other_changes(view: View) -> list[ChangeMark]:
    """The changes without a mark, oldest first: on no known resource, or on one that nothing points to."""
    state = view.state
    return view.symptom_cache.gather(state).changes.split(state)[1] if state is not None else []


def span_of(view: View, marks: Sequence[Mark] | None = None) -> tuple[datetime, datetime] | None:
    """From when to when the timeline shows: the window, and before it what belongs to it. `marks`: those of `view`."""
    state = view.state
    if state is None or state.opened is None:
        return None
    opened = state.opened
    done = [mark.time for mark in _run_marks(state)]
    start, end = opened.window.start, max(opened.now, opened.detected_at, view.you or opened.now, *done)
    early = start - (end - start)
    before = (mark for mark in marks or marks_of(view) if mark.time < start)
    near = [mark.time for mark in before if early <= mark.time or mark.rank <= 1]
    start = min([start, *near])
    margin = (end - start) * 0.03
    # What was done ends at the right edge: there is room for what came of it.
    return start - margin, end + margin if done else end


def labels(marks: Sequence[Mark], scale: Scale) -> list[tuple[int, Mark, str]]:
    """Where each label goes, most important first; what would overlap another is left out, its sign stays.

    Onset and alert always have theirs, in their order, with their times where there is room.
    """
    inside = [mark for mark in marks if 0 <= scale.column(mark.time) < scale.width]
    first = sorted((mark for mark in inside if mark.rank <= ALWAYS_RANK), key=lambda mark: mark.time)
    placed = _always(first, scale)
    taken = [(begin, begin + cells(words)) for begin, _, words in placed]
    for mark in sorted((mark for mark in inside if mark.rank > ALWAYS_RANK), key=lambda mark: (mark.rank, mark.time)):
        at, size = scale.column(mark.time), cells(mark.label)
        for begin in (at, at - size + 1, at - size // 2):
            fits = begin >= 0 and begin + size <= scale.width
            if fits and all(begin + size < low or begin > high for low, high in taken):
                taken.append((begin, begin + size))
                placed.append((begin, mark, mark.label))
                break
    return sorted(placed, key=lambda label: label[0])


def _always(marks: Sequence[Mark], scale: Scale) -> list[tuple[int, Mark, str]]:
    """The labels of `marks`, which are in the order of their times: below their signs, or as near as they fit."""
    for timed in (True, False) if scale.width >= TIMED_FROM else (False,):
        words = [mark.timed_label if timed else mark.label for mark in marks]
        if sum(cells(text) + 1 for text in words) > scale.width:
            continue
        begins = [scale.column(mark.time) for mark in marks]
        end = scale.width
        for number in reversed(range(len(marks))):
            begins[number] = min(begins[number], end - cells(words[number]))
            end = begins[number] - 1
        if not begins or begins[0] >= 0:
            return list(zip(begins, marks, words, strict=True))
    return []
