"""What a person means by a word: a hypothesis, a resource, a kind of resource, a change, a cause, a class of causes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, get_args

from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.naming import display_names
from engine.reason.catalogue import causes
from primitives.analysis.symptom import find_resource
from primitives.dataclass import dataclass
from primitives.errors import UsageError
from primitives.facts import ChangeFound, Dependencies
from primitives.terms import IncidentClass, ResourceKind
from primitives.text import safe_line

__all__ = ["Meant", "meant", "meant_cause", "meant_hypothesis", "meant_resource"]

_KINDS: Final = frozenset(get_args(ResourceKind))


@dataclass(frozen=True, slots=True)
class Meant:
    """`words` for a person, and what a cause must agree with to be meant."""

    words: str
    resource: str | None = None
    cause_id: str | None = None
    cause_class: IncidentClass | None = None
    kind: str | None = None
    change: str | None = None

    def named(self) -> dict[str, Any]:
        """All but the words."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "words"}


def meant(state: IncidentState, what: str) -> Meant:
    """What `what` means in this incident. Raises `UsageError` when it means nothing."""
    text = re.sub(r"(?i)^(?:the|an?)\s+", "", safe_line(what, limit=200).strip())
    for read in (_hypothesis, _resource, _change, _cause, _class, _kind):
        one = read(state, text)
        if one is not None:
            return one
    raise UsageError(
        f"{text or 'an empty word'} means nothing here; name a hypothesis (H1), a resource, a kind of resource "
        "(database), a change, a cause (docs/reference/causes.md) or a class of causes (NETWORK_FAILURE)"
    )


def meant_hypothesis(state: IncidentState, name: str) -> Meant:
    """The hypothesis of that id. Raises `UsageError` when there is none."""
    one = _hypothesis(state, name.strip())
    if one is None:
        there = ", ".join(known.id for known in state.hypotheses[:6]) or "none yet"
        raise UsageError(f"there is no hypothesis {safe_line(name, limit=40)}; there are: {there}")
    return one


def meant_cause(state: IncidentState, name: str) -> Meant:
    """A hypothesis's cause, or one of the catalogue. Raises `UsageError` when it is neither."""
    one = _hypothesis(state, name.strip()) or _cause(state, name.strip())
    if one is None:
        raise UsageError(f"{safe_line(name, limit=60)} is no hypothesis and no cause; see docs/reference/causes.md")
    return one


def meant_resource(state: IncidentState, name: str) -> str:
    """The known resource that `name` means. Raises `UsageError` when none or several do."""
    found = _resource(state, safe_line(name, limit=200).strip())
    if found is None or found.resource is None:
        raise UsageError(
            f"no resource {safe_line(name, limit=80)} is known in this incident; name one as it stands there"
        )
    return found.resource


def _hypothesis(state: IncidentState, text: str) -> Meant | None:
    for one in state.hypotheses:
        if one.id == text.upper():
            return Meant(_sentence(one), one.resource, one.cause_id, change=one.change)
    return None


def _sentence(one: Hypothesis) -> str:
    return f"{one.id} “{one.cause}”"


def _resource(state: IncidentState, text: str) -> Meant | None:
    found = display_names(state).resource_called(text) or find_resource(text, _resources(state)) if text else None
    return Meant(found, resource=found) if found else None


def _resources(state: IncidentState) -> Iterable[str]:
    known: dict[str, None] = {}
    for found in state.facts.values():
        if isinstance(found.fact, Dependencies):
            known.update(dict.fromkeys(found.fact.resources))
        elif found.fact.resource is not None:
            known[found.fact.resource] = None
    known.update(dict.fromkeys(one.resource for one in state.hypotheses if one.resource is not None))
    return known


def _change(state: IncidentState, text: str) -> Meant | None:
    known = {found.fact.change.id for found in state.facts.values()
             if isinstance(found.fact, ChangeFound) and found.fact.change is not None}  # fmt: skip
    known |= {one.change for one in state.hypotheses}
    return Meant(f"change {text}", change=text) if text and text in known else None


def _cause(state: IncidentState, text: str) -> Meant | None:
    del state
    cause_id = _snake(text)
    return Meant(cause_id.replace("_", " "), cause_id=cause_id) if cause_id in causes() else None


def _kind(state: IncidentState, text: str) -> Meant | None:
    kind = _snake(text)
    kind = kind if kind in _KINDS else kind.removesuffix("s")
    there = {one for found in state.facts.values() if isinstance(found.fact, Dependencies)
             for one in found.fact.resources.values()}  # fmt: skip
    return Meant(f"a {kind}", kind=kind) if kind in _KINDS & there else None


def _class(state: IncidentState, text: str) -> Meant | None:
    del state
    name = _snake(text)
    found = next((one for one in IncidentClass if one.value.lower() == name), None) or _first_words().get(name)
    return Meant(found.value.lower().replace("_", " "), cause_class=found) if found else None


def _first_words() -> dict[str, IncidentClass]:
    """The classes of causes by their first word, where it is a kind of trouble and no kind of resource only."""
    used = {cause.cause_class for cause in causes().values()} - {IncidentClass.UNKNOWN, IncidentClass.NO_FAULT}
    first = {one: one.value.split("_")[0].lower() for one in used}
    count = Counter(first.values())
    return {word: one for one, word in first.items() if count[word] == 1 and word != "workload"}


def _snake(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().lower())
