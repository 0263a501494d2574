"""What a person did to an incident, in a sentence with the person's name; and what was carried on of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.draw import sanitised

if TYPE_CHECKING:
    from engine.events import Event
    from primitives.display_names import NameOf

__all__ = ["said_words"]

TEXT_WIDTH = 70
"""Cells of the words of a note or a fact."""


def said_words(event: Event, names: NameOf) -> str:
    """`bob refuted F12, because the probe was wrong`; empty where the event is no such thing, or told elsewhere."""
    who, body = sanitised(event.who.name, 20), event.body
    match body.type:
        case "fact_judged" if body.carried_from:
            return f"{body.fact} measures {body.carried_from} again: {body.verdict} like it · u undoes"
        case "fact_judged":
            said = body.verdict if body.verdict in ("pinned", "refuted") else "took back what was said of"
            because = f", because {sanitised(body.because, TEXT_WIDTH)}" if body.because else ""
            return f"{who} {said} {body.fact}{because}"
        case "fact_added":
            return f"{who} added {body.id}: {sanitised(body.fact.sentence(names), TEXT_WIDTH)}"
        case "note_added":
            return f"{who}: {sanitised(body.text, TEXT_WIDTH)}"
        case "plan_confirmed":
            return f"{who} runs the plan"
        case "investigation_cancelled":
            return f"{who} cancelled the investigation"
        case "incident_closed":
            return f"{who} closed the incident"
        case _:
            return ""
