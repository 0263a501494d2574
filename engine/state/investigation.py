"""The state of the investigation: its plan, what it found, and what follows from that."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Annotated, Literal, assert_never

from pydantic import Field

from engine.events import (
    AnswerRecorded,
    ConclusionReached,
    Event,
    FactAdded,
    FactFound,
    FactJudged,
    HypothesesRanked,
    IncidentClassified,
    InvestigationBody,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
    PlanConfirmed,
    PlanProposed,
    SourcesChecked,
    SourceState,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
)
from engine.hypotheses import Classification, Decisive, Finding, Hypothesis, Judgement
from engine.state.steps import Step
from engine.state.supersession import AskedAgain, asked_again, past_facts
from primitives.dataclass import dataclass
from primitives.facts import Fact

__all__ = ["FoundFact", "InvestigationState", "Phase"]

Phase = Literal["opened", "classified", "planned", "investigating", "completed", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact with its identifier and the step that found it.

    `step` is empty where a person added it; then `added_at` says when (real time).
    """

    id: str
    step: str
    key: str
    fact: Fact
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _AsOf:
    """What was asked again, and what of that counts no more, as of one `facts_version`."""

    version: Hashable = None
    again: Mapping[str, AskedAgain] = field(default_factory=dict)
    past: Mapping[str, AskedAgain] = field(default_factory=dict)


_NOTHING_KNOWN = _AsOf()


@dataclass(slots=True)
class InvestigationState:
    """What the investigation did and found. `finished` is set while it has ended; a further question resumes it."""

    phase: Phase = "opened"
    sources: tuple[SourceState, ...] = ()
    classification: Classification | None = None
    confirmed_by: Who | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    answers: dict[str, AnswerRecorded] = field(default_factory=dict)
    facts: dict[str, FoundFact] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    hypotheses: tuple[Hypothesis, ...] = ()
    would_change: tuple[str, ...] = ()
    decisive: tuple[Decisive, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[str, ...] = ()
    cancelling: bool = False
    concluded: bool = False
    resumed: int = 0
    finished: InvestigationFinished | None = None
    # No part of the state: what follows from the rest is neither stored nor compared.
    _known_as_of: Annotated[_AsOf, Field(exclude=True)] = field(
        default=_NOTHING_KNOWN, init=False, repr=False, compare=False
    )

    @property
    def current_facts(self) -> tuple[FoundFact, ...]:
        """What is known as of now: the only facts that may be told or used as present. `facts` is the history.

        What a later step has asked again is past (`past_facts`).
        """
        past = self.past_facts
        return (
            tuple(known for known in self.facts.values() if known.id not in past)
            if past
            else tuple(self.facts.values())
        )

    def _as_of_now(self) -> _AsOf:
        """What is past, worked out once for each `facts_version`: a screen asks for it with every frame."""
        if self._known_as_of.version != (version := self.facts_version):
            again = asked_again(self.steps, self.facts)
            self._known_as_of = _AsOf(version, again, past_facts(again, self.judgements))
        return self._known_as_of

    @property
    def past_facts(self) -> Mapping[str, AskedAgain]:
        """The facts that count no more, by their ids, with the step that asked again and what it found."""
        return self._as_of_now().past

    @property
    def asked_again(self) -> Mapping[str, AskedAgain]:
        """The facts that were asked again: the past ones, and those that count on because somebody judged them."""
        return self._as_of_now().again

    @property
    def was_asked_again(self) -> bool:
        """Whether any step asked again what an earlier one had asked: without one nothing is past."""
        return any(step.plan.supersedes for step in self.steps.values())

    @property
    def current_steps(self) -> tuple[Step, ...]:
        """The steps of the plan as of now: of those that asked the same the last, whose window is the newest."""
        again = {step.plan.supersedes for step in self.steps.values()}
        return tuple(step for step in self.steps.values() if step.plan.id not in again)

    @property
    def scope_step(self) -> Step:
        """The first step of the plan as it was asked last: its arguments say what the investigation is about now.

        Needs a plan.
        """
        later = {step.plan.supersedes: step for step in self.steps.values() if step.plan.supersedes}
        step = next(iter(self.steps.values()))
        while (again := later.pop(step.plan.id, None)) is not None:
            step = again
        return step

    @property
    def facts_version(self) -> Hashable:
        """Something that differs whenever `current_facts` may: for whoever keeps what was made of them."""
        later = tuple((step.plan.id, step.status) for step in self.steps.values() if step.plan.supersedes)
        return (len(self.facts), later, tuple(self.judgements) if later else ())

    def apply(self, event: Event, body: InvestigationBody) -> None:  # noqa: C901, PLR0912 - one branch a type of event
        """Fold one event in; `body` is its body."""
        match body:
            case StepProgressed():
                step = self.steps[body.step]
                step.done, step.total, step.note = body.done, body.total, body.note
            case FactFound():
                self.facts[body.id] = FoundFact(body.id, body.step, body.key, body.fact)
                self.steps[body.step].facts.append(body.id)
            case AnswerRecorded():
                self.answers[body.digest] = body
            case StepStarted():
                step = self.steps[body.step]
                step.status, step.attempt, step.started_at = "running", body.attempt, event.time
                self.phase = "investigating"
            case StepFinished():
                step = self.steps[body.step]
                step.status, step.summary, step.duration_s = body.status, body.summary, body.duration_s
                step.fault = body.fault
            case HypothesesRanked():
                self.hypotheses, self.would_change = body.hypotheses, body.would_change
                self.decisive = body.decisive
            case SourcesChecked():
                self.sources = body.sources
            case IncidentClassified():
                self.classification, self.phase = body.classification, "classified"
            case PlanProposed():
                self.steps = {step.id: Step(step) for step in body.steps}
                self.phase = "investigating" if self.confirmed_by else "planned"
            case StepAdded():
                self.steps[body.step.id] = Step(body.step, added=True)
            case PlanConfirmed():
                self.confirmed_by = event.who
                # It may be confirmed before it is proposed.
                self.phase = "investigating" if self.steps else self.phase
            case InvestigationResumed():
                self._resume()
            case InvestigationCancelled():
                self.cancelling = True
            case InvestigationFinished():
                self.finished, self.phase = body, body.status
            case _:
                assert_never(body)

    def apply_conclusion(self, body: ConclusionReached) -> None:
        """Fold the conclusion in, which concerns the actions too."""
        self.findings, self.gaps, self.concluded = body.findings, body.gaps, True

    def apply_statement(self, body: FactAdded | FactJudged, who: Who, at: datetime | None) -> None:
        """Apply what a person says of facts; `judge` also tries it on a fork before it is an event."""
        match body:
            case FactAdded():
                self.facts[body.id] = FoundFact(body.id, "", body.key, body.fact, at)
            case FactJudged() if body.verdict is None:
                self.judgements.pop(body.fact, None)
            case FactJudged() if body.carried_from in self.judgements:
                # Whoever judged the older fact said it, when and why they said it.
                said = self.judgements[body.carried_from]
                self.judgements[body.fact] = said.model_copy(update={"carried_from": body.carried_from})
            case FactJudged():
                assert body.verdict is not None
                self.judgements[body.fact] = Judgement(verdict=body.verdict, by=who.name, because=body.because, at=at)
            case _:
                assert_never(body)

    def fork(self) -> InvestigationState:
        """A copy that what a person says can be tried on."""
        return replace(self, facts=dict(self.facts), judgements=dict(self.judgements))

    def copy(self) -> InvestigationState:
        """A state that can be folded on without changing this one; what never changes is shared."""
        return replace(
            self,
            steps={name: step.copy() for name, step in self.steps.items()},
            answers=self.answers.copy(),
            facts=self.facts.copy(),
            judgements=self.judgements.copy(),
        )

    def _resume(self) -> None:
        self.resumed += 1
        if self.finished is not None:
            self.finished, self.phase = None, "investigating"
            self.concluded = self.cancelling = False
