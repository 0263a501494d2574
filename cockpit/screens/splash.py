"""The first frame: title and empty panes in one widget, so that nothing has to be loaded for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from cockpit.screens.layout import ABOVE, ANSWER_LINES, ANSWER_LINES_IN_COLUMN, FIRST_FOCUS, arrangement, boxes
from cockpit.widgets.draw import Line, Part, Styles, draw, sanitised

if TYPE_CHECKING:
    from cockpit.panes import PaneSpec
    from cockpit.screens.layout import Arrangement

__all__ = ["Splash"]

Frame = tuple[int, int, int, int, str]
"""Left edge, top edge, width, height, title."""


class Splash(Widget):
    """Draws the frame that the incident screen, or the list, will fill."""

    def __init__(self, title: str, second: str, styles: Styles, *, panes: bool) -> None:
        super().__init__()
        self._title = sanitised(title)
        self._second = sanitised(second)
        self._styles = styles
        self._panes = panes

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        how = arrangement(width, height, 0)
        if how == "too-small":
            return self._styles.blank(width)
        if y < 2:
            left: list[Part] = [(" ○ ", "focus bold"), (self._title, "text bold")] if y == 0 else []
            right: list[Part] = [("OPENING ", "focus bold")] if y == 0 else []
            return draw(Line(left or [(f"   {self._second}", "dim")], right), width, self._styles, "bar")
        if y == height - 1:
            return self._styles.blank(width, "bar")
        parts: list[Part] = []
        at = 0
        for left_edge, top, box_width, box_height, title in sorted(self._frames(width, height, how)):
            if top <= y < top + box_height:
                parts.append((" " * (left_edge - at), "text"))
                parts += _row_of(title, box_width, y == top, y == top + box_height - 1)
                at = left_edge + box_width
        return draw(Line(parts), width, self._styles)

    def _frames(self, width: int, height: int, how: Arrangement) -> list[Frame]:
        if not self._panes:
            return [(0, 2, width, height - 3, "Incidents")]
        from cockpit.panes import pane_specs

        specs = pane_specs()
        if how in ("column", "stack"):
            first = next(spec for spec in specs if spec.id == FIRST_FOCUS)
            top = 3 + ANSWER_LINES_IN_COLUMN
            return [(0, top, width, height - top - 4, _title(first))]
        panes = [(box.left, box.top, box.width, box.height, _title(box.spec)) for box in boxes(specs, width, height)]
        return [(0, ABOVE - ANSWER_LINES, width, ANSWER_LINES, "Answer"), *panes]


def _title(spec: PaneSpec) -> str:
    return f"{spec.number} {spec.title}".strip()


def _row_of(title: str, width: int, first: bool, last: bool) -> list[Part]:
    if first:
        rule = "─" * (width - len(title) - 5)
        return [("╭─ ", "line"), (title, "dim"), (f" {rule}╮", "line")]
    if last:
        return [("╰" + "─" * (width - 2) + "╯", "line")]
    return [("│" + " " * (width - 2) + "│", "line")]
