"""The base of the cockpit's screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from cockpit.keys import Where
from cockpit.screens.host import ScreenHost
from cockpit.screens.layout import MIN_HEIGHT, MIN_WIDTH, is_too_small
from cockpit.screens.style import SCREEN_CSS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cockpit.exit_summary import ExitSummary
    from cockpit.places import Place

__all__ = ["CockpitScreen", "too_small_text"]


class CockpitScreen(Screen[None]):
    """A screen that begins when it is mounted and the engine is connected."""

    AUTO_FOCUS = ""
    SCOPED_CSS = False
    CSS = SCREEN_CSS
    where: ClassVar[Where] = "incident"
    app: ScreenHost
    _begun = False

    def on_screen_resume(self) -> None:
        """The screen is shown, for the first time or again."""
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
        """The theme changed: redraw everything."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """A terminal that is too small shows a sentence."""
        too_small = is_too_small(*self.size)
        self.set_class(too_small, "-too-small")
        if too_small:
            self.app.show_too_small()

    def places(self) -> Iterable[Place]:
        """What `:` can go to by its name."""
        return ()

    def go_to_place(self, place: Place) -> None:
        """Go there."""

    @property
    def accepts_keys(self) -> bool:
        """Whether the contents are there; until then keys wait."""
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
        """The state in which the incident is left; None where there is nothing to open again."""
        return None

    @property
    def q_does(self) -> str:
        """The footer's word for `q`."""
        return "back" if self.app.is_nested else "quit"

    def exit_code(self) -> int:
        """The exit code if the cockpit is left now."""
        return 0


def too_small_text(width: int, height: int, state: str, *, asked: bool) -> str:
    """The sentence for a terminal of `width` x `height` cells; `asked` when leaving needs the key once more."""
    needed = f"The cockpit needs {MIN_WIDTH}x{MIN_HEIGHT} cells, this terminal has {width}x{height}."
    leaving = "An investigation runs: q again pauses it and leaves." if asked else "Make it larger, or q leaves."
    return "\n".join(line for line in (needed, state, leaving) if line)
