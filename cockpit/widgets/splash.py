"""The first frame: title and empty panes where they will be, in one widget, so that nothing has to be loaded for it."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from cockpit.screens.layout import TALL_HEIGHT, arrangement, heights, split_width
from cockpit.widgets.draw import Line, Part, Styles, draw, sanitised

__all__ = ["Splash"]

Box = tuple[int, int, int, int, str]
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
        for box in sorted(self._boxes(width, height, wide=how == "wide")):
            left_edge, top, box_width, box_height, title = box
            if top <= y < top + box_height:
                parts += [(" " * (left_edge - at), "text"), *_row_of(box, y)]
                at = left_edge + box_width
            del title
        return draw(Line(parts), width, self._styles)

    def _boxes(self, width: int, height: int, *, wide: bool) -> list[Box]:
        if not self._panes:
            return [(0, 2, width, height - 3, "Incidents")]
        if not wide:
            return [(0, 3, width, height - 7, "2 Hypotheses")]
        upper, timeline, remediation = heights(height)
        left = split_width(width)
        plan, hypotheses = int(upper * (5 / 10 if height >= TALL_HEIGHT else 5 / 8)), int(upper * 6 / 13)
        return [
            (0, 2, left, plan, "1 Plan"),
            (0, 2 + plan, left, upper - plan, "Facts"),
            (left, 2, width - left, hypotheses, "2 Hypotheses"),
            (left, 2 + hypotheses, width - left, upper - hypotheses, "3 Detail"),
            (0, 2 + upper, width, timeline, "4 Timeline"),
            (0, 2 + upper + timeline, width, remediation, "5 Remediation"),
        ]


def _row_of(box: Box, y: int) -> list[Part]:
    _, top, width, height, title = box
    if y == top:
        rule = "─" * (width - len(title) - 5)
        return [("╭─ ", "line"), (title, "dim"), (f" {rule}╮", "line")]
    if y == top + height - 1:
        return [("╰" + "─" * (width - 2) + "╯", "line")]
    return [("│" + " " * (width - 2) + "│", "line")]
