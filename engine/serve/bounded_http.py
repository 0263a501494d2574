"""Uvicorn's HTTP protocol over llhttp, with bounds on what comes before a body: it has none of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
else:
    HttpToolsProtocol = object  # uvicorn loads a command line of its own: it comes in where a server is made

__all__ = ["HEADERS_WITHIN_S", "HEADER_BYTES", "Bounds"]

HEADER_BYTES: Final = 32 * 1024
"""Bytes of headers beyond the first chunk of a request (256 KB at most, by the event loop)."""
HEADERS_WITHIN_S: Final = 10.0
"""For the headers of a request, and for a new connection until its first request."""


class Bounds(HttpToolsProtocol):
    """Comes before uvicorn's protocol among the bases of a class.

    It closes a connection whose headers are too long or too slow: none may fill the memory or sit on a place.
    """

    _slow: asyncio.TimerHandle | None = None
    _in_headers = False
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and look whether headers go on after it."""
        began_before = self._in_headers
        super().data_received(data)
        if not self._in_headers or self.transport.is_closing():
            return
        self._header_bytes = self._header_bytes + len(data) if began_before else 0
        if self._header_bytes > HEADER_BYTES:
            self.send_400_response("The headers are too long.")
        elif self._slow is None:
            self._wait()

    def on_message_begin(self) -> None:
        """Note that headers come."""
        self._in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that they are whole."""
        self._in_headers = False
        self._wait_no_longer()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._slow = self.loop.call_later(HEADERS_WITHIN_S, self._too_slow)

    def _wait_no_longer(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _too_slow(self) -> None:
        self._slow = None
        if getattr(self.cycle, "response_complete", True):  # there is no cycle before the first request
            self.transport.close()
