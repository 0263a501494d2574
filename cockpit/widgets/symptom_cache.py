"""What the header and the timeline need of the facts, gathered as facts come."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cockpit.widgets.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.incident import FoundFact, IncidentState
    from primitives.facts import Fact, MetricShift

__all__ = ["SymptomCache", "kept_facts"]


def kept_facts(state: IncidentState, seen: Sequence[FoundFact]) -> int:
    """How many of the facts in `seen` are the first ones of `state`: all, fewer at an earlier moment, or none.

    A screen shows one log, at whichever moment, and facts only ever join it.
    """
    count = min(len(state.facts), len(seen))
    return count if count and state.facts.get(seen[count - 1].id) == seen[count - 1] else 0


class SymptomCache:
    """What of the facts the marks and the header need, gathered as facts come instead of with every frame."""

    def __init__(self) -> None:
        self._seen: list[FoundFact] = []
        self._then: list[tuple[MetricShift | None, MetricShift | None, int]] = []
        self._exact: MetricShift | None = None
        self._worst: MetricShift | None = None
        self.changes = Changes()

    def gather(self, state: IncidentState) -> SymptomCache:
        """Take in the facts that joined since the last update."""
        kept = kept_facts(state, self._seen)
        if kept < len(self._seen):
            del self._seen[kept:], self._then[kept:]
            self._exact, self._worst, changes = self._then[-1] if self._then else (None, None, 0)
            self.changes.drop_after(changes)
        for found_fact in islice(state.facts.values(), kept, None):
            self._take(found_fact.fact, state)
            self._seen.append(found_fact)
            self._then.append((self._exact, self._worst, len(self.changes)))
        return self

    def _take(self, fact: Fact, state: IncidentState) -> None:
        if fact.type == "change" and fact.change is not None:
            self.changes.take(fact.change)
        if fact.type != "metric_shift" or fact.polarity != "present" or not fact.worse:
            return
        wanted = state.opened.symptom if state.opened else None
        if wanted and fact.resource == wanted.resource and wanted.metric in {None, fact.metric}:
            self._exact = self._exact or fact
        if self._worst is None or abs(fact.score) > abs(self._worst.score):
            self._worst = fact

    @property
    def symptom(self) -> MetricShift | None:
        """The shift of the metric that raised the alarm, or else the strongest one that hurts."""
        return self._exact or self._worst
