"""The keys that work on the screen that it was opened on, and those that don't yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from cockpit.keys import Key, Where, keys_for
from cockpit.screens.prompts import Modal, Prompt
from cockpit.widgets.draw import Ink, Line

if TYPE_CHECKING:
    from textual.app import ComposeResult

__all__ = ["HelpScreen"]

KEY_WIDTH = 13


class HelpScreen(Modal):
    """Help."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q,question_mark,enter", "close"),
        Binding("ctrl+c", "close", priority=True),
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
        Binding("pagedown,space", "move(10)"),
        Binding("pageup", "move(-10)"),
    ]

    def __init__(self, where: Where, ink: Ink) -> None:
        super().__init__()
        self._where = where
        self._ink = ink

    def compose(self) -> ComposeResult:
        yield Prompt(self._lines, self._ink, "KEYS", "j k scroll · Esc back")

    def _lines(self, width: int) -> list[Line]:
        keys = keys_for(self._where)
        works = [key for key in keys if not key.later]
        later = [key for key in keys if key.later]
        columns = 2 if width >= 84 else 1
        lines = _table(works, width, columns)
        if later:
            lines += [Line(), Line([("Not yet", "text bold"), (" (these keys say why)", "dim")])]
            lines += [
                Line([(f"{key.shown:<{KEY_WIDTH}}", "dim"), (key.words, "dim"), (f": {key.later}", "dim")])
                for key in later
            ]
        return lines

    def action_close(self) -> None:
        """Back."""
        self.dismiss("")

    def action_move(self, by: int) -> None:
        """Scroll."""
        self.query_one(Prompt).move(by)


def _table(keys: list[Key], width: int, columns: int) -> list[Line]:
    rows = -(-len(keys) // columns)
    size = width // columns
    lines: list[Line] = []
    for row in range(rows):
        parts: list[tuple[str, str]] = []
        for key in keys[row::rows]:
            words = f"{key.words:<{size - KEY_WIDTH}}"[: size - KEY_WIDTH]
            parts += [(f"{key.shown:<{KEY_WIDTH}}", "focus bold"), (words, "text")]
        lines.append(Line(parts))
    return lines
