"""The evaluation object: all cases, their averages, and the averages by what the incidents have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import ConfigDict, Field

from engine.evaluate.cases import Case, Named
from engine.evaluate.comparison import Comparison
from engine.evaluate.figures import Averages, CalibrationBin, Scores, Sure, calibration, scores, sure
from engine.evaluate.parts import Part
from engine.reason.catalogue import causes
from primitives.terms import IncidentClass

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
    """All cases, their averages, and the same by folder of bundles, class of cause, platform and kind of evidence.

    An incident with several kinds of evidence counts for each. `sure` are the answers at 0.9 or more,
    `no_fault_on_fault` says how many incidents with a fault were called none, `faulty` in how many the investigation
    itself failed in part.
    `without` are the questions that nothing was allowed to answer, `left_out` the systems whose incidents these are
    and without which `weights` were fitted; `against` compares with an earlier run.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    by_dataset: Mapping[str, Scores]
    by_cause_class: Mapping[str, Scores]
    by_platform: Mapping[str, Scores]
    by_evidence: Mapping[str, Scores] = {}
    sure: Sure = Sure(n=0, right=0)
    no_fault_on_fault: int = 0
    faulty: int = 0
    confusion: Confusion
    calibration: tuple[CalibrationBin, ...]
    cpu_p50_s: float | None
    cpu_p95_s: float | None
    without: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    weights: Mapping[str, float] = {}
    against: Comparison | None = None


def evaluate(cases: Sequence[Case], *, without: Iterable[str] = ()) -> Evaluation:
    """The averages over `cases`."""
    return Evaluation(
        cases=tuple(cases),
        by_dataset=_by(cases, lambda case: case.dataset),
        by_cause_class=_by(cases, lambda case: case.truth_class),
        by_platform=_by(cases, lambda case: case.platform),
        by_evidence=by_evidence(cases),
        sure=sure(cases),
        no_fault_on_fault=sum(map(_no_fault_on_fault, cases)),
        faulty=sum(case.faulty for case in cases),
        confusion=_confusion(cases),
        calibration=calibration(cases),
        without=tuple(sorted(set(without))),
        **scores(cases).model_dump(),
    )


def by_evidence(cases: Sequence[Case]) -> dict[str, Scores]:
    """The averages for each kind of evidence, over the cases that have it."""
    kinds = sorted({kind for case in cases for kind in case.evidence})
    return {kind: scores([case for case in cases if kind in case.evidence]) for kind in kinds}


def _no_fault_on_fault(case: Case) -> bool:
    calm = IncidentClass.NO_FAULT
    return case.named is not None and case.truth_class != calm and _class(case.named) is calm


def _class(named: Named) -> IncidentClass | None:
    cause = causes().get(named.cause_id or "")
    return cause.cause_class if cause else None


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
