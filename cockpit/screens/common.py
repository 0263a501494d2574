"""What the app asks of each of its screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from cockpit.keys import Where
from cockpit.screens.host import ScreenHost
from cockpit.screens.layout import MIN_HEIGHT, MIN_WIDTH, is_too_small
from cockpit.screens.style import SCREEN_CSS

if TYPE_CHECKING:
    from cockpit.exit_summary import ExitSummary

__all__ = ["CockpitScreen", "too_small_text"]


class CockpitScreen(Screen[None]):
    """A screen of ours: it begins when both it and the engine are there."""

    AUTO_FOCUS = ""
    SCOPED_CSS = False
    CSS = SCREEN_CSS
    where: ClassVar[Where] = "incident"
    app: ScreenHost
    _begun = False

    def on_screen_resume(self) -> None:
        """On the screen for the first time, or again."""
        self.begin_once()

    def begin_once(self) -> None:
        """Begin, if the engine is there and this has not begun yet."""
        if self.app.connected and self.is_mounted and not self._begun:
            self._begun = True
            self.begin()

    def begin(self) -> None:
        """Ask the engine for what is to be shown."""
        raise NotImplementedError

    def restyle(self) -> None:
        """The theme changed: draw everything anew."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """A terminal that is too small shows a sentence."""
        too_small = is_too_small(*self.size)
        self.set_class(too_small, "-too-small")
        if too_small:
            self.app.show_too_small()

    @property
    def accepts_keys(self) -> bool:
        """Whether what keys are about is there; until then they wait."""
        return self.is_mounted

    @property
    def running(self) -> bool:
        """Whether there is something to stop."""
        return False

    def ask_to_stop(self) -> None:
        """Ask what to stop."""

    def status_line(self) -> str:
        """The state in one line, for a terminal that is too small for more."""
        return ""

    def exit_summary(self) -> ExitSummary | None:
        """How what is shown is left; None where there is nothing to come back to."""
        return None

    @property
    def q_does(self) -> str:
        """What the footer says of `q`."""
        return "back" if self.app.is_nested else "quit"

    def exit_code(self) -> int:
        """What leaving now returns."""
        return 0


def too_small_text(width: int, height: int, state: str, *, asked: bool) -> str:
    """What a terminal of `width` x `height` cells is told; `asked` when leaving needs the key once more."""
    needed = f"The cockpit needs {MIN_WIDTH}x{MIN_HEIGHT} cells, this terminal has {width}x{height}."
    leaving = "An investigation runs: q again pauses it and leaves." if asked else "Make it larger, or q leaves."
    return "\n".join(line for line in (needed, state, leaving) if line)
