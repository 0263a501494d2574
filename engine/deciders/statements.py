"""One statement of a person → its events."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Any, Final, Literal, assert_never

import orjson
from pydantic import ValidationError

from engine.deciders.references import Reference, resolve, resolve_cause, resolve_hypothesis, resolve_resource
from engine.deciders.text_cleaning import clean_text
from engine.events import FactAdded, FactJudged, Who
from engine.fact_deduplication import fact_key
from engine.hypotheses import Verdict
from engine.incident import IncidentState
from engine.naming import display_names
from engine.port import AddFact, Exclude, HoldHypothesis, PinFact, RefuteFact, Statement, Undo
from primitives.errors import UsageError
from primitives.facts import Assertion, Fact, fact_adapter
from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["statement_events"]

_FACT_LIMIT: Final = 20_000
"""Characters of a typed fact as JSON."""

_VALUE_LIMIT: Final = 2_000
"""Characters of a text inside a typed fact."""


def statement_events(
    state: IncidentState,
    statement: Statement,
    because: str,
    who: Who,
    observed_at: datetime,
    logged: Container[str],
) -> list[FactAdded | FactJudged]:
    """The events of `statement`; `observed_at` is the incident's time. Raises `UsageError` when it makes no sense.

    `state` is that after the command's earlier statements; `logged` are the ids of the facts from before the command.
    """
    match statement:
        case PinFact():
            return [_judged(state, statement.fact, "pinned", because)]
        case RefuteFact():
            return [_judged(state, statement.fact, "refuted", because)]
        case AddFact():
            fact = _typed_fact(statement, who, observed_at) or _fact_in_words(
                state, statement, because, who, observed_at
            )
            return [_added(state, fact, because, logged)]
        case HoldHypothesis():
            held = resolve_hypothesis(state, statement.hypothesis)
            text = _with_reason(f"it is {held.words}", because)
            return [_added(state, _assertion(who, observed_at, text, held, "for"), because, logged)]
        case Exclude():
            excluded = resolve(state, statement.what)
            text = _with_reason(f"it isn't {excluded.words}", because)
            return [_added(state, _assertion(who, observed_at, text, excluded, "against"), because, logged)]
        case Undo():
            return _undone(state, statement.what, because)
        case _:
            assert_never(statement)


def _judged(state: IncidentState, name: str, verdict: Verdict, because: str) -> FactJudged:
    fact = _fact_id(state, name)
    judgement = state.judgements.get(fact)
    if judgement is not None and judgement.verdict == "withdrawn":
        raise UsageError(f"{fact} was taken back by {judgement.by}; add it anew")
    if (newer := _newest(state, fact)) != fact:
        raise UsageError(f"{fact} is past: {newer} measures the same again; say it of {newer}")
    return FactJudged(fact=fact, verdict=verdict, because=because)


def _newest(state: IncidentState, fact: str) -> str:
    """The fact that says now what `fact` says of then; `fact` itself where nothing newer was measured."""
    past = state.past_facts
    while fact in past and past[fact].fact:
        fact = past[fact].fact
    return fact


def _fact_id(state: IncidentState, name: str) -> str:
    fact = name.strip().upper()
    if fact not in state.facts:
        known = f"its facts are F1 to F{len(state.facts)}" if state.facts else "it has none yet"
        raise UsageError(f"there is no fact {safe_line(name, limit=40)}; {known}")
    return fact


def _added(state: IncidentState, fact: Fact, because: str, logged: Container[str]) -> FactAdded:
    key = fact_key(fact)
    for found_fact in state.current_facts:
        if found_fact.key == key and found_fact.id not in state.judgements:
            if found_fact.id not in logged:
                sentence = safe_line(fact.sentence(display_names(state)), limit=120)
                raise UsageError(f"the command says the same twice ({sentence}); say it once")
            raise UsageError(f"that is already known as {found_fact.id}")
    return FactAdded(id=f"F{len(state.facts) + 1}", key=key, fact=fact, because=because)


def _with_reason(text: str, because: str) -> str:
    return f"{text}, because {because}" if because else text


def _fact_in_words(state: IncidentState, statement: AddFact, because: str, who: Who, observed_at: datetime) -> Fact:
    text = clean_text(statement.text, "the fact")
    if not text:
        raise UsageError("the fact holds no words; say what you know")
    resource = resolve_resource(state, statement.about) if statement.about is not None else None
    cause = resolve_cause(state, statement.cause) if statement.cause is not None else Reference("")
    if resource is not None and cause.resource is not None and cause.resource != resource:
        raise UsageError(f"{safe_line(statement.cause or '')} is not about {resource}; name one of the two")
    return Assertion(
        text=_with_reason(text, because),
        source=who.name,
        observed_at=observed_at,
        resource=resource or cause.resource,
        cause_id=cause.cause_id,
        change=cause.change,
    )


def _typed_fact(statement: AddFact, who: Who, observed_at: datetime) -> Fact | None:
    """A whole fact as JSON, None where the text is none. Whoever says it, its trust is asserted."""
    if not statement.text.lstrip().startswith("{"):
        return None
    if len(statement.text) > _FACT_LIMIT:
        raise UsageError(f"the fact is {len(statement.text):,} characters long; write at most {_FACT_LIMIT:,}")
    try:
        document: dict[str, Any] = _cleaned(orjson.loads(statement.text))
        document = {"observed_at": observed_at, **document, "trust": "asserted", "source": who.name, "answers": ()}
        return fact_adapter.validate_python(document)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the fact is no JSON ({error}); write an object, or plain words") from error
    except ValidationError as error:
        raise UsageError(_problem(error)) from error


def _problem(error: ValidationError) -> str:
    """Why a typed fact can't be read."""
    first = error.errors()[0]
    if first["type"] == "union_tag_not_found":
        return "the fact names no type; see docs/reference/facts.md for those there are"
    where = ".".join(map(str, first["loc"])) or "type"
    return safe_line(f"the fact can't be read: {where}: {first['msg']}; see docs/reference/facts.md", limit=300)


def _cleaned(value: Any) -> Any:
    """`value` with every text made safe and free of secrets, however deep it lies."""
    match value:
        case str():
            return Redactor().redact(safe_line(value, limit=_VALUE_LIMIT))
        case list():
            return [_cleaned(element) for element in value]
        case dict():
            return {safe_line(key): _cleaned(element) for key, element in value.items()}
        case _:
            return value


def _assertion(who: Who, observed_at: datetime, text: str, about: Reference, speaks: Literal["for", "against"]) -> Fact:
    document = {"text": text, "source": who.name, "observed_at": observed_at, "speaks": speaks, **about.fields()}
    return Assertion.model_validate(document)


def _undone(state: IncidentState, what: str, because: str) -> list[FactAdded | FactJudged]:
    name = what.strip().upper()
    if name in state.facts and (newest := _newest(state, name)) in state.judgements:
        # What was said of it has been carried on, and counts there.
        name = newest
    judgement = state.judgements.get(name)
    if judgement is not None and judgement.verdict != "withdrawn":
        return [FactJudged(fact=name, verdict=None, because=because)]
    if judgement is None and name in state.facts and not state.facts[name].step:
        return [FactJudged(fact=name, verdict="withdrawn", because=because)]
    own, broader = _assertions_about(state, name)
    if not own and broader:
        sentence = safe_line(state.facts[broader[0]].fact.sentence(display_names(state)), limit=120)
        raise UsageError(
            f"nothing was said of {name} alone; {broader[0]} says more ({sentence}): undo {broader[0]} itself"
        )
    if not own:
        raise UsageError(f"nothing was said of {safe_line(what, limit=60)}, so there is nothing to undo")
    return [FactJudged(fact=fact, verdict="withdrawn", because=because) for fact in own]


def _assertions_about(state: IncidentState, name: str) -> tuple[list[str], list[str]]:
    """The assertions, not taken back, about that hypothesis alone, and about it among others."""
    own: list[str] = []
    broader: list[str] = []
    for hypothesis in state.hypotheses:
        if hypothesis.id != name:
            continue
        subject = (hypothesis.cause_id, hypothesis.resource, hypothesis.change)
        for cited in dict.fromkeys(item.fact for item in hypothesis.evidence):
            fact = state.facts[cited].fact
            if isinstance(fact, Assertion) and cited not in state.judgements:
                (own if (fact.cause_id, fact.resource, fact.change) == subject else broader).append(cited)
    return own, broader
