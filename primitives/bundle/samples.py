"""`metrics/<metric>.csv`: the samples of one metric, a column for each resource."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.bundle.parse import lines_of, parse_time, shown, wrong_byte
from primitives.bundle.validate import Warnings
from primitives.dataclass import dataclass
from primitives.errors import BundleError
from primitives.patterns import lazy_pattern
from primitives.quoting import quoted
from primitives.records import GREATEST_VALUE, Metric, Series, meant, without_rounding_errors
from primitives.sanitise import Cleaner

__all__ = ["MAX_CELLS", "MAX_COLUMNS", "MAX_SERIES", "read_samples"]

# What `float` takes beyond this (1_000, other scripts' digits) no spreadsheet means as a number.
_NUMBER: Final = lazy_pattern(
    r"\s*+[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?\s*+|\s*[+-]?(?:nan|inf|infinity)\s*|\s*",
    re.IGNORECASE | re.ASCII,
)
_NAN: Final = float("nan")
MAX_COLUMNS: Final = 50_000
"""The resources of one metric that are read."""
MAX_SERIES: Final = 100_000
"""The columns of all tables together that are read: judging one takes 0.1 ms, however few samples it has."""
MAX_CELLS: Final = 20_000_000
"""The cells of one metric's table that are read: 10,000 resources for a day and a half in steps of a minute."""


MAX_CELLS_TOGETHER: Final = 32_000_000
"""The cells of all tables together that are read: each takes eight bytes of memory."""


def read_samples(
    chunks: Iterable[bytes], where: str, metric: Metric, cleaner: Cleaner, warnings: Warnings, others: int = 0
) -> list[Series]:
    """The series of each column, oldest first. `others` cells were read of other files. Raises `BundleError`.

    Empty cells are no samples; neither are NaN and infinities, which are warned of. Of two samples of one time the
    later one in the file wins.
    """
    lines = _Lines(chunks, where)
    rows = _rows(lines, where)
    _, header = next(rows, (1, []))
    resources = _resources(header, where, cleaner)
    table = _table(rows, lines, header, others)
    times = _checked_times(table.times, where, warnings)
    ordered = bool(np.all(np.diff(times) > 0))
    times.setflags(write=False)
    series, missing = [], 0
    for resource, column in zip(resources, table.columns, strict=True):
        values = without_rounding_errors(np.ascontiguousarray(column))
        present = meant(values)
        if present.all():
            # Nearly all columns are whole; thousands of them share the file's times.
            series.append(_series(resource, metric, times, values, ordered=ordered))
            continue
        missing += int(np.count_nonzero(~present))
        series.append(_series(resource, metric, times[present], values[present], ordered=ordered))
    if missing > table.empty:
        warnings.add(
            where, f"{missing - table.empty} samples are NaN, infinite or beyond {GREATEST_VALUE:g} and were dropped"
        )
    return series


@dataclass(frozen=True, slots=True)
class _Table:
    """The numbers of a file: a time for each row, a column for each resource, and how many cells are empty."""

    times: NDArray[np.float64]
    columns: NDArray[np.float64]
    empty: int


class _Lines:
    """The lines of a file as text. `plain`: no cell so far is a number to `float` alone (1_000, other digits)."""

    def __init__(self, chunks: Iterable[bytes], where: str) -> None:
        self.where = where
        self.plain = True
        self._lines = lines_of(chunks, where)

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, start=1):
            self.plain = self.plain and line.isascii() and (number == 1 or b"_" not in line)
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise BundleError(f"{self.where}:{number}", wrong_byte(line, error)) from error
            if "\r" in text:
                yield from StringIO(text, newline="")
            else:
                yield text


def _rows(lines: Iterable[str], where: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that aren't blank with their lines, the header first."""
    reader = csv.reader(iter(lines), strict=True)
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        raise BundleError(f"{where}:{reader.line_num}", f"isn't CSV: {quoted(error, 500)}") from error


def _table(rows: Iterable[tuple[int, list[str]]], lines: _Lines, header: Sequence[str], others: int) -> _Table:
    """The numbers, row after row: kept as text a large file would take eight times the memory."""
    times, numbers = array("d"), array("d")
    empty = 0
    for line, row in rows:
        place = f"{lines.where}:{line}"
        if len(row) != len(header):
            problem = f"has {len(row)} cells, the header has {len(header)}; expected the same number"
            raise BundleError(place, problem)
        if len(numbers) + len(row) > MAX_CELLS:
            raise BundleError(place, f"is past {MAX_CELLS:,} cells; cut the file to the incident's time")
        if others + len(numbers) + len(row) > MAX_CELLS_TOGETHER:
            problem = f"makes the tables over {MAX_CELLS_TOGETHER:,} cells; cut them to the incident's time"
            raise BundleError(place, problem)
        times.append(parse_time(row[0], place, "time").timestamp())
        numbers.extend(_numbers(row[1:], header, place, plain=lines.plain))
        empty += sum(not cell or cell.isspace() for cell in row)
    shape = (len(times), len(header) - 1)
    return _Table(np.frombuffer(times).copy(), np.frombuffer(numbers).reshape(shape).T, empty)


def _resources(header: Sequence[str], where: str, cleaner: Cleaner) -> list[str]:
    if not header:
        raise BundleError(where, "is empty; expected a first line such as time,<resource>,<resource>")
    if len(header) > MAX_COLUMNS:
        raise BundleError(f"{where}:1", f"has {len(header):,} columns; at most {MAX_COLUMNS:,} are read: split it")
    if header[0].strip() != "time" or len(header) < 2:
        problem = f"the first line begins with {shown(header[0])}; expected time,<resource>,... with commas between"
        raise BundleError(f"{where}:1", problem)
    resources = [cleaner.name(name) for name in header[1:]]
    seen: set[str] = set()
    for number, resource in enumerate(resources, start=2):
        if not resource.strip():
            raise BundleError(f"{where}:1", f"column {number} has no name; expected a resource")
        if resource in seen:
            raise BundleError(f"{where}:1", f"the resource {shown(resource)} has two columns; expected one")
        seen.add(resource)
    return resources


def _checked_times(times: NDArray[np.float64], where: str, warnings: Warnings) -> NDArray[np.float64]:
    if np.any(np.diff(times) < 0):
        warnings.add(where, "the times are not in order and were sorted")
    if np.any(np.diff(np.sort(times)) == 0):
        warnings.add(where, "some times are there twice; the later row counts")
    return times


def _numbers(cells: Sequence[str], header: Sequence[str], place: str, *, plain: bool) -> list[float]:
    if plain:
        try:
            return [float(cell) if cell else _NAN for cell in cells]
        except ValueError:
            pass
    for cell, resource in zip(cells, header[1:], strict=True):
        if not _NUMBER.fullmatch(cell):
            raise BundleError(place, f"column {shown(resource)} is {shown(cell)}; expected a number or an empty cell")
    return [float(cell) if cell.strip() else _NAN for cell in cells]


def _series(
    resource: str, metric: Metric, times: NDArray[np.float64], values: NDArray[np.float64], *, ordered: bool
) -> Series:
    if not ordered and not np.all(np.diff(times) > 0):
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        last = np.append(np.diff(times) > 0, True)
        times, values = times[last], values[last]
    times.setflags(write=False)
    values.setflags(write=False)
    return Series(resource, metric, times, values)
