"""An evaluation for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cockpit.comparison_table import comparison_lines
from cockpit.tables import Column, table_lines
from engine.evaluate import Case, Confused, Evaluation, Named
from engine.evaluate.figures import Averages, CalibrationBin
from primitives.quantities import counted

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
        _group("evidence", result.by_evidence),
        _all(result),
    ]
    if result.against is not None:
        parts.append(comparison_lines(result.against))
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _cases(cases: Sequence[Case]) -> list[str]:
    columns = [Column("case", _NAME), Column("rank", 4, number=True), Column("res", 4, number=True)]
    columns += [Column("chg", 4, number=True), Column("conf", 5, number=True), Column("time s", 7, number=True)]
    return table_lines([*columns, Column(" best hypothesis")], map(_case, cases), WIDTH, gap=1)


def _case(case: Case) -> tuple[str, ...]:
    ranks = (_figure(rank) for rank in (case.rank, case.resource_rank, case.change_rank))
    confidence = "-" if case.confidence is None else f"{case.confidence:.2f}"
    cause, _, _ = (case.top or "-").partition("|")
    return (case.id, *ranks, confidence, f"{case.duration_s:.2f}", f" {cause}")


def _wrong(cases: Sequence[Case]) -> list[str]:
    """Two lines for each case whose first hypothesis is wrong."""
    rows: list[tuple[str, str, str]] = []
    for case in cases:
        if not case.right:
            rows.append((case.id, "expected", _words_of(case.expected, case.asks_change)))
            rows.append(("", "named", _words_of(case.named) if case.named else "nothing"))
    columns = [Column(width=_NAME), Column(width=9, number=True), Column(width=WIDTH - _NAME - 11)]
    return ["wrong", *table_lines(columns, rows, WIDTH, gap=1)] if rows else []


def _words_of(named: Named, asks_change: bool = False) -> str:
    where = f" on {named.resource}" if named.resource else ""
    by = f" by {named.change}" if named.change else " by no change" if asks_change else ""
    return f"{named.cause_id or 'any cause'}{where}{by}"


def _confused(kind: str, pairs: Sequence[Confused]) -> list[str]:
    """What was named for what, without what was named right."""
    wrong = [pair for pair in pairs if pair.expected != pair.named]
    if not wrong:
        return []
    columns = [Column(f"{kind} expected", 37), Column("n", 4, number=True), Column(f" {kind} named")]
    rows = [(pair.expected, str(pair.n), f" {pair.named or 'nothing'}") for pair in wrong[:_MOST_CONFUSED]]
    lines = table_lines(columns, rows, WIDTH, gap=1)
    return lines + ([f"and {counted(len(wrong) - _MOST_CONFUSED, 'more pair')}"] if len(wrong) > _MOST_CONFUSED else [])


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


def _group(title: str, members: Mapping[str, Averages]) -> list[str]:
    columns = [Column(title, _NAME), Column("n", 5, number=True)]
    columns += [Column(name, 6, number=True) for name, _ in _COLUMNS]
    return table_lines(columns, (_scores(name, scores) for name, scores in members.items()), WIDTH, gap=0)


def _scores(name: str, scores: Averages) -> tuple[str, ...]:
    return (name, str(scores.n), *(_figure(getattr(scores, key)) for _, key in _COLUMNS))


def _all(result: Evaluation) -> list[str]:
    without = f"all, without {', '.join(result.without)}" if result.without else ""
    if result.left_out:
        without = f"all, under weights fitted without {', '.join(result.left_out)}"
    figures = {"top5": result.top5, "mrr": result.mrr, "p50 s": result.duration_p50_s,
               "cpu p50 s": result.cpu_p50_s, "cpu p95 s": result.cpu_p95_s}  # fmt: skip
    return [
        *(table_lines([Column()], [(without,)], WIDTH) if without else []),
        *_group("" if without else "all", {"all": result}),
        "".join(f"{name + ' ' + _figure(value):16}" for name, value in figures.items()).rstrip(),
    ]


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.{3 if value < 10 else 2 if value < 100 else 0}f}"
