"""Did it help: the metric that raised the alarm, asked again after the action, against the level that it had before.

A metric counts as recovered, as operators judge it, within half again of its baseline and at most half-way from there
to the level of the alarm. One that must be low must stay below that limit, one that must be high (a throughput) above.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np

from engine.act.plan import VerificationPlan
from engine.hypotheses import Action
from engine.incident import IncidentState
from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.facts import MetricShift
from primitives.quantities import duration
from primitives.records import Series, Window
from primitives.statistics import median
from primitives.telemetry import SeriesQuery, Telemetry

__all__ = ["Judged", "judge_samples", "measure_until_good", "plan_verification"]

_KINDS: Final = ("latency", "errors", "availability", "saturation")
"""The metrics that say most about users come first."""
_HALF: Final = 0.5
_LEAST_SAMPLES: Final = 3
_COVERED: Final = 0.7
"""The samples must span this share of the time that is judged; sources scrape every few seconds to a minute."""
_GOOD: Final = 0.9
"""This share of them must be good, and the last one: a single slow minute in ten is no failure."""
_LOOKS: Final = 12
_LONGEST_PAUSE_S: Final = 15.0
_BEFORE: Final = timedelta(minutes=10)
"""How much of the time before is read too, so that a chart of the samples shows the turn."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the samples say by now: good for long enough, not (yet) good, or too few to tell.

    `good_for_s` is for how long they have been good without a break, `answers` are the recorded answers they are in.
    """

    state: Literal["good", "bad", "no data"]
    value: float | None = None
    good_for_s: float = 0.0
    answers: tuple[str, ...] = ()


def plan_verification(state: IncidentState, action: Action, for_s: float, within_s: float) -> VerificationPlan | None:
    """What would prove that `action` helped; None where no metric of the incident is known to have moved."""
    shift = _alarm(state, action)
    if shift is None or shift.resource is None:
        return None
    above = shift.current < shift.baseline
    half_way = shift.baseline + _HALF * (shift.current - shift.baseline)
    near = shift.baseline * (1 - _HALF if above else 1 + _HALF)
    limit = max(near, half_way) if above else min(near, half_way) if shift.baseline > 0 else half_way
    return VerificationPlan(
        resource=shift.resource, metric=shift.metric, kind=shift.kind, unit=shift.unit, baseline=shift.baseline,
        before=shift.current, limit=limit, above=above, for_s=for_s, within_s=within_s,
    )  # fmt: skip


async def measure_until_good(
    telemetry: Telemetry,
    plan: VerificationPlan,
    clock: Clock,
    since: datetime,
    record: Callable[[Judged], Awaitable[None]],
) -> tuple[Judged, str]:
    """Look at the metric until it is good for long enough or the time is over; the outcome and its words.

    Each look is recorded by `record`.
    """
    pause_s = min(_LONGEST_PAUSE_S, max(0.5, plan.for_s / _LOOKS))
    until = clock.monotonic() + plan.within_s
    while True:
        series, answers = await _samples(telemetry, plan, clock.now(), since)
        judged = replace(judge_samples(series, plan, clock.now(), since), answers=answers)
        await record(judged)
        if judged.state == "good" or clock.monotonic() + pause_s > until:
            return judged, _outcome(plan, judged)
        await clock.sleep(pause_s)


def judge_samples(series: Iterable[Series], plan: VerificationPlan, now: datetime, since: datetime) -> Judged:
    """Whether the last `for_s` seconds, all after `since`, are good."""
    start = max(since, now - timedelta(seconds=plan.for_s))
    parts = [each.between(Window(start=start, end=now)) for each in series]
    best = max(parts, key=lambda each: len(each.times), default=None)
    if best is None or not len(best.times):
        return Judged("no data")
    good = best.values >= plan.limit if plan.above else best.values <= plan.limit
    value = median(best.values[-_LEAST_SAMPLES:])
    waited = (now - since).total_seconds() >= plan.for_s
    enough = len(best.times) >= _LEAST_SAMPLES and best.times[-1] - best.times[0] >= _COVERED * plan.for_s
    if waited and not enough:
        return Judged("no data", value)
    held = bool(good[-1]) and float(np.mean(good)) >= _GOOD
    bad_at = np.flatnonzero(~good)
    first = int(bad_at[-1]) + 1 if len(bad_at) else 0
    good_for_s = float(best.times[-1] - best.times[first]) if first < len(good) else 0.0
    return Judged("good" if waited and held else "bad", value, good_for_s)


async def _samples(
    telemetry: Telemetry, plan: VerificationPlan, now: datetime, since: datetime
) -> tuple[tuple[Series, ...], tuple[str, ...]]:
    window = Window(start=min(since, now) - _BEFORE, end=now)
    answers = await telemetry.series(
        SeriesQuery(window=window, resources=(plan.resource,), metrics=(plan.metric,), step_s=max(1.0, plan.for_s / 12))
    )
    wanted = (plan.resource, plan.metric)
    return tuple(each for each in answers.records if (each.resource, each.metric.name) == wanted), answers.digests


def _outcome(plan: VerificationPlan, judged: Judged) -> str:
    metric, base = plan.metric.replace("_", " "), f"baseline {plan.reading(plan.baseline)}"
    if judged.state == "no data" or judged.value is None:
        return f"{metric} of {plan.resource} had no samples to tell by: look at it yourself"
    if judged.state == "good":
        return f"{metric} returned to {plan.reading(judged.value)} ({base}) for {duration(plan.for_s)}"
    return f"{metric} is {plan.reading(judged.value)} after {duration(plan.within_s)} ({base})"


def _alarm(state: IncidentState, action: Action) -> MetricShift | None:
    """The metric that raised the alarm, else the strongest one that the action's hypothesis explains."""
    shifts = [
        known.fact for known in state.current_facts
        if isinstance(known.fact, MetricShift) and known.fact.polarity == "present" and known.fact.worse
        and known.fact.ended is None and not _refuted(state, known.id)
    ]  # fmt: skip
    symptom = state.opened.symptom if state.opened is not None else None
    if symptom is not None and symptom.metric:
        named = [shift for shift in shifts if shift.metric == symptom.metric and shift.resource == symptom.resource]
        if named:
            return named[-1]
    cited = _cited(state, action)
    own = [shift for shift in shifts if shift.resource == action.resource]
    candidates = [shift for shift in own if shift in cited] or own or [shift for shift in shifts if shift in cited]
    return min(candidates, key=_rank, default=None)


def _rank(shift: MetricShift) -> tuple[int, float]:
    place = _KINDS.index(shift.kind) if shift.kind in _KINDS else len(_KINDS)
    return place, -abs(shift.score)


def _cited(state: IncidentState, action: Action) -> list[MetricShift]:
    hypothesis = state.hypothesis(action.hypothesis)
    if hypothesis is None:
        return []
    facts = (state.facts[item.fact].fact for item in hypothesis.evidence if item.fact in state.facts)
    return [fact for fact in facts if isinstance(fact, MetricShift)]


def _refuted(state: IncidentState, fact: str) -> bool:
    judgement = state.judgements.get(fact)
    return judgement is not None and judgement.verdict != "pinned"
