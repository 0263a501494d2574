"""Pane 4: when what happened, with the time cursor of the whole screen, and in a replay its scrubber."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from cockpit.widgets.draw import Line, Part, cells, draw
from cockpit.widgets.marks import Mark, Scale, labels, marks_of, span_of
from cockpit.widgets.pane import Pane
from cockpit.widgets.words import apart, clock, precise

__all__ = ["TimelinePane"]

NOW_LABEL = "┃now"


class TimelinePane(Pane):
    """The timeline."""

    class CursorMoved(Message):
        """The time cursor is somewhere else."""

        def __init__(self, moment: datetime) -> None:
            super().__init__()
            self.moment = moment

    number = "4"
    name_shown = "Timeline"

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        scale = self._scale(width)
        lines: list[Strip] = []
        if self.view.playback is not None and height >= 3:
            lines.append(self._scrubber(width))
        if scale is None:
            return [*lines, draw(Line([(" waits for the first event", "dim")]), width, self.ink)]
        marks = marks_of(self.view)
        lines.append(self._axis(scale, marks, width))
        lines.append(self._labels(scale, marks, width))
        return lines[:height]

    def _scale(self, width: int) -> Scale | None:
        span = span_of(self.view)
        return Scale(*span, max(width - 2 - len(NOW_LABEL), 10)) if span else None

    def _axis(self, scale: Scale, marks: list[Mark], width: int) -> Strip:
        row: list[tuple[str, str]] = [("─", "faint")] * scale.width
        taken = {scale.column(mark.time) for mark in marks}
        for at, words in scale.ticks(14):
            free = not taken & set(range(at - 1, at + len(words) + 1))
            if free and at - 1 >= 0 and at + len(words) + 1 <= scale.width:
                for offset, letter in enumerate(f" {words} "):
                    row[at - 1 + offset] = (letter, "dim")
        for mark in marks:
            at = scale.column(mark.time)
            if 0 <= at < scale.width:
                row[at] = (mark.sign, mark.role)
        cursor = scale.column(self.view.cursor) if self.view.cursor else None
        segments = [Segment(" ", self.ink.style("text"))]
        for at, (letter, role) in enumerate(row):
            spec = "focus bold reverse" if at == cursor else f"{role} bold" if letter != "─" else role
            segments.append(Segment(letter, self.ink.style(spec if role != "dim" or at == cursor else "dim")))
        segments.append(Segment(NOW_LABEL, self.ink.style("text bold")))
        return Strip(segments).simplify().adjust_cell_length(width, self.ink.style("text"))

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
            parts.append((words, mark.role))
            used = begin + cells(words)
        return draw(Line(parts), width, self.ink)

    def _scrubber(self, width: int) -> Strip:
        playback = self.view.playback
        assert playback is not None
        left = " ▶ playing " if playback.playing else " ‖ paused  "
        right = f" event {playback.seq} of {playback.events} "
        size = max(width - cells(left) - cells(right), 10)
        at = round(playback.share * (size - 1))
        parts: list[Part] = [(left, "focus bold"), ("━" * at, "focus"), ("●", "focus bold")]
        parts += [("─" * (size - 1 - at), "faint"), (right, "dim")]
        return draw(Line(parts), width, self.ink)

    def footing(self) -> str:
        state, playback = self.view.state, self.view.playback
        if self.view.cursor is not None and state is not None and state.opened is not None:
            return f"cursor {self._moment(self.view.cursor)}"
        if playback is not None and playback.shortened:
            return f"{playback.last} · pauses over 2 s are shortened ({playback.shortened})".strip(" ·")
        return playback.last if playback else ""

    def _moment(self, time: datetime) -> str:
        assert self.view.state is not None
        opened = self.view.state.opened
        assert opened is not None
        return f"{precise(time)} · {apart(time, opened.detected_at, 'the alert')}"

    def summary(self) -> Line:
        if self.view.state is None or self.view.state.opened is None:
            return Line([("waits for the first event", "dim")])
        parts: list[Part] = []
        for mark in marks_of(self.view)[-5:]:
            parts += [(f"{mark.sign} ", mark.role), (f"{mark.label} {clock(mark.time)}  ", "dim")]
        return Line(parts)

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
            time -= timedelta(microseconds=time.microsecond)
        self.post_message(self.CursorMoved(time))
