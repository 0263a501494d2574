"""A metric as a line of braille dots, against its normal band, with marks; drawn into the cells there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from cockpit.widgets.draw import Styles, cells
from cockpit.widgets.marks import Mark, Scale, labels
from primitives.dataclass import dataclass
from primitives.quantities import is_ratio, ticks

if TYPE_CHECKING:
    from primitives.records import Series

__all__ = ["Chart", "Target", "chart", "resample", "time_at", "value_at"]

Span = tuple[float, float]
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of a braille cell's left and right column of dots, from the top (Unicode, U+2800)."""

_MAX_JOIN = 4.0
"""Samples further apart than this many usual steps are not joined: a gap in the data must look like one."""

TICK_ROWS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """The good side of `limit` from `since` on, when something was done about it; `above` says that it is above."""

    limit: float
    since: datetime
    above: bool = False

    def is_met(self, value: float) -> bool:
        """Whether a level is on the good side."""
        return value >= self.limit if self.above else value <= self.limit


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: samples from `start` to `end`, normal `band`, `limit` and `target`, in the series' unit."""

    series: Series
    start: datetime
    end: datetime
    band: Span | None = None
    limit: float | None = None
    marks: Sequence[Mark] = ()
    cursor: datetime | None = None
    worse_above: bool = True
    target: Target | None = None
    hides_later: bool = False

    @property
    def shown_marks(self) -> Sequence[Mark]:
        """The marks, without those after the time cursor where these are gone."""
        if not self.hides_later or self.cursor is None:
            return self.marks
        return [mark for mark in self.marks if mark.time <= self.cursor]


def resample(series: Series, start: float, end: float, columns: int) -> list[Span | None]:
    """The lowest and highest sample of each column, so that a spike survives; None where there is none."""
    step = (end - start) / columns
    edges = [int(at) for at in series.times.searchsorted([start + step * column for column in range(columns + 1)])]
    edges[-1] = int(series.times.searchsorted(end, side="right"))
    values = series.values
    return [
        (float(values[low:high].min()), float(values[low:high].max())) if high > low else None
        for low, high in pairwise(edges)
    ]


def value_at(series: Series, time: datetime) -> float | None:
    """The last sample at or before `time`."""
    at = int(series.times.searchsorted(time.timestamp(), side="right"))
    return float(series.values[at - 1]) if at else None


def time_at(what: Chart, width: int, height: int, column: int) -> datetime | None:
    """The time under the cell `column` of a chart that is drawn in `width` x `height` cells; None beside it."""
    axis, scale = _frame(what, width, _ticks(what, *_bounds(what), _plot_height(height)))
    at = column - axis - 1
    return scale.time(at) if 0 <= at < scale.width else None


def _frame(what: Chart, width: int, named: Mapping[int, str]) -> tuple[int, Scale]:
    """The cells of the axis at the left, which holds the values in `named`, and the scale of times beside it."""
    axis = max((cells(name) for name in named.values()), default=0) + 1
    return axis, Scale(what.start, what.end, max(width - axis - 2, 8))


def chart(what: Chart, width: int, height: int, styles: Styles) -> list[Strip]:
    """The chart in `height` lines of `width` cells, the last two for the times and the marks' names."""
    plot_height = _plot_height(height)
    bottom, top = _bounds(what)
    named = _ticks(what, bottom, top, plot_height)
    axis, scale = _frame(what, width, named)
    dots = _dots(what, scale.width, plot_height, bottom, top)
    lines = [
        _row(what, dots[row], row, named.get(row, ""), axis, scale, styles, (bottom, top, plot_height))
        for row in range(plot_height)
    ]
    return [*lines, *_below(what, axis, scale, styles)][:height]


def _plot_height(height: int) -> int:
    return max(height - 2, 2)


def _bounds(what: Chart) -> Span:
    resampled = resample(what.series, what.start.timestamp(), what.end.timestamp(), 64)
    spans = [span for span in resampled if span]
    low = min((span[0] for span in spans), default=0.0)
    high = max((span[1] for span in spans), default=1.0)
    if what.band:
        low, high = min(low, what.band[0]), max(high, what.band[1])
    if what.target is not None:
        low, high = min(low, what.target.limit), max(high, what.target.limit)
    if what.limit is not None and what.limit <= high * 1.6:
        high = max(high, what.limit)
    if low >= 0 and low < 0.4 * high:
        low = 0.0
    room = (high - low) or abs(high) or 1.0
    return (low if low == 0 else low - 0.05 * room), high + 0.06 * room


def _ticks(what: Chart, bottom: float, top: float, height: int) -> dict[int, str]:
    """The rows that hold a round value, with that value."""
    metric = what.series.metric
    most = max(2, height // TICK_ROWS + 1)
    values = ticks(bottom, top, most, metric.unit, ratio=is_ratio(metric.unit, metric.kind, metric.name))
    return {
        height - 1 - min(int((value - bottom) / (top - bottom) * height), height - 1): name for value, name in values
    }


def _columns(what: Chart, columns: int) -> list[Span | None]:
    """The samples of each column of dots, joined where they are close enough."""
    spans = resample(what.series, what.start.timestamp(), what.end.timestamp(), columns)
    filled = [at for at, span in enumerate(spans) if span]
    gaps = sorted(after - before for before, after in pairwise(filled))
    usual = gaps[len(gaps) // 2] if gaps else 1
    joined = list(spans)
    for before, after in pairwise(filled):
        first, last = spans[before], spans[after]
        if first is None or last is None or after - before > max(usual * _MAX_JOIN, 2):
            continue
        begin, finish = sum(first) / 2, sum(last) / 2
        for at in range(before + 1, after):
            value = begin + (finish - begin) * (at - before) / (after - before)
            joined[at] = (value, value)
    for at in range(1, columns):
        before_span, span = joined[at - 1], joined[at]
        if before_span and span:
            # A step is one stroke: the column reaches to where the one before it ended.
            joined[at] = (min(span[0], before_span[1]), max(span[1], before_span[0]))
    return joined


def _dots(what: Chart, width: int, height: int, bottom: float, top: float) -> list[list[int]]:
    grid = [[0] * width for _ in range(height)]
    levels = height * 4
    for column, span in enumerate(_columns(what, width * 2)):
        if span is None:
            continue
        low, high = (
            max(0, min(levels - 1, int((value - bottom) / (top - bottom) * levels))) for value in (span[0], span[1])
        )
        for level in range(low, high + 1):
            row, dot = divmod(levels - 1 - level, 4)
            grid[row][column // 2] |= _DOTS[column % 2][dot]
    return grid


def _row(
    what: Chart,
    dots: list[int],
    row: int,
    name: str,
    axis: int,
    scale: Scale,
    styles: Styles,
    frame: tuple[float, float, int],
) -> Strip:
    bottom, top, height = frame
    low = top - (top - bottom) * (row + 1) / height
    high = top - (top - bottom) * row / height
    in_band = what.band is not None and high > what.band[0] and low < what.band[1]
    outside = what.band is not None and not in_band
    bad = outside and ((low >= what.band[1]) if what.worse_above else (high <= what.band[0])) if what.band else False
    ground = "band" if in_band else "ground"
    at_limit = what.limit is not None and low <= what.limit < high
    columns = {scale.column(mark.time): mark for mark in _least_first(what.shown_marks)}
    cursor = scale.column(what.cursor) if what.cursor else None
    target, begins = what.target, scale.column(what.target.since) if what.target else 0
    met = target is not None and target.is_met((low + high) / 2)
    at_target = target is not None and low <= target.limit < high
    normal = ground
    segments = [
        Segment(f"{name:>{axis}}", styles.style("dim")),
        Segment("┤" if name else "│", styles.style("faint")),
    ]
    for column, bits in enumerate(dots):
        aimed = target is not None and column >= begins
        ground = "target" if aimed and met else normal
        if bits and cursor is not None and column > cursor:
            if not what.hides_later:
                segments.append(Segment(chr(0x2800 + bits), styles.style("faint", ground)))
            else:
                segments.append(Segment(" ", styles.style("text", ground)))
        elif bits:
            role = "good" if aimed and met else "bad" if bad else "measured"
            segments.append(Segment(chr(0x2800 + bits), styles.style(role, ground)))
        elif column == cursor:
            segments.append(Segment("┃", styles.style("focus", ground)))
        elif column in columns:
            segments.append(Segment("┊", styles.style(columns[column].role, ground)))
        elif aimed and at_target:
            segments.append(Segment("╌", styles.style("good", ground)))
        elif at_limit:
            segments.append(Segment("╌", styles.style("bad", ground)))
        else:
            segments.append(Segment(" ", styles.style("text", ground)))
    return Strip(segments).simplify()


def _least_first(marks: Sequence[Mark]) -> list[Mark]:
    """So that what matters most is drawn last, over the rest."""
    return sorted(marks, key=lambda mark: -mark.rank)


def _below(what: Chart, axis: int, scale: Scale, styles: Styles) -> list[Strip]:
    rule = [("─", "faint")] * scale.width
    taken = {scale.column(mark.time) for mark in what.shown_marks}
    for at, words in scale.ticks(14):
        if at + len(words) <= scale.width and not taken & set(range(at, at + len(words))):
            for offset, letter in enumerate(words):
                rule[at + offset] = (letter, "dim")
    for mark in _least_first(what.shown_marks):
        at = scale.column(mark.time)
        if 0 <= at < scale.width:
            rule[at] = (mark.sign, mark.role)
    margin = Segment(" " * axis + "└", styles.style("faint"))
    first = Strip([margin, *(Segment(letter, styles.style(role)) for letter, role in rule)]).simplify()
    segments = [Segment(" " * (axis + 1), styles.style("text"))]
    used = 0
    for begin, mark, words in labels(what.shown_marks, scale):
        segments.append(Segment(" " * (begin - used), styles.style("text")))
        segments.append(Segment(words, styles.style(mark.role)))
        used = begin + cells(words)
    return [first, Strip(segments)]
