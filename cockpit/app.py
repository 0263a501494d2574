"""The full-screen cockpit. Imports nothing of the engine before its first frame is on the screen."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.command import CommandPalette
from textual.theme import Theme
from textual.widgets import Input

from cockpit.intents import Attach, Browse, Replay, Start
from cockpit.keyboard import Keyboard, KeyDone
from cockpit.screens.layout import is_tiny
from cockpit.screens.style import APP_CSS
from cockpit.terminal import on_hangup_or_stop, terminal_is_gone
from cockpit.widgets.curtain import Curtain
from cockpit.widgets.draw import Ink, cut
from primitives.clock import Clock, SystemClock
from primitives.errors import CloudopsError, StoreError
from primitives.text import safe_line
from themes import PALETTES, Palette

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

    from cockpit.farewell import Farewell
    from cockpit.intents import Intent
    from cockpit.screens.common import CockpitScreen
    from cockpit.settings import Settings
    from cockpit.widgets.view import Subject
    from engine.port import EnginePort

__all__ = ["CockpitApp", "run_cockpit"]

Connect = Callable[[Path], Awaitable["tuple[EnginePort, bool]"]]
"""Opens an engine for a store; says whether it is another process's."""

TERMINAL_CHECK_S = 1.0
INTERRUPTED = 130
NOTICE_WIDTH, PROBLEM_WIDTH = 110, 220
"""Cells of a notice: a line or two; of one that tells what to do: as many as it takes."""


def run_cockpit(settings: Settings, intent: Intent, *, color: bool = True) -> int:
    """Show the cockpit until the person leaves it, and return the exit code.

    Raises the `CloudopsError` that kept it from showing anything, when the screen is down.
    """
    if not color:
        os.environ["NO_COLOR"] = "1"
    app = CockpitApp(settings, intent)
    with on_hangup_or_stop(app.stop_from_outside, app.interrupt_from_outside):
        try:
            app.run()
        finally:
            app.close_engine()
    if app.farewells and getattr(intent, "kept", True):
        from cockpit.farewell import say_farewell

        say_farewell(app.farewells, settings)
    if app.failure is not None and app.failure_unseen:
        raise app.failure
    return app.exit_status


class CockpitApp(App[int]):
    """The app: themes, screens, the engine's connection, and what every screen can do."""

    CSS = APP_CSS
    TITLE = "CloudOps"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    NOTIFICATION_TIMEOUT: ClassVar[float] = 4.0

    def __init__(
        self, settings: Settings, intent: Intent, *, clock: Clock | None = None, connect: Connect | None = None
    ) -> None:
        super().__init__()
        self.settings = settings
        self.intent = intent
        self.clock: Clock = clock or SystemClock()
        self.failure: CloudopsError | None = None
        self.failure_unseen = False
        self.exit_status = 0
        self.remote = False
        self.farewells: tuple[Farewell, ...] = ()
        self.left_running: set[str] = set()
        self.keyboard = Keyboard(self)
        self._leaving_asked = False
        self._connect: Connect = connect or self._connect_engine
        self._port: EnginePort | None = None
        self._engine: Any = None
        for palette in PALETTES.values():
            self.register_theme(_theme(palette))
        chosen = settings.theme if settings.theme in PALETTES else next(iter(PALETTES))
        self.ink = Ink(PALETTES[chosen])
        self.theme = chosen

    @property
    def connected(self) -> bool:
        """Whether the engine is there."""
        return self._port is not None

    @property
    def port(self) -> EnginePort:
        """The engine, once it is there."""
        if self._port is None:
            raise StoreError("the store is not open yet; try again in a moment")
        return self._port

    # Start and end

    def compose(self) -> ComposeResult:
        intent = self.intent
        title = getattr(intent, "query", None) or getattr(intent, "bundle", None) or getattr(intent, "name", None)
        yield Curtain(title or "CloudOps", "", self.ink, panes=not isinstance(intent, Browse))

    def on_mount(self) -> None:
        """The first frame, and only then the screens and the engine."""
        self.call_after_refresh(self._begin)
        if not self.is_headless:
            self.set_interval(TERMINAL_CHECK_S, self._check_terminal)

    async def _begin(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self.run_worker(self._open(), group="engine")
        await self.push_screen(self._first_screen())

    def _first_screen(self) -> CockpitScreen:
        from cockpit.screens.incidents import IncidentsScreen
        from cockpit.screens.live import LiveScreen
        from cockpit.screens.replay import ReplayScreen

        match self.intent:
            case Start() | Attach():
                return LiveScreen(self.intent)
            case Replay():
                return ReplayScreen(self.intent.name, at=self.intent.at)
            case Browse():
                return IncidentsScreen()

    @property
    def cockpit_screens(self) -> list[CockpitScreen]:
        """Our own screens, the one at the bottom first; prompts left out."""
        from cockpit.screens.common import CockpitScreen

        return [screen for screen in self.screen_stack if isinstance(screen, CockpitScreen)]

    async def _open(self) -> None:
        try:
            self._port, self.remote = await self._connect(self.settings.store)
        except CloudopsError as error:
            self.fail(error)
            return
        for screen in self.cockpit_screens:
            screen.begin_once()

    async def _connect_engine(self, store: Path) -> tuple[EnginePort, bool]:
        client = await asyncio.to_thread(importlib.import_module, "cockpit.client")
        self._engine = client.EngineThread(store)
        await self._engine.open()
        return self._engine, self._engine.remote

    def close_engine(self) -> None:
        """Let go of the store, when the screen is down."""
        if self._engine is not None:
            with suppress(CloudopsError):
                asyncio.run(self._engine.close())

    def leave(self, code: int) -> None:
        """End with an exit code."""
        left = [screen.farewell() for screen in reversed(self.cockpit_screens)]
        self.farewells = tuple({one.execution_id: one for one in left if one is not None}.values())
        self.exit_status = code
        self.exit(code)

    def fail(self, error: CloudopsError) -> None:
        """End with an error that is told when the screen is down."""
        self.failure, self.failure_unseen = error, True
        self.leave(error.exit_code)

    def refuse(self, screen: CockpitScreen, error: CloudopsError) -> None:
        """What `screen` was to show can't be shown: back to the screen below it, or end with the error."""
        if len(self.cockpit_screens) > 1 and screen.is_current:
            self.tell(str(error), problem=True)
            self.pop_screen()
        else:
            self.fail(error)

    def stop_from_outside(self, code: int) -> None:
        """A signal ends the cockpit; called on any thread."""
        self._from_outside(lambda: self.leave(code))

    def interrupt_from_outside(self) -> None:
        """An interrupt that came as a signal and not as a key; called on any thread."""
        self._from_outside(self.action_interrupt)

    def _from_outside(self, work: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None or not self.is_running:
            raise SystemExit(INTERRUPTED)
        loop.call_soon_threadsafe(lambda: self.call_later(work))

    def _check_terminal(self) -> None:
        if terminal_is_gone():
            self.leave(INTERRUPTED)

    # Keys as they come

    async def on_event(self, event: events.Event) -> None:
        """Keys go through `keyboard`; in a terminal that is too small they do nothing but leave."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif is_tiny(*self.size) and self.cockpit_screens:
            self._key_in_tiny(event.key)
        else:
            await self.keyboard.typed(event)

    async def hand_on(self, key: events.Key) -> None:
        """Give a key to whatever has the focus."""
        await super().on_event(key)

    def on_key_done(self, marker: KeyDone) -> None:
        """A key was answered."""
        self.keyboard.arrived(marker)

    @property
    def takes_keys(self) -> bool:
        """Whether what is on the screen is ready for keys."""
        ready = getattr(self.screen, "takes_keys", None)
        if ready is None:
            # The command palette; before our first screen there is nobody to take keys.
            ready = bool(self.cockpit_screens) and (self.screen.focused is not None or not self.app_focus)
        return bool(ready)

    def stays_at(self, key: str) -> bool:
        """Whether a key neither opens anything nor moves the focus, so that the next one needs not wait for it."""
        from cockpit.keys import STAYING

        return key in STAYING and self.screen in self.cockpit_screens and not isinstance(self.focused, Input)

    @property
    def may_be_left(self) -> bool:
        """Whether the screen is one that still waits for what it shows."""
        return not self.takes_keys and self.screen in self.cockpit_screens and self.screen.is_mounted

    def _key_in_tiny(self, key: str) -> None:
        if key not in ("q", "ctrl+c", "ctrl+q"):
            return
        if self._leaving_asked or not self._running_screen():
            self.leave(self._exit_code())
        self._leaving_asked = True
        self.tell_tiny()

    def tell_tiny(self) -> None:
        """Say what a terminal that is too small needs, above everything."""
        from cockpit.screens.common import tiny_words
        from cockpit.widgets.tiny import Tiny

        state = self.cockpit_screens[-1].how_things_are() if self.cockpit_screens else ""
        words = tiny_words(*self.size, state, asked=self._leaving_asked)
        for screen in self.screen_stack:
            for tiny in screen.query(Tiny):
                tiny.tell(words)

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that shrank too much shows no dialog."""
        if not is_tiny(*event.size):
            self._leaving_asked = False
        elif isinstance(self.screen, CommandPalette):
            self.screen.dismiss()

    # What screens use

    def tell(self, message: str, *, problem: bool = False) -> None:
        """A short notice; the newest takes the place of those before it."""
        self.clear_notifications()
        words = cut(safe_line(message), PROBLEM_WIDTH if problem else NOTICE_WIDTH)
        self.notify(words, severity="error" if problem else "information", markup=False)

    async def export(self, execution_id: str, file: Path) -> None:
        """Write an incident as a bundle; the work is done off the loop."""
        port = self.port

        def write() -> None:
            export = importlib.import_module("engine.export")
            asyncio.run(export.export_bundle(port, execution_id, file, overwrite=False))

        await asyncio.to_thread(write)

    def shoot(self, name: str) -> None:
        """Save the screen as SVG into the working directory."""
        try:
            path = self.save_screenshot(f"{safe_line(name, limit=80)}.svg", str(Path.cwd()))
        except OSError as error:
            self.tell(f"no screenshot: {error.strerror}; change to a folder that you may write to", problem=True)
        else:
            self.tell(f"saved {Path(path).name}")

    def open_replay(self, execution_id: str, *, subject: Subject | None = None, ended: bool = False) -> None:
        """Push the replay of an incident."""
        from cockpit.screens.replay import ReplayScreen

        known = subject if subject is not None and subject.kind in ("step", "fact") else None
        self.push_screen(ReplayScreen(execution_id, subject=known, ended=ended))

    def open_live(self, intent: Attach) -> None:
        """Push a running or interrupted incident."""
        from cockpit.screens.live import LiveScreen

        self.push_screen(LiveScreen(intent))

    def _restyle(self) -> None:
        if self.theme in PALETTES:
            self.ink = Ink(PALETTES[self.theme])
        for screen in self.cockpit_screens:
            screen.restyle()

    # Keys that work everywhere

    def action_help(self) -> None:
        """The keys that work here."""
        from cockpit.screens.help import HelpScreen

        if self.screen in self.cockpit_screens:
            self.push_screen(HelpScreen(self.cockpit_screens[-1].where, self.ink))

    def action_palette(self) -> None:
        """The command palette."""
        self.action_command_palette()

    def action_theme(self) -> None:
        """The other theme."""
        names = list(PALETTES)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]

    @property
    def is_nested(self) -> bool:
        """Whether there is a screen of ours to go back to."""
        return len(self.cockpit_screens) > 1

    def action_leave(self) -> None:
        """Back one screen; from the first one leave, and ask while something runs."""
        if not self.is_nested:
            self.action_interrupt()
        elif self.screen in self.cockpit_screens:
            self.pop_screen()

    async def action_quit(self) -> None:
        """Textual's own way to quit asks too."""
        self.action_interrupt()

    def action_interrupt(self) -> None:
        """Ctrl-C: ask what to stop; with nothing to stop, leave."""
        screen = self._running_screen()
        if screen is not None:
            screen.ask_to_stop()
        else:
            self.leave(self._exit_code())

    def _running_screen(self) -> CockpitScreen | None:
        return next((screen for screen in self.cockpit_screens if screen.running), None)

    def action_help_quit(self) -> None:
        """Textual's own Ctrl-C."""
        self.action_interrupt()

    def _exit_code(self) -> int:
        screens = self.cockpit_screens
        return screens[0].exit_code() if screens else INTERRUPTED

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from cockpit.keys import KEYS

        where = getattr(screen, "where", "list")
        for key in KEYS:
            if key.later or not ({where, "everywhere"} & set(key.where)) or key.id in NOT_IN_PALETTE:
                continue
            # The key stands in the title: a help text of its own would take a second line of every command.
            title = f"{key.words[:1].upper()}{key.words[1:]:<{PALETTE_WIDTH}} {key.shown}"
            yield SystemCommand(title, "", self._runner(screen, key.action))

    def _runner(self, screen: Screen[Any], action: str) -> Callable[[], Any]:
        async def run() -> None:
            await self.run_action(action, default_namespace=screen)

        return lambda: self.call_later(run)


PALETTE_WIDTH = 53

NOT_IN_PALETTE = frozenset({"palette", "down", "up", "page_down", "page_up", "left", "right", "open", "back"})
"""Moving about by name would be slower than any key."""


def _theme(palette: Palette) -> Theme:
    return Theme(
        name=palette.name,
        primary=palette.focus,
        secondary=palette.measured,
        accent=palette.focus,
        warning=palette.warning,
        error=palette.bad,
        success=palette.good,
        foreground=palette.text,
        background=palette.ground,
        surface=palette.bar,
        panel=palette.cursor,
        dark=palette.dark,
        variables=palette.colours(),
    )
