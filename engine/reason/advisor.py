"""Interface for an optional advisor, such as a language model: it may propose, and decides nothing.

It can propose hypotheses and further diagnostics. Code checks each proposal: causes must be in the catalogue, resources
and changes must belong to this incident, and cited facts must be known. The rest is dropped with a remark. What is left
becomes assertions of trust `proposed`, which weigh next to nothing (`engine.reason.trust`), and ordinary steps.
CloudOps ships no advisor.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.events import PlannedStep
from engine.hypotheses import Classification, Hypothesis
from engine.incident import IncidentState
from engine.reason.catalogue import causes
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments, Diagnostic
from primitives.facts import Assertion, ChangeFound, Dependencies
from primitives.records import Symptom
from primitives.redact import Redactor
from primitives.terms import IncidentClass
from primitives.text import safe_line

__all__ = [
    "DEADLINE_S",
    "Advice",
    "Advised",
    "Advisor",
    "Briefing",
    "ProposedDiagnostic",
    "ProposedHypothesis",
    "briefing",
    "checked",
    "consult",
]

DEADLINE_S: Final = 20.0
"""How long the conclusion waits for an advisor: about as long as an engineer watches a spinner."""

_MOST_HYPOTHESES: Final = 5
_MOST_DIAGNOSTICS: Final = 3
_MOST_REMARKS: Final = 10
_TEXT_LIMIT: Final = 300
_VERDICTS: Final = (IncidentClass.NO_FAULT, IncidentClass.UNKNOWN)


class _Proposal(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


P = TypeVar("P", bound=_Proposal)


class ProposedHypothesis(_Proposal):
    """A cause of the catalogue on a known resource, and the ids of the facts that suggest it."""

    cause_id: str
    resource: str
    change: str | None = None
    facts: tuple[str, ...]
    because: str = ""


class ProposedDiagnostic(_Proposal):
    """A diagnostic of the catalogue to run on a known resource, and the ids of the facts that suggest it."""

    primitive: str
    resource: str
    facts: tuple[str, ...]
    because: str = ""


class Advice(_Proposal):
    """Everything that an advisor can propose."""

    hypotheses: tuple[ProposedHypothesis, ...] = ()
    diagnostics: tuple[ProposedDiagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Briefing:
    """Everything that an advisor sees: redacted sentences, names, and what it may choose from.

    It can change none of it. `facts`, `causes` and `diagnostics` map ids to sentences.
    """

    query: str
    classification: Classification | None
    facts: Mapping[str, str]
    resources: tuple[str, ...]
    changes: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    causes: Mapping[str, str]
    diagnostics: Mapping[str, str]


class Advisor(Protocol):
    """Makes proposals when asked; may be slow, wrong or broken. `name` is shown as their source."""

    @property
    def name(self) -> str: ...

    async def advise(self, briefing: Briefing) -> Advice: ...


@dataclass(frozen=True, slots=True)
class Advised:
    """The valid part of an advice: facts of trust `proposed`, steps to run, and remarks on what was dropped."""

    facts: tuple[Assertion, ...] = ()
    steps: tuple[PlannedStep, ...] = ()
    remarks: tuple[str, ...] = ()


async def consult(
    advisor: Advisor,
    state: IncidentState,
    diagnostics: Mapping[str, Diagnostic],
    now: datetime,
    *,
    deadline_s: float | None = None,
) -> tuple[str, Advised]:
    """Ask the advisor, wait until the deadline at most, and check its advice; returns its name and the valid part.

    Raises nothing but cancellation.
    """
    name, deadline_s = _line(advisor.name, 60) or "the advisor", DEADLINE_S if deadline_s is None else deadline_s
    asking = asyncio.create_task(_asked(advisor, briefing(state, diagnostics)))
    try:
        # Not `asyncio.timeout`: an advisor that holds on to its cancellation would hold up the conclusion.
        await asyncio.wait({asking}, timeout=deadline_s)
    finally:
        asking.cancel()
        asking.add_done_callback(lambda task: task.cancelled() or task.exception())
    if not asking.done():
        return name, Advised(remarks=(f"{name} gave no advice within {deadline_s:g} s",))
    advice = _advice(asking, name)
    return name, advice if isinstance(advice, Advised) else checked(advice, name, state, diagnostics, now)


async def _asked(advisor: Advisor, asked: Briefing) -> Advice:
    # A function of its own, so that what fails before the first `await` fails in the task as well.
    return await advisor.advise(asked)


def _advice(asked: asyncio.Future[Advice], name: str) -> Advice | Advised:
    """What the advisor answered, or why there is no advice."""
    try:
        return Advice.model_validate(asked.result())
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        return Advised(remarks=(_line(f"{name}'s advice can't be read: {problem['msg']}", 200),))
    except (Exception, asyncio.CancelledError) as error:  # Any failure of an advisor costs its advice and nothing else.
        return Advised(remarks=(_line(f"{name} failed ({type(error).__name__}: {error})", 200),))


def briefing(state: IncidentState, diagnostics: Mapping[str, Diagnostic]) -> Briefing:
    """What an advisor is given. Facts were redacted before they were stored; refuted facts are left out."""
    return Briefing(
        query=_line(state.opened.query if state.opened else "", _TEXT_LIMIT),
        classification=state.classification,
        facts={name: _line(state.facts[name].fact.sentence(), _TEXT_LIMIT) for name in _citable(state)},
        resources=tuple(sorted(_resources(state))),
        changes=tuple(sorted(_changes(state))),
        hypotheses=state.hypotheses,
        causes={cause.id: cause.sentence for cause in causes().values() if cause.cause_class not in _VERDICTS},
        diagnostics={name: diagnostic.title for name, diagnostic in diagnostics.items() if diagnostic.effect == "read"},
    )  # fmt: skip


def checked(
    advice: Advice, name: str, state: IncidentState, diagnostics: Mapping[str, Diagnostic], now: datetime
) -> Advised:
    """The valid part of an advice as facts and steps. `remarks` say what was dropped. A pure function."""
    remarks: list[str] = []
    facts: dict[tuple[str, str, str | None], Assertion] = {}
    for hypothesis in _first(advice.hypotheses, _MOST_HYPOTHESES, f"{name}: hypotheses", remarks):
        problem = _problem_of_hypothesis(hypothesis, state) or _problem_of_facts(hypothesis.facts, state)
        what = f"{hypothesis.cause_id} on {hypothesis.resource}"
        if problem:
            remarks.append(_line(f"{name} proposed {what}, which was dropped: {problem}", 200))
        else:
            key = (hypothesis.cause_id, hypothesis.resource, hypothesis.change)
            facts.setdefault(key, _assertion(hypothesis, name, now))
    steps: dict[tuple[str, str], PlannedStep] = {}
    for wanted in _first(advice.diagnostics, _MOST_DIAGNOSTICS, f"{name}: diagnostics", remarks):
        problem = _problem_of_diagnostic(wanted, state, diagnostics) or _problem_of_facts(wanted.facts, state)
        if problem:
            remarks.append(_line(f"{name} proposed {wanted.primitive}, which was dropped: {problem}", 200))
        elif (wanted.primitive, wanted.resource) not in steps:
            steps[wanted.primitive, wanted.resource] = _step(wanted, name, state, len(steps))
    return Advised(tuple(facts.values()), tuple(steps.values()), tuple(remarks[:_MOST_REMARKS]))


def _first(proposals: Sequence[P], most: int, what: str, remarks: list[str]) -> Sequence[P]:
    if len(proposals) > most:
        remarks.append(f"{what}: {len(proposals) - most} beyond the first {most} were dropped")
    return proposals[:most]


def _problem_of_hypothesis(proposed: ProposedHypothesis, state: IncidentState) -> str:
    cause = causes().get(proposed.cause_id)
    if cause is None:
        return "there is no such cause"
    if cause.cause_class in _VERDICTS:
        return "a verdict is not for an advisor to propose"
    if proposed.resource not in _resources(state):
        return "the resource is not known in this incident"
    if proposed.change is not None and proposed.change not in _changes(state):
        return "the change is not known in this incident"
    return ""


def _problem_of_diagnostic(
    proposed: ProposedDiagnostic, state: IncidentState, diagnostics: Mapping[str, Diagnostic]
) -> str:
    diagnostic = diagnostics.get(proposed.primitive)
    if diagnostic is None:
        return "there is no such diagnostic"
    if diagnostic.effect != "read":
        return "it does not only read"
    if proposed.resource not in _resources(state):
        return "the resource is not known in this incident"
    done = any(step.plan.primitive == proposed.primitive and _looks_at(step.plan, proposed.resource)
               for step in state.steps.values())  # fmt: skip
    return "it has run on that resource" if done else ""


def _problem_of_facts(cited: Sequence[str], state: IncidentState) -> str:
    if not cited:
        return "it cites no fact"
    unknown = sorted(set(cited) - set(_citable(state)))
    return f"it cites {unknown[0]}, which is no fact of this incident" if unknown else ""


def _looks_at(plan: PlannedStep, resource: str) -> bool:
    symptom = plan.arguments.get("symptom") or {}
    return resource in (symptom.get("resource"), *plan.arguments.get("focus", ()))


def _citable(state: IncidentState) -> Mapping[str, None]:
    """The facts that count now and that no advisor proposed, in their order: advice must not build on advice."""
    dropped = {name for name, judgement in state.judgements.items() if judgement.verdict in ("refuted", "withdrawn")}
    counting = (found_fact for found_fact in state.current_facts if found_fact.id not in dropped)
    return dict.fromkeys(found_fact.id for found_fact in counting if found_fact.fact.trust != "proposed")


def _resources(state: IncidentState) -> set[str]:
    return set(_named(state))


def _named(state: IncidentState) -> Iterator[str]:
    for found_fact in state.facts.values():
        if isinstance(found_fact.fact, Dependencies):
            yield from found_fact.fact.resources
        elif found_fact.fact.resource is not None:
            yield found_fact.fact.resource


def _changes(state: IncidentState) -> set[str]:
    changes = (
        found_fact.fact.change for found_fact in state.facts.values() if isinstance(found_fact.fact, ChangeFound)
    )
    return {change.id for change in changes if change is not None and change.id}


def _assertion(proposed: ProposedHypothesis, name: str, now: datetime) -> Assertion:
    cause = causes()[proposed.cause_id].sentence.format(
        resource=proposed.resource, change=proposed.change or "a change", effect="worse"
    )
    because = f" because {proposed.because}" if proposed.because.strip() else ""
    text = _line(f"{cause}{because}", _TEXT_LIMIT)
    return Assertion(
        text=f"{text} (cites {', '.join(dict.fromkeys(proposed.facts))})",
        source=name,
        trust="proposed",
        observed_at=now,
        resource=proposed.resource,
        cause_id=proposed.cause_id,
        change=proposed.change,
    )


def _step(proposed: ProposedDiagnostic, name: str, state: IncidentState, place: int) -> PlannedStep:
    number = 1 + place + max((int(known[1:]) for known in state.steps if known[1:].isdigit()), default=0)
    first = state.scope_step.plan.arguments if state.steps else {}
    scope = Arguments.model_validate(first, extra="ignore")
    scope = scope.model_copy(update={"symptom": Symptom(resource=proposed.resource), "focus": (proposed.resource,)})
    cited = ", ".join(dict.fromkeys(proposed.facts))
    return PlannedStep(
        id=f"S{number}",
        primitive=proposed.primitive,
        target=safe_line(proposed.resource, limit=60),
        arguments=scope.model_dump(mode="json", by_alias=True, exclude_none=True),
        effect="read",
        reason=_line(f"proposed by {name}: {proposed.because} ({cited})", _TEXT_LIMIT),
    )


def _line(text: str, limit: int) -> str:
    return Redactor().redact(safe_line(str(text), limit=limit)).strip()
