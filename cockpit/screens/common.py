"""What the app asks of each of its screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from cockpit.keys import Where
from cockpit.screens.style import SCREEN_CSS

if TYPE_CHECKING:
    from cockpit.app import CockpitApp

__all__ = ["CockpitScreen"]


class CockpitScreen(Screen[None]):
    """A screen of ours: it begins when both it and the engine are there."""

    AUTO_FOCUS = ""
    SCOPED_CSS = False
    CSS = SCREEN_CSS
    where: ClassVar[Where] = "incident"
    app: CockpitApp
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

    @property
    def running(self) -> bool:
        """Whether there is something to stop."""
        return False

    def ask_to_stop(self) -> None:
        """Ask what to stop."""

    def exit_code(self) -> int:
        """What leaving now returns."""
        return 0
