"""Which part of its time a chart shows: all of it, or what was zoomed and panned to."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["LEAST_SPAN_S", "ChartWindow"]

LEAST_SPAN_S = 60.0
"""Seconds that a chart shows at least: closer there is rarely more than a sample."""
_PANNED = 0.25
"""How much of what is shown one key moves."""

Span = tuple[datetime, datetime]


class ChartWindow:
    """The part that is shown; it stays where it is when samples join."""

    def __init__(self) -> None:
        self._shown: Span | None = None

    @property
    def zoomed(self) -> bool:
        """Whether it is a part only."""
        return self._shown is not None

    def reset(self) -> None:
        """Show all."""
        self._shown = None

    def of(self, whole: Span) -> Span:
        """What is shown of `whole`."""
        if self._shown is None:
            return whole
        start, end = max(self._shown[0], whole[0]), min(self._shown[1], whole[1])
        return (start, end) if end > start else whole

    def zoom(self, whole: Span, by: int, around: datetime | None) -> None:
        """Show half as much around a moment (None: the middle), or for `by` < 0 twice as much."""
        start, end = self.of(whole)
        wanted = (end - start) / 2 if by > 0 else (end - start) * 2
        if wanted >= whole[1] - whole[0]:
            self.reset()
            return
        wanted = max(wanted, min(timedelta(seconds=LEAST_SPAN_S), whole[1] - whole[0]))
        middle = around if around is not None and start <= around <= end else start + (end - start) / 2
        share = (middle - start) / (end - start) if end > start else 0.5
        self._put(whole, middle - wanted * share, wanted)

    def pan(self, whole: Span, by: int) -> None:
        """Show what lies before (`by` < 0) or behind."""
        if self._shown is not None:
            start, end = self.of(whole)
            self._put(whole, start + by * _PANNED * (end - start), end - start)

    def _put(self, whole: Span, start: datetime, length: timedelta) -> None:
        start = max(whole[0], min(start, whole[1] - length))
        self._shown = (start, start + length)
