"""Where `:` leads by name: facts, hypotheses, steps, actions, notes and resources of an incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cockpit.widgets.draw import sanitised
from cockpit.widgets.view import Subject
from primitives.dataclass import dataclass

if TYPE_CHECKING:
    from engine.incident import IncidentState
    from primitives.display_names import NameOf

__all__ = ["Place", "best_places", "place_score", "places_of", "resources_of"]

SEARCHED = 2_000
"""Facts whose resources and sentences are searched: a log of a million events must not stop the keys."""

MOST_OFFERED = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go: `name` is typed, `words` describe it; `execution` is the id of another incident."""

    name: str
    words: str
    subject: Subject = Subject()
    execution: str = ""


def places_of(state: IncidentState, names: NameOf) -> Iterator[Place]:
    """Every place of an incident, what is named shortest first."""
    for hypothesis in state.hypotheses:
        yield Place(hypothesis.id, sanitised(hypothesis.cause), Subject("hypothesis", hypothesis.id))
    for action in state.actions:
        yield Place(action.id, sanitised(action.action), Subject("action", action.id))
    for step in state.steps.values():
        yield Place(step.plan.id, f"{step.plan.primitive} {sanitised(step.plan.target)}", Subject("step", step.plan.id))
    for resource in resources_of(state):
        yield Place(sanitised(names(resource)), f"resource {sanitised(resource)}", Subject("resource", resource))
    for note in state.notes.values():
        yield Place(note.id, f"note: {sanitised(note.text)}", Subject("note", note.id))
    past = state.past_facts
    for known in islice(state.facts.values(), SEARCHED):
        words = f"{'past: ' if known.id in past else ''}{sanitised(known.fact.sentence(names))}"
        yield Place(known.id, words, Subject("fact", known.id))


def resources_of(state: IncidentState) -> list[str]:
    """The resources that the incident knows, as its facts name them."""
    resources: dict[str, None] = {}
    for known in islice(state.facts.values(), SEARCHED):
        if known.fact.resource is not None:
            resources[known.fact.resource] = None
        if known.fact.type == "dependencies":
            resources |= dict.fromkeys(end for edge in known.fact.edges[:SEARCHED] for end in edge[:2])
    return list(resources)


def place_score(place: Place, query: str) -> float:
    """How well `query` names a place: 2 by its whole name, less by its beginning or by words of what it is."""
    wanted, name = query.lower().strip(), place.name.lower()
    if not wanted:
        return 0.0
    if wanted == name:
        return 2.0
    if name.startswith(wanted):
        # A resource whose name begins like that comes before facts with such words; F3 itself was returned above.
        return 0.95 if place.subject.kind == "resource" else 0.75
    words = f"{place.name} {place.words}".lower().replace("-", " ").split()
    parts = wanted.replace("-", " ").split()
    return 0.7 if all(any(word.startswith(part) for word in words) for part in parts) else 0.0


def best_places(places: Iterable[Place], query: str) -> list[tuple[float, Place]]:
    """The places that `query` fits, best first, not more than can be looked through."""
    scored = [(score, place) for place in places if (score := place_score(place, query))]
    return sorted(scored, key=lambda each: -each[0])[:MOST_OFFERED]
