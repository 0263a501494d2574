"""The line at the bottom: the most important keys, and a notice."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip
from textual.widget import Widget

from cockpit.widgets.draw import Line, Part, Styles, cells, draw, plain, sanitised

__all__ = ["Footer"]


class Footer(Widget):
    """The footer; `keys` are (key, what it does), most important first; the last of them is always shown."""

    def __init__(self, styles: Styles) -> None:
        super().__init__(id="footer")
        self.text_styles = styles
        self.keys: Sequence[tuple[str, str]] = ()
        self.notice = ""

    def show(self, keys: Sequence[tuple[str, str]], notice: str = "") -> None:
        """Show these keys, and a notice at the right."""
        if (tuple(keys), notice) != (tuple(self.keys), self.notice):
            self.keys, self.notice = tuple(keys), notice
            self.refresh()

    def render_line(self, y: int) -> Strip:
        del y
        width = self.size.width
        right: list[Part] = [(f"{sanitised(self.notice)} ", "warning")] if self.notice else []
        room = width - cells(plain(right))
        items = [_item(key, words) for key, words in self.keys]
        last = items[-1] if items else []
        room -= cells(plain(last))
        left: list[Part] = []
        for item in items[:-1]:
            if cells(plain(left)) + cells(plain(item)) > room:
                break
            left += item
        return draw(Line([*left, *last], right), width, self.text_styles, "bar")


def _item(key: str, words: str) -> list[Part]:
    return [(f" {key} ", "focus bold"), (f"{words} ", "dim")]
