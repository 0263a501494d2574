"""Since when something is wrong, as far as anything tells: the alarm's metric, else the first sign of the cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

from cockpit.widgets.draw import cells, sanitised
from cockpit.widgets.fact_times import happened_at
from cockpit.widgets.symptom_cache import hurts
from cockpit.widgets.words import clock, levels, metric_forms, minute, worst_levels
from primitives.quantities import duration

if TYPE_CHECKING:
    from cockpit.widgets.symptom_cache import SymptomCache
    from cockpit.widgets.view import View
    from engine.incident import FoundFact, IncidentState
    from primitives.facts import Fact, MetricShift

__all__ = [
    "Beginning",
    "beginning",
    "measured",
    "moved_most",
    "onset_range",
    "own_signs",
    "sign_gone_since",
    "symptom_fact",
    "unsampled_end",
    "went_back_at_once",
    "wrong_workload",
]

WEIGHED = 12
"""Facts of the leading cause, the heaviest first, in which the first sign is looked for."""

SILENT_S = 300.0
"""A recording that goes on for so long after the last sample says so: most metrics have one every minute or five."""

LONE_S = 120.0
"""A single sample that stands for no longer than this, and went back, is no first sign."""

APART = timedelta(minutes=1)
"""What is further apart began at two times."""


class Beginning(NamedTuple):
    """`at` the latest from `until` on; `exact`: the metric that raised the alarm tells it; else the `sign` does."""

    at: datetime
    until: datetime | None = None
    exact: bool = False
    sign: FoundFact | None = None

    @property
    def is_last_seen(self) -> bool:
        """Whether it is when something was seen last that is missing since: a time before the trouble."""
        fact = self.sign.fact if self.sign is not None else None
        return fact is not None and fact.type == "log_pattern" and not fact.count

    @property
    def word(self) -> str:
        """What a mark of it is called."""
        return "onset" if self.exact else "last seen" if self.is_last_seen else "first sign"

    @property
    def name(self) -> str:
        """The same in a sentence: `the first sign`, `the last usual message`."""
        return "the last usual message" if self.is_last_seen else f"the {self.word}"


def beginning(view: View) -> Beginning | None:
    """Since when; None where no fact has a time, or the metric that raised the alarm never left its normal range.

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
    if view.condition.state == "normal":
        return None
    if not view.drill and (sign := _first_sign(state, cache)) is not None:
        return sign
    worst = cache.worst_fact
    began = cache.worst.onset if cache.worst is not None else None
    return Beginning(began, sign=worst) if began is not None else None


def _first_sign(state: IncidentState, cache: SymptomCache) -> Beginning | None:
    """The earliest of what speaks for the leading cause: on its own resource, or else anywhere."""
    assert state.opened is not None
    for facts in (_own(state, cache), _evidence(state)):
        dated = [(time, known) for known in facts if (time := _sign(known)) is not None]
        dated = [(time, known) for time, known in dated if time >= state.opened.window.start]
        if dated:
            at, known = min(dated, key=lambda each: each[0])
            return Beginning(at, sign=known)
    return None


def sign_gone_since(view: View) -> datetime | None:
    """Since when the metric that is the first sign is normal again, where the alarm's own metric tells nothing."""
    begun = beginning(view)
    if begun is None or begun.sign is None or begun.sign.fact.type != "metric_shift":
        return None
    return begun.sign.fact.back_at


def unsampled_end(view: View, *, short: bool = False) -> str:
    """That a recording ends well after the last sample of the alarm's metric: `no sample in the last 9 min`."""
    at, state = view.condition.at, view.state
    if view.mode == "LIVE" or state is None or state.opened is None or view.condition.shift is None or at is None:
        return ""
    silent_s = (state.opened.now - at).total_seconds()
    words = "no sample for" if short else "no sample in the last"
    return f"{words} {duration(silent_s)}" if silent_s >= SILENT_S else ""


def symptom_fact(view: View) -> FoundFact | None:
    """The shift of the alarm's metric, else one that speaks for the leading cause, else the strongest that hurts.

    Where the alarm's metric has recovered, what it does now, and where that is not known, what it did: not another one
    that is still bad, which is no symptom.
    """
    assert view.state is not None
    cache = view.symptom_cache.gather(view.state)
    if cache.exact_fact is not None:
        return cache.exact_fact
    if (known := cache.since_fact or cache.before_fact or _calm_symptom(view)) is not None:
        return known
    if view.drill:
        return cache.worst_fact
    own, others = (list(filter(hurts, facts)) for facts in (_own(view.state, cache), _evidence(view.state)))
    lasting = [known for known in own if not went_back_at_once(known.fact)]
    return next(iter((*lasting, *own, *others)), cache.worst_fact)


def _calm_symptom(view: View) -> FoundFact | None:
    """The metric that raised the alarm where it never left its normal range: what strayed elsewhere is no symptom."""
    condition = view.condition
    if condition.state != "normal":
        return None
    return next((known for known in view.symptom_cache.telling if known.fact is condition.shift), None)


def onset_range(shift: MetricShift, alert: datetime) -> tuple[datetime, datetime | None]:
    """The onset; where it lies behind the alert only because samples are far apart, from when to when it may lie."""
    assert shift.onset is not None
    earliest = shift.onset - timedelta(seconds=shift.onset_uncertainty_s or 0.0)
    return (earliest, shift.onset) if earliest <= alert < shift.onset else (shift.onset, None)


def _own(state: IncidentState, cache: SymptomCache) -> list[FoundFact]:
    """What is about the leading cause's own resource: what speaks for the cause, and what else is worse there."""
    best = state.hypotheses[0] if state.hypotheses else None
    if best is None or best.resource is None:
        return []
    known = [state.facts[item.fact] for item in best.evidence_for if item.fact in state.facts]
    own = {each.id: each for each in known if each.fact.resource == best.resource}
    for each in cache.hurting(best.resource):
        if len(own) >= WEIGHED:
            break
        if each.id not in state.asked_again:
            own.setdefault(each.id, each)
    return list(islice(own.values(), WEIGHED))


def own_signs(view: View) -> list[Fact]:
    """What is about the leading cause's own resource, or else all that speaks for the cause; in a drill nothing."""
    state = view.state
    if state is None or view.drill:
        return []
    cache = view.symptom_cache.gather(state)
    return [known.fact for known in _own(state, cache) or _evidence(state)]


def _evidence(state: IncidentState) -> list[FoundFact]:
    best = state.hypotheses[0] if state.hypotheses else None
    weighed = islice(best.evidence_for, WEIGHED) if best is not None else ()
    return [state.facts[item.fact] for item in weighed if item.fact in state.facts]


def _sign(known: FoundFact) -> datetime | None:
    """When it happened, of a fact that can be a sign: a change is a cause, an alert comes after its signs."""
    fact = known.fact
    if fact.polarity != "present" or fact.type in ("change", "alert") or went_back_at_once(fact):
        return None
    if fact.type == "log_pattern" and fact.ongoing and fact.count and fact.first_seen and fact.window:
        # What the window began with nobody saw begin.
        return fact.first_seen if fact.first_seen - fact.window.start >= APART else None
    return happened_at(fact)


def went_back_at_once(fact: Fact) -> bool:
    """Whether a single sample of a short time strayed, and the next ones were normal again."""
    return (
        fact.type == "metric_shift"
        and fact.samples == 1
        and fact.back_at is not None
        and (fact.onset_uncertainty_s or 0.0) <= LONE_S
    )


def moved_most(view: View, room: int | None = None) -> str:
    """What was measured to be wrong where the alarm's own metric did not move, or there is none; empty: nothing.

    What is neither about the leading cause's resource nor the first sign itself is not told beside that sign, and
    nothing is where whose it is and of which metric have no `room`.
    """
    if view.state is None or view.symptom_cache.gather(view.state).exact is not None:
        return ""
    if view.condition.state == "normal":
        return ""
    begun, known = beginning(view), symptom_fact(view)
    if begun is None or begun.sign is None or known is None or view.drill or known is begun.sign:
        return measured(view, beside=begun, room=room)
    best = view.state.hypotheses[0] if view.state.hypotheses else None
    other = best is not None and best.resource not in (None, known.fact.resource)
    return "" if other and known not in _evidence(view.state) else measured(view, beside=begun, room=room)


def measured(view: View, *, beside: Beginning | None = None, room: int | None = None) -> str:
    """What the symptom's metric did: `api latency p95 200 ms → 1.5 s since 14:30`; `now not known` of an old number.

    `beside` a first sign of another time it has none of its own: a screen tells one beginning. In little `room`, in
    cells, the times go before the metric's name gets shorter; empty where that is too long too: a number never stands
    without whose it is and of what, nor without that it is normal again.
    """
    forms = _measured_forms(view, beside)
    return next((words for words in forms if room is None or cells(words) <= room), "")


def _measured_forms(view: View, beside: Beginning | None) -> Iterator[str]:
    """What the metric did, the longest form first."""
    known = symptom_fact(view)
    if known is None:
        return
    shift = cast("MetricShift", known.fact)
    was = view.symptom_cache.before if shift.polarity != "present" else None
    before, during = levels(shift)
    tails = list(_tails(shift, during, beside))
    for metric in metric_forms(shift.metric):
        name = sanitised(f"{shift.resource_name(view.names)} {metric}")
        if was is not None:
            # `api latency p95 back at 204 ms, was 1.5 s`: it has recovered.
            yield f"{name} back at {shift.reading(shift.current)}, was {was.reading(was.current)}"
        elif shift.polarity != "present":
            yield f"{name} {during}, in its normal range"
        elif known is view.symptom_cache.before_fact:
            # It was asked again, and nothing came, or a person refuted what came.
            yield f"{name} was {during} at {clock(shift.latest_at or shift.observed_at)}, now not known"
        else:
            yield from (f"{name} {before} → {during}{tail}" for tail in tails)


def _tails(shift: MetricShift, during: str, beside: Beginning | None) -> Iterator[str]:
    """Whether it is normal again, which is never left out, and since when, with the worst."""
    exact = beside is not None and beside.exact
    apart = beside is not None and shift.onset is not None and abs(shift.onset - beside.at) > APART
    if shift.back_at is not None and not exact:
        if shift.onset is not None and not apart:
            yield f", normal again {clock(shift.back_at)}, from {clock(shift.onset)}"
        yield f", normal again {clock(shift.back_at)}"
        yield f", normal again {minute(shift.back_at)}"
        return
    # The time of the onset alone would be read as that of the level.
    reached = clock(shift.level_at) if shift.level_at is not None and not shift.is_climbing else ""
    if shift.onset is not None and beside is not None and exact:
        until = f"–{clock(beside.until)}" if beside.until is not None else ""
        yield f" since {clock(beside.at)}{until}{', reached ' if reached else ''}{reached}"
        if reached:
            yield f" by {reached}"
    elif shift.onset is not None and not apart and reached:
        yield from (f" since {clock(shift.onset)}, reached {reached}", f" by {reached}")
    elif shift.onset is not None and not apart:
        _, worst = next(iter(worst_levels(shift, during)), ("", ""))
        yield from (f" since {clock(shift.onset)}{worst}", f" since {clock(shift.onset)}")
    yield ""


def wrong_workload(view: View) -> str:
    """The unhealthy workload that speaks most for the leading cause, in a few words; empty where there is none."""
    state = view.state
    if state is None or view.drill:
        return ""
    for known in _evidence(state):
        if known.fact.type == "workload_state" and known.fact.polarity == "present":
            return sanitised(f"{known.fact.resource_name(view.names)}: {known.fact.state}")
    return ""
