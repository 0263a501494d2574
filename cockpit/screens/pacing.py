"""When a screen that is fed by a stream of events paints: at once for a person, else at the rate that it can afford."""

from __future__ import annotations

from primitives.clock import Clock

__all__ = ["FRAME_S", "Pacing"]

FRAME_S = 1 / 30
"""The shortest time between two paints."""

REST = 4.0
"""After a paint nothing is painted for so many times as long: what arrives and keys have the rest of the loop."""

LONGEST_REST_S = 0.2
"""However long a paint took: it may have been the machine that slept."""


class Pacing:
    """The time of the next paint."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = self._ended = self._answered = -FRAME_S

    def wait_s(self, *, streamed: bool) -> float:
        """Seconds until the next paint; 0 and less: now.

        What a person did is painted at once, of a burst of keys one frame after the other. What is `streamed` waits
        until the last paint's rest is over.
        """
        if not streamed:
            due = self._answered + FRAME_S
        else:
            rest = min(REST * (self._ended - self._begun), LONGEST_REST_S)
            due = max(self._begun + FRAME_S, self._ended + rest)
        return due - self._clock.monotonic()

    def begin(self, *, streamed: bool) -> None:
        """A paint begins."""
        self._begun = self._clock.monotonic()
        if not streamed:
            self._answered = self._begun

    def end(self) -> None:
        """The paint has ended."""
        self._ended = self._clock.monotonic()
