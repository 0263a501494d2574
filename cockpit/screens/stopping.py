"""The prompt that asks what to stop, and offers only what can still be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from cockpit.screens.prompts import Modal, Prompt
from cockpit.widgets.draw import Line, Styles, sanitised, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["StopPrompt"]


class StopPrompt(Modal):
    """What to stop: `cancel` the investigation, `leave` the cockpit, or go `back`. A second Ctrl-C does both.

    `why_not` says why nothing is left to cancel; then it offers only to leave, and so does a second Ctrl-C.
    """

    writes = frozenset({"c"})
    BINDINGS: ClassVar[list[Any]] = [
        Binding("c", "answer('cancel')"),
        Binding("l,q", "answer('leave')"),
        Binding("escape,b,enter", "answer('back')"),
        Binding("ctrl+c", "interrupt", priority=True),
    ]

    def __init__(self, execution_id: str, styles: Styles, why_not: Callable[[], str], *, attached: bool) -> None:
        super().__init__()
        self._id = execution_id
        self._styles = styles
        self._attached = attached
        self.why_not = why_not
        self.void = why_not()

    @property
    def _title(self) -> str:
        return "LEAVE?" if self.void else "STOP WHAT?"

    @property
    def _footing(self) -> str:
        return "Ctrl-C again: leave" if self.void else "Ctrl-C again: cancel and leave"

    def prompt(self) -> Prompt:
        prompt = Prompt(self._lines, self._styles, self._title, self._footing)
        prompt.add_class("-warning")
        return prompt

    def offer_changed(self) -> None:
        for prompt in self.query(Prompt):
            prompt.renew(self._footing, self._title)

    def action_interrupt(self) -> None:
        """Ctrl-C once more."""
        self.action_answer("leave" if self.void else "both")

    def _lines(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for key, words in self._choices():
            for number, line in enumerate(wrap(words, width - 6)):
                lines.append(Line([(f"{key if number == 0 else '':<6}", "focus bold"), (line, "text")]))
        return lines

    def _choices(self) -> list[tuple[str, str]]:
        if self.void:
            return [("l", "leave this cockpit"), ("Esc", "back")]
        leaving = f"leave; the investigation pauses, and `cloudops attach {sanitised(self._id)}` resumes it"
        if self._attached:
            leaving = "leave this cockpit; the investigation goes on in the process that runs it"
        return [
            ("c", "cancel the investigation; what was found stays"),
            ("l", leaving),
            ("Esc", "back; nothing stops"),
        ]
