"""`metrics/<metric>.csv`: the samples of one metric, a column for each resource."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from io import StringIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.bundle.parse import decode, parse_time, shown
from primitives.bundle.validate import Warnings
from primitives.errors import BundleError
from primitives.patterns import lazy_pattern
from primitives.records import Metric, Series
from primitives.sanitise import Cleaner
from primitives.text import safe_line

__all__ = ["read_samples"]

# What `float` takes beyond this (1_000, other scripts' digits) no spreadsheet means as a number.
_NUMBER: Final = lazy_pattern(
    r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*|\s*[+-]?(?:nan|inf|infinity)\s*|\s*", re.IGNORECASE | re.ASCII
)
_NAN: Final = float("nan")


def read_samples(data: bytes, where: str, metric: Metric, cleaner: Cleaner, warnings: Warnings) -> list[Series]:
    """The series of each column, oldest first. Raises `BundleError`.

    Empty cells are no samples; neither are NaN and infinities, which are warned of. Of two samples of one time the
    later one in the file wins.
    """
    text = decode(data, where)
    header, rows, lines = _rows(text, where)
    resources = _resources(header, where, cleaner)
    times = _times([row[0] for row in rows], lines, where, warnings)
    columns = list(zip(*rows, strict=True))[1:] if rows else [()] * len(resources)
    plain = "_" not in text.partition("\n")[2] and text.isascii()
    ordered = bool(np.all(np.diff(times) > 0))
    times.setflags(write=False)
    series, dropped = [], 0
    for resource, column in zip(resources, columns, strict=True):
        values = _numbers(column, lines, where, resource, plain=plain)
        present = np.isfinite(values)
        if present.all():
            # Nearly all columns are whole; thousands of them share the file's times.
            series.append(_series(resource, metric, times, values, ordered=ordered))
            continue
        dropped += int(np.count_nonzero(~present)) - sum(not cell or cell.isspace() for cell in column)
        series.append(_series(resource, metric, times[present], values[present], ordered=ordered))
    if dropped:
        warnings.add(where, f"{dropped} samples are NaN or infinite and were dropped")
    return series


def _rows(text: str, where: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the rows that aren't blank, and the line of each."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    header: list[str] | None = None
    try:
        for row in reader:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            if header is None:
                header = row
                continue
            if len(row) != len(header):
                problem = f"has {len(row)} cells, the header has {len(header)}; expected the same number"
                raise BundleError(f"{where}:{reader.line_num}", problem)
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise BundleError(f"{where}:{reader.line_num}", f"isn't CSV: {safe_line(str(error))}") from error
    if header is None:
        raise BundleError(where, "is empty; expected a first line such as time,<resource>,<resource>")
    return header, rows, lines


def _resources(header: Sequence[str], where: str, cleaner: Cleaner) -> list[str]:
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


def _times(cells: Sequence[str], lines: Sequence[int], where: str, warnings: Warnings) -> NDArray[np.float64]:
    parsed = [parse_time(cell, f"{where}:{line}", "time").timestamp() for cell, line in zip(cells, lines, strict=True)]
    times = np.array(parsed, dtype=np.float64)
    steps = np.diff(times)
    if np.any(steps < 0):
        warnings.add(where, "the times are not in order and were sorted")
    if np.any(np.diff(np.sort(times)) == 0):
        warnings.add(where, "some times are there twice; the later row counts")
    return times


def _numbers(
    column: Sequence[str], lines: Sequence[int], where: str, resource: str, *, plain: bool
) -> NDArray[np.float64]:
    try:
        if not plain and not all(map(_NUMBER.fullmatch, column)):
            raise ValueError  # noqa: TRY301 - joins what float() says
        if "" not in column:
            return np.fromiter(map(float, column), dtype=np.float64, count=len(column))
        return np.array([float(cell) if cell else _NAN for cell in column], dtype=np.float64)
    except ValueError:
        pass
    for cell, line in zip(column, lines, strict=True):
        if not _NUMBER.fullmatch(cell):
            problem = f"column {shown(resource)} is {shown(cell)}; expected a number or an empty cell"
            raise BundleError(f"{where}:{line}", problem)
    return np.array([float(cell) if cell.strip() else _NAN for cell in column], dtype=np.float64)


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
