"""What the header and the timeline need of the facts, gathered as facts come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from cockpit.widgets.changes import Changes
from cockpit.widgets.suffering import entries_above

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.condition import Condition
    from engine.incident import FoundFact, IncidentState
    from primitives.facts import MetricShift

__all__ = ["SymptomCache", "hurts", "kept_facts"]

MOST_TELLING = 1_000
"""Facts that the incident's condition rests on; of unhealthy workloads the first ones say as much as all."""


def kept_facts(state: IncidentState, seen: Sequence[FoundFact]) -> int:
    """How many of the facts in `seen` are the first ones of `state`: all, fewer at an earlier moment, or none.

    A screen shows one log, at whichever moment, and facts only ever join it.
    """
    count = min(len(state.facts), len(seen))
    # The same object: an equal one, read anew from the store, would be held beside it.
    return count if count and state.facts.get(seen[count - 1].id) is seen[count - 1] else 0


class Symptom(NamedTuple):
    """What the alarm's metric does now (`exact`), the strongest shift that hurts now, and what the metric did before.

    `before` is of the time before it was asked again, as it was measured last. `since` is what was measured of it then;
    None where nothing came, or where a person refuted it: then what it does now is not known.
    """

    exact: FoundFact | None = None
    worst: FoundFact | None = None
    before: FoundFact | None = None
    since: FoundFact | None = None

    def after(self, found_fact: FoundFact, state: IncidentState) -> Symptom:
        """The same with one more shift that hurts."""
        fact = _shift_of(found_fact)
        wanted = state.opened.symptom if state.opened else None
        own = wanted is not None and fact.resource == wanted.resource and wanted.metric in {None, fact.metric}
        exact = self.exact or (found_fact if own else None)
        if self.worst is None or abs(fact.score) > abs(_shift_of(self.worst).score):
            return self._replace(exact=exact, worst=found_fact)
        return self if exact is self.exact else self._replace(exact=exact)


class SymptomCache:
    """What of the facts the marks and the header need, gathered as facts come instead of with every frame.

    Facts of before the incident was asked again count for the changes alone: a change has happened.
    """

    def __init__(self) -> None:
        self._seen: list[FoundFact] = []
        self._then: list[tuple[Symptom, int, int, int]] = []
        self._all = Symptom()
        self._telling: list[FoundFact] = []
        self._hurting: list[FoundFact] = []
        self._hurting_of: dict[str | None, list[FoundFact]] = {}
        self._condition: tuple[object, Condition | None] = (None, None)
        self._current: tuple[object, Symptom] = (None, Symptom())
        self._symptom = Symptom()
        self._entries: tuple[object, tuple[str, ...]] = (None, ())
        self.changes = Changes()

    def gather(self, state: IncidentState) -> SymptomCache:
        """Take in the facts that joined since the last update."""
        # The engine is there by the time that there is a state; the first frame must not wait for it.
        from engine.condition import tells_condition

        kept = kept_facts(state, self._seen)
        if kept < len(self._seen):
            del self._seen[kept:], self._then[kept:]
            self._all, changes, telling, hurting = self._then[-1] if self._then else (Symptom(), 0, 0, 0)
            self.changes.drop_after(changes)
            for found_fact in reversed(self._hurting[hurting:]):
                self._hurting_of[found_fact.fact.resource].pop()
            del self._telling[telling:], self._hurting[hurting:]
        for found_fact in state.facts_after(kept):
            if found_fact.fact.type == "change" and found_fact.fact.change is not None:
                self.changes.take(found_fact.fact.change)
            if hurts(found_fact):
                self._all = self._all.after(found_fact, state)
                self._hurting.append(found_fact)
                self._hurting_of.setdefault(found_fact.fact.resource, []).append(found_fact)
            if len(self._telling) < MOST_TELLING and tells_condition(found_fact.fact, state.opened):
                self._telling.append(found_fact)
            self._seen.append(found_fact)
            self._then.append((self._all, len(self.changes), len(self._telling), len(self._hurting)))
        self._symptom = self._of_now(state) if state.was_asked_again or self._is_refuted(state) else self._all
        return self

    def _is_refuted(self, state: IncidentState) -> bool:
        from engine.condition import stands

        shown = (self._all.exact, self._all.worst) if state.judgements else ()
        return any(known is not None and not stands(state.judgements.get(known.id)) for known in shown)

    def _of_now(self, state: IncidentState) -> Symptom:
        from engine.condition import stands, symptom_before

        key = (state.execution_id, state.facts_version, tuple(state.judgements.items()))
        if key != self._current[0]:
            again, before = state.asked_again, symptom_before(state)
            symptom = Symptom(before=before, since=_measured_since(before, state) if before is not None else None)
            for known in self._hurting:
                # Whoever pinned what was asked again is sure of then, not of now.
                if known.id not in again and stands(state.judgements.get(known.id)):
                    symptom = symptom.after(known, state)
            self._current = (key, symptom)
        return self._current[1]

    def condition(self, state: IncidentState) -> Condition:
        """Whether what raised the alarm is still bad."""
        from engine.condition import condition_from, condition_of

        watch, again = state.watch, state.was_asked_again
        facts = state.facts_version if again else len(self._telling)
        key = (state.execution_id, facts, tuple(state.judgements.items()), watch.symptom, watch.read_at)
        known, condition = self._condition
        if condition is None or key != known:
            condition = condition_of(state) if again else condition_from(self._telling, state.judgements, watch)
            self._condition = (key, condition)
        return condition

    @property
    def telling(self) -> Sequence[FoundFact]:
        """The facts that the condition rests on."""
        return self._telling

    def entries(self, state: IncidentState, resource: str) -> tuple[str, ...]:
        """Where the requests come in that end at the resource; worked out once for each set of facts."""
        key = (state.execution_id, state.facts_version, resource)
        if key != self._entries[0]:
            self._entries = (key, entries_above(state, resource))
        return self._entries[1]

    def hurting(self, resource: str) -> Sequence[FoundFact]:
        """Every metric of the resource that moved the way that hurts, in the order in which they were found."""
        return self._hurting_of.get(resource, ())

    @property
    def has_alert(self) -> bool:
        """Whether a fact tells of an alert."""
        return any(known.fact.type == "alert" and known.fact.polarity == "present" for known in self._telling)

    @property
    def exact_fact(self) -> FoundFact | None:
        """The fact of the metric that raised the alarm, where it is bad now."""
        return self._symptom.exact

    @property
    def exact(self) -> MetricShift | None:
        """What that metric did."""
        return _shift_of(self._symptom.exact) if self._symptom.exact is not None else None

    @property
    def worst_fact(self) -> FoundFact | None:
        """The fact of the strongest shift that hurts, of whatever metric."""
        return self._symptom.worst

    @property
    def worst(self) -> MetricShift | None:
        """That shift."""
        return _shift_of(self._symptom.worst) if self._symptom.worst is not None else None

    @property
    def before_fact(self) -> FoundFact | None:
        """What the metric that raised the alarm did before it was asked again."""
        return self._symptom.before

    @property
    def before(self) -> MetricShift | None:
        """That shift."""
        return _shift_of(self._symptom.before) if self._symptom.before is not None else None

    @property
    def since_fact(self) -> FoundFact | None:
        """What it does now, where it was measured again and nobody refuted that."""
        return self._symptom.since


def _measured_since(before: FoundFact, state: IncidentState) -> FoundFact | None:
    from engine.condition import stands

    newer = state.asked_again[before.id].fact if before.id in state.asked_again else ""
    return state.facts[newer] if newer and stands(state.judgements.get(newer)) else None


def hurts(found_fact: FoundFact) -> bool:
    """Whether it is a metric that moved the way that hurts."""
    fact = found_fact.fact
    return fact.type == "metric_shift" and fact.polarity == "present" and bool(fact.worse)


def _shift_of(found_fact: FoundFact) -> MetricShift:
    return cast("MetricShift", found_fact.fact)
