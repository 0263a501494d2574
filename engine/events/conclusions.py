"""Rankings and conclusions."""

from typing import Literal

from engine.events.envelope import IncidentEvent, InvestigationEvent
from engine.hypotheses import Action, Decisive, Finding, Hypothesis

__all__ = [
    "ConclusionReached",
    "HypothesesRanked",
]


class HypothesesRanked(InvestigationEvent):
    """The current ranking, best first; it replaces the one before.

    `decisive` are the facts that decide the order, where they were searched for by ranking again without each.
    """

    type: Literal["hypotheses_ranked"] = "hypotheses_ranked"
    version: Literal[1] = 1
    hypotheses: tuple[Hypothesis, ...]
    would_change: tuple[str, ...] = ()
    decisive: tuple[Decisive, ...] = ()


class ConclusionReached(IncidentEvent):
    """Findings, gaps and proposed actions.

    Version 1 held only actions that were recommended.
    """

    type: Literal["conclusion_reached"] = "conclusion_reached"
    version: Literal[2] = 2
    findings: tuple[Finding, ...]
    gaps: tuple[str, ...]
    actions: tuple[Action, ...]
