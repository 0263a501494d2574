"""An evaluation for a terminal of 80 columns."""

from __future__ import annotations

from typing import Final

from engine.evaluate import Case, Evaluation, Scores
from primitives.text import safe_line

__all__ = ["evaluation_table"]

WIDTH: Final = 80
_NAME: Final = 24
_COLUMNS: Final = (
    ("top1", "top1"), ("top3", "top3"), ("res1", "resource_top1"), ("res3", "resource_top3"),
    ("macro", "macro_top1"), ("brier", "brier"), ("ece", "ece"), ("p95 s", "duration_p95_s"),
)  # fmt: skip


def evaluation_table(result: Evaluation) -> str:
    """A line a case; the figures of each group and of all."""
    lines = [*_cases(result), "", *_groups(result)]
    return "\n".join(lines) + "\n"


def _cases(result: Evaluation) -> list[str]:
    lines = [f"{'case':{_NAME}} rank  res  chg  conf  time s  best hypothesis"]
    return lines + [_case(case) for case in result.cases]


def _case(case: Case) -> str:
    ranks = " ".join(f"{_figure(rank):>4}" for rank in (case.rank, case.resource_rank, case.change_rank))
    confidence = "-" if case.confidence is None else f"{case.confidence:.2f}"
    start = f"{safe_line(case.id, limit=_NAME):{_NAME}} {ranks} {confidence:>5} {case.duration_s:7.2f}  "
    return start + safe_line(case.top or "-", limit=WIDTH - len(start))


def _groups(result: Evaluation) -> list[str]:
    groups = {
        "data set": result.by_dataset,
        "cause class": result.by_cause_class,
        "platform": result.by_platform,
        "": {"all": result},
    }
    lines: list[str] = []
    for title, members in groups.items():
        lines.append(f"{title:{_NAME}}{'n':>5}" + "".join(f"{name:>6}" for name, _ in _COLUMNS) if title else "")
        lines += [_scores(name, scores) for name, scores in members.items()]
        lines += [""] if title else []
    return lines


def _scores(name: str, scores: Scores) -> str:
    cells = "".join(f"{_figure(getattr(scores, key)):>6}" for _, key in _COLUMNS)
    return f"{safe_line(name, limit=_NAME):{_NAME}}{scores.n:5}{cells}"


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
