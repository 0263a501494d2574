"""Time and identity: the only module that may ask the operating system for either.

Everything else takes a `Clock`, so that a test can stop time and a recorded incident runs at its
recorded time.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "Clock",
    "ManualClock",
    "RecordedClock",
    "SystemClock",
    "new_id",
    "processor_time",
]

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
"""Times outside these years are unset clocks and sentinels: Go writes year 1, and no day is before that."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go backwards; for durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock's time."""
        ...


class SystemClock:
    """The operating system's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RecordedClock(SystemClock):
    """A clock that stood at `start` when it was made and runs on from there at real speed.

    A recorded incident is investigated at its recorded time, yet its steps keep their real distances, so that
    a replay has a rhythm.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._origin = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._origin)


class ManualClock:
    """A clock that moves only when a test moves it, or `sleep` is called."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds` (a negative number sets it back, as NTP may)."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += max(seconds, 0.0)


def processor_time() -> float:
    """Seconds that the processor has worked for this process, all threads together; for differences."""
    return time.process_time()


def new_id(prefix: str) -> str:
    """A new identifier such as `exec-3f9a1c20`: 32 random bits, readable aloud on a bridge call."""
    return f"{prefix}-{secrets.token_hex(4)}"
