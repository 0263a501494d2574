"""The two lines at the top: alert, symptom, phase, duration, class, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from cockpit.widgets.draw import Line, Part, Styles, cells, draw, plain, sanitised
from cockpit.widgets.marks import symptom_of
from cockpit.widgets.readings import reading_parts
from cockpit.widgets.words import PHASES, SPINNER, elapsed, moved, percent, precise

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.incident import IncidentState

__all__ = ["Header"]

WITH_ID = 76
"""Cells from which on the execution's id is shown."""

SOURCE_SIGNS = {
    "reachable": ("✓", "good"),
    "answered": ("✓", "good"),
    "partial": ("◑", "warning"),
    "denied": ("✗ denied", "bad"),
    "unreachable": ("✗ unreachable", "bad"),
    "not_configured": ("–", "dim"),
}


class Header(Widget):
    """The header."""

    def __init__(self, view: View, styles: Styles) -> None:
        super().__init__(id="header")
        self.view = view
        self.text_styles = styles
        self._strips: list[Strip] = []

    def repaint(self) -> None:
        """Bring the screen up to date with the view."""
        width = self.size.width
        if not width:
            return
        ground = "focus" if self.view.mode == "REPLAY" else "bar"
        strips = [
            draw(self._first(width), width, self.text_styles, ground),
            draw(self._second(width), width, self.text_styles, ground),
        ]
        if strips != self._strips:
            self._strips = strips
            self.refresh()

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width)
        return self.text_styles.blank(self.size.width, "bar")

    def on_resize(self) -> None:
        self.repaint()

    def _first(self, width: int) -> Line:
        state = self.view.state
        sign, word, role = PHASES[state.phase] if state else ("○", "OPENING", "focus")
        if state and state.cancelling and not state.ended:
            sign, word, role = "⊘", "CANCELLING", "warning"
        if state and state.phase == "investigating":
            sign = SPINNER[self.view.spinner % len(SPINNER)]
        if self.view.problem:
            sign, word, role = "✗", "CONNECTION LOST" if state else "PROBLEM", "bad"
        right: list[Part] = []
        if self.view.severity:
            right += [(sanitised(self.view.severity, 12).upper(), "warning bold"), (" · ", "dim")]
        right += [(word, f"{role} bold"), (" · ", "dim"), (elapsed(self.view.elapsed_s), "text"), (" · ", "dim")]
        right.append(self._mode())
        if width >= 100 and state is not None:
            cost = state.finished.cost_usd if state.finished else 0.0
            right += [(" · ", "dim"), (f"${cost:.2f}", "dim"), (" · ", "dim"), (self._who(state), "change")]
        right.append((" ", "text"))
        title = sanitised((state.opened.title if state and state.opened else "") or self.view.title or "CloudOps")
        left: list[Part] = [(f" {sign} ", f"{role} bold"), (title, "text bold")]
        shift = symptom_of(self.view)
        reading = reading_parts(self.view)
        if reading and width - cells(plain(right)) - cells(title) > cells(plain(reading)) + 4:
            left += [("  ", "dim"), *reading]
        elif shift is not None and width - cells(plain(right)) - cells(title) > 24:
            left += [("  ", "dim"), *moved(shift)]
        return self._inverted(Line(left, right))

    def _who(self, state: IncidentState) -> str:
        name = state.opened_by.name if state.opened_by else ""
        return f"◆ {sanitised(name, 20)}" + (" (attached)" if self.view.attached else "")

    def _mode(self) -> Part:
        playback = self.view.playback
        if playback is not None:
            time = precise(playback.time) if playback.time else "--:--:--"
            return (f"REPLAY {time} · {playback.speed:g}×", "text bold")
        live = self.view.mode == "LIVE"
        return (("◉ " if live else "○ ") + self.view.mode, "good bold" if live else "measured")

    def _second(self, width: int) -> Line:
        state = self.view.state
        query = sanitised(self.view.query)
        left: list[Part] = [(f"   {query}", "dim")]
        if self.view.problem:
            return self._inverted(Line([(f"   {sanitised(self.view.problem)}", "bad bold")]))
        if state is None:
            return self._inverted(Line(left, [("reading the incident ", "dim")]))
        right: list[Part] = []
        if state.classification:
            right.append((state.classification.primary_class.value, "text bold"))
            right.append((f" {percent(state.classification.confidence)}", "text"))
        if width >= 90:
            right += self._sources(state)
        if width >= WITH_ID and state.execution_id:
            right += [(" · " if right else "", "dim"), (sanitised(state.execution_id, 20), "dim")]
        right.append((" ", "text"))
        return self._inverted(Line(left, right))

    def _sources(self, state: IncidentState) -> list[Part]:
        statuses = {source.name: source.status for source in state.sources}
        covered = {entry.source: entry.status for entry in state.opened.coverage} if state.opened else {}
        parts: list[Part] = []
        for name, status in {**statuses, **covered}.items():
            sign, role = SOURCE_SIGNS[status]
            parts += [(" · " if not parts else "  ", "dim"), (f"{sanitised(name, 20)} ", "dim"), (sign, role)]
        return parts

    def _inverted(self, line: Line) -> Line:
        """In a replay the header is inverted, so that it can't be taken for the present."""
        if self.view.mode != "REPLAY":
            return line

        def turned(parts: list[Part]) -> list[Part]:
            return [(text, "ground bold" if "bold" in spec else "ground") for text, spec in parts]

        return Line(turned(list(line.left)), turned(list(line.right)))
