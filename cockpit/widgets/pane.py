"""The base of all panes: a bordered line-API widget that repaints the lines that changed and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.widgets.draw import Line, Styles, cut, draw

if TYPE_CHECKING:
    from typing import Self

    from cockpit.widgets.view import View

__all__ = ["Pane"]


class Pane(Widget, can_focus=True):
    """A pane of a screen. Folded, it is one line with its `summary`.

    A subclass draws the lines that are to be seen in `visible_lines`; `repaint` compares them with what is on the
    screen, so that nothing is painted that did not change.
    """

    number = ""
    pane_title = ""
    _only_borders = False

    def __init__(self, view: View, styles: Styles, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.view = view
        self.text_styles = styles
        self._strips: list[Strip] = []
        self._borders = ("", "")
        self.folded = False

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        """The lines on the screen, from the top; fewer than `height` leave the rest empty."""
        raise NotImplementedError

    def heading(self) -> str:
        """The title in the upper border, without the number."""
        return self.pane_title

    def footing(self) -> str:
        """The text in the lower border."""
        return ""

    def summary(self) -> Line:
        """The pane in one line, for when it is folded."""
        return Line([(self.footing(), "dim")])

    def below_summary(self, width: int, height: int) -> list[Line]:
        """What a folded pane that keeps more than one line shows below its summary."""
        del width, height
        return []

    def move(self, by: int) -> None:
        """Move the cursor, or scroll, by so many lines."""

    def fold(self, folded: bool) -> None:
        """Fold to one line, or unfold."""
        if folded != self.folded:
            self.folded = folded
            self.set_class(folded, "-folded")
            self.repaint()

    def repaint(self) -> None:
        """Repaint the lines that changed."""
        width, height = self.content_size
        if not width or not height:
            return
        title = f"{self.number} {self.heading()}".strip()
        if self.folded:
            line = self.summary()
            parts = [(f" {self.number or ' '} ", "focus"), (f"{self.pane_title:<12} ", "text"), *line.left]
            lines = [Line(parts, line.right), *self.below_summary(width, height - 1)]
            strips = [draw(each, width, self.text_styles) for each in lines]
        else:
            strips = self.visible_lines(width, height)
            self._set_border(title, self.footing())
        before, self._strips = self._strips, strips
        if len(before) != len(strips):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, strips, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _set_border(self, title: str, subtitle: str) -> None:
        # Content objects, never strings: a string would be read as markup.
        if (title, subtitle) != self._borders:
            self._borders = (title, subtitle)
            room = max(self.size.width - 6, 1)
            self._only_borders = True
            self.border_title = Content(cut(title, room))
            self.border_subtitle = Content(cut(subtitle, room)) if subtitle else None
            self._only_borders = False

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As Textual's, but a new title paints the two borders and not, as there, every line between them."""
        if self._only_borders and not regions:
            left, top = self.content_offset
            width, height = self.outer_size
            regions = (Region(-left, -top, width, 1), Region(-left, height - 1 - top, width, 1))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(width, self.text_styles.style("text"))
        return self.text_styles.blank(width)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.call_later(self.focus_changed)

    def focus_changed(self) -> None:
        """The pane got or lost the focus."""
        self.repaint()

    def on_resize(self) -> None:
        self._strips = []
        self._borders = ("", "")
        self.repaint()
