"""The detail of a resource or a note."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, sanitised, wrap
from cockpit.widgets.fields import fields
from cockpit.widgets.words import fact_sign, percent, precise, when_said

if TYPE_CHECKING:
    from engine.incident import IncidentState, Note
    from primitives.display_names import NameOf

__all__ = ["describe_note", "describe_resource"]

FACTS_SHOWN = 200
NAMES_SHOWN = 12


def describe_resource(resource: str, state: IncidentState, width: int, names: NameOf) -> list[Line]:
    """Whom it calls and who calls it, what is believed of it, and every fact about it."""
    lines = list(fields("resource", sanitised(resource), width, "dim"))
    edges = [edge for known in state.current_facts if known.fact.type == "dependencies" for edge in known.fact.edges]
    for label, others in (
        ("called by", [source for source, target, _ in edges if target == resource]),
        ("calls", [target for source, target, _ in edges if source == resource]),
    ):
        if others:
            shown = [sanitised(names(other)) for other in dict.fromkeys(others)]
            more = f" · {len(shown) - NAMES_SHOWN} more" if len(shown) > NAMES_SHOWN else ""
            lines += fields(label, f"{' · '.join(shown[:NAMES_SHOWN])}{more}", width)
    for hypothesis in state.hypotheses:
        if hypothesis.resource == resource:
            words = f"{hypothesis.id} {sanitised(hypothesis.cause)} ({percent(hypothesis.confidence)})"
            lines += fields("believed", words, width)
    return [*lines, *_facts(resource, state, names)]


def _facts(resource: str, state: IncidentState, names: NameOf) -> Iterator[Line]:
    past = state.past_facts
    about = [known for known in state.facts.values() if known.fact.resource == resource]
    # What is so now first: what was so before it was asked again is the story.
    about.sort(key=lambda known: known.id in past)
    for known in islice(about, FACTS_SHOWN):
        sign, role = fact_sign(known.fact)
        words = sanitised(known.fact.sentence(names))
        over = known.id in past
        yield Line([(f" {known.id:>5} ", "dim"), (f"{sign} ", "dim" if over else role),
                    (f"{'past: ' if over else ''}{words}", "dim" if over else "text")])  # fmt: skip


def describe_note(note: Note, width: int) -> list[Line]:
    """Who wrote it, when, and all of its words."""
    about = f" · about {precise(note.about)}" if note.about is not None else ""
    who = f" {sanitised(note.by.name)}{when_said(note.at)}{about}"
    return [
        Line([(who, "dim")]),
        *(Line([(f" {line}", "text")]) for line in wrap(sanitised(note.text, 5_000), max(width - 2, 10))),
    ]
