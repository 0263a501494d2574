"""What screens and the keyboard use of the app: the engine, the colours, notices, and ways to other screens.

The app itself (`cockpit.app`) knows the screens; the screens know only this.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App

from cockpit.screens.style import APP_CSS, textual_theme
from cockpit.widgets.draw import Styles, cells, cut
from primitives.clock import Clock, SystemClock
from primitives.errors import CloudopsError, StoreError, UsageError
from primitives.text import safe_line
from themes import PALETTES

if TYPE_CHECKING:
    from textual.events import Key, Paste
    from textual.screen import Screen

    from cockpit.key_map import KeyMap
    from cockpit.settings import Settings
    from cockpit.start_modes import Attach, Start
    from cockpit.widgets.view import Subject
    from engine.port import EnginePort

__all__ = ["ScreenHost"]

BESIDE_NOTICE = 2
"""Cells of a notice's margins."""
NOTICE_WIDTH, PROBLEM_WIDTH = 110, 220
"""Cells of a notice, and of one about a problem, which says what to do."""


class ScreenHost(App[int]):
    """An app with an engine behind it; `remote` says that the engine is another process's."""

    CSS = APP_CSS
    TITLE = "CloudOps"
    NOTIFICATION_TIMEOUT: ClassVar[float] = 4.0

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        super().__init__()
        # In a narrow terminal a notice takes whole lines, from the footer's up: beside it a letter or two of what it
        # covers would be left standing, and the actions lie above the footer.
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NOTICE_WIDTH + 10, "-roomy")]
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.remote = False
        self.left_running: set[str] = set()
        self._port: EnginePort | None = None
        own = settings.palette
        self.palettes = {**PALETTES, own.name: own} if own is not None else dict(PALETTES)
        for palette in self.palettes.values():
            self.register_theme(textual_theme(palette))
        chosen = settings.theme if settings.theme in self.palettes else next(iter(self.palettes))
        self.text_styles = Styles(self.palettes[chosen])
        self.theme = chosen
        if settings.reduced_motion:
            self.animation_level = "none"

    @cached_property
    def key_map(self) -> KeyMap:
        """The keys that the configuration gives to commands."""
        from cockpit.key_map import KeyMap

        return KeyMap(self.settings.keys)

    # The engine

    @property
    def connected(self) -> bool:
        """Whether the engine is there."""
        return self._port is not None

    @property
    def port(self) -> EnginePort:
        """The engine. Raises `StoreError` before it is there."""
        if self._port is None:
            raise StoreError("the store is not open yet; try again in a moment")
        return self._port

    async def export(self, execution_id: str, file: Path) -> None:
        """Write an incident as a bundle; the work is done off the event loop."""
        port = self.port

        def write() -> None:
            if os.path.lexists(file):
                instead = f"`cloudops export {execution_id} {file.name} --force` replaces it"
                raise UsageError(f"{file.name} exists already; move it away and press e again, or {instead}")
            export = importlib.import_module("engine.export")
            asyncio.run(export.export_bundle(port, execution_id, file, overwrite=False))

        await asyncio.to_thread(write)

    # Notices and pictures

    def show_notice(self, message: str, *, problem: bool = False) -> None:
        """A short notice; it replaces the one before it."""
        self.clear_notifications()
        words = cut(safe_line(message), PROBLEM_WIDTH if problem else NOTICE_WIDTH)
        self._keep_actions_seen(words)
        self.notify(words, severity="error" if problem else "information", markup=False)

    def _keep_actions_seen(self, words: str) -> None:
        """In a narrow terminal a notice of several lines stands above the actions, which it would cover in part."""
        if not self.screen_stack:
            return
        actions = next(iter(self.screen.query("#remediation")), None)
        top = actions.region.y if actions is not None and actions.display else 0
        several = cells(words) > self.size.width - BESIDE_NOTICE and self.size.width < NOTICE_WIDTH + 10
        for rack in self.screen.query("ToastRack"):
            if several and top > self.size.height // 2:
                rack.styles.margin = (0, 0, self.size.height - top, 0)
            else:
                rack.styles.clear_rule("margin")

    def save_picture(self, name: str) -> None:
        """Save the screen as SVG into the working directory."""
        try:
            path = self.save_screenshot(f"{safe_line(name, limit=80)}.svg", str(Path.cwd()))
        except OSError as error:
            reason = f"no screenshot: {error.strerror}; change to a folder that you may write to"
            self.show_notice(reason, problem=True)
        else:
            self.show_notice(f"saved {Path(path).name}")

    # What the app answers, because it knows the screens

    def show_too_small(self) -> None:
        """Say what a terminal that is too small needs, above everything."""
        raise NotImplementedError

    @property
    def is_nested(self) -> bool:
        """Whether there is a screen of ours to go back to."""
        raise NotImplementedError

    def leave(self, code: int) -> None:
        """End with an exit code."""
        raise NotImplementedError

    def fail(self, error: CloudopsError) -> None:
        """End with an error, which is printed when the screen is closed."""
        raise NotImplementedError

    def refuse(self, screen: Screen[Any], error: CloudopsError) -> None:
        """`screen` can't be shown: go back to the screen below it, or end with the error."""
        raise NotImplementedError

    def open_replay(self, execution_id: str, *, subject: Subject | None = None, ended: bool = False) -> None:
        """Push the replay of an incident."""
        raise NotImplementedError

    def open_live(self, start_mode: Start | Attach) -> None:
        """Push a running or interrupted incident."""
        raise NotImplementedError

    def open_drill(self, execution_id: str) -> None:
        """Push a drill on a stored incident."""
        raise NotImplementedError

    def open_list(self) -> None:
        """Go to the list of incidents."""
        raise NotImplementedError

    # What the keyboard asks

    async def forward_key(self, event: Key | Paste) -> None:
        """Give a key or a paste to whatever has the focus."""
        raise NotImplementedError

    def accept(self, event: Key | Paste, *, in_burst: bool) -> Key | Paste | None:
        """What is to be forwarded for a key or a paste, now that it is its turn; None where it is dropped."""
        raise NotImplementedError

    @property
    def accepts_keys(self) -> bool:
        """Whether the current screen is ready for keys."""
        raise NotImplementedError

    def keeps_focus(self, key: str) -> bool:
        """Whether a key neither opens anything nor moves the focus, so that the next key needs not wait for it."""
        raise NotImplementedError

    @property
    def can_be_left(self) -> bool:
        """Whether the current screen still waits for its contents, so that it can be left at once."""
        raise NotImplementedError
