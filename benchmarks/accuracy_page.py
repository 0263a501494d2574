"""The words and tables of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Final

from benchmarks.sights import Group, Sight, Sights
from engine.evaluate.figures import bin_of, wilson
from engine.evaluate.fitting import Example, Outcome
from engine.reason.weights import WEIGHTS, Weights

__all__ = ["FITTED", "SHIPPED", "first_sight_section", "page", "with_section"]

SHIPPED: Final = "shipped"
FITTED: Final = "fitted to all"
_BEGIN: Final = "<!-- first sight: made by `make first-sight` and `make accuracy` -->"
_END: Final = "<!-- end of first sight -->"
_BAR: Final = 40
# Where a system has few incidents, tenths would be empty; these are the steps that decide what may be done unasked.
_STEPS: Final = ((0.0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 1.01))
_NO_SIGHT: Final = "Nothing was recorded yet."

Columns = Mapping[str, Mapping[int, Outcome]]
Groups = Mapping[str, Sequence[int]]


def page(examples: Sequence[Example], columns: Columns, fitted: Weights, sights: Sights, evidence: Groups) -> str:
    """The whole page. `evidence` are the places of the examples that have each kind of evidence."""
    systems = {**_systems(examples), "all": range(len(examples))}
    carried = {name: outcomes for name, outcomes in columns.items() if name != FITTED}
    return "\n".join(
        (
            *_HEAD,
            first_sight_section(sights),
            "",
            *_LEFT_OUT,
            *_table("system", systems, columns),
            "",
            *_EVIDENCE,
            *_table("evidence", evidence, carried),
            "",
            *_RELIABILITY,
            *_reliability(systems, columns[SHIPPED]),
            "",
            *_WEIGHTS,
            *_weights(fitted),
            "",
        )
    )


def with_section(text: str, section: str) -> str:
    """The page with another section on first sight."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{section}{after}"


def first_sight_section(sights: Sights) -> str:
    """What each stage scored when nobody had looked at it."""
    lines = [_BEGIN, *_FIRST_SIGHT]
    if sights.stages:
        lines += _stages(sights.stages)
    else:
        lines.append(_NO_SIGHT)
    for sight in sights.stages:
        lines += ["", f"### {sight.stage}, seen {sight.date} with {sight.commit}", ""]
        lines += _scores_of(sight)
        lines += ["", *_calibration_of(sight)]
    return "\n".join((*lines, _END))


_HEAD: Final = (
    "<!-- made by `make accuracy`; don't edit -->",
    "# How accurate is it?",
    "",
    "Four measures, from the most to the least that they say of your next incident: what it scored on incidents that",
    "nobody had looked at; what it scores on a system when its numbers were fitted without that system; what each kind",
    "of evidence gives; and how far its confidence can be relied on. `top-1` asks for all that the known answer names",
    "(resource, cause, change), `resource` for the resource alone. Brier score and ECE (expected calibration error)",
    "are better the smaller they are. One command makes this page: `make accuracy`.",
    "",
)
_FIRST_SIGHT: Final = (
    "## First sight",
    "Incidents that no rule was written with in sight, scored once, before anybody looked at them",
    "(`make first-sight`, which records a stage only once and only from a clean commit). Afterwards they were studied,",
    "so later figures on the same incidents say less.",
    "",
)
_LEFT_OUT: Final = (
    "## Leaving one system out",
    "The rules' weights are argued beside the rules. A few numbers scale them, and these are fitted. This is what each",
    "system scores when the fit saw none of its incidents (`cloudops evaluate PATH --leave-out SYSTEM` does it for",
    "one). It shows whether the fitted numbers fit these incidents too closely. It can't show that of the rules:",
    "their authors had seen the incidents, except at first sight. Incidents made by a test bench or drawn by",
    "`tests/cases/scenarios.py` take no part; on them a sharper fit is too confident, so the shipped weights are less",
    "sharp than the fitted ones.",
    "",
)
_EVIDENCE: Final = (
    "## By kind of evidence",
    "The same by what an incident's bundle holds. An incident with several kinds counts for each.",
    "",
)
_RELIABILITY: Final = (
    "## Reliability by system",
    "Of the answers of each confidence, how many were right, under the shipped weights; with the 95 % interval",
    "(Wilson) that so few incidents allow. `●` is the share that was right, `┃` the mean confidence: where it lies",
    "outside the interval, the confidence is wrong.",
    "",
)
_WEIGHTS: Final = (
    "## Weights",
    "What a fit to all incidents would make of the shipped weights (`engine/reason/weights.py`).",
    "",
)


def _stages(stages: Sequence[Sight]) -> list[str]:
    lines = [
        "| stage | commit | incidents | top-1 | top-3 | resource | Brier | ECE | right at ≥ 0.9 | no fault, wrongly |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for sight in stages:
        own = sight.figures
        figures = (own.top1, own.top3, own.resource_top1, own.brier, own.ece)
        low, high = wilson(sight.sure.right, sight.sure.n)
        sure = f"{sight.sure.right} of {sight.sure.n} ({low:.2f} to {high:.2f})"
        cells = [sight.stage, sight.commit, str(own.n), *map(_cell, figures), sure, str(sight.no_fault_on_fault)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _scores_of(sight: Sight) -> list[str]:
    lines = ["| | incidents | top-1 | top-3 | resource | Brier | ECE |", "| --- | --- | --- | --- | --- | --- | --- |"]
    groups = (("", sight.by_dataset), ("with ", sight.by_evidence), ("cause: ", sight.by_cause_class))
    for prefix, members in groups:
        lines += [_scores(prefix + name, group) for name, group in members.items()]
    return lines


def _scores(name: str, group: Group) -> str:
    figures = (group.top1, group.top3, group.resource_top1, group.brier, group.ece)
    return f"| {name} | {group.n} | {' | '.join(map(_cell, figures))} |"


def _calibration_of(sight: Sight) -> list[str]:
    rows = [
        (f"{part.low:.1f} to {part.high:.1f}", part.n, part.stated, round(part.right * part.n))
        for part in sight.calibration
        if part.stated is not None and part.right is not None
    ]
    return [
        "```",
        _RULER.format("confidence", ""),
        *(_bar(name, n, mean, right) for name, n, mean, right in rows),
        "```",
    ]


_RULER: Final = "{:26}{:12}    n  stated  right  95 % interval  0         25        50        75      100 %"


def _bar(name: str, n: int, stated: float, right: int, step: str = "") -> str:
    """A line of a reliability diagram: the interval, the share that was right, and the mean confidence."""
    low, high = wilson(right, n)
    cells = [" "] * (_BAR + 1)
    first, last = round(low * _BAR), round(high * _BAR)
    cells[first : last + 1] = "─" * (last + 1 - first)
    cells[first], cells[last] = "├", "┤"
    cells[round(right / n * _BAR)] = "●"
    cells[round(stated * _BAR)] = "┃"
    figures = f"{n:5}{stated:8.2f}{right / n:7.2f}  {low:.2f} to {high:.2f}"
    return f"{name:26}{step:12}{figures}   {''.join(cells).rstrip()}"


def _systems(examples: Sequence[Example]) -> dict[str, list[int]]:
    """The places of each system's examples. It is called after its folders; what its owner calls it is not ours.

    Several of one folder are numbered in the order of their first examples.
    """
    members: dict[str, list[int]] = {}
    for place, example in enumerate(examples):
        members.setdefault(example.system, []).append(place)
    alike: dict[str, list[list[int]]] = {}
    for places in members.values():
        alike.setdefault(" + ".join(sorted({examples[place].dataset for place in places})), []).append(places)
    return {
        name if len(systems) == 1 else f"{name} {number}": places
        for name, systems in sorted(alike.items())
        for number, places in enumerate(systems, 1)
    }


def _table(title: str, groups: Groups, columns: Columns) -> list[str]:
    lines = [
        f"| {title} | incidents | weights | top-1 | resource | Brier | ECE |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for group, members in groups.items():
        for name, outcomes in columns.items():
            own = [outcomes[place] for place in members]
            resources = [float(case.right_resource) for case in own if case.right_resource is not None]
            figures = (
                fmean(case.right for case in own),
                fmean(resources) if resources else None,
                fmean((case.confidence - case.right) ** 2 for case in own),
                _ece(own),
            )
            lines.append(f"| {group} | {len(members)} | {name} | {' | '.join(map(_cell, figures))} |")
    return lines


def _ece(outcomes: Iterable[Outcome]) -> float:
    excess: dict[int, float] = {}
    count = 0
    for outcome in outcomes:
        count += 1
        place = bin_of(outcome.confidence)
        excess[place] = excess.get(place, 0.0) + outcome.confidence - outcome.right
    return sum(map(abs, excess.values())) / count


def _reliability(groups: Groups, outcomes: Mapping[int, Outcome]) -> list[str]:
    lines = ["```", _RULER.format("system", "confidence")]
    for group, members in groups.items():
        for low, high in _STEPS:
            own = [outcomes[place] for place in members if low <= outcomes[place].confidence < high]
            if own:
                stated, right = fmean(each.confidence for each in own), sum(each.right for each in own)
                lines.append(_bar(group, len(own), stated, right, f"{low:.1f} to {min(high, 1.0):.1f}"))
    return [*lines, "```"]


def _weights(fitted: Weights) -> list[str]:
    argued, shipped = asdict(Weights()), asdict(WEIGHTS)
    lines = ["| weight | argued | shipped | fitted to all |", "| --- | --- | --- | --- |"]
    for name, value in asdict(fitted).items():
        lines.append(f"| {name} | {argued[name]:.3g} | {shipped[name]:.3g} | {value:.3g} |")
    return lines


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
