"""The prompts: confirm the plan, what to stop, and a line to type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from cockpit.screens.style import PROMPT_CSS
from cockpit.widgets.draw import Ink, Line, Part, cut, draw, said, wrap

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.geometry import Size

    from engine.incident import IncidentState

__all__ = ["LinePrompt", "Modal", "PlanPrompt", "Prompt", "StopPrompt"]


class Prompt(Widget, can_focus=True):
    """A box of lines."""

    def __init__(self, lines: Callable[[int], Sequence[Line]], ink: Ink, title: str, footing: str = "") -> None:
        super().__init__()
        self._make = lines
        self._ink = ink
        self._drawn: list[Strip] = []
        self._drawn_width = 0
        self.top = 0
        # Content objects, never strings: a string would be read as markup.
        self.border_title = Content(title)
        self.border_subtitle = Content(footing) if footing else None

    def _strips(self, width: int) -> list[Strip]:
        if self._drawn_width != width:
            self._drawn = [draw(line, width, self._ink, "bar") for line in self._make(width)]
            self._drawn_width = width
        return self._drawn

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        del container, viewport
        return len(self._strips(width))

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        strips = self._strips(width)
        at = y + self.top
        return strips[at] if at < len(strips) else self._ink.blank(width, "bar")

    def move(self, by: int) -> None:
        """Scroll by so many lines."""
        most = max(len(self._drawn) - self.content_size.height, 0)
        self.top = max(0, min(most, self.top + by))
        self.refresh()


class Modal(ModalScreen[str]):
    """A prompt over a screen; it ends with an answer."""

    CSS = PROMPT_CSS
    SCOPED_CSS = False

    def action_answer(self, answer: str) -> None:
        """End the prompt; a second key while it goes away changes nothing."""
        if self.is_current:
            self.dismiss(answer)


class PlanPrompt(Modal):
    """The read-only plan, to be confirmed with one key. Gives `yes`, `look` or `leave`."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("y", "answer('yes')"),
        Binding("escape,enter", "answer('look')"),
        Binding("q", "answer('leave')"),
        Binding("ctrl+c", "answer('leave')", priority=True),
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
    ]

    def __init__(self, state: IncidentState, ink: Ink) -> None:
        super().__init__()
        self._state = state
        self._ink = ink

    def compose(self) -> ComposeResult:
        count = len(self._state.steps)
        yield Prompt(
            self._lines, self._ink, f"RUN {count} READ-ONLY DIAGNOSTICS?", "y run them · Esc look first · q leave"
        )

    def _lines(self, width: int) -> list[Line]:
        state = self._state
        lines: list[Line] = []
        if state.classification:
            because = ", ".join(said(word) for word in state.classification.because)
            lines += [Line([(words, "dim")]) for words in wrap(f"Because of: {because or 'the query'}", width)]
            lines[0] = Line([*lines[0].left], [(state.classification.primary_class.value, "text bold")])
            lines.append(Line())
        name_width = max((len(step.plan.primitive) for step in state.steps.values()), default=10) + 2
        for number, step in enumerate(state.steps.values(), 1):
            plan = step.plan
            lines.append(
                Line(
                    [
                        (f"{number:>2}  ", "dim"),
                        (f"{said(plan.primitive):<{name_width}}", "text"),
                        (said(plan.target), "measured"),
                    ],
                    [(plan.effect, "good")],
                )
            )
            lines.append(Line([("    ", "dim"), (cut(said(plan.reason), width - 4), "dim")]))
        lines += [Line(), _choices(("y", "run them; they change nothing"), ("Esc", "look first"), ("q", "leave"))]
        return lines

    def action_move(self, by: int) -> None:
        """Scroll a plan that is longer than the screen."""
        self.query_one(Prompt).move(by)


class StopPrompt(Modal):
    """What to stop: `cancel` the investigation, `leave` the cockpit, or go `back`. A second Ctrl-C does both."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("c", "answer('cancel')"),
        Binding("l,q", "answer('leave')"),
        Binding("escape,b,enter", "answer('back')"),
        Binding("ctrl+c", "answer('both')", priority=True),
    ]

    def __init__(self, execution_id: str, ink: Ink, *, attached: bool) -> None:
        super().__init__()
        self._id = execution_id
        self._ink = ink
        self._attached = attached

    def compose(self) -> ComposeResult:
        prompt = Prompt(self._lines, self._ink, "STOP WHAT?", "Ctrl-C again: cancel and leave")
        prompt.add_class("-warning")
        yield prompt

    def _lines(self, width: int) -> list[Line]:
        if self._attached:
            leaving = "leave this cockpit; the investigation goes on in the process that runs it"
        else:
            leaving = f"leave; the investigation pauses, and `cloudops attach {said(self._id)}` goes on with it"
        lines: list[Line] = []
        for key, words in (
            ("c", "cancel the investigation; what was found stays"),
            ("l", leaving),
            ("Esc", "back; nothing stops"),
        ):
            for number, line in enumerate(wrap(words, width - 6)):
                lines.append(Line([(f"{key if number == 0 else '':<6}", "focus bold"), (line, "text")]))
        return lines


class LinePrompt(Modal):
    """A line to type; gives what was typed, or nothing at all."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "answer('')"), Binding("ctrl+c", "answer('')", priority=True)]

    def __init__(self, title: str, hint: str, ink: Ink) -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self._ink = ink

    def compose(self) -> ComposeResult:
        yield _Entry(self._title, self._hint, self._ink)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)


class _Entry(Prompt):
    def __init__(self, title: str, hint: str, ink: Ink) -> None:
        super().__init__(lambda _: [Line([(hint, "dim")])], ink, title, "Enter go · Esc back")
        self._hint = hint

    def compose(self) -> ComposeResult:
        entry = Input(placeholder=self._hint)
        entry.cursor_blink = False
        yield entry

    def get_content_height(self, *args: Any) -> int:
        del args
        return 2

    def on_mount(self) -> None:
        self.query_one(Input).focus()


def _choices(*choices: tuple[str, str]) -> Line:
    parts: list[Part] = []
    for key, words in choices:
        parts += [(key, "focus bold"), (f" {words}     ", "text")]
    return Line(parts)
