"""Resolves what a person names: a hypothesis, a resource, a kind of resource, a change, a cause, a class of causes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, get_args

from engine.incident import IncidentState
from engine.naming import display_names
from engine.reason.catalogue import causes
from primitives.analysis.symptom import find_resource
from primitives.dataclass import dataclass
from primitives.errors import UsageError
from primitives.facts import ChangeFound, Dependencies
from primitives.terms import IncidentClass, ResourceKind
from primitives.text import safe_line

__all__ = ["Reference", "known_resources", "resolve", "resolve_cause", "resolve_hypothesis", "resolve_resource"]

_KINDS: Final = frozenset(get_args(ResourceKind))
_MOST_NAMED: Final = 6
"""So many hypotheses are named where none has the given id."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a person named: `words` describe it, the other fields are what a cause must agree with to match."""

    words: str
    resource: str | None = None
    cause_id: str | None = None
    cause_class: IncidentClass | None = None
    kind: str | None = None
    change: str | None = None

    def fields(self) -> dict[str, Any]:
        """All but the words."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "words"}


def resolve(state: IncidentState, name: str) -> Reference:
    """Whatever `name` refers to in this incident. Raises `UsageError` when it refers to nothing."""
    text = re.sub(r"(?i)^(?:the|an?)\s+", "", safe_line(name, limit=200).strip())
    for find in (_hypothesis, _resource, _change, _cause, _class, _kind):
        if (reference := find(state, text)) is not None:
            return reference
    raise UsageError(
        f"{text or 'an empty word'} means nothing here; name a hypothesis (H1), a resource, a kind of resource "
        "(database), a change, a cause (docs/reference/causes.md) or a class of causes (NETWORK_FAILURE)"
    )


def resolve_hypothesis(state: IncidentState, name: str) -> Reference:
    """The hypothesis of that id. Raises `UsageError` when there is none."""
    reference = _hypothesis(state, name.strip())
    if reference is None:
        known = ", ".join(hypothesis.id for hypothesis in state.hypotheses[:_MOST_NAMED]) or "none yet"
        raise UsageError(f"there is no hypothesis {safe_line(name, limit=40)}; there are: {known}")
    return reference


def resolve_cause(state: IncidentState, name: str) -> Reference:
    """A hypothesis's cause, or a cause of the catalogue. Raises `UsageError` when it is neither."""
    reference = _hypothesis(state, name.strip()) or _cause(state, name.strip())
    if reference is None:
        raise UsageError(f"{safe_line(name, limit=60)} is no hypothesis and no cause; see docs/reference/causes.md")
    return reference


def resolve_resource(state: IncidentState, name: str) -> str:
    """The known resource of that name. Raises `UsageError` when no resource, or more than one, has it."""
    reference = _resource(state, safe_line(name, limit=200).strip())
    if reference is None or reference.resource is None:
        raise UsageError(
            f"no resource {safe_line(name, limit=80)} is known in this incident; name one as it stands there"
        )
    return reference.resource


def _hypothesis(state: IncidentState, text: str) -> Reference | None:
    for hypothesis in state.hypotheses:
        if hypothesis.id == text.upper():
            words = f"{hypothesis.id} “{hypothesis.cause}”"
            return Reference(words, hypothesis.resource, hypothesis.cause_id, change=hypothesis.change)
    return None


def _resource(state: IncidentState, text: str) -> Reference | None:
    if not text:
        return None
    resource = display_names(state).resource_called(text) or find_resource(text, known_resources(state))
    return Reference(resource, resource=resource) if resource else None


def known_resources(state: IncidentState) -> Iterable[str]:
    """The resources that facts and hypotheses name."""
    known: dict[str, None] = {}
    for found_fact in state.facts.values():
        fact = found_fact.fact
        if isinstance(fact, Dependencies):
            known.update(dict.fromkeys(fact.resources))
        elif fact.resource is not None:
            known[fact.resource] = None
    known.update({hypothesis.resource: None for hypothesis in state.hypotheses if hypothesis.resource is not None})
    return known


def _change(state: IncidentState, text: str) -> Reference | None:
    facts = (found_fact.fact for found_fact in state.facts.values())
    known = {fact.change.id for fact in facts if isinstance(fact, ChangeFound) and fact.change is not None}
    known |= {hypothesis.change for hypothesis in state.hypotheses}
    return Reference(f"change {text}", change=text) if text and text in known else None


def _cause(state: IncidentState, text: str) -> Reference | None:
    del state
    cause_id = _snake_case(text)
    return Reference(cause_id.replace("_", " "), cause_id=cause_id) if cause_id in causes() else None


def _kind(state: IncidentState, text: str) -> Reference | None:
    kind = _snake_case(text)
    kind = kind if kind in _KINDS else kind.removesuffix("s")
    facts = (found_fact.fact for found_fact in state.facts.values())
    known = {kind for fact in facts if isinstance(fact, Dependencies) for kind in fact.resources.values()}
    return Reference(f"a {kind}", kind=kind) if kind in _KINDS & known else None


def _class(state: IncidentState, text: str) -> Reference | None:
    del state
    name = _snake_case(text)
    by_value = {cause_class.value.lower(): cause_class for cause_class in IncidentClass}
    cause_class = by_value.get(name) or _classes_by_first_word().get(name)
    if cause_class is None:
        return None
    return Reference(cause_class.value.lower().replace("_", " "), cause_class=cause_class)


def _classes_by_first_word() -> dict[str, IncidentClass]:
    """The classes of causes by their first word, where it is a kind of trouble and not only a kind of resource."""
    used = {cause.cause_class for cause in causes().values()} - {IncidentClass.UNKNOWN, IncidentClass.NO_FAULT}
    first_words = {cause_class: cause_class.value.split("_")[0].lower() for cause_class in used}
    count = Counter(first_words.values())
    return {word: cause_class for cause_class, word in first_words.items() if count[word] == 1 and word != "workload"}


def _snake_case(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().lower())
