"""Deciders of rankings and the conclusion."""

from __future__ import annotations

from engine.deciders.decision import NOTHING, Decision, by
from engine.deciders.steps import unfinished_steps
from engine.events import ENGINE, HypothesesRanked
from engine.incident import IncidentState
from engine.investigate.commands import Conclude, FindDecisiveFacts, Rank
from engine.investigate.conclude import conclusion, with_decisive_facts
from engine.reason import rank as rank_hypotheses

__all__ = ["conclude", "find_decisive_facts", "rank"]


def rank(state: IncidentState, command: Rank) -> Decision:
    """The new ranking, if it differs from the last one."""
    del command
    ranking = rank_hypotheses(state)
    if ranking.hypotheses == state.hypotheses:
        return NOTHING
    return by(ENGINE, HypothesesRanked(hypotheses=ranking.hypotheses, would_change=ranking.would_change))


def find_decisive_facts(state: IncidentState, command: FindDecisiveFacts) -> Decision:
    """The facts that decide the order of a concluded investigation, where they are not known yet."""
    del command
    return by(ENGINE, with_decisive_facts(state)) if state.concluded and not state.would_change else NOTHING


def conclude(state: IncidentState, command: Conclude) -> Decision:
    """The conclusion, once, when every step has ended."""
    del command
    return NOTHING if state.concluded or unfinished_steps(state) else by(ENGINE, *conclusion(state))
