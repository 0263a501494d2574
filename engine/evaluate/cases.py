"""One incident's scores: the hypotheses compared with the known answer (docs/bundles.md, `truth.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from engine.evaluate.parts import Part
from engine.reason.catalogue import causes
from primitives.bundle.truth import RootCause, Truth
from primitives.terms import IncidentClass

__all__ = ["KEYS", "Answer", "Case", "FailedStep", "Named", "Stated", "agrees", "score"]

KEYS: Final = ("resource", "cause_id", "change")
_UNNAMED: Final = "unnamed"


class Answer(Protocol):
    """The parts of a hypothesis that are compared, from the log or a report."""

    @property
    def cause_id(self) -> str: ...

    @property
    def cause_class(self) -> IncidentClass: ...

    @property
    def resource(self) -> str | None: ...

    @property
    def change(self) -> str | None: ...


class Stated(Answer, Protocol):
    """An answer and how sure it is."""

    @property
    def confidence(self) -> float: ...


class Named(Part):
    """A cause, a resource and a change; null where the answer names none."""

    cause_id: str | None
    resource: str | None
    change: str | None

    def __str__(self) -> str:
        return "|".join(part or "" for part in (self.cause_id, self.resource, self.change)).rstrip("|")


class FailedStep(Part):
    """A step that failed, timed out, or lost a part of its findings (`partial`).

    `source` says that a source's error was the reason, not a fault of ours.
    """

    primitive: str
    status: str
    why: str
    source: bool


class Case(Part):
    """One incident's scores. Ranks start at 1 and are null where the answer isn't in the list (or isn't asked for).

    `duration_s` is the wall clock's, `cpu_s` the processor time that the investigation took, whatever else ran.
    `truth` is the first answer's cause id, or else its class; `truth_class` its class; both "unnamed" where the truth
    is silent. `expected` is the answer that the best hypothesis comes nearest to, `named` that hypothesis; one that
    meets NO_FAULT bears the expected cause id. `problem` is what failed in the investigation, if anything did;
    `failed_steps` are the steps that did. `evidence` names the kinds of evidence that the incident has.
    """

    id: str
    rank: int | None
    resource_rank: int | None
    change_rank: int | None
    decoy_confidence: float | None
    top: str | None
    confidence: float | None
    duration_s: float
    dataset: str
    truth: str
    truth_class: str
    platform: str
    expected: Named
    named: Named | None
    asks_resource: bool
    asks_change: bool
    cpu_s: float
    problem: str | None
    failed_steps: tuple[FailedStep, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def faulty(self) -> bool:
        """Whether it or a step of it ended in anything but a source's error: a fault of ours."""
        steps = [step.source for step in self.failed_steps]
        return not all(steps) if steps else self.problem is not None

    @property
    def right(self) -> bool:
        """Whether the best hypothesis is right."""
        return self.rank == 1

    @property
    def stated(self) -> float:
        """The best hypothesis' confidence; 0 where there is none."""
        return self.confidence or 0.0


def score(
    name: str,
    dataset: str,
    hypotheses: Iterable[Stated],
    truth: Truth,
    duration_s: float,
    *,
    cpu_s: float = 0.0,
    platform: Iterable[str] = (),
    problem: str | None = None,
    failed_steps: Iterable[FailedStep] = (),
    evidence: Iterable[str] = (),
) -> Case:
    """Compare hypotheses, best first, with the known answer."""
    answers = _distinct(hypotheses)
    asks_resource = any("resource" in entry.model_fields_set for entry in truth.root_causes)
    asks_change = any("change" in entry.model_fields_set for entry in truth.root_causes)
    decoyed = [answer.confidence for answer in answers if answer.change is not None and answer.change in truth.decoys]
    top = answers[0] if answers else None
    expected = _nearest(truth, top)
    return Case(
        id=name,
        rank=_rank(answers, truth, KEYS),
        resource_rank=_rank(answers, truth, ("resource",)) if asks_resource else None,
        change_rank=_rank(answers, truth, ("change",)) if asks_change else None,
        decoy_confidence=max(decoyed, default=0.0) if truth.decoys else None,
        top=str(_named(top)) if top else None,
        confidence=top.confidence if top else None,
        duration_s=round(duration_s, 3),
        dataset=dataset,
        truth=truth.root_causes[0].cause_id or truth.cause_class or _UNNAMED,
        truth_class=truth.cause_class or _class_of(truth.root_causes[0]) or _UNNAMED,
        platform="+".join(sorted(platform)) or _UNNAMED,
        expected=Named(cause_id=expected.cause_id, resource=expected.resource, change=expected.change),
        named=_named(top, expected) if top else None,
        asks_resource=asks_resource,
        asks_change=asks_change,
        cpu_s=round(cpu_s, 3),
        problem=problem,
        failed_steps=tuple(failed_steps),
        evidence=tuple(sorted(evidence)),
    )


def _distinct(answers: Iterable[Stated]) -> list[Stated]:
    distinct: dict[tuple[str | None, str, str | None], Stated] = {}
    for answer in answers:
        distinct.setdefault((answer.resource, answer.cause_id, answer.change), answer)
    return list(distinct.values())


def _rank(answers: Sequence[Answer], truth: Truth, keys: tuple[str, ...]) -> int | None:
    """The place of the first right hypothesis; where all root causes are wanted, the place where the last is met."""
    ranks = [
        next((place for place, answer in enumerate(answers, start=1) if agrees(answer, entry, keys)), None)
        for entry in truth.root_causes
        if set(keys) & entry.model_fields_set
    ]
    known = [place for place in ranks if place is not None]
    if truth.every and len(known) < len(ranks):
        return None
    return (max if truth.every else min)(known, default=None)


def agrees(answer: Answer, entry: RootCause, keys: tuple[str, ...] = KEYS) -> bool:
    """Whether a hypothesis agrees with every one of `keys` that an entry of the truth has."""
    if "cause_id" in keys and _class_of(entry) is IncidentClass.NO_FAULT:
        return answer.cause_class is IncidentClass.NO_FAULT
    return all(getattr(answer, key) == getattr(entry, key) for key in keys if key in entry.model_fields_set)


def _nearest(truth: Truth, top: Answer | None) -> RootCause:
    """The answer that the best hypothesis agrees with, else the one that shares most with it, else the first."""
    if top is None:
        return truth.root_causes[0]
    return max(
        truth.root_causes,
        key=lambda entry: (
            agrees(top, entry, KEYS),
            sum(agrees(top, entry, (key,)) for key in KEYS if key in entry.model_fields_set),
        ),
    )


def _named(answer: Answer, expected: RootCause | None = None) -> Named:
    cause_id: str | None = answer.cause_id
    wanted = _class_of(expected) if expected is not None else None
    if expected is not None and wanted is answer.cause_class is IncidentClass.NO_FAULT:
        cause_id = expected.cause_id
    return Named(cause_id=cause_id, resource=answer.resource, change=answer.change)


def _class_of(entry: RootCause) -> IncidentClass | None:
    cause = causes().get(entry.cause_id or "")
    return cause.cause_class if cause else None
