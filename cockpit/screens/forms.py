"""Dialogs with several fields, and one that shows how words were read before they are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from cockpit.screens.prompts import LinePrompt, Modal, Prompt
from cockpit.widgets.draw import Line, Styles, sanitised, wrap

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.geometry import Size

    from engine.act.request_forms import RequestField

__all__ = ["FormPrompt", "ReadingPrompt"]

LABEL_WIDTH = 14


class FormPrompt(LinePrompt):
    """Fields below each other; Tab and Enter go to the next, Enter in the last gives all of them as JSON."""

    writes = "all"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "answer('')"),
        Binding("ctrl+c", "answer('')", priority=True),
        Binding("tab", "turn(1)", priority=True),
        Binding("shift+tab", "turn(-1)", priority=True),
    ]

    def __init__(
        self, title: str, hint: str, fields: Sequence[RequestField], filled: Mapping[str, str], styles: Styles
    ) -> None:
        super().__init__(title, hint, styles)
        self._fields = fields
        self._filled = filled

    def prompt(self) -> Prompt:
        return _Form(self._title, self._lines, self._styles, self._fields, self._filled)

    @property
    def _inputs(self) -> list[Input]:
        return list(self.query(Input))

    def action_turn(self, by: int) -> None:
        """The next or previous field."""
        inputs = self._inputs
        at = next((number for number, entry in enumerate(inputs) if entry is self.focused), 0)
        inputs[(at + by) % len(inputs)].focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        # A line's own way would end the form with one field.
        event.prevent_default()
        if self.void:
            return
        if event.input is self._inputs[-1]:
            values = {entry.name or "": entry.value.strip() for entry in self._inputs}
            self.dismiss(json.dumps({name: value for name, value in values.items() if value}))
        else:
            self.action_turn(1)


class _Form(Prompt):
    def __init__(
        self, title: str, lines: Any, styles: Styles, fields: Sequence[RequestField], filled: Mapping[str, str]
    ) -> None:
        super().__init__(lines, styles, title, "Enter next field, then go · Esc back")
        self._fields = fields
        self._filled = filled

    def compose(self) -> ComposeResult:
        with Vertical(id="fields"):
            for field in self._fields:
                with Horizontal(classes="field"):
                    star = "*" if field.required else " "
                    yield Static(f"{field.name:<{LABEL_WIDTH - 2}}{star} ", classes="label", markup=False)
                    hint = " or ".join(field.choices) if field.choices else "" if field.required else "may be empty"
                    entry = Input(
                        value=self._filled.get(field.name, ""), placeholder=hint, name=field.name, select_on_focus=False
                    )
                    entry.cursor_blink = False
                    yield entry

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return super().get_content_height(container, viewport, width) + len(self._fields)


class ReadingPrompt(Modal):
    """How a sentence was read: `yes` keeps it so, `words` keeps the words alone, or nothing at all."""

    writes = "all"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("y", "answer('yes')"),
        Binding("w", "answer('words')"),
        Binding("escape,q", "answer('')"),
        Binding("ctrl+c", "answer('')", priority=True),
    ]

    def __init__(self, rows: Sequence[tuple[str, str]], said: str, styles: Styles) -> None:
        super().__init__()
        self._rows = rows
        self._said = said
        self._styles = styles

    def prompt(self) -> Prompt:
        choices = "y keep it as this change · w keep only the words · Esc back"
        return Prompt(self._lines, self._styles, "READ AS A CHANGE", choices)

    def _lines(self, width: int) -> list[Line]:
        lines = [Line([(line, "dim")]) for line in wrap(f"“{sanitised(self._said)}”", width)]
        lines.append(Line())
        for label, words in self._rows:
            for number, line in enumerate(wrap(sanitised(words), max(width - LABEL_WIDTH, 20))):
                lines.append(Line([(f"{label if number == 0 else '':<{LABEL_WIDTH}}", "dim"), (line, "text bold")]))
        return lines
