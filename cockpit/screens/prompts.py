"""The prompts: their box, confirming the plan or a command, and a line to type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import Binding
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from cockpit.screens.host import ScreenHost
from cockpit.screens.layout import is_too_small
from cockpit.screens.style import PROMPT_CSS
from cockpit.widgets.draw import Line, Styles, cut, draw, sanitised, wrap
from cockpit.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.geometry import Region, Size
    from textual.screen import Screen

    from engine.incident import IncidentState

__all__ = [
    "CLOSING",
    "SCROLLING",
    "ConfirmPrompt",
    "LinePrompt",
    "Modal",
    "PlanPrompt",
    "Prompt",
    "follow_dialogs",
]

LEAVING = frozenset({"", "back", "leave", "look"})
"""The answers that change nothing: they are left of a prompt whose offer was taken away."""


class Prompt(Widget, can_focus=True):
    """A box of lines."""

    def __init__(self, lines: Callable[[int], Sequence[Line]], styles: Styles, title: str, footing: str = "") -> None:
        super().__init__()
        self._make = lines
        self._styles = styles
        self._drawn: list[Strip] = []
        self._drawn_width = 0
        self.top = 0
        # Content objects, never strings: a string would be read as markup.
        self.border_title = Content(title)
        self.border_subtitle = Content(footing) if footing else None
        self._footing = footing

    def _strips(self, width: int) -> list[Strip]:
        if self._drawn_width != width:
            lines = [*self._made_void(width), *self._make(width)]
            self._drawn = [draw(line, width, self._styles, "bar") for line in lines]
            self._drawn_width = width
        return self._drawn

    def _made_void(self, width: int) -> list[Line]:
        """Why what is offered can't be done any more."""
        why = self.screen.void if isinstance(self.screen, Modal) else ""
        return [*(Line([(line, "warning bold")]) for line in wrap(sanitised(why), width)), Line()] if why else []

    def renew(self, footing: str, title: str = "") -> None:
        """Draw the lines anew, with another footing and, where it is given, another title."""
        if title:
            self.border_title = Content(title)
        self._footing, self._drawn_width = footing, 0
        self.tell_more()
        self.refresh(layout=True)

    def restyle(self, styles: Styles) -> None:
        """The theme changed."""
        self._styles, self._drawn_width = styles, 0
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        del container, viewport
        return len(self._strips(width))

    def render_lines(self, crop: Region) -> list[Strip]:
        if isinstance(self.screen, Modal):
            self.screen.painted()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        strips = self._strips(width)
        at = y + self.top
        return strips[at] if at < len(strips) else self._styles.blank(width, "bar")

    def move(self, by: int) -> None:
        """Scroll by so many lines."""
        self.top = max(0, min(self._below(0), self.top + by))
        self.tell_more()
        self.refresh()

    def _below(self, top: int) -> int:
        """How many lines lie below the screen when `top` is the first that is seen."""
        return max(len(self._strips(self.content_size.width)) - (self.content_size.height - self.docked) - top, 0)

    @property
    def footing(self) -> str:
        """What the border says at the bottom, but for the lines that lie below."""
        return self._footing

    @property
    def docked(self) -> int:
        """The lines at the bottom that a field covers."""
        return 0

    def on_resize(self) -> None:
        """More or fewer lines fit now."""
        self.move(0)

    def tell_more(self) -> None:
        """Say in the border how many lines lie below, before the footing."""
        more = self._below(self.top)
        scroll = f"{more} more line{'' if more == 1 else 's'} ↓ j k" if more else "j k" if self.top else ""
        self.border_subtitle = Content(" · ".join(part for part in (scroll, self._footing) if part))


SCROLLING = (
    Binding("j,down", "move(1)"),
    Binding("k,up", "move(-1)"),
    Binding("pagedown,ctrl+d,space", "move_page(1)"),
    Binding("pageup,ctrl+u", "move_page(-1)"),
    Binding("g,home", "move_to(-1)"),
    Binding("G,end", "move_to(1)"),
)
"""What scrolls a prompt, by the keys that move in a list."""

CLOSING = (
    Binding("escape,q,enter", "answer('')"),
    Binding("ctrl+c", "answer('')", priority=True),
    *SCROLLING,
)
"""What closes and scrolls a prompt that asks nothing."""


class Modal(ModalScreen[str]):
    """A prompt over a screen; it ends with an answer."""

    CSS = PROMPT_CSS
    SCOPED_CSS = False
    app: ScreenHost
    writes: ClassVar[frozenset[str] | Literal["all"]] = frozenset()
    """The keys that change the incident's log: they count only when they were typed at the sight of the prompt."""
    _painted_at: float | None = None
    why_not: Callable[[], str] | None = None
    """Says why what is offered can't be done any more; empty while it can. An incident goes on under its dialogs."""
    void = ""
    """Why it can't, as of the last time that it was looked at."""

    def prompt(self) -> Prompt:
        """What is asked."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.prompt()
        yield TooSmall()

    def on_mount(self) -> None:
        """A terminal that is too small for a prompt must not show one."""
        self.on_resize()
        self.call_after_refresh(self.painted)

    def painted(self) -> None:
        """The prompt is about to be seen; called as often as it is drawn."""
        if self._painted_at is None:
            self._painted_at = Message().time

    def follow(self) -> None:
        """The incident may have changed: offer only what can still be done.

        It stays open: whoever types an answer would go on typing it into the screen below.
        """
        why = self.why_not() if self.why_not is not None else ""
        if why != self.void:
            self.void = why
            self.offer_changed()

    def offer_changed(self) -> None:
        """Say that nothing is offered any more, or what is."""
        for prompt in self.query(Prompt):
            prompt.renew("Esc back" if self.void else self.prompt().footing)

    def on_resize(self) -> None:
        """Show the prompt, or that there is no room for it."""
        too_small = is_too_small(*self.app.size)
        self.set_class(too_small, "-too-small")
        if too_small:
            self.app.show_too_small()

    @property
    def accepts_keys(self) -> bool:
        """Whether it is there to be answered."""
        return self.is_mounted and (self._painted_at is not None or not self.writes)

    def _writes(self, key: Key) -> bool:
        return self.writes == "all" or key.key in self.writes

    def accept(self, key: Key, *, in_burst: bool) -> Key | None:
        """The key, unless it was typed before the prompt was painted or comes from pasted text."""
        if self._writes(key) and (in_burst or key.time < (self._painted_at or 0.0)):
            return None
        return key

    def action_move(self, by: int) -> None:
        """Scroll a prompt that is longer than the screen."""
        self.query_one(Prompt).move(by)

    def action_move_page(self, by: int) -> None:
        """Scroll a page."""
        self.action_move(by * max(self.query_one(Prompt).content_size.height - 1, 1))

    def action_move_to(self, end: int) -> None:
        """To the first or last line."""
        self.action_move(end * 1_000_000)

    def action_answer(self, answer: str) -> None:
        """End the prompt; a second key while it goes away changes nothing, nor does what can't be done any more."""
        if self.is_current and (not self.void or answer in LEAVING):
            self.dismiss(answer)


def follow_dialogs(screens: Iterable[Screen[Any]]) -> None:
    """An incident changed: the dialogs over it offer only what can still be done."""
    for screen in screens:
        if isinstance(screen, Modal):
            screen.follow()


class PlanPrompt(Modal):
    """The read-only plan, to be confirmed with one key, also ahead. Gives `yes`, `look`, `choose` or `leave`."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("y", "answer('yes')"),
        Binding("o", "choose"),
        Binding("escape,enter", "answer('look')"),
        Binding("q", "answer('leave')"),
        Binding("ctrl+c", "answer('leave')", priority=True),
        *SCROLLING,
    ]

    def __init__(self, state: IncidentState, styles: Styles) -> None:
        super().__init__()
        self._state = state
        self._styles = styles

    def prompt(self) -> Prompt:
        count = len(self._state.steps)
        choosing = "o only one of them · " if self._candidates else ""
        choices = f"y run them · {choosing}Esc look first · q leave"
        return Prompt(self._lines, self._styles, f"RUN {count} READ-ONLY DIAGNOSTICS?", choices)

    @property
    def _candidates(self) -> tuple[str, ...]:
        """The resources that fit the question equally well, where there are several."""
        known = self._state.classification
        return known.candidates if known is not None and len(known.candidates) > 1 else ()

    def action_choose(self) -> None:
        """Ask about one of the resources alone, where several fit."""
        if self._candidates:
            self.action_answer("choose")

    def _lines(self, width: int) -> list[Line]:
        state = self._state
        lines: list[Line] = []
        if self._candidates:
            fitting = ", ".join(sanitised(name, 100) for name in self._candidates)
            words = f"Several resources fit the question, and all of them are looked at: {fitting}"
            lines += [Line([(line, "warning")]) for line in wrap(words, width)]
        if state.classification:
            because = ", ".join(sanitised(word) for word in state.classification.because)
            first, *rest = wrap(f"Because of: {because or 'the query'}", width)
            lines.append(Line([(first, "dim")], [(state.classification.primary_class.value, "text bold")]))
            lines += [*(Line([(words, "dim")]) for words in rest), Line()]
        name_width = max((len(step.plan.primitive) for step in state.steps.values()), default=10) + 2
        for number, step in enumerate(state.steps.values(), 1):
            plan = step.plan
            lines.append(
                Line(
                    [
                        (f"{number:>2}  ", "dim"),
                        (f"{sanitised(plan.primitive):<{name_width}}", "text"),
                        (sanitised(plan.target), "measured"),
                    ],
                    [(plan.effect, "good")],
                )
            )
            lines.append(Line([("    ", "dim"), (cut(sanitised(plan.reason), width - 4), "dim")]))
        return lines


LINE_BREAKS = ("enter", "ctrl+j", "ctrl+m", "tab")


class ConfirmPrompt(Modal):
    """Whether to do what changes the incident's log, named in words; `yes` or nothing."""

    writes = "all"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("y", "answer('yes')"),
        Binding("escape,q,n", "answer('')"),
        Binding("ctrl+c", "answer('')", priority=True),
    ]

    def __init__(self, what: str, about: str, styles: Styles) -> None:
        super().__init__()
        self._what = what
        self._about = about
        self._styles = styles

    def prompt(self) -> Prompt:
        return Prompt(self._lines, self._styles, "CHANGE THE INCIDENT'S LOG?", "y do it · Esc back")

    def _lines(self, width: int) -> list[Line]:
        what = [Line([(line, "text")]) for line in wrap(f"{self._what[:1].upper()}{self._what[1:]}", width)]
        return [*what, *(Line([(line, "text bold")]) for line in wrap(self._about, width) if line)]


class LinePrompt(Modal):
    """A line to type below what it is about; gives what was typed, or nothing at all."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "answer('')"), Binding("ctrl+c", "answer('')", priority=True)]
    _entered = False

    def __init__(self, title: str, hint: str, styles: Styles, *, about: str = "") -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self._about = about
        self._styles = styles

    def prompt(self) -> Prompt:
        return _Entry(self._title, self._lines, self._styles)

    def _lines(self, width: int) -> list[Line]:
        about = [Line([(line, "text bold")]) for line in wrap(self._about, width)] if self._about else []
        return [*about, *(Line([(line, "dim")]) for line in wrap(self._hint, width))]

    def on_descendant_focus(self) -> None:
        """The line is there to be typed into."""
        self._entered = True

    @property
    def accepts_keys(self) -> bool:
        return self._entered and super().accepts_keys

    def accept(self, key: Key, *, in_burst: bool) -> Key | None:
        """Also a burst, which is pasted text: as text, with spaces for its line breaks, and never submitted."""
        if not self.writes or not in_burst:
            return super().accept(key, in_burst=in_burst)
        if key.key in LINE_BREAKS:
            return Key("space", " ")
        return super().accept(key, in_burst=False) if key.is_printable else None

    @property
    def entered(self) -> str:
        """The text in the line."""
        return self.query_one(Input).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.void:
            self.dismiss(self.answer_of(event.value))

    def answer_of(self, typed: str) -> str:
        """What the prompt gives for what was typed."""
        return typed


class _Entry(Prompt):
    def __init__(self, title: str, lines: Callable[[int], Sequence[Line]], styles: Styles) -> None:
        super().__init__(lines, styles, title, "Enter go · Esc back")

    def compose(self) -> ComposeResult:
        entry = Input()
        entry.cursor_blink = False
        yield entry

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return super().get_content_height(container, viewport, width) + 1  # the line to type into
