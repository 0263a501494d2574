"""A drill's score: how right a diagnosis is, and after how many of the facts it was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from primitives.dataclass import dataclass
from primitives.errors import UsageError
from primitives.text import safe_line

if TYPE_CHECKING:
    from engine.hypotheses import Hypothesis
    from engine.incident import IncidentState

__all__ = ["CAUSE", "EARLY", "RESOURCE", "Score", "causes_to_choose", "chosen_cause", "right_cause", "score_of"]

CAUSE, RESOURCE, EARLY = 60, 20, 20
"""Points for the right cause, the right resource, and for facts that were not needed; together 100."""
NEAR = 30
"""Points at most for a cause that the investigation thinks possible too."""
LEAST_OFFERED = 0.001


@dataclass(frozen=True, slots=True)
class Score:
    """Points, and what they are for."""

    cause: int
    resource: int
    early: int
    seen: int
    facts: int

    @property
    def total(self) -> int:
        """Of a hundred."""
        return self.cause + self.resource + self.early


def right_cause(state: IncidentState) -> Hypothesis:
    """What the drill is scored against: what is believed most at the end, after all that people said of it.

    Raises `UsageError` where the investigation believes nothing.
    """
    if not state.hypotheses:
        raise UsageError("the investigation came to no cause, so a drill has nothing to score against; take another")
    return state.hypotheses[0]


def causes_to_choose(state: IncidentState) -> list[Hypothesis]:
    """The causes that a person may choose from, in the order of their words, which says nothing of how likely they are.

    Every cause that was considered is there, so that the right one can't be told from its company.
    """
    offered = [known for known in state.hypotheses if known.confidence >= LEAST_OFFERED] or list(state.hypotheses)
    return sorted(offered, key=lambda known: known.cause.casefold())


def chosen_cause(choices: Sequence[Hypothesis], typed: str) -> Hypothesis:
    """The cause with the number that was typed, or with all the words. Raises `UsageError` for none or several."""
    wanted = typed.strip().casefold()
    if wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:6]) <= len(choices):
        return choices[int(wanted[:6]) - 1]
    words = wanted.split()
    fitting = [known for known in choices if words and all(word in known.cause.casefold() for word in words)]
    if len(fitting) != 1:
        many = "several causes have" if fitting else "no cause has"
        raise UsageError(f"{many} “{safe_line(typed, limit=40)}” in them; type the number of one")
    return fitting[0]


def score_of(chosen: Hypothesis, seen: int, state: IncidentState) -> Score:
    """The points for choosing `chosen` after `seen` facts, `state` being that of the end."""
    right = right_cause(state)
    if chosen.id == right.id:
        cause = CAUSE
    else:
        cause = min(round(NEAR * chosen.confidence / max(right.confidence, 0.01)), NEAR)
    facts = max(len(state.facts), 1)
    # Nothing is early that is wrong.
    early = round(EARLY * (1 - min(seen / facts, 1.0))) if cause == CAUSE else 0
    return Score(cause, RESOURCE if chosen.resource == right.resource else 0, early, seen, len(state.facts))
