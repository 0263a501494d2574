"""`python -m benchmarks.calibration --write`: fits how sure a first answer may be, and writes it into the reasoner.

What counts is how often answers were right on incidents that nobody had studied: `first_sight.csv` holds the features
of first answers at first sight. `--first-sight` appends those of folders that nobody has looked at yet, as the reasoner
of the moment answers them; what an earlier reasoner answered counts half (`share`), as it knew less. Incidents that
rules were written with in sight count nothing: that they are answered rightly says nothing of the next one
(docs/adr/0023-confidence-by-first-sight.md). The fit is a logistic regression (L2) in which each system counts as the
square root of its size and every coefficient has the sign that `engine.reason.calibration.SIGNS` demands. Printed is
what it states of each system when that system is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.evaluate import agrees, bundles_below
from engine.evaluate.fitting import Example, example_of
from engine.evaluate.leaving_out import investigate_all
from engine.reason import rank_facts
from engine.reason.calibration import KINDS, SIGNS, Calibration
from engine.reason.ranking import first_answer
from primitives.terms import IncidentClass

__all__ = ["Answer", "ceilings", "fit", "left_out", "main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_FIRST_SIGHT: Final = _ROOT / "benchmarks" / "first_sight.csv"
_FITTED: Final = _ROOT / "engine" / "reason" / "fitted_calibration.py"
# The pull towards 0: the least error of systems left out lies around here, and it changes slowly.
_PULL: Final = 0.02
_STEPS: Final = 4_000
_BINS: Final = 10
# Answers that are at least this sure, when their system was left out, decide the ceiling of their kind of evidence.
_SURE: Final = 0.8
# Of fewer nothing is said: the ceiling is then that of one kind of evidence.
_LEAST_SURE: Final = 20
_NAMES: Final = tuple(SIGNS)

Matrix = NDArray[np.float64]


class Answer(NamedTuple):
    """A first answer: its system, whether it is right, the features in the order of `SIGNS`, its evidence.

    `share` is how much it counts in the fit: 1 where the reasoner of the time knew what it knows now.
    """

    system: str
    right: bool
    values: tuple[float, ...]
    kinds: tuple[str, ...]
    share: float = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print, and with `--write` ship the numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--first-sight", type=Path, nargs="*", default=[], help="folders that nobody has studied yet")
    parser.add_argument("--write", action="store_true", help=f"write {_FITTED.name}")
    options = parser.parse_args(arguments)
    for number, folder in enumerate(options.first_sight):
        _append(asyncio.run(_answers([folder])), f"{len(_read_first_sight())}-{number}")
    answers = _read_first_sight()
    unseen = left_out(answers)
    known = fit(answers)
    known = Calibration(known.intercept, known.coefficients, ceilings(answers, unseen))
    print("\n".join(_table(answers, unseen, [_stated(known, answer) for answer in answers])))
    text = _source(known, answers)
    print(text)
    if options.write:
        _FITTED.write_text(text, encoding="utf-8")
    return 0


async def _answers(folders: Iterable[Path]) -> list[Answer]:
    answers = []
    for folder in folders:
        examples = [example_of(each) for each in await investigate_all(bundles_below([folder]))]
        answers += [answer for example in examples if (answer := _answer(example, example.dataset)) is not None]
    return answers


def _answer(example: Example, system: str) -> Answer | None:
    """None where the reasoner doesn't name anything: that isn't calibrated."""
    first = rank_facts(example.facts, example.opened, example.classification, calibration=None).hypotheses[0]
    if first.cause_class is IncidentClass.UNKNOWN:
        return None
    right = any(agrees(first, entry) for entry in example.truth.root_causes)
    _, features = first_answer(example.facts, example.opened, example.classification)
    values = tuple(round(features.values[name], 4) for name in _NAMES)
    return Answer(system, right, values, tuple(sorted(features.kinds)))


def _read_first_sight() -> list[Answer]:
    if not _FIRST_SIGHT.is_file():
        return []
    with _FIRST_SIGHT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [Answer(row["system"], row["right"] == "1", tuple(float(row[name]) for name in _NAMES),
                   tuple(row["evidence"].split()), float(row["share"])) for row in rows]  # fmt: skip


def _append(answers: Sequence[Answer], group: str) -> None:
    """Append numbers alone: no name of an incident, a system or a resource."""
    systems = {name: f"{group}-{number}" for number, name in enumerate(sorted({answer.system for answer in answers}))}
    new = not _FIRST_SIGHT.is_file()
    with _FIRST_SIGHT.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(["system", "share", "right", *_NAMES, "evidence"])
        for answer in answers:
            writer.writerow(
                [systems[answer.system], answer.share, int(answer.right), *answer.values, " ".join(answer.kinds)]
            )


def fit(answers: Sequence[Answer]) -> Calibration:
    """The coefficients that do best on `answers`, each with its sign: a gradient descent that stays inside."""
    features = np.array([answer.values for answer in answers])
    right = np.array([answer.right for answer in answers], dtype=float)
    weights, signs = _weights(answers), np.array([SIGNS[name] for name in _NAMES])
    intercept, coefficients = 0.0, np.zeros(len(_NAMES))
    for _ in range(_STEPS):
        errors = weights * (1.0 / (1.0 + np.exp(-(intercept + features @ coefficients))) - right)
        intercept -= float(errors.sum())
        coefficients -= features.T @ errors + _PULL * coefficients
        coefficients[coefficients * signs < 0] = 0.0
    named = {name: round(float(value), 3) for name, value in zip(_NAMES, coefficients, strict=True)}
    return Calibration(round(intercept, 3), named, dict.fromkeys(KINDS.values(), 1.0))


def _weights(answers: Sequence[Answer]) -> Matrix:
    sizes: dict[str, int] = {}
    for answer in answers:
        sizes[answer.system] = sizes.get(answer.system, 0) + 1
    weights = np.array([answer.share * sizes[answer.system] ** -0.5 for answer in answers])
    return np.asarray(weights / weights.sum(), dtype=float)


def left_out(answers: Sequence[Answer]) -> list[float]:
    """The confidence of each answer, fitted without its system."""
    known = {system: fit([answer for answer in answers if answer.system != system])
             for system in {answer.system for answer in answers}}  # fmt: skip
    return [_stated(known[answer.system], answer) for answer in answers]


def _stated(known: Calibration, answer: Answer) -> float:
    return known.stated(dict(zip(_NAMES, answer.values, strict=True)), answer.kinds)[0]


def ceilings(answers: Sequence[Answer], stated: Sequence[float]) -> dict[str, float]:
    """The rule of succession on sure answers at first sight, fitted without their system, by kind of their evidence."""
    counts: dict[str, tuple[int, int]] = {}
    for answer, confidence in zip(answers, stated, strict=True):
        sure = confidence >= _SURE - 1e-9 and answer.share >= 1.0
        for kind in answer.kinds if sure else ():
            right, number = counts.get(kind, (0, 0))
            counts[kind] = (right + answer.right, number + 1)
    return {kind: round((right + 1) / (number + 2), 3) for kind, (right, number) in sorted(counts.items())
            if number >= _LEAST_SURE}  # fmt: skip


def _table(answers: Sequence[Answer], unseen: Sequence[float], fitted: Sequence[float]) -> list[str]:
    systems = sorted({answer.system for answer in answers})
    lines = [f"{'system':32} {'n':>4} {'right':>6} {'fitted':>7} {'left out':>9}"]
    for system in systems:
        own = [place for place, answer in enumerate(answers) if answer.system == system]
        means = (
            np.mean([answers[place].right for place in own]),
            *(np.mean([s[p] for p in own]) for s in (fitted, unseen)),
        )
        lines.append(f"{system:32} {len(own):4} {means[0]:6.2f} {means[1]:7.2f} {means[2]:9.2f}")
    right = [answer.right for answer in answers]
    for name, stated in (("fitted", fitted), ("left out", unseen)):
        sure = [each for each, confidence in zip(right, stated, strict=True) if confidence >= 0.9]
        lines.append(
            f"at first sight, {name}: ECE {_ece(stated, right):.3f}, "
            f"of answers at 0.9 or more {sum(sure)} of {len(sure)} right"
        )
    return lines


def _ece(stated: Sequence[float], right: Sequence[bool]) -> float:
    confidence, truth = np.array(stated), np.array(right, dtype=float)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [abs(float((confidence - truth)[bins == number].sum())) for number in set(bins.tolist())]
    return sum(gaps) / len(stated)


def _source(known: Calibration, answers: Sequence[Answer]) -> str:
    systems, right = len({answer.system for answer in answers}), sum(answer.right for answer in answers)

    def listed(values: Mapping[str, float]) -> str:
        return "".join(f'\n        "{name}": {value},' for name, value in values.items()) + ("\n    " if values else "")

    return (
        '"""Made by `make calibration` (`benchmarks/calibration.py` says how); don\'t edit."""\n\n'
        "from typing import Final\n\nfrom engine.reason.calibration import Calibration\n\n"
        '__all__ = ["CALIBRATION"]\n\n'
        f"# {len(answers)} first answers of {systems} systems, {right} of them right.\n"
        f"CALIBRATION: Final = Calibration(\n    intercept={known.intercept},\n    coefficients={{"
        f"{listed(known.coefficients)}}},\n    ceilings={{{listed(known.ceilings)}}},\n)\n"
    )


if __name__ == "__main__":
    sys.exit(main())
