"""The help: the keys of the screen below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from cockpit.keys import Where, help_rows
from cockpit.screens.prompts import CLOSING, Modal, Prompt
from cockpit.widgets.draw import Line, Part, cells, cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.widgets.draw import Styles

__all__ = ["HelpScreen"]

GAP = 2
TWO_COLUMNS, THREE_COLUMNS = 64, 108
"""From these widths on, in cells, the keys are in two and in three columns."""


class HelpScreen(Modal):
    """Help."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("question_mark", "answer('')"),
        *CLOSING,
    ]

    def __init__(self, where: Where, styles: Styles, shown: Callable[[str], str] = str) -> None:
        super().__init__()
        self._where = where
        self._shown = shown
        self._styles = styles

    def prompt(self) -> Prompt:
        prompt = Prompt(self._lines, self._styles, "KEYS", "Esc back")
        prompt.add_class("-help")
        return prompt

    def _lines(self, width: int) -> list[Line]:
        columns = 1 + (width >= TWO_COLUMNS) + (width >= THREE_COLUMNS)
        rows = [(self._shown(keys), words) for keys, words in help_rows(self._where)]
        return _table(rows, width, columns)


def _table(rows: list[tuple[str, str]], width: int, columns: int) -> list[Line]:
    height = -(-len(rows) // columns)
    tables = [rows[at : at + height] for at in range(0, len(rows), height)]
    size = (width - GAP * (columns - 1)) // columns
    lines: list[list[Part]] = [[] for _ in range(height)]
    for number, table in enumerate(tables):
        key_width = max(cells(shown) for shown, _ in table) + 1
        gap = GAP if number + 1 < len(tables) else 0
        for line, (shown, words) in zip(lines, table, strict=False):
            fitted = cut(words, size - key_width)
            line.append((shown + " " * (key_width - cells(shown)), "focus bold"))
            line.append((fitted + " " * (size - key_width - cells(fitted) + gap), "text"))
    return [Line(parts) for parts in lines]
