"""A measured figure and its target, and the output of many: a table, or one JSON document."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from primitives.dataclass import dataclass

__all__ = [
    "SCHEMA",
    "Figure",
    "Reference",
    "Result",
    "Target",
    "against_quiet",
    "document",
    "median",
    "percentile",
    "render_table",
]

SCHEMA = "cloudops-benchmarks/1"

_HEADINGS = ("benchmark", "figure", "value", "unit", "target", "met", "ratio", "reference")
_RIGHT = ("value", "ratio")


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must be: its value, or its ratio to the reference."""

    limit: float
    bound: Literal["at most", "at least"] = "at most"
    of: Literal["value", "ratio"] = "value"


@dataclass(frozen=True, slots=True)
class Reference:
    """What was measured next to a figure in the same run, in the figure's unit."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `value` is in `unit`; times are medians unless the name says otherwise."""

    benchmark: str
    name: str
    value: float
    unit: str
    target: Target | None = None
    reference: Reference | None = None

    @property
    def ratio(self) -> float | None:
        """The value over its reference's; None where there is none to divide by."""
        if self.reference is None or not self.reference.value:
            return None
        return self.value / self.reference.value

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        measured = self.value if self.target.of == "value" else self.ratio
        if measured is None or math.isnan(measured):
            return False
        return measured <= self.target.limit if self.target.bound == "at most" else measured >= self.target.limit


@dataclass(slots=True)
class Result:
    """What a run gave: its figures, and a line for each thing that was left out or went wrong."""

    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def median(values: Sequence[float]) -> float:
    """The middle of `values` (of an even number, the mean of the two in the middle)."""
    return percentile(values, 50)


def percentile(values: Sequence[float], percent: float) -> float:
    """The percentile of `values`, linear between neighbours; NaN when there are none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def against_quiet(
    benchmark: str, label: str, busy: Sequence[float], quiet: Sequence[float], beside: str
) -> list[Figure]:
    """Half, most and all but a hundredth of the times in ms that a key takes, at most 50, beside the `quiet` ones."""
    return [
        Figure(
            benchmark,
            f"{label}, p{percent}",
            percentile(busy, percent),
            "ms",
            Target(50) if percent > 50 else None,
            Reference(beside, percentile(quiet, percent)),
        )
        for percent in (50, 95, 99)
    ]


def render_table(result: Result) -> str:
    """The figures as an aligned table, the notes below it."""
    rows = [_HEADINGS, *(_cells(figure) for figure in result.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    judged = [figure.met for figure in result.figures if figure.met is not None]
    lines += ["", f"{sum(judged)} of {len(judged)} targets met"]
    lines += [f"note: {note}" for note in result.notes]
    lines += [f"FAILED: {problem}" for problem in result.failed]
    return "\n".join(lines) + "\n"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(_HEADINGS, row, widths, strict=True)
    return "  ".join(cell.rjust(width) if name in _RIGHT else cell.ljust(width) for name, cell, width in cells).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    target, met = "", ""
    if figure.target is not None:
        sign = "≤" if figure.target.bound == "at most" else "≥"
        unit = figure.unit if figure.target.of == "value" else "×"
        target, met = f"{sign} {figure.target.limit:,g} {unit}", "yes" if figure.met else "NO"
    reference = figure.reference
    return (
        figure.benchmark,
        figure.name,
        _number(figure.value),
        figure.unit,
        target,
        met,
        "" if figure.ratio is None else f"{_number(figure.ratio)} ×",
        "" if reference is None else f"{reference.name} ({_number(reference.value)} {figure.unit})",
    )


def _number(value: float) -> str:
    """Three digits that count; whole above a hundred."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def document(result: Result, *, at: datetime, quick: bool) -> dict[str, Any]:
    """The result as the JSON object of schema `cloudops-benchmarks/1`; numbers that are none are null."""
    return {
        "schema": SCHEMA,
        "at": at.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
        },
        "figures": [_entry(figure) for figure in result.figures],
        "notes": result.notes,
        "failed": result.failed,
    }


def _entry(figure: Figure) -> dict[str, Any]:
    target, reference = figure.target, figure.reference
    return {
        "benchmark": figure.benchmark,
        "figure": figure.name,
        "value": _finite(figure.value),
        "unit": figure.unit,
        "target": None if target is None else {"of": target.of, "bound": target.bound, "limit": target.limit},
        "met": figure.met,
        "reference": None if reference is None else {"name": reference.name, "value": _finite(reference.value)},
        "ratio": _finite(figure.ratio),
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
