"""The condition of an incident: whether what raised the alarm is still bad. It is not the state of the analysis.

Where a watch saw the symptom go or come back, and no fact is newer, the watch decides. Of the facts, the metric that
raised the alarm decides, where it was measured; else an alert that a source states, else what is unhealthy now. Nothing
is called recovered for lack of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from engine.events import IncidentOpened
from engine.hypotheses import Judgement
from engine.incident import FoundFact, IncidentState
from engine.state.same_statement import says_the_same
from engine.state.watch import WatchState
from primitives.dataclass import dataclass
from primitives.facts import AlertState, Fact, MetricShift, WorkloadState, normal_room

__all__ = [
    "Condition",
    "ConditionState",
    "condition_from",
    "condition_of",
    "stands",
    "symptom_before",
    "telling_facts",
    "tells_condition",
]

ConditionState = Literal["bad", "returned", "recovering", "recovered", "normal", "unknown"]
"""`returned`: it had recovered, and is bad again; `normal`: the metric that raised the alarm never left its normal
range; `unknown`: nobody measured it."""

# From half of the way back on it is recovering.
_HALF: Final = 0.5
_FIRING: Final = frozenset({"firing", "alarm", "triggered", "active", "open", "acknowledged"})
_RESOLVED: Final = frozenset({"resolved", "ok", "inactive", "closed"})


@dataclass(frozen=True, slots=True)
class Condition:
    """The state as of `at`; `shift` is what the metric that raised the alarm did."""

    state: ConditionState
    at: datetime | None = None
    shift: MetricShift | None = None


def condition_of(state: IncidentState) -> Condition:
    """The condition by what is known as of now. A metric that was bad before it was asked again has recovered."""
    now = condition_from(telling_facts(state), state.judgements, state.watch)
    was = symptom_before(state)
    if was is None:
        return now
    if now.state == "normal":
        return replace(now, state="recovered")
    if now.shift is not None and now.shift.onset is None and says_the_same(was.fact, now.shift):
        # The window has moved on, and no longer holds the onset.
        return replace(now, shift=now.shift.model_copy(update={"onset": getattr(was.fact, "onset", None)}))
    return now


def symptom_before(state: IncidentState) -> FoundFact | None:
    """What the metric that raised the alarm did before it was asked again, as it was measured last; None: no harm.

    Also what somebody pinned then: whoever pinned it is sure of then.
    """
    again = state.asked_again
    known = (
        state.facts[name]
        for name in (reversed(state.facts) if again else ())
        if name in again and stands(state.judgements.get(name))
    )
    return next((each for each in known if _hurts(each.fact) and tells_condition(each.fact, state.opened)), None)


def _hurts(fact: Fact) -> bool:
    return isinstance(fact, MetricShift) and fact.polarity == "present" and fact.worse and fact.ended is None


def telling_facts(state: IncidentState) -> tuple[FoundFact, ...]:
    """What the condition of now can rest on.

    Not what was asked again and not seen again: whoever pinned it is sure of then, not of now.
    """
    again = state.asked_again
    return tuple(
        known for known in state.current_facts if known.id not in again and tells_condition(known.fact, state.opened)
    )


def tells_condition(fact: Fact, opened: IncidentOpened | None) -> bool:
    """Whether the condition can rest on this fact."""
    match fact:
        case MetricShift():
            symptom = opened.symptom if opened is not None else None
            # Never another resource's or metric's: its number would be read as the symptom's.
            return symptom is not None and symptom.names(fact.resource, fact.metric)
        case AlertState():
            return fact.polarity == "present"
        case WorkloadState():
            return fact.polarity == "present" and fact.hurt is True and fact.bearing == "active"
        case _:
            return False


def condition_from(telling: Iterable[FoundFact], judgements: Mapping[str, Judgement], watch: WatchState) -> Condition:
    """The condition by those facts that `tells_condition` lets through and by the watch.

    A fact that a person excluded doesn't count.
    """
    by_facts = _by_facts([known.fact for known in telling if stands(judgements.get(known.id))])
    if watch.symptom is None or (read_at := watch.told_at or watch.since) is None:
        return by_facts
    if by_facts.at is not None and by_facts.at > read_at:
        return by_facts
    return Condition(watch.symptom, read_at, by_facts.shift)


def _by_facts(facts: list[Fact]) -> Condition:
    shifts = [fact for fact in facts if isinstance(fact, MetricShift)]
    if shifts:
        return _of_shift(next((shift for shift in shifts if shift.polarity == "present"), shifts[0]))
    alerts = [fact for fact in facts if isinstance(fact, AlertState)]
    states = {alert.state.casefold() for alert in alerts}
    if states & _FIRING:
        return Condition("bad", max(alert.observed_at for alert in alerts))
    if hurt := [fact for fact in facts if isinstance(fact, WorkloadState)]:
        return Condition("bad", max(fact.observed_at for fact in hurt))
    if alerts and states <= _RESOLVED:
        return Condition("recovered", max(alert.observed_at for alert in alerts))
    return Condition("unknown")


def stands(judged: Judgement | None) -> bool:
    """Whether a fact with this judgement counts: nobody refuted or withdrew it."""
    return judged is None or judged.verdict == "pinned"


def _of_shift(shift: MetricShift) -> Condition:
    if shift.ended is not None:
        return Condition("recovered", shift.ended, shift)
    level = shift.level_now
    if shift.latest is None or level is None or shift.latest_at is None:
        return Condition("unknown", shift=shift)
    if shift.polarity != "present":
        return Condition("normal", shift.latest_at, shift)
    moved = abs(shift.current - shift.baseline)
    # By the newest sample, which is the one that is shown, and by the level, which an outlier doesn't move.
    away = [abs(value - shift.baseline) for value in (shift.latest, level)]
    well = [each <= normal_room(shift.spread, moved) for each in away]
    if all(well):
        return Condition("recovered", shift.latest_at, shift)
    if any(well) or max(away) < _HALF * moved:
        return Condition("recovering", shift.latest_at, shift)
    return Condition("bad", shift.latest_at, shift)
