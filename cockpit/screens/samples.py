"""The samples of a chart as a table: what it draws, to be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cockpit.screens.prompts import CLOSING, Modal, Prompt
from cockpit.widgets.chart import resample
from cockpit.widgets.draw import Line, Part, Styles
from cockpit.widgets.words import precise
from primitives.quantities import counted, reading

if TYPE_CHECKING:
    from primitives.records import Series

__all__ = ["SampleRow", "SamplesScreen", "sample_rows"]

MOST_ROWS = 400


class SampleRow(NamedTuple):
    """The lowest and the highest sample from `time` on."""

    time: datetime
    low: float
    high: float


def sample_rows(series: Series, start: datetime, end: datetime, most: int = MOST_ROWS) -> list[SampleRow]:
    """Every sample from `start` to `end`, or where there are more than `most`, of as many even parts."""
    first, last = start.timestamp(), end.timestamp()
    low, high = (int(at) for at in (series.times.searchsorted(first), series.times.searchsorted(last, side="right")))
    if high - low <= most:
        return [SampleRow(datetime.fromtimestamp(float(series.times[at]), UTC), *2 * (float(series.values[at]),))
                for at in range(low, high)]  # fmt: skip
    step = (last - first) / most
    return [
        SampleRow(datetime.fromtimestamp(first + step * number, UTC), *span)
        for number, span in enumerate(resample(series, first, last, most))
        if span is not None
    ]


class SamplesScreen(Modal):
    """The table; what is outside the normal range is marked."""

    BINDINGS: ClassVar[list[Any]] = [*CLOSING]

    def __init__(
        self,
        title: str,
        series: Series,
        span: tuple[datetime, datetime],
        band: tuple[float, float] | None,
        styles: Styles,
    ) -> None:
        super().__init__()
        self._title = title
        self._series = series
        self._rows = sample_rows(series, *span)
        self._band = band
        self._styles = styles

    def prompt(self) -> Prompt:
        return Prompt(self._lines, self._styles, self._title, f"{counted(len(self._rows), 'row')} · Esc back")

    def _lines(self, width: int) -> list[Line]:
        del width
        head = Line([(f"{'TIME (UTC)':<12}", "dim"), (f"{'LOWEST':>14}{'HIGHEST':>14}", "dim")])
        return [head, *(self._line(row) for row in self._rows)]

    def _line(self, row: SampleRow) -> Line:
        outside = self._band is not None and (row.low < self._band[0] or row.high > self._band[1])
        metric = self._series.metric
        low, high = (reading(value, metric.unit, metric.kind, metric.name) for value in (row.low, row.high))
        mark: Part = ("  ● outside the normal range", "warning") if outside else ("", "dim")
        return Line([(f"{precise(row.time):<12}", "dim"), (f"{low:>14}{high:>14}", "text"), mark])
