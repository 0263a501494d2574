"""What to look at next where nothing is to be repaired yet: one look, with what it would tell and how it is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pydantic import ValidationError

from engine.act.proposals import targeted, whole_target
from engine.hypotheses import Action, Hypothesis
from engine.incident import IncidentState
from engine.naming import display_names
from engine.reason.fact_index import FactIndex
from engine.reason.judgement import judgements_of
from engine.reason.next_question import CandidateStep, ranked_questions
from primitives.actions.kubernetes import kubectl_path
from primitives.actions.proposal import shell
from primitives.actions.target import KubernetesObject, Target
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import diagnostics
from primitives.facts import SourceGap
from primitives.identity import KEPT_RUNNING
from primitives.patterns import lazy_pattern
from primitives.telemetry import Question
from primitives.terms import IncidentClass
from primitives.text import safe_line

__all__ = ["NextLook", "further_questions", "next_look"]

MOST_FACTS: Final = 2_000
"""Facts up to which it is worked out what a further question would tell: a screen waits for it."""

_BEFORE: Final = timedelta(hours=1)
"""How long before the onset changes are listed: what sets an incident off is mostly minutes old."""

_REPLICA: Final = lazy_pattern(r"-[a-z0-9]{6,10}-[a-z0-9]{5}$")

_MINUTE: Final = timedelta(minutes=1)

_MISSING: Final[tuple[tuple[Question, str, str], ...]] = (
    ("changes", "look at the changes of {}", "would tell whether one set it off"),
    ("logs", "look at the logs of {}", "would tell its errors"),
    ("spans", "look at the traces of {}", "would tell whose own time grew"),
    ("configuration", "look at the settings of {}", "would tell a limit that it reached"),
)
"""What no source holds, in the order of how often it decides: most incidents follow a change (Google, "Site Reliability
Engineering", chapter 1: about 70 % of outages)."""


@dataclass(frozen=True, slots=True)
class NextLook:
    """What to do, as a sentence goes on (`look at the changes of api`), and what that `tells`, which may be empty.

    `how` it is done: it is the proposed look with the id `action`; the engine `asks` it when told to run the next best
    diagnostic; or a person looks `by_hand`, since no source holds it. `command` shows it where one is known.
    `about` is the name of the resource in `words`.
    """

    words: str
    tells: str
    how: Literal["action", "asks", "by_hand"]
    about: str = ""
    command: str = ""
    action: str = ""


def next_look(state: IncidentState, *, can_ask: bool = True) -> NextLook | None:
    """The look that tells most about the leading cause; None where nothing is wrong, or nothing is left to look at.

    First what is proposed about its resource, then what the engine can ask (where it `can_ask`), then what no source
    holds and a person can look up, and at last a look that only finds the resource's place.
    """
    if state.opened is None or not state.hypotheses or state.hypotheses[0].cause_class is IncidentClass.NO_FAULT:
        return None
    best = next((each for each in state.hypotheses if each.resource is not None), None)
    looks = [_proposed(state, each) for each in state.actions if _can_look(each)]
    own = best is not None and display_names(state)(best.resource or "")
    telling = next((each for each in looks if each.tells and each.about == own), None)
    if telling is not None:
        return telling
    if can_ask and (question := _question(state)) is not None:
        return question
    missing = _missing(state, best) if best is not None else None
    return missing or next((each for each in looks if each.about == own), None)


def _can_look(action: Action) -> bool:
    return action.recommended and action.effect == "read" and bool(action.command)


def _proposed(state: IncidentState, action: Action) -> NextLook:
    diagnostic = diagnostics().get(action.primitive)
    look = diagnostic.look if diagnostic is not None else None
    tells = look.tells(look.arguments.model_validate(action.arguments)) if look is not None else ""
    words = safe_line(f"{action.action[:1].lower()}{action.action[1:]}")
    about = display_names(state)(action.resource) if action.resource else ""
    return NextLook(words, tells, "action", about, action.command, action.id)


def _question(state: IncidentState) -> NextLook | None:
    """The next best diagnostic, where it is worth its cost."""
    step = next((each for each in further_questions(state) or () if each.is_worth_it), None)
    return _asked(state, step) if step is not None else None


def further_questions(state: IncidentState) -> list[CandidateStep] | None:
    """What the engine could ask, best first; None where it isn't worked out: of very many facts, of an old plan."""
    if len(state.facts) > MOST_FACTS:
        return None
    try:
        return ranked_questions(state, diagnostics())
    except ValidationError:
        return None  # a plan whose arguments another version wrote


def _asked(state: IncidentState, step: CandidateStep) -> NextLook:
    about = display_names(state)(step.resource) if step.resource is not None else ""
    words = f"run {step.primitive}{f' of {about}' if about else ''}"
    return NextLook(safe_line(words), safe_line(step.tells), "asks", about)


def _missing(state: IncidentState, best: Hypothesis) -> NextLook | None:
    """What no source holds and would tell most; of a cause that is a change not its changes."""
    lacking = _not_held(state)
    for question, words, tells in _MISSING:
        if question in lacking and not (question == "changes" and best.change is not None):
            target = targeted(whole_target(state), best, display_names(state))
            command = next(_commands(state, question, target), "")
            return NextLook(safe_line(words.format(target.name)), tells, "by_hand", target.name, command)
    return None


def _not_held(state: IncidentState) -> set[Question]:
    """The questions that no source can answer, or none answered."""
    held = {question for source in state.sources for question in source.questions}
    unanswered = {
        known.fact.question for known in state.current_facts
        if isinstance(known.fact, SourceGap) and known.fact.status != "partial"
    }  # fmt: skip
    return {question for question, _, _ in _MISSING if question not in held or question in unanswered}


def _commands(state: IncidentState, question: Question, target: Target) -> Iterator[str]:
    """The command that shows a person what is missing."""
    assert state.opened is not None
    known = target.kubernetes
    if isinstance(known, KubernetesObject) and known.namespace:
        place = ("--namespace", known.namespace, *(("--context", known.context) if known.context else ()))
        if question == "changes" and known.kind in KEPT_RUNNING:
            yield shell("kubectl", "rollout", "history", kubectl_path(known.kind, known.name), *place)
        if question == "changes" and known.kind == "pod":
            yield _of_pod(known.name, place)
        if question == "logs" and known.kind in (*KEPT_RUNNING, "pod"):
            yield shell("kubectl", "logs", kubectl_path(known.kind, known.name), *place, "--tail", "200")
    elif question == "changes" and known is not None:
        yield shell("kubectl", "get", "replicasets", "-A", "--sort-by=.metadata.creationTimestamp")
    elif question == "changes" and "aws" in target.platforms:
        yield _cloudtrail(state, target)


def _of_pod(name: str, place: tuple[str, ...]) -> str:
    """Who made it so: of a replica the rollouts of its namespace, of a lone pod who set which of its fields, and when.

    A replica's name is its set's with a hash of the template and five letters (Kubernetes: Deployments, ReplicaSet).
    """
    if _REPLICA.search(name):
        return shell("kubectl", "get", "replicasets", *place, "--sort-by=.metadata.creationTimestamp")
    return shell("kubectl", "get", kubectl_path("pod", name), *place, "-o", "yaml", "--show-managed-fields")


def _cloudtrail(state: IncidentState, target: Target) -> str:
    """What was changed in the account until the onset.

    Whatever it was made to: of many calls CloudTrail knows no resource by its name (`LookupEvents`, LookupAttributes).
    """
    assert state.opened is not None
    onset = _onset(state)
    begin, end = _utc(onset - _BEFORE), _utc(onset + _MINUTE)
    region = target.location.region or target.region
    return shell(
        "aws", "cloudtrail", "lookup-events", "--start-time", begin, "--end-time", end,
        "--lookup-attributes", "AttributeKey=ReadOnly,AttributeValue=false", *(("--region", region) if region else ()),
    )  # fmt: skip


def _onset(state: IncidentState) -> datetime:
    assert state.opened is not None
    if len(state.facts) > MOST_FACTS:
        return state.opened.detected_at
    kept = judgements_of(state).kept(state.current_facts)
    return FactIndex(state.opened, state.classification, kept).onset or state.opened.detected_at


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
