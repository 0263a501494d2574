"""A metric as a line of braille dots, against its normal band, with marks; drawn into the cells there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from cockpit.widgets.draw import Styles, cells, cut
from cockpit.widgets.marks import Mark, Scale, labels
from primitives.dataclass import dataclass
from primitives.quantities import is_ratio, ticks

if TYPE_CHECKING:
    from primitives.records import Series

__all__ = ["COMPANION_PERIODS", "Chart", "Companion", "Target", "chart", "resample", "time_at", "value_at"]

Span = tuple[float, float]
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of a braille cell's left and right column of dots, from the top (Unicode, U+2800)."""

_MAX_JOIN = 4.0
"""Samples further apart than this many usual steps are not joined: a gap in the data must look like one."""

TICK_ROWS = 3

_COMPANION_ROOM = 2.0
"""So many times the drawn metric's own range an axis may have for the lines beside it."""

COMPANION_PERIODS = (2, 4, 6)
"""Each how many columns of dots a companion has one: so that lines are told apart without colour."""

LANE_ROWS = 4
"""Lines of a lane, the one with its name included."""
LANE_FROM = 10
"""Lines of a chart from which on there is room for a lane."""


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
class Companion:
    """A further series with what to call it, and its normal band where that is known."""

    label: str
    series: Series
    band: Span | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: samples from `start` to `end`, normal `band`, `limit` and `target`, in the series' unit.

    `companions` have the same unit and share the axis: dotted lines. The `lane` has its own axis, below.
    """

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
    companions: tuple[Companion, ...] = ()
    lane: Companion | None = None

    @property
    def drawn_beside(self) -> tuple[tuple[str, int], ...]:
        """The names of the other series and how many samples each has: enough to see whether to draw them anew."""
        lane = (self.lane,) if self.lane is not None else ()
        return tuple((each.label, len(each.series.times)) for each in (*self.companions, *lane))

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
    frame = _frame(what, width, height)
    at = column - frame.axis - 1
    return frame.scale.time(at) if 0 <= at < frame.scale.width else None


class _Plot(NamedTuple):
    """A series in its rows: the values at their lower and upper edge, and the round ones by their row."""

    rows: int
    bottom: float
    top: float
    named: Mapping[int, str]


class _Frame(NamedTuple):
    """The plots, the cells of the axis at the left of both, and the scale of times beside it."""

    main: _Plot
    lane: _Plot | None
    axis: int
    scale: Scale


def _frame(what: Chart, width: int, height: int) -> _Frame:
    below = LANE_ROWS if what.lane is not None and height >= LANE_FROM else 0
    main = _plot(what, _plot_height(height - below))
    lane = _plot(_lane_chart(what, what.lane), below - 1) if what.lane is not None and below else None
    names = [*main.named.values(), *(lane.named.values() if lane is not None else ())]
    axis = max(map(cells, names), default=0) + 1
    return _Frame(main, lane, axis, Scale(what.start, what.end, max(width - axis - 2, 8)))


def _plot(what: Chart, rows: int) -> _Plot:
    bottom, top = _bounds(what)
    return _Plot(rows, bottom, top, _ticks(what, bottom, top, rows))


def _lane_chart(what: Chart, lane: Companion) -> Chart:
    worse_above = lane.series.metric.worse != "lower"
    return replace(
        what, series=lane.series, band=lane.band, limit=None, target=None, companions=(), lane=None,
        worse_above=worse_above,
    )  # fmt: skip


def chart(what: Chart, width: int, height: int, styles: Styles) -> list[Strip]:
    """The chart in `height` lines of `width` cells, the last two for the times and the marks' names."""
    frame = _frame(what, width, height)
    lines = _rows(what, frame.main, frame, styles)
    if what.lane is not None and frame.lane is not None:
        name = cut(f"{'':{frame.axis}} {what.lane.label}", width)
        lines.append(Strip([Segment(name, styles.style("dim"))]))
        lines += _rows(_lane_chart(what, what.lane), frame.lane, frame, styles)
    return [*lines, *_below(what, frame.axis, frame.scale, styles)][:height]


def _rows(what: Chart, plot: _Plot, frame: _Frame, styles: Styles) -> list[Strip]:
    dots = _dots(_columns(what.series, what, frame.scale.width * 2), plot)
    others = _dotted(what, dots, plot)
    return [_row(what, dots[row], others[row], row, plot, frame, styles) for row in range(plot.rows)]


def _plot_height(height: int) -> int:
    return max(height - 2, 2)


def _bounds(what: Chart) -> Span:
    low, high = _extent(what.series, what) or (0.0, 1.0)
    # The axis is the drawn metric's. Companions may need some more room, but not make a flat line of it.
    reach = (_COMPANION_ROOM - 1) * ((high - low) or abs(high))
    for companion in what.companions:
        if extent := _extent(companion.series, what):
            low, high = min(low, max(extent[0], low - reach)), max(high, min(extent[1], high + reach))
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


def _extent(series: Series, what: Chart) -> Span | None:
    spans = [span for span in resample(series, what.start.timestamp(), what.end.timestamp(), 64) if span]
    return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None


def _ticks(what: Chart, bottom: float, top: float, height: int) -> dict[int, str]:
    """The rows that hold a round value, with that value."""
    metric = what.series.metric
    most = max(2, height // TICK_ROWS + 1)
    values = ticks(bottom, top, most, metric.unit, ratio=is_ratio(metric.unit, metric.kind, metric.name))
    return {
        height - 1 - min(int((value - bottom) / (top - bottom) * height), height - 1): name for value, name in values
    }


def _columns(series: Series, what: Chart, columns: int) -> list[Span | None]:
    """The samples of each column of dots, joined where they are close enough."""
    spans = resample(series, what.start.timestamp(), what.end.timestamp(), columns)
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


def _dots(columns: Sequence[Span | None], plot: _Plot) -> list[list[int]]:
    """The bits of each cell of the rows, for two columns of dots a cell."""
    grid = [[0] * (len(columns) // 2) for _ in range(plot.rows)]
    levels = plot.rows * 4
    for column, span in enumerate(columns):
        if span is None:
            continue
        low, high = (_level(value, plot, levels) for value in span)
        for level in range(low, high + 1):
            row, dot = divmod(levels - 1 - level, 4)
            grid[row][column // 2] |= _DOTS[column % 2][dot]
    return grid


def _level(value: float, plot: _Plot, levels: int) -> int:
    return max(0, min(levels - 1, int((value - plot.bottom) / (plot.top - plot.bottom) * levels)))


def _dotted(what: Chart, own: list[list[int]], plot: _Plot) -> list[list[str]]:
    """The cells of the companions: a dot for every few columns, and the name at the right end of each.

    `own` are the cells of the chart's series, which are drawn over them.
    """
    width = len(own[0])
    grid = [[""] * width for _ in range(plot.rows)]
    for companion, period in zip(what.companions, COMPANION_PERIODS, strict=False):
        columns = _columns(companion.series, what, width * 2)
        middles = [
            (middle, middle)
            if span and not at % period and plot.bottom <= (middle := sum(span) / 2) <= plot.top
            else None
            for at, span in enumerate(columns)
        ]
        for cells_of_row, bits in zip(grid, _dots(middles, plot), strict=True):
            for at, dots in enumerate(bits):
                if dots:
                    cells_of_row[at] = chr(0x2800 + dots)
    for companion in what.companions:
        _write_name(grid, own, companion, what, plot)
    return grid


def _write_name(grid: list[list[str]], own: list[list[int]], companion: Companion, what: Chart, plot: _Plot) -> None:
    """The companion's name in the row of its last sample, or in one beside it; none where something else stands."""
    value, width = value_at(companion.series, what.end), len(grid[0])
    name = f" {companion.label}"
    if value is None or not plot.bottom <= value <= plot.top or cells(name) * 3 > width:
        return
    row = plot.rows - 1 - _level(value, plot, plot.rows)
    free = (
        at for at in (row, row - 1, row + 1)
        if 0 <= at < plot.rows and not any(map(str.isalnum, grid[at][-9:])) and not any(own[at][-len(name) :])
    )  # fmt: skip
    if (at := next(free, None)) is not None:
        grid[at][width - len(name) :] = name


def _row(
    what: Chart, dots: list[int], others: list[str], row: int, plot: _Plot, frame: _Frame, styles: Styles
) -> Strip:
    bottom, top, height = plot.bottom, plot.top, plot.rows
    axis, scale, name = frame.axis, frame.scale, plot.named.get(row, "")
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
        elif others[column] and not (cursor is not None and column > cursor and what.hides_later):
            later = cursor is not None and column > cursor
            segments.append(Segment(others[column], styles.style("faint" if later else "text", ground)))
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
