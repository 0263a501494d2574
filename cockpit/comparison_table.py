"""This evaluation against an earlier one, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cockpit.tables import Column, table_lines
from engine.evaluate.comparison import Comparison, Moved
from engine.evaluate.differences import Difference
from primitives.text import safe_line

__all__ = ["comparison_lines"]

_NAME: Final = 24
_TOP: Final = 20
_WIDTH: Final = 80
_SCORES: Final = (
    Column("score", 13), Column("before", 8, number=True), Column("after", 8, number=True),
    Column("diff", 8, number=True), Column("  95 % interval", 19), Column("+", 4, number=True),
    Column("-", 4, number=True), Column("p", 7, number=True), Column(),
)  # fmt: skip
_VERDICTS: Final = {"better": "better", "worse": "WORSE", "noise": "noise", "same": "same", None: ""}


def comparison_lines(compared: Comparison) -> list[str]:
    """What became better, what worse, and each score's difference with what may be chance."""
    differences = (_difference(name, difference) for name, difference in compared.differences.items())
    missing = [
        *_missing(compared.only_before, "only in the earlier run"),
        *_missing(compared.only_after, "only in this"),
    ]
    if not compared.n:
        return ["against the earlier run: no incident is in both", *missing]
    return [
        f"against the earlier run: {compared.n} in both, {len(compared.better)} better, {len(compared.worse)} worse",
        *missing,
        *_moved("better", compared.better),
        *_moved("worse", compared.worse),
        "",
        *table_lines(_SCORES, differences, _WIDTH, gap=0),
    ]


def _missing(ids: Sequence[str], where: str) -> list[str]:
    if not ids:
        return []
    named = ", ".join(safe_line(name, limit=_NAME) for name in ids[:2])
    return [f"{where}: {len(ids)} ({named}{', …' if len(ids) > 2 else ''})"]


def _moved(title: str, moved: Sequence[Moved]) -> list[str]:
    if not moved:
        return []
    columns = [Column(title, _NAME), Column("rank", 9), Column("named before", _TOP), Column("now", _TOP)]
    return ["", *table_lines(columns, map(_ranks, moved), _WIDTH)]


def _ranks(moved: Moved) -> tuple[str, ...]:
    ranks = f"{_rank(moved.before):>3} → {_rank(moved.after)}"
    return moved.id, ranks, _cause(moved.top_before), _cause(moved.top_after)


def _cause(top: str | None) -> str:
    return (top or "nothing").partition("|")[0]


def _rank(rank: int | None) -> str:
    return "-" if rank is None else str(rank)


def _difference(name: str, difference: Difference) -> tuple[str, ...]:
    low, high = difference.low, difference.high
    interval = "" if low is None or high is None else f"  {low:+.3f} to {high:+.3f}"
    counts = ("" if count is None else str(count) for count in (difference.better, difference.worse))
    p = "" if difference.p is None else f"{difference.p:.3f}"
    figures = (_figure(difference.before), _figure(difference.after), _figure(difference.difference, "+"))
    return (name, *figures, interval, *counts, p, f"  {_VERDICTS[difference.verdict]}")


def _figure(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign}.3f}"
