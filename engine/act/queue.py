"""The actions of an incident: those recommended now, and those that were before.

An action keeps its id for as long as the incident exists. When it is no longer recommended it stays in the queue,
marked so and with the reason. Its priority is its place on the screen and may change with each ranking.
"""

from __future__ import annotations

from typing import Final

from engine.act.identity import action_id, canonical
from engine.act.proposals import LEAST_CONFIDENCE, WRITE_CONFIDENCE, is_verdict, proposals
from engine.hypotheses import Action
from engine.incident import IncidentState
from primitives.text import safe_line

__all__ = ["queue"]

_NO_PRIORITY: Final = 0


def queue(state: IncidentState) -> tuple[Action, ...]:
    """The actions that are recommended now, most urgent first, then those of `state` that no longer are."""
    known = {_identity(action): action.id for action in state.actions}
    taken = {action.id for action in state.actions}
    recommended: list[Action] = []
    for priority, proposed in enumerate(proposals(state), start=1):
        identity = _identity(proposed)
        name = known.get(identity) or action_id(identity, taken)
        taken.add(name)
        recommended.append(proposed.model_copy(update={"id": name, "priority": priority}))
    current = {action.id for action in recommended}
    former = [_former(state, action) for action in state.actions if action.id not in current]
    return (*recommended, *former)


def _identity(action: Action) -> bytes:
    return canonical(action.primitive, action.arguments)


def _former(state: IncidentState, action: Action) -> Action:
    reason = safe_line(_why_not(state, action))
    return action.model_copy(update={"priority": _NO_PRIORITY, "recommended": False, "not_recommended": reason})


def _why_not(state: IncidentState, action: Action) -> str:
    hypothesis = state.hypothesis(action.hypothesis)
    if hypothesis is None:
        return f"{action.hypothesis} is no longer considered"
    if is_verdict(state.hypotheses[0]):
        return f"{state.hypotheses[0].cause} leads"
    if action.effect != "read" and hypothesis.confidence < WRITE_CONFIDENCE:
        return f"{action.hypothesis} has {100 * hypothesis.confidence:.0f} % confidence now"
    if hypothesis.confidence < LEAST_CONFIDENCE:
        percent = round(100 * hypothesis.confidence)
        return f"{action.hypothesis} is {'unlikely' if percent else 'ruled out'} now ({percent} % confidence)"
    return f"what is known of {action.hypothesis} now asks for another action"
