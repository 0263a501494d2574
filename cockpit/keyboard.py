"""A queue of keys and pastes: each is forwarded when the one before it has been handled.

Textual decides where a key goes when it arrives. Without this queue a key typed right behind `/` would reach the pane
and not the filter that is about to open, and a key typed while a replay loads would be lost.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from textual.events import Key, Paste
from textual.message import Message

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.screens.host import ScreenHost

__all__ = ["KeyHandled", "Keyboard"]

ROUNDS = 2
"""A key may send messages up the screen (a submitted filter); those are waited for as well."""

LOST_S = 2.0
"""A marker whose widget was removed is not waited for any longer than this."""

LOOK_AGAIN_S = 0.02

MOST_HELD = 500
"""Keys that are held at most; further ones are dropped."""

BURST_S = 0.010
"""Keys closer together than this come from a paste, or waited in the terminal: no one types so fast."""

INTERRUPT = ("ctrl+c",)
AT_ONCE = ("q", "escape")


class Input(NamedTuple):
    """A key or a paste that waits; `in_burst` says that the key came right behind another one."""

    event: Key | Paste
    in_burst: bool = False


class KeyHandled(Message):
    """Bubbles up behind a key: when it arrives, the key has been handled."""

    def __init__(self, number: int, left: int) -> None:
        super().__init__()
        self.number = number
        self.left = left


class Keyboard:
    """The keys and pastes that were not handled yet."""

    def __init__(self, app: ScreenHost) -> None:
        self._app = app
        self._held: deque[Input] = deque()
        self._last_at = 0.0
        self._number = 0
        self._busy = False
        self._timer: Timer | None = None

    async def pasted(self, paste: Paste) -> None:
        """Queue a paste."""
        if len(self._held) < MOST_HELD:
            self._held.append(Input(paste))
        await self._next()

    async def typed(self, key: Key) -> None:
        """Queue a key. Ctrl-C is handled first, and drops what was typed before it."""
        in_burst, self._last_at = key.time - self._last_at < BURST_S, key.time
        if key.key in INTERRUPT:
            self._held.clear()
            await self._app.forward_key(key)
            return
        if key.key in AT_ONCE and not self._held and not self._busy and self._app.can_be_left:
            # What takes long to open can be left at any time.
            await self._app.forward_key(key)
            return
        if len(self._held) < MOST_HELD:
            self._held.append(Input(key, in_burst))
        await self._next()

    async def _next(self) -> None:
        if not self._held or self._busy:
            return
        if not self._app.accepts_keys:
            self._look_again(LOOK_AGAIN_S, self._next)
            return
        event, in_burst = self._held.popleft()
        accepted = self._app.accept(event, in_burst=in_burst)
        if accepted is None:
            await self._next()
            return
        if isinstance(accepted, Key) and self._app.keeps_focus(accepted.key):
            await self._app.forward_key(accepted)
            await self._next()
            return
        self._busy = True
        self._number += 1
        await self._app.forward_key(accepted)
        self._mark(ROUNDS)

    def _mark(self, left: int) -> None:
        number = self._number
        target = self._app.focused or self._app.screen
        self._look_again(LOST_S, lambda: self._done(number))
        marker = KeyHandled(number, left - 1)
        # Its sender is its target: one that its sender's parent sent would stop there.
        marker.set_sender(target)
        target.post_message(marker)

    def arrived(self, marker: KeyHandled) -> None:
        """A marker arrived at the app."""
        if marker.number != self._number or not self._busy:
            return
        if marker.left:
            # Behind what the key asked the app to do later, such as to move the focus.
            self._app.call_later(self._mark, marker.left)
        else:
            self._app.call_later(self._done, marker.number)

    async def _done(self, number: int) -> None:
        if self._busy and number == self._number:
            self._busy = False
            self._stop_timer()
            await self._next()

    def _look_again(self, seconds: float, work: object) -> None:
        self._stop_timer()
        self._timer = self._app.set_timer(seconds, work)  # type: ignore[arg-type]

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
