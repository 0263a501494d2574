"""The next best diagnostic: the step that separates the leading hypotheses most for its cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, get_args

from engine.events import PlannedStep
from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.investigate.plan import MAX_STEPS
from engine.naming import display_names
from engine.reason.catalogue import causes
from engine.reason.fact_index import FactIndex
from engine.reason.judgement import judgements_of
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments, Diagnostic
from primitives.records import Symptom
from primitives.terms import ChangeKind, IncidentClass
from primitives.text import safe_line

__all__ = ["CandidateStep", "is_decided", "next_questions", "next_step_id", "questions", "ranked_questions"]

# Settled: the best is this likely, or likelier than not and ahead of the second by so much in log-odds.
_SURE: Final = 0.8
_LIKELY: Final = 0.5
_AHEAD: Final = 2.0
# Below this confidence a hypothesis is not worth a question of its own.
_LIVE: Final = 0.05
_MOST_LIVE: Final = 4
# How often a look at the guilty resource shows something, and how often one at an innocent one does. Argued: a cause
# mostly shows on its own resource, and in a real incident a fifth of all resources show something unusual.
_SHOWS: Final = 0.7
_SHOWS_ANYWAY: Final = 0.2
# Of the incidents that nothing explains, those that a change of the week before set off; where one did, it is recorded.
_OLD_CHANGE: Final = 0.2
_RECORDED: Final = 0.9
# In bits: what a question must promise, and what a second of waiting takes from its promise.
_LEAST_GAIN: Final = 0.05
_COST_A_SECOND: Final = 0.005
_WEEK_DAYS: Final = 7.0
_DAY: Final = timedelta(days=1)
_CHANGES: Final = "check_recent_changes"
_WHERE: Final = {
    "analyze_utilization": 99,  # It looks at the symptom's resource and all that it depends on,
    "compare_baseline": 1,  # clears only the direct dependencies,
    "inspect_workloads": 1,  # and tells only of those around that they are well.
}


@dataclass(frozen=True, slots=True)
class CandidateStep:
    """A step that could be added: `gain` in bits, `cost_s` in seconds on a live system.

    `why` names hypotheses by their ids, as the log of the investigation does; `tells` is for somebody who knows none.
    """

    primitive: str
    resource: str | None
    arguments: Mapping[str, Any]
    gain: float
    cost_s: float
    why: str
    tells: str = ""

    @property
    def worth(self) -> float:
        """The gain in bits, less the cost of waiting."""
        return self.gain - _COST_A_SECOND * self.cost_s

    @property
    def is_worth_it(self) -> bool:
        """Whether it promises more than it costs."""
        return self.worth >= _LEAST_GAIN


def is_decided(hypotheses: Sequence[Hypothesis]) -> bool:
    """Whether a further step would hardly change which hypothesis leads."""
    if not hypotheses or hypotheses[0].cause_class is IncidentClass.UNKNOWN:
        return False
    best = hypotheses[0].confidence
    second = hypotheses[1].confidence if len(hypotheses) > 1 else 0.0
    return best >= _SURE or (best > _LIKELY and _log_odds(best) - _log_odds(second) >= _AHEAD)


def next_questions(
    state: IncidentState, diagnostics: Mapping[str, Diagnostic], *, asked_for: bool = False
) -> tuple[PlannedStep, ...]:
    """The steps of which one is to be added, best first; none where the answer is clear or the budget is used up.

    With `asked_for` (a person wants a step), steps that may not be worth their cost are included.
    """
    if not asked_for and (len(state.steps) >= MAX_STEPS or is_decided(state.hypotheses)):
        return ()
    best_first = ranked_questions(state, diagnostics)
    return tuple(_step(state, question, asked_for) for question in best_first if asked_for or question.is_worth_it)


def ranked_questions(state: IncidentState, diagnostics: Mapping[str, Diagnostic]) -> list[CandidateStep]:
    """The `questions`, the one that is worth most first."""
    return sorted(
        questions(state, diagnostics),
        key=lambda question: (-question.worth, question.primitive, question.resource or ""),
    )


def _step(state: IncidentState, question: CandidateStep, asked_for: bool) -> PlannedStep:
    reason = f"{question.why}; expected to tell {question.gain:.2f} bits"
    return PlannedStep(
        id=next_step_id(state),
        primitive=question.primitive,
        target=safe_line(display_names(state)(question.resource) if question.resource else "everything", limit=60),
        arguments=question.arguments,
        effect="read",
        reason=safe_line(f"asked for by an engineer: {reason}" if asked_for else reason, limit=400),
    )


def next_step_id(state: IncidentState) -> str:
    """The id of the next step that is added to the plan."""
    return f"S{1 + max((int(name[1:]) for name in state.steps if name[1:].isdigit()), default=0)}"


def questions(state: IncidentState, diagnostics: Mapping[str, Diagnostic]) -> Iterator[CandidateStep]:
    """Every step that a source can answer, that has not run yet, and that concerns a leading hypothesis."""
    if state.opened is None or not state.steps:
        return
    answerable = {question for source in state.sources for question in source.questions}
    case = FactIndex(state.opened, state.classification, judgements_of(state).kept(state.current_facts))
    scope = Arguments.model_validate(state.scope_step.plan.arguments, extra="ignore")
    able = {
        name: diagnostic
        for name, diagnostic in diagnostics.items()
        if diagnostic.effect == "read" and not diagnostic.on_request and set(diagnostic.questions) & answerable
    }
    yield from _elsewhere(state, case, scope, able)
    yield from _further_back(state, case, scope, able)
    yield from _never_run(state, scope, able)


def _elsewhere(
    state: IncidentState, case: FactIndex, scope: Arguments, able: Mapping[str, Diagnostic]
) -> Iterator[CandidateStep]:
    """Resources of leading hypotheses that a diagnostic has not looked at."""
    live = _live(state.hypotheses)
    for name, reach in _WHERE.items():
        if name not in able:
            continue
        seen = _seen(state, case, name, reach)
        for resource in dict.fromkeys(hypothesis.resource for hypothesis in live if hypothesis.resource is not None):
            if seen is None or resource in seen:
                continue
            about = [hypothesis for hypothesis in live if hypothesis.resource == resource]
            gain = _information(_mass(state.hypotheses, {hypothesis.id for hypothesis in about}), _SHOWS)
            arguments = scope.model_copy(update={"symptom": Symptom(resource=resource), "focus": (resource,)})
            why = f"{_rivals(live, about)}: what {case.names(resource)} does lay outside of the first look"
            tells = _tells(live, about, case)
            yield CandidateStep(name, resource, _document(arguments), gain, able[name].cost_s, why, tells)


def _seen(state: IncidentState, case: FactIndex, name: str, reach: int) -> set[str] | None:
    """The resources that the steps of a diagnostic have looked at; None where one of them looked at everything."""
    seen: set[str] = set()
    for step in state.steps.values():
        if step.plan.primitive != name:
            continue
        symptom = step.plan.arguments.get("symptom") or {}
        named = [resource for resource in (symptom.get("resource"), *step.plan.arguments.get("focus", ())) if resource]
        if not named:
            return None
        seen |= {resource for resource, far in case.reach(named).items() if far <= reach}
    return seen


def _further_back(
    state: IncidentState, case: FactIndex, scope: Arguments, able: Mapping[str, Diagnostic]
) -> Iterator[CandidateStep]:
    """Changes of earlier days, where a source has them and neither a mechanism nor a change explains the incident."""
    diagnostic = able.get(_CHANGES)
    assert state.opened is not None
    onset = case.onset or state.opened.window.start
    kinds = set(get_args(ChangeKind))
    covered = [
        entry.start for entry in state.opened.coverage if kinds & set(entry.kinds) and entry.status == "answered"
    ]
    if diagnostic is None or any(step.plan.arguments.get("older_than_days") for step in state.steps.values()):
        return
    if state.opened.origin == "recorded" and not any(start < onset - _DAY - _DAY / 24 for start in covered):
        return
    unexplained = _mass(state.hypotheses, {hypothesis.id for hypothesis in state.hypotheses if _is_open(hypothesis)})
    gain = _information(_OLD_CHANGE * unexplained, _RECORDED)
    arguments = {**_document(scope), "lookback_days": _WEEK_DAYS, "older_than_days": 1.0}
    why = "nothing says what set it off: changes of the week before the last day"
    yield CandidateStep(_CHANGES, None, arguments, gain, diagnostic.cost_s, why, "would tell what set it off")


def _is_open(hypothesis: Hypothesis) -> bool:
    """Whether the hypothesis leaves open what started the trouble."""
    return hypothesis.cause_class is IncidentClass.UNKNOWN or (
        hypothesis.change is None and causes()[hypothesis.cause_id].generic
    )


def _never_run(state: IncidentState, scope: Arguments, able: Mapping[str, Diagnostic]) -> Iterator[CandidateStep]:
    """Diagnostics that the plan had no room for."""
    ran = {step.plan.primitive for step in state.steps.values()}
    for name, diagnostic in able.items():
        if name not in ran:
            about = {known.id for known in _live(state.hypotheses) if known.cause_class in diagnostic.answers}
            gain = _information(_mass(state.hypotheses, about), _SHOWS)
            yield CandidateStep(
                name,
                None,
                _document(scope),
                gain,
                diagnostic.cost_s,
                f"{diagnostic.title.lower()} was not looked at yet",
                "was not looked at yet",
            )


def _live(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    return [hypothesis for hypothesis in hypotheses if hypothesis.confidence >= _LIVE][:_MOST_LIVE]


def _rivals(live: Sequence[Hypothesis], about: Sequence[Hypothesis]) -> str:
    other = next((hypothesis for hypothesis in live if hypothesis not in about), None)
    return f"would tell {about[0].id} from {other.id}" if other else f"would confirm or clear {about[0].id}"


def _tells(live: Sequence[Hypothesis], about: Sequence[Hypothesis], case: FactIndex) -> str:
    """As `_rivals`, by the names of the resources that the causes blame."""
    other = next((each for each in live if each.resource not in {None, about[0].resource}), None)
    return f"would tell it from {case.names(other.resource or '')}" if other else "would confirm or clear it"


def _mass(hypotheses: Sequence[Hypothesis], about: set[str]) -> float:
    """The probability that the cause is one of `about`, among all hypotheses that are likely enough."""
    total = sum(hypothesis.confidence for hypothesis in hypotheses) or 1.0
    return sum(hypothesis.confidence for hypothesis in hypotheses if hypothesis.id in about) / total


def _information(mass: float, shows: float) -> float:
    """Mutual information in bits between a statement of probability `mass` and the result of looking for it.

    The look shows something with probability `shows` where the statement is true, with `_SHOWS_ANYWAY` where it isn't.
    """
    shown = mass * shows + (1.0 - mass) * _SHOWS_ANYWAY
    return _entropy(shown) - mass * _entropy(shows) - (1.0 - mass) * _entropy(_SHOWS_ANYWAY)


def _entropy(probability: float) -> float:
    return -sum(part * math.log2(part) for part in (probability, 1.0 - probability) if part > 0.0)


def _document(arguments: Arguments) -> dict[str, Any]:
    return arguments.model_dump(mode="json", by_alias=True, exclude_none=True)


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(clipped / (1.0 - clipped))
