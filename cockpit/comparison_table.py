"""This evaluation against an earlier one, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cockpit.tables import column
from engine.evaluate.comparison import Comparison, Moved
from engine.evaluate.differences import Difference

__all__ = ["comparison_lines"]

_NAME: Final = 24
_TOP: Final = 20
_VERDICTS: Final = {"better": "better", "worse": "WORSE", "noise": "noise", "same": "same", None: ""}


def comparison_lines(compared: Comparison) -> list[str]:
    """What became better, what worse, and each score's difference with what may be chance."""
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
        f"{'score':13}{'before':>8}{'after':>8}{'diff':>8}  {'95 % interval':17}{'+':>4}{'-':>4}{'p':>7}",
        *(_difference(name, difference) for name, difference in compared.differences.items()),
    ]


def _missing(ids: Sequence[str], where: str) -> list[str]:
    if not ids:
        return []
    named = ", ".join(column(name, _NAME).rstrip() for name in ids[:2])
    return [f"{where}: {len(ids)} ({named}{', …' if len(ids) > 2 else ''})"]


def _moved(title: str, moved: Sequence[Moved]) -> list[str]:
    if not moved:
        return []
    return ["", f"{title:{_NAME}}  rank       {'named before':{_TOP}}  now", *map(_one, moved)]


def _one(moved: Moved) -> str:
    ranks = f"{_rank(moved.before):>3} → {_rank(moved.after):3}"
    before, after = (column(_cause(top), _TOP) for top in (moved.top_before, moved.top_after))
    return f"{column(moved.id, _NAME)}  {ranks}  {before}  {after}".rstrip()


def _cause(top: str | None) -> str:
    return (top or "nothing").partition("|")[0]


def _rank(rank: int | None) -> str:
    return "-" if rank is None else str(rank)


def _difference(name: str, difference: Difference) -> str:
    interval = (
        "" if difference.low is None or difference.high is None else f"{difference.low:+.3f} to {difference.high:+.3f}"
    )
    counts = "".join(f"{'' if count is None else count:>4}" for count in (difference.better, difference.worse))
    p = "" if difference.p is None else f"{difference.p:.3f}"
    figures = f"{_figure(difference.before)}{_figure(difference.after)}{_figure(difference.difference, '+')}"
    return f"{name:13}{figures}  {interval:17}{counts}{p:>7}  {_VERDICTS[difference.verdict]}".rstrip()


def _figure(value: float | None, sign: str = "") -> str:
    return f" {'-':>7}" if value is None else f" {value:>{sign}7.3f}"
