"""The evaluation object: all cases, their averages, and the averages by what the incidents have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import ConfigDict, Field

from engine.evaluate.cases import Case
from engine.evaluate.comparison import Comparison
from engine.evaluate.figures import Averages, CalibrationBin, Scores, calibration, scores
from engine.evaluate.parts import Part

__all__ = ["Confused", "Confusion", "Evaluation", "evaluate"]


class Confused(Part):
    """How many cases expected `expected` and got `named`; null where nothing was named."""

    expected: str
    named: str | None
    n: int


class Confusion(Part):
    """What the best hypotheses named, for each expected answer, most frequent first; right answers are included.

    `causes` are of the cases whose truth names a cause, `resources` of those whose truth names a resource.
    """

    causes: tuple[Confused, ...]
    resources: tuple[Confused, ...]


class _Cases(Part):
    schema_: Literal["cloudops-evaluation/1"] = Field(default="cloudops-evaluation/1", alias="schema")
    cases: tuple[Case, ...]


class Evaluation(Averages, _Cases):
    """All cases, their averages, and the same averages for each folder of bundles, class of cause and platform.

    `without` are the questions that nothing was allowed to answer; `against` compares with an earlier run.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    by_dataset: Mapping[str, Scores]
    by_cause_class: Mapping[str, Scores]
    by_platform: Mapping[str, Scores]
    confusion: Confusion
    calibration: tuple[CalibrationBin, ...]
    cpu_p50_s: float | None
    cpu_p95_s: float | None
    without: tuple[str, ...]
    against: Comparison | None = None


def evaluate(cases: Sequence[Case], *, without: Iterable[str] = ()) -> Evaluation:
    """The averages over `cases`."""
    return Evaluation(
        cases=tuple(cases),
        by_dataset=_by(cases, lambda case: case.dataset),
        by_cause_class=_by(cases, lambda case: case.truth_class),
        by_platform=_by(cases, lambda case: case.platform),
        confusion=_confusion(cases),
        calibration=calibration(cases),
        without=tuple(sorted(set(without))),
        **scores(cases).model_dump(),
    )


def _by(cases: Sequence[Case], label: Callable[[Case], str]) -> dict[str, Scores]:
    return {name: scores([case for case in cases if label(case) == name]) for name in sorted(set(map(label, cases)))}


def _confusion(cases: Sequence[Case]) -> Confusion:
    return Confusion(
        causes=_confused((case.expected.cause_id, case.named.cause_id if case.named else None) for case in cases),
        resources=_confused((case.expected.resource, case.named.resource if case.named else None) for case in cases),
    )


def _confused(pairs: Iterable[tuple[str | None, str | None]]) -> tuple[Confused, ...]:
    counted = Counter((expected, named) for expected, named in pairs if expected is not None)
    confusions = [Confused(expected=expected, named=named, n=n) for (expected, named), n in counted.items()]
    return tuple(sorted(confusions, key=lambda confusion: (-confusion.n, confusion.expected, confusion.named or "")))
