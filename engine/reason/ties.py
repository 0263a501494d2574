"""Hypotheses that are equally likely: which comes first.

First the one that explains more of the trouble, then the deeper dependency (a fault shows in what depends on it, hardly
the other way: B. Beyer et al., Site Reliability Engineering, 2016, chapter 22), then the one whose fact was found
first. A name decides nothing but the order of what is alike in all of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from engine.reason.candidates import Candidate
from engine.reason.fact_index import FactIndex
from engine.reason.trouble import Trouble

if TYPE_CHECKING:
    from engine.reason.competition import Scored

__all__ = ["TieBreaker"]

# Log-odds that differ less are equal: sums of the same weights may differ in their last digits.
_DIGITS: Final = 6
_SAME_ODDS: Final = 1e-6
# Ties behind this place are not shown.
_MOST_SHOWN: Final = 12
# Of so many that are equal nobody looks at the order; to ask what each explains would take long.
_MOST_TIED: Final = 200

_Preference = tuple[float, int, int, str]


class TieBreaker:
    """Orders the hypotheses of one ranking."""

    def __init__(self, case: FactIndex, trouble: Trouble) -> None:
        self._case, self._trouble = case, trouble

    def first(self, candidates: Sequence[Candidate], odds: Sequence[float]) -> int:
        """The place of the likeliest candidate."""
        most = max(odds)
        tied = [place for place, value in enumerate(odds) if value >= most * (1.0 - _SAME_ODDS)]
        return min(tied, key=lambda place: self._preference(candidates[place])) if len(tied) > 1 else tied[0]

    def ordered(self, scored: Sequence[Scored]) -> tuple[Scored, ...]:
        """Best first."""
        by_odds: dict[float, list[Scored]] = {}
        for item in scored:
            by_odds.setdefault(round(item.final, _DIGITS), []).append(item)
        ordered: list[Scored] = []
        for _, tied in sorted(by_odds.items(), reverse=True):
            if len(tied) > 1 and len(ordered) < _MOST_SHOWN and len(tied) <= _MOST_TIED:
                tied.sort(key=lambda item: self._preference(item.candidate))
            elif len(tied) > 1:
                tied.sort(key=lambda item: str(item.candidate.key))
            ordered += tied
        return tuple(ordered)

    def _preference(self, candidate: Candidate) -> _Preference:
        coverage = self._trouble.coverage(candidate.key) if candidate.key.resource else 0.0
        depth = self._case.distance.get(candidate.key.resource or "", 0)
        places = [
            self._places[item.fact] for item in candidate.evidence if item.weight > 0 and item.fact in self._places
        ]
        return (-round(coverage, _DIGITS), -depth, min(places, default=len(self._places)), str(candidate.key))

    @cached_property
    def _places(self) -> dict[str, int]:
        """When each fact was found."""
        return {known.id: place for place, known in enumerate(self._case.facts)}
