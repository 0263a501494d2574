"""The full-screen cockpit. Imports nothing of the engine before its first frame is on the screen."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.command import CommandPalette
from textual.drivers.linux_driver import LinuxDriver
from textual.widgets import Input

from cockpit.keyboard import Keyboard, KeyHandled
from cockpit.screen_ways import ScreenWays
from cockpit.screens.layout import is_too_small
from cockpit.screens.splash import Splash
from cockpit.start_modes import Attach, Browse, Replay, Start
from cockpit.terminal import on_hangup_or_stop, terminal_is_gone
from cockpit.terminal_input import PasteDriver, pasted_line
from cockpit.widgets.draw import Styles
from primitives.clock import Clock
from primitives.collector import collect_in_small_pieces
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.command import Provider
    from textual.driver import Driver
    from textual.screen import Screen

    from cockpit.exit_summary import ExitSummary
    from cockpit.screens.common import CockpitScreen
    from cockpit.settings import Settings
    from cockpit.start_modes import StartMode
    from engine.port import EnginePort
    from engine.store.locations import StoreLocation

__all__ = ["CockpitApp", "run_cockpit"]

Connect = Callable[["StoreLocation"], Awaitable["tuple[EnginePort, bool]"]]
"""Opens an engine for a store; says whether it is another process's."""

TERMINAL_CHECK_S = 1.0
INTERRUPTED = 130


def run_cockpit(settings: Settings, start_mode: StartMode, *, color: bool = True) -> int:
    """Show the cockpit until the person leaves it, and return the exit code.

    Raises the `CloudopsError` that kept it from showing anything, when the screen is closed.
    """
    if not color:
        os.environ["NO_COLOR"] = "1"
    app = CockpitApp(settings, start_mode)
    with on_hangup_or_stop(app.stop_from_outside, app.interrupt_from_outside):
        try:
            app.run()
        finally:
            app.close_engine()
    if app.exit_summaries and getattr(start_mode, "kept", True):
        from cockpit.exit_summary import print_summaries

        print_summaries(app.exit_summaries, settings)
    elif app.exit_status == INTERRUPTED and isinstance(start_mode, Start | Attach):
        from cockpit.output import note

        note("cloudops: interrupted; `cloudops incidents` lists what is stored")
    if app.failure is not None and app.failure_unseen:
        raise app.failure
    return app.exit_status


def _palette_commands() -> type[Provider]:
    from cockpit.palette import PaletteCommands

    return PaletteCommands


class CockpitApp(ScreenWays):
    """The app: which screen is shown, how keys reach it, how the engine is connected, how everything ends."""

    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[Any] = {_palette_commands}
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self, settings: Settings, start_mode: StartMode, *, clock: Clock | None = None, connect: Connect | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.start_mode = start_mode
        self.failure: CloudopsError | None = None
        self.failure_unseen = False
        self.exit_status = 0
        self.exit_summaries: tuple[ExitSummary, ...] = ()
        self.keyboard = Keyboard(self)
        self._leaving_asked = False
        self._connect: Connect = connect or self._connect_engine
        self._engine: Any = None

    # Start and end

    def compose(self) -> ComposeResult:
        start_mode = self.start_mode
        title = (
            getattr(start_mode, "query", None)
            or getattr(start_mode, "bundle", None)
            or getattr(start_mode, "name", None)
        )
        yield Splash(title or "CloudOps", "", self.text_styles, panes=not isinstance(start_mode, Browse))

    def on_mount(self) -> None:
        """Draw the first frame, then load the screens and the engine."""
        self.call_after_refresh(self._begin)
        if not self.is_headless:
            self.set_interval(TERMINAL_CHECK_S, self._check_terminal)

    async def _begin(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self.set_keymap(self.key_map.bindings)
        self.run_worker(self._open(), group="engine")
        await self.push_screen(self._first_screen())

    def _first_screen(self) -> CockpitScreen:
        from cockpit.screens.incidents import IncidentsScreen
        from cockpit.screens.live import LiveScreen
        from cockpit.screens.replay import ReplayScreen

        match self.start_mode:
            case Start() | Attach():
                return LiveScreen(self.start_mode)
            case Replay(drill=True):
                from cockpit.screens.drill import DrillScreen

                return DrillScreen(self.start_mode.name)
            case Replay():
                return ReplayScreen(self.start_mode.name, at=self.start_mode.at)
            case Browse():
                return IncidentsScreen()

    @property
    def cockpit_screens(self) -> list[CockpitScreen]:
        """Our own screens without the prompts, the lowest first."""
        from cockpit.screens.common import CockpitScreen

        return [screen for screen in self.screen_stack if isinstance(screen, CockpitScreen)]

    async def _open(self) -> None:
        try:
            self._port, self.remote = await self._connect(self.settings.store)
        except CloudopsError as error:
            self.fail(error)
            return
        # From here on keys are answered while events arrive; until then one long collection costs less than many.
        collect_in_small_pieces()
        for screen in self.cockpit_screens:
            screen.begin_once()

    async def _connect_engine(self, store: StoreLocation) -> tuple[EnginePort, bool]:
        host = await asyncio.to_thread(importlib.import_module, "engine.host")
        files = await asyncio.to_thread(importlib.import_module, "engine.act.policy_file")
        policies = files.PolicyFile(self.settings.policy, required=self.settings.policy_required)
        self._engine = host.engine_in_thread(
            store, self.settings.configured, close_after_days=self.settings.close_after_days, policies=policies
        )
        await self._engine.open()
        return self._engine, self._engine.remote

    def close_engine(self) -> None:
        """Close the engine, when the screen is closed."""
        if self._engine is not None:
            with suppress(CloudopsError):
                asyncio.run(self._engine.close())

    def leave(self, code: int) -> None:
        """End with an exit code."""
        left = [screen.exit_summary() for screen in reversed(self.cockpit_screens)]
        self.exit_summaries = tuple({summary.execution_id: summary for summary in left if summary is not None}.values())
        self.exit_status = code
        self.exit(code)

    def fail(self, error: CloudopsError) -> None:
        """End with an error, which is printed when the screen is closed."""
        self.failure, self.failure_unseen = error, True
        self.leave(error.exit_code)

    def refuse(self, screen: Screen[Any], error: CloudopsError) -> None:
        """`screen` can't be shown: go back to the screen below it, or end with the error."""
        if len(self.cockpit_screens) > 1 and screen.is_current:
            self.show_notice(str(error), problem=True)
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
        """Keys and pastes go through `keyboard`; in a terminal that is too small keys only leave."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif is_too_small(*self.size) and self.cockpit_screens:
            if isinstance(event, events.Key):
                self._key_when_too_small(event.key)
        elif isinstance(event, events.Paste):
            await self.keyboard.pasted(events.Paste(pasted_line(event.text)))
        else:
            await self.keyboard.typed(event)

    async def forward_key(self, event: events.Key | events.Paste) -> None:
        await super().on_event(event)

    def accept(self, event: events.Key | events.Paste, *, in_burst: bool) -> events.Key | events.Paste | None:
        """Drop keys that were typed for another screen, and keys that can only be pasted text.

        A terminal without bracketed paste sends a paste as keys. Of such a burst no key changes the log or leaves.
        """
        typing = isinstance(self.focused, Input)
        if isinstance(event, events.Paste):
            if not typing:
                self.show_notice("there is nothing to paste into here")
            return event if typing else None
        accept = getattr(self.screen, "accept", None)
        if accept is not None:
            accepted: events.Key | None = accept(event, in_burst=in_burst)
            return accepted
        from cockpit.keys import CAREFUL_IDS

        if (
            in_burst
            and event.key in self.key_map.keys_with(CAREFUL_IDS)
            and not typing
            and self.screen in self.cockpit_screens
        ):
            self.show_notice(f"{event.character or event.key} came too close behind another key; press it again")
            return None
        return event

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        return PasteDriver if driver is LinuxDriver else driver

    def on_key_handled(self, marker: KeyHandled) -> None:
        """A key was handled."""
        self.keyboard.arrived(marker)

    @property
    def accepts_keys(self) -> bool:
        """Whether what is on the screen is ready for keys."""
        ready = getattr(self.screen, "accepts_keys", None)
        if ready is None:
            # The command palette; before our first screen nothing accepts keys.
            ready = bool(self.cockpit_screens) and (self.screen.focused is not None or not self.app_focus)
        return bool(ready)

    def keeps_focus(self, key: str) -> bool:
        """Whether a key neither opens anything nor moves the focus, so that the next one needs not wait for it."""
        from cockpit.keys import STAYING_IDS

        return (
            key in self.key_map.keys_with(STAYING_IDS)
            and self.screen in self.cockpit_screens
            and not isinstance(self.focused, Input)
        )

    @property
    def can_be_left(self) -> bool:
        """Whether the screen is one that still waits for what it shows."""
        return not self.accepts_keys and self.screen in self.cockpit_screens and self.screen.is_mounted

    def _key_when_too_small(self, key: str) -> None:
        if key not in ("q", "ctrl+c", "ctrl+q"):
            return
        if self._leaving_asked or not self._running_screen():
            self.leave(self._exit_code())
        self._leaving_asked = True
        self.show_too_small()

    def show_too_small(self) -> None:
        """Say what a terminal that is too small needs, above everything."""
        from cockpit.screens.common import too_small_text
        from cockpit.widgets.too_small import TooSmall

        state = self.cockpit_screens[-1].status_line() if self.cockpit_screens else ""
        words = too_small_text(*self.size, state, asked=self._leaving_asked)
        for screen in self.screen_stack:
            for too_small in screen.query(TooSmall):
                too_small.show(words)

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that shrank too much shows no dialog."""
        if not is_too_small(*event.size):
            self._leaving_asked = False
        elif isinstance(self.screen, CommandPalette):
            self.screen.dismiss()

    def _restyle(self) -> None:
        if self.theme in self.palettes:
            self.text_styles = Styles(self.palettes[self.theme])
        for screen in self.cockpit_screens:
            screen.restyle()
        for modal in self.screen_stack:
            for prompt in modal.query("Prompt"):
                prompt.restyle(self.text_styles)  # type: ignore[attr-defined]

    # Keys that work everywhere

    def action_help(self) -> None:
        """The keys that work here."""
        from cockpit.screens.help import HelpScreen

        if self.screen in self.cockpit_screens:
            self.push_screen(HelpScreen(self.cockpit_screens[-1].where, self.text_styles, self.key_map.shown))

    def action_palette(self) -> None:
        """The command palette."""
        self.action_command_palette()

    def action_theme(self) -> None:
        """The next theme."""
        names = list(self.palettes)
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
