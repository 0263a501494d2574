"""The timeline, with the time cursor of the whole screen and, in a replay, the scrubber."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from cockpit.widgets.changes import ChangeMark, other_changes_text
from cockpit.widgets.draw import Line, Part, cells, dimmed, draw, sanitised, wrap
from cockpit.widgets.marks import ALWAYS_RANK, Mark, Scale, labels, marks_of, other_changes, span_of
from cockpit.widgets.pane import Pane
from cockpit.widgets.words import apart, clock, precise
from primitives.quantities import duration

if TYPE_CHECKING:
    from textual import events

__all__ = ["TimelinePane"]

NOW_LABEL, END_LABEL = "┃now", "┃end"
"""At the right edge, of a live incident and of a recorded one."""
OTHER_CHANGES_SIGN = "┴"
LIST_HEIGHT = 6
"""Lines from which on the marks are listed too."""


class TimelinePane(Pane):
    """The timeline; where there is room, its marks are listed below it."""

    class CursorMoved(Message):
        """The time cursor is somewhere else."""

        def __init__(self, moment: datetime) -> None:
            super().__init__()
            self.moment = moment

    _axis_at = 0

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        marks = marks_of(self.view)
        scale = self._scale(width, marks)
        lines: list[Strip] = []
        if self.view.playback is not None and height >= 3:
            lines.append(self._scrubber(width))
        if scale is None:
            return [*lines, draw(Line([(" waits for the first event", "dim")]), width, self.text_styles)]
        self._axis_at = len(lines)
        others = other_changes(self.view)
        if self.view.hides_later:
            marks = [mark for mark in marks if not self.view.is_later(mark.time)]
            others = [change for change in others if not self.view.is_later(change.time)]
        lines.append(self._axis(scale, marks, others, width))
        lines.append(self._labels(scale, marks, width))
        if height >= LIST_HEIGHT:
            lines += [draw(line, width, self.text_styles) for line in [Line(), *self._listed(marks, others, width)]]
        return lines[:height]

    def _scale(self, width: int, marks: list[Mark] | None = None) -> Scale | None:
        span = span_of(self.view, marks)
        return Scale(*span, max(width - 2 - len(NOW_LABEL), 10)) if span else None

    def _axis(self, scale: Scale, marks: list[Mark], others: list[ChangeMark], width: int) -> Strip:
        row: list[tuple[str, str]] = [("─", "faint")] * scale.width
        placed = _places(marks, scale)
        taken = {scale.column(change_mark.time) for change_mark in others} | set(placed)
        for at, words in scale.ticks(14):
            free = not taken & set(range(at - 1, at + len(words) + 1))
            if free and at - 1 >= 0 and at + len(words) + 1 <= scale.width:
                for offset, letter in enumerate(f" {words} "):
                    row[at - 1 + offset] = (letter, "dim")
        for change_mark in others:
            if 0 <= (at := scale.column(change_mark.time)) < scale.width:
                row[at] = (OTHER_CHANGES_SIGN, "faint")
        for at, mark in placed.items():
            row[at] = (mark.sign, "dim" if self.view.is_later(mark.time) else mark.role)
        cursor = scale.column(self.view.cursor) if self.view.cursor else None
        segments = [Segment(" ", self.text_styles.style("text"))]
        for at, (letter, role) in enumerate(row):
            spec = "focus bold reverse" if at == cursor else role if role in ("faint", "dim") else f"{role} bold"
            segments.append(Segment(letter, self.text_styles.style(spec)))
        segments.append(
            Segment(END_LABEL if self.view.mode == "RECORDED" else NOW_LABEL, self.text_styles.style("text bold"))
        )
        return Strip(segments).simplify().adjust_cell_length(width, self.text_styles.style("text"))

    def _labels(self, scale: Scale, marks: list[Mark], width: int) -> Strip:
        early = [mark for mark in marks if scale.column(mark.time) < 0]
        parts: list[Part] = [(" ", "text")]
        used = 0
        placed = labels(marks, scale)
        if early:
            words = f"◂ {len(early)} earlier"
            if not placed or placed[0][0] > len(words):
                parts.append((words, "change"))
                used = cells(words)
        for begin, mark, words in placed:
            if begin < used:
                continue
            parts.append((" " * (begin - used), "text"))
            parts.append((words, "dim" if self.view.is_later(mark.time) else mark.role))
            used = begin + cells(words)
        return draw(Line(parts), width, self.text_styles)

    def _listed(self, marks: list[Mark], others: list[ChangeMark], width: int) -> Iterator[Line]:
        """A line for each mark, and one for the other changes."""
        state = self.view.state
        assert state is not None
        assert state.opened is not None
        cursor, alarm = self.view.cursor, f"the {self.view.alarm}"
        for mark in marks:
            here = cursor is not None and mark.time.replace(microsecond=0) == cursor
            away = apart(mark.time, state.opened.detected_at, alarm) if mark.rank != ALWAYS_RANK else ""
            when: Part = (f"{precise(mark.time)} ", "focus bold" if here else "dim")
            what: Part = (sanitised(mark.description or mark.label), "text bold" if here else "text")
            listed = Line([(f" {mark.sign} ", mark.role), when, what], [(f"{away} ", "dim")])
            yield dimmed(listed) if self.view.is_later(mark.time) else listed
        if others:
            ids = " · ".join(change_mark.id for change_mark in others)
            for line in wrap(f"{OTHER_CHANGES_SIGN} {other_changes_text(others)}: {ids}", max(width - 11, 20)):
                yield Line([(" " * 10, "dim"), (line, "dim")])

    def _scrubber(self, width: int) -> Strip:
        playback = self.view.playback
        assert playback is not None
        left = " ▶ playing " if playback.playing else " ‖ paused  "
        right = f" event {playback.seq} of {playback.events} "
        if playback.scale == "incident":
            right = f" incident time{' · loop' if playback.loop else ''} · i: the investigation's "
        elif playback.loop:
            right = f" loop ·{right}"
        size = max(width - cells(left) - cells(right), 10)
        at = round(playback.share * (size - 1))
        parts: list[Part] = [(left, "focus bold"), ("━" * at, "focus"), ("●", "focus bold")]
        parts += [("─" * (size - 1 - at), "faint"), (right, "dim")]
        return draw(Line(parts), width, self.text_styles)

    def footing(self) -> str:
        state, playback = self.view.state, self.view.playback
        if self.view.cursor is not None and state is not None and state.opened is not None:
            return f"cursor {self._moment(self.view.cursor)}{self._step()}"
        parts = [playback.last if playback else ""]
        if playback is not None and playback.shortened:
            parts.append(f"pauses over 2 s are shortened ({playback.shortened})")
        listed = self.content_size.height >= LIST_HEIGHT
        others = "" if listed else other_changes_text(other_changes(self.view))
        parts.append(f"{OTHER_CHANGES_SIGN} {others}" if others else "")
        return " · ".join(part for part in parts if part)

    def _step(self) -> str:
        scale = self._scale(self.content_size.width)
        return f" · h l move it by {duration(max(round(scale.per_cell), 1))}" if scale is not None else ""

    def _moment(self, time: datetime) -> str:
        assert self.view.state is not None
        opened = self.view.state.opened
        assert opened is not None
        return f"{precise(time)} · {apart(time, opened.detected_at, f'the {self.view.alarm}')}"

    def summary(self) -> Line:
        if self.view.state is None or self.view.state.opened is None:
            return Line([("waits for the first event", "dim")])
        parts: list[Part] = []
        # Of changes of equal rank the last one before the incident is the likelier cause.
        first = sorted(marks_of(self.view), key=lambda mark: (mark.rank, -mark.time.timestamp()))[:4]
        # Onset and alert before all else, then the change that is blamed: what a narrow line cuts is the least of it.
        for mark in sorted(first, key=lambda mark: (max(mark.rank, ALWAYS_RANK), mark.time)):
            parts += [(f"{mark.sign} ", mark.role), (f"{mark.label} {clock(mark.time)}  ", "dim")]
        return Line(parts)

    def on_click(self, event: events.Click) -> None:
        """A click on the axis, or on the labels under it, puts the time cursor there."""
        scale = self._scale(self.content_size.width)
        if self.folded or scale is None or event.y > self._axis_at + 2 or event.y <= self._axis_at:
            return
        self._put(scale.time(max(0, min(scale.width - 1, event.x - 2))))

    def move_cursor(self, by: int) -> None:
        """Move the time cursor by so many cells; the first move puts it on the alert."""
        scale = self._scale(self.content_size.width)
        if scale is None or self.view.state is None or self.view.state.opened is None:
            return
        time = self.view.cursor
        if time is None:
            time = self.view.state.opened.detected_at
        else:
            column = max(0, min(scale.width - 1, scale.column(time) + by))
            time = scale.time(column)
        self._put(time)

    def move(self, by: int) -> None:
        """Put the time cursor on a mark: the next ones for `by` > 0, those before for `by` < 0."""
        times = sorted({mark.time.replace(microsecond=0) for mark in marks_of(self.view)})
        if not times or self.view.state is None or self.view.state.opened is None:
            return
        cursor = self.view.cursor
        if cursor is None:
            at = times.index(self.view.state.opened.detected_at.replace(microsecond=0))
            at += by if abs(by) > len(times) else 0
        elif by > 0:
            at = sum(1 for time in times if time <= cursor) - 1 + by
        else:
            at = sum(1 for time in times if time < cursor) + by
        self._put(times[max(0, min(len(times) - 1, at))])

    def _put(self, time: datetime) -> None:
        self.post_message(self.CursorMoved(time - timedelta(microseconds=time.microsecond)))


def _places(marks: list[Mark], scale: Scale) -> dict[int, Mark]:
    """The cell of each mark: onset, alert and what was sent first, each in the nearest free one; then what fits."""
    placed: dict[int, Mark] = {}
    for mark in sorted(marks, key=lambda mark: (mark.rank, mark.time)):
        at = scale.column(mark.time)
        if mark.rank <= ALWAYS_RANK:
            free = (cell for cell in range(scale.width) if cell not in placed)
            at = min(free, key=lambda cell, at=at: (abs(cell - at), cell < at), default=at)  # type: ignore[misc]
        if 0 <= at < scale.width:
            placed.setdefault(at, mark)
    return placed
