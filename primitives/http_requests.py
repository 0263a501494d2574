"""What every source that is asked over HTTP needs: bounded retries with jitter, and answers of a bounded size.

Imports nothing heavy: the libraries are loaded with the first request.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, TypeVar

from primitives.dataclass import dataclass
from primitives.errors import SourceThrottled, SourceUnreachable

if TYPE_CHECKING:
    import httpx2

__all__ = ["Received", "Throttled", "TransientFailure", "receive", "retried", "retry_seconds", "seconds_ahead"]

ATTEMPTS: Final = 3
LONGEST_WAIT_S: Final = 3.0
_SILENT: Final = logging.NullHandler()

T = TypeVar("T")


class TransientFailure(SourceUnreachable):
    """Unreachable for a reason that may be gone in a second."""


class Throttled(SourceThrottled):
    """Throttled; `wait_s` is what the server asked for, where it did."""

    def __init__(self, source: str, problem: str, wait_s: float | None = None) -> None:
        super().__init__(source, problem)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Received:
    """An answer; `cut` says that its body was longer than what was read of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


async def retried(once: Callable[[], Awaitable[T]], *, timeout_s: float) -> T:
    """What `once` gives, tried up to three times within `timeout_s` where a second try may help."""
    import stamina

    # Without any handler the retry's log line would land on the terminal, in the middle of the cockpit.
    logging.getLogger("stamina").addHandler(_SILENT)
    retries = stamina.retry_context(
        on=_retry_after,
        attempts=ATTEMPTS,
        timeout=timeout_s,
        wait_initial=0.2,
        wait_max=LONGEST_WAIT_S,
        wait_jitter=0.3,
    )
    async for attempt in retries:
        with attempt:
            return await once()
    raise AssertionError("stamina yields at least one attempt")


async def receive(http: httpx2.AsyncClient, request: httpx2.Request, most: int) -> Received:
    """The answer to `request`, of which at most `most` bytes are read."""
    response = await http.send(request, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most:
                break
        return Received(response.status_code, response.headers, bytes(body[:most]), cut=len(body) > most)
    finally:
        await response.aclose()


def retry_seconds(header: str | None) -> float | None:
    """`Retry-After` where it is a number; its other form, a date, is left to the ordinary waiting."""
    return float(header) if header and header.isascii() and header.isdigit() else None


def seconds_ahead(date: str, now: datetime) -> float | None:
    """How far the clock of a server that sent the header `Date` is ahead of ours; None where it sent none."""
    try:
        said = parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError):
        return None
    return None if said.tzinfo is None else (said - now).total_seconds()


def _retry_after(error: Exception) -> bool | float:
    if isinstance(error, Throttled):
        return True if error.wait_s is None else min(error.wait_s, LONGEST_WAIT_S)
    return isinstance(error, TransientFailure)
