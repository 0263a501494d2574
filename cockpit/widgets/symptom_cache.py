"""What the header and the timeline need of the facts, gathered as facts come."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, cast

from cockpit.widgets.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.condition import Condition
    from engine.incident import FoundFact, IncidentState
    from primitives.facts import MetricShift

__all__ = ["SymptomCache", "facts_after", "kept_facts"]

MOST_TELLING = 1_000
"""Facts that the incident's condition rests on; of unhealthy workloads the first ones say as much as all."""


def kept_facts(state: IncidentState, seen: Sequence[FoundFact]) -> int:
    """How many of the facts in `seen` are the first ones of `state`: all, fewer at an earlier moment, or none.

    A screen shows one log, at whichever moment, and facts only ever join it.
    """
    count = min(len(state.facts), len(seen))
    # The same object: an equal one, read anew from the store, would be held beside it.
    return count if count and state.facts.get(seen[count - 1].id) is seen[count - 1] else 0


def facts_after(state: IncidentState, count: int) -> list[FoundFact]:
    """The facts of `state` without the first `count`, at the cost of those alone."""
    facts = list(islice(reversed(state.facts.values()), len(state.facts) - count))
    facts.reverse()
    return facts


class SymptomCache:
    """What of the facts the marks and the header need, gathered as facts come instead of with every frame."""

    def __init__(self) -> None:
        self._seen: list[FoundFact] = []
        self._then: list[tuple[FoundFact | None, FoundFact | None, int, int]] = []
        self._exact: FoundFact | None = None
        self._worst: FoundFact | None = None
        self._telling: list[FoundFact] = []
        self._condition: tuple[object, Condition | None] = (None, None)
        self.changes = Changes()

    def gather(self, state: IncidentState) -> SymptomCache:
        """Take in the facts that joined since the last update."""
        # The engine is there by the time that there is a state; the first frame must not wait for it.
        from engine.condition import tells_condition

        kept = kept_facts(state, self._seen)
        if kept < len(self._seen):
            del self._seen[kept:], self._then[kept:]
            self._exact, self._worst, changes, telling = self._then[-1] if self._then else (None, None, 0, 0)
            self.changes.drop_after(changes)
            del self._telling[telling:]
        for found_fact in facts_after(state, kept):
            self._take(found_fact, state)
            if len(self._telling) < MOST_TELLING and tells_condition(found_fact.fact, state.opened):
                self._telling.append(found_fact)
            self._seen.append(found_fact)
            self._then.append((self._exact, self._worst, len(self.changes), len(self._telling)))
        return self

    def condition(self, state: IncidentState) -> Condition:
        """Whether what raised the alarm is still bad."""
        from engine.condition import condition_from

        watch = state.watch
        key = (len(self._telling), tuple(state.judgements.items()), watch.symptom, watch.read_at)
        known, condition = self._condition
        if condition is None or key != known:
            condition = condition_from(self._telling, state.judgements, watch)
            self._condition = (key, condition)
        return condition

    def _take(self, found_fact: FoundFact, state: IncidentState) -> None:
        fact = found_fact.fact
        if fact.type == "change" and fact.change is not None:
            self.changes.take(fact.change)
        if fact.type != "metric_shift" or fact.polarity != "present" or not fact.worse:
            return
        wanted = state.opened.symptom if state.opened else None
        if wanted and fact.resource == wanted.resource and wanted.metric in {None, fact.metric}:
            self._exact = self._exact or found_fact
        if self._worst is None or abs(fact.score) > abs(_shift_of(self._worst).score):
            self._worst = found_fact

    @property
    def exact_fact(self) -> FoundFact | None:
        """The fact of the metric that raised the alarm, where it moved."""
        return self._exact

    @property
    def exact(self) -> MetricShift | None:
        """What that metric did."""
        return _shift_of(self._exact) if self._exact is not None else None

    @property
    def worst_fact(self) -> FoundFact | None:
        """The fact of the strongest shift that hurts, of whatever metric."""
        return self._worst

    @property
    def worst(self) -> MetricShift | None:
        """That shift."""
        return _shift_of(self._worst) if self._worst is not None else None


def _shift_of(found_fact: FoundFact) -> MetricShift:
    return cast("MetricShift", found_fact.fact)
