"""What the terminal sends, so that pasted text stays text.

Textual's parser reads an escape character within a bracketed paste as the begin of a key, and then takes the rest of
the paste for typing. Here a paste is cut out of the input before Textual's parser sees it.
"""

from __future__ import annotations

import os
import selectors
import unicodedata
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Final

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator


__all__ = ["PasteDriver", "PasteParser", "pasted_line"]

ESC: Final = "\x1b"
PASTE_PAUSE_S: Final = 2.0
"""A paste that pauses so long has lost its end: what came of it is taken, and keys work again."""

PASTE_LIMIT: Final = 10_000
"""Characters of a paste that are kept: more than fits any line that can be typed here."""

READ_BYTES: Final = 4_096
POLL_S: Final = 0.1


def pasted_line(text: str) -> str:
    """Pasted text as one line: each line break and tab becomes a space, other control characters are removed."""
    one_line = " ".join(text[:PASTE_LIMIT].splitlines()).replace("\t", " ")
    return "".join(letter for letter in one_line if unicodedata.category(letter) not in ("Cc", "Cf", "Cs"))


class PasteParser(XTermParser):
    """Gives each bracketed paste as one `Paste` event with the text as it was sent, whatever that holds."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._waiting = ""  # may be the begin of a paste
        self._paste: str | None = None  # the paste so far
        self._escaped = False  # the last that Textual's parser got was a lone escape character
        self._last_at = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """The events in `data`; an empty one ends the input."""
        if not data:
            yield from super().feed(data)
            return
        self._last_at = Message().time
        data, self._waiting = self._waiting + data, ""
        while data:
            if self._paste is None:
                data = yield from self._before_paste(data)
            else:
                data = yield from self._in_paste(data)

    def tick(self) -> Iterable[Message]:
        """What has waited long enough; called about ten times a second."""
        waited = Message().time - self._last_at
        self._escaped = self._escaped and waited < POLL_S
        if self._waiting and waited >= POLL_S:
            waiting, self._waiting = self._waiting, ""
            yield from self._pass_on(waiting)
        if self._paste is not None and waited >= PASTE_PAUSE_S:
            text, self._paste = self._paste, None
            yield events.Paste(text)
        yield from super().tick()

    def _before_paste(self, data: str) -> Generator[Message, None, str]:
        start = BRACKETED_PASTE_START
        if self._escaped and (start[1:].startswith(data) or data.startswith(start[1:])):
            # The begin of a paste came in two parts, and Textual's parser has its escape character.
            if len(data) < len(start) - 1:
                self._waiting = data
                return ""
            yield from self._pass_on(start[1:] + BRACKETED_PASTE_END)
            self._paste = ""
            return data[len(start) - 1 :]
        before, marker, after = data.partition(start)
        if not marker:
            # A lone escape character is a key, and must not wait.
            held = next((size for size in range(len(start) - 1, 1, -1) if data.endswith(start[:size])), 0)
            before, self._waiting = data[: len(data) - held], data[len(data) - held :]
        else:
            self._paste = ""
        if before:
            yield from self._pass_on(before)
        return after

    def _in_paste(self, data: str) -> Generator[Message, None, str]:
        assert self._paste is not None
        text, marker, after = (self._paste + data).partition(BRACKETED_PASTE_END)
        self._paste = None if marker else text
        if marker:
            yield events.Paste(text)
        return after

    def _pass_on(self, data: str) -> Iterator[Message]:
        self._escaped = data.endswith(ESC)
        for event in super().feed(data):
            if not isinstance(event, events.Paste):
                yield event


class PasteDriver(LinuxDriver):
    """Textual's driver of a terminal, reading through `PasteParser`."""

    def run_input_thread(self) -> None:
        """Read what the terminal sends until the app ends."""
        parser = PasteParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(POLL_S):
                    data = os.read(self.fileno, READ_BYTES)
                    if not data:
                        self.exit_event.wait(POLL_S)  # the terminal is gone: there is nothing to read, without end
                    elif text := decode(data):
                        self._process(parser.feed(text))
                self._process(parser.tick())

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
