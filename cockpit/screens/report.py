"""The postmortem of an incident, to be read on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cockpit.screens.prompts import CLOSING, Modal, Prompt
from cockpit.widgets.draw import Line, Styles, sanitised, wrap

if TYPE_CHECKING:
    from engine.port import EnginePort

__all__ = ["ReportScreen", "report_text"]

LONGEST_LINE = 5_000


async def report_text(port: EnginePort, execution_id: str) -> str:
    """The postmortem as Markdown. Raises `CloudopsError` where the log can't be read."""
    from cockpit.postmortem import is_shown, render_markdown

    state = await port.state(execution_id)
    batches = port.follow(execution_id, live=False)
    events = [event async for batch in batches for event in batch if is_shown(event) and event.seq <= state.seq]
    return render_markdown(state, events)


class ReportScreen(Modal):
    """The report, scrolled like a list."""

    BINDINGS: ClassVar[list[Any]] = [*CLOSING]

    def __init__(self, text: str, styles: Styles) -> None:
        super().__init__()
        self._text = text
        self._styles = styles

    def prompt(self) -> Prompt:
        prompt = Prompt(self._lines, self._styles, "REPORT", "j k scroll · Esc back")
        prompt.add_class("-help")
        return prompt

    def _lines(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for row in self._text.splitlines():
            words = sanitised(row.replace("\\", ""), LONGEST_LINE)
            role = "focus bold" if row.startswith("#") else "text"
            lines += [Line([(line, role)]) for line in wrap(words, width)]
        return lines
