"""Since when something is wrong, as far as anything tells: the alarm's metric, else the first sign of the cause."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

from cockpit.widgets.draw import sanitised
from cockpit.widgets.fact_times import happened_at
from cockpit.widgets.words import clock, levels

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.incident import FoundFact, IncidentState
    from primitives.facts import MetricShift

__all__ = ["Beginning", "beginning", "measured", "moved_most", "onset_range", "symptom_fact", "wrong_workload"]

WEIGHED = 12
"""Facts of the leading cause, the heaviest first, in which the first sign is looked for."""

APART = timedelta(minutes=1)
"""What is further apart began at two times."""


class Beginning(NamedTuple):
    """`at` the latest from `until` on; `exact` where the metric that raised the alarm tells it."""

    at: datetime
    until: datetime | None = None
    exact: bool = False

    @property
    def word(self) -> str:
        """What a mark of it is called."""
        return "onset" if self.exact else "first sign"


def beginning(view: View) -> Beginning | None:
    """Since when; None where no fact has a time.

    In a drill the leading cause tells nothing: it is what is looked for.
    """
    state = view.state
    if state is None or state.opened is None:
        return None
    cache = view.symptom_cache.gather(state)
    # What was asked again over another time may have recovered, or not hold its onset any more.
    for shift in (cache.exact, cache.before):
        if shift is not None and shift.onset is not None:
            start, end = onset_range(shift, state.opened.detected_at)
            return Beginning(start, end, exact=True)
    signs = [] if view.drill else [time for time in map(_sign, _evidence(state)) if time is not None]
    signs = [time for time in signs if time >= state.opened.window.start]
    if signs:
        return Beginning(min(signs))
    worst = cache.worst
    return Beginning(worst.onset) if worst is not None and worst.onset is not None else None


def symptom_fact(view: View) -> FoundFact | None:
    """The shift of the alarm's metric, else one that speaks for the leading cause, else the strongest that hurts.

    Where the alarm's metric has recovered, what it does now, and where that is not known, what it did: not another one
    that is still bad, which is no symptom.
    """
    assert view.state is not None
    cache = view.symptom_cache.gather(view.state)
    if cache.exact_fact is not None:
        return cache.exact_fact
    if (known := cache.since_fact or cache.before_fact) is not None:
        return known
    shifts = () if view.drill else (known for known in _evidence(view.state) if known.fact.type == "metric_shift")
    hurting = (known for known in shifts if known.fact.polarity == "present" and getattr(known.fact, "worse", False))
    return next(hurting, cache.worst_fact)


def onset_range(shift: MetricShift, alert: datetime) -> tuple[datetime, datetime | None]:
    """The onset; where it lies behind the alert only because samples are far apart, from when to when it may lie."""
    assert shift.onset is not None
    earliest = shift.onset - timedelta(seconds=shift.onset_uncertainty_s or 0.0)
    return (earliest, shift.onset) if earliest <= alert < shift.onset else (shift.onset, None)


def _evidence(state: IncidentState) -> list[FoundFact]:
    best = state.hypotheses[0] if state.hypotheses else None
    weighed = islice(best.evidence_for, WEIGHED) if best is not None else ()
    return [state.facts[item.fact] for item in weighed if item.fact in state.facts]


def _sign(known: FoundFact) -> datetime | None:
    """When it happened, of a fact that can be a sign: a change is a cause, an alert comes after its signs."""
    fact = known.fact
    return happened_at(fact) if fact.polarity == "present" and fact.type not in ("change", "alert") else None


def moved_most(view: View) -> str:
    """What was measured to be wrong where the alarm's own metric did not move, or there is none; empty: nothing."""
    if view.state is None or view.symptom_cache.gather(view.state).exact is not None:
        return ""
    return measured(view, beside=beginning(view))


def _recovered(view: View, now: MetricShift, before: MetricShift) -> str:
    """What a metric that has recovered did, and does: `api latency p95 back at 204 ms, was 1.5 s`."""
    name = f"{now.resource_name(view.names)} {now.metric.replace('_', ' ')}"
    return f"{sanitised(name)} back at {now.reading(now.current)}, was {before.reading(before.current)}"


def measured(view: View, *, beside: Beginning | None = None) -> str:
    """What the symptom's metric did: `api latency p95 200 ms → 1.5 s since 14:30`; `now not known` of an old number.

    `beside` a first sign of another time its own time stands in front: `from 14:33 api latency …`. In a narrow terminal
    it would be read as that sign, since its end is cut.
    """
    known = symptom_fact(view)
    if known is None:
        return ""
    shift = cast("MetricShift", known.fact)
    if shift.polarity != "present" and (was := view.symptom_cache.before) is not None:
        return _recovered(view, shift, was)
    before, during = levels(shift)
    name = sanitised(f"{shift.resource_name(view.names)} {shift.metric.replace('_', ' ')}")
    if known is view.symptom_cache.before_fact:
        # It was asked again, and nothing came, or a person refuted what came.
        return f"{name} was {during} at {clock(shift.latest_at or shift.observed_at)}, now not known"
    if shift.onset is None:
        return f"{name} {before} → {during}"
    if beside is not None and abs(shift.onset - beside.at) > APART:
        return f"from {clock(shift.onset)} {name} {before} → {during}"
    return f"{name} {before} → {during} since {clock(shift.onset)}"


def wrong_workload(view: View) -> str:
    """The unhealthy workload that speaks most for the leading cause, in a few words; empty where there is none."""
    state = view.state
    if state is None or view.drill:
        return ""
    for known in _evidence(state):
        if known.fact.type == "workload_state" and known.fact.polarity == "present":
            return sanitised(f"{known.fact.resource_name(view.names)}: {known.fact.state}")
    return ""
