"""An evaluation for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len

from cockpit.comparison_table import comparison_lines
from cockpit.tables import column
from engine.evaluate import Case, Confused, Evaluation, Named, Scores
from engine.evaluate.figures import Averages, CalibrationBin

__all__ = ["evaluation_table"]

WIDTH: Final = 80
_NAME: Final = 24
_BAR: Final = 40
_MOST_CONFUSED: Final = 12
_COLUMNS: Final = (
    ("top1", "top1"), ("top3", "top3"), ("res1", "resource_top1"), ("res3", "resource_top3"),
    ("macro", "macro_top1"), ("brier", "brier"), ("ece", "ece"), ("p95 s", "duration_p95_s"),
)  # fmt: skip


def evaluation_table(result: Evaluation) -> str:
    """The cases, what was named wrong, the figures of each group and of all, how far confidence can be relied on."""
    parts = [
        _cases(result.cases),
        _wrong(result.cases),
        _confused("cause", result.confusion.causes),
        _confused("resource", result.confusion.resources),
        _reliability(result.calibration),
        _group("data set", result.by_dataset),
        _group("cause class", result.by_cause_class),
        _group("platform", result.by_platform),
        _all(result),
    ]
    if result.against is not None:
        parts.append(comparison_lines(result.against))
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _cases(cases: Sequence[Case]) -> list[str]:
    return [f"{'case':{_NAME}} rank  res  chg  conf  time s  best hypothesis", *map(_case, cases)]


def _case(case: Case) -> str:
    ranks = " ".join(f"{_figure(rank):>4}" for rank in (case.rank, case.resource_rank, case.change_rank))
    confidence = "-" if case.confidence is None else f"{case.confidence:.2f}"
    start = f"{column(case.id, _NAME)} {ranks} {confidence:>5} {case.duration_s:7.2f}  "
    cause, _, _ = (case.top or "-").partition("|")
    return _fitted(start, cause)


def _wrong(cases: Sequence[Case]) -> list[str]:
    """Two lines for each case whose first hypothesis is wrong."""
    lines = []
    for case in cases:
        if not case.right:
            lines.append(_fitted(f"{column(case.id, _NAME)}  expected ", _told(case.expected, case.asks_change)))
            lines.append(_fitted(f"{'':{_NAME}}     named ", _told(case.named) if case.named else "nothing"))
    return ["wrong", *lines] if lines else []


def _told(named: Named, asks_change: bool = False) -> str:
    where = f" on {named.resource}" if named.resource else ""
    by = f" by {named.change}" if named.change else " by no change" if asks_change else ""
    return f"{named.cause_id or 'any cause'}{where}{by}"


def _confused(kind: str, pairs: Sequence[Confused]) -> list[str]:
    """What was named for what, without what was named right."""
    wrong = [pair for pair in pairs if pair.expected != pair.named]
    if not wrong:
        return []
    lines = [f"{kind + ' expected':37}    n  {kind} named"]
    lines += [
        _fitted(f"{column(pair.expected, 37)} {pair.n:4}  ", pair.named or "nothing") for pair in wrong[:_MOST_CONFUSED]
    ]
    return lines + ([f"and {len(wrong) - _MOST_CONFUSED} more pairs"] if len(wrong) > _MOST_CONFUSED else [])


def _reliability(bins: Sequence[CalibrationBin]) -> list[str]:
    """The reliability diagram: a bar as long as the share that was right, a mark where the confidence said it would."""
    ruler = f"{'0':{_BAR // 2}}{'50':{_BAR // 2 - 1}}100 %"
    return [f"{'confidence':11}{'n':>5}{'stated':>8}{'right':>7}  {ruler}", *map(_bin, bins)]


def _bin(part: CalibrationBin) -> str:
    start = f"{part.low:.1f} to {part.high:.1f} {part.n:5}{_figure(part.stated):>8}{_figure(part.right):>7}  "
    if part.stated is None or part.right is None:
        return start.rstrip()
    filled, mark = round(part.right * _BAR), min(round(part.stated * _BAR), _BAR)
    bar = "█" * filled + "·" * (_BAR - filled) + " "
    return (start + bar[:mark] + "┃" + bar[mark + 1 :]).rstrip()


def _group(title: str, members: Mapping[str, Scores]) -> list[str]:
    return [_header(title), *(_scores(name, scores) for name, scores in members.items())]


def _header(title: str) -> str:
    return f"{title:{_NAME}}{'n':>5}" + "".join(f"{name:>6}" for name, _ in _COLUMNS)


def _scores(name: str, scores: Averages) -> str:
    cells = "".join(f"{_figure(getattr(scores, key)):>6}" for _, key in _COLUMNS)
    return f"{column(name, _NAME)}{scores.n:5}{cells}"


def _all(result: Evaluation) -> list[str]:
    without = f"all, without {', '.join(result.without)}" if result.without else "all"
    figures = {"top5": result.top5, "mrr": result.mrr, "p50 s": result.duration_p50_s,
               "cpu p50 s": result.cpu_p50_s, "cpu p95 s": result.cpu_p95_s}  # fmt: skip
    return [
        *([_fitted("", without)] if result.without else []),
        _header("" if result.without else "all"),
        _scores("all", result),
        "".join(f"{name + ' ' + _figure(value):16}" for name, value in figures.items()).rstrip(),
    ]


def _fitted(start: str, text: str) -> str:
    return (start + column(text, WIDTH - cell_len(start))).rstrip()


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.{3 if value < 10 else 2 if value < 100 else 0}f}"
