"""Which part of the time a live question is about, what was normal before, and which metric its symptom is.

A recorded incident says all of this. A live one has only words and what was measured: the trouble of now, if there is
any, began where the metrics that users feel left their calm level, and a calm stretch before it is its normal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from engine.events import IncidentOpened, PeriodChosen
from engine.investigate.classify import Classified
from primitives.analysis.troubled_times import Stretch, calm_before, episodes_of, stretches_of
from primitives.identity import base_name
from primitives.quantities import duration
from primitives.records import Episode, Series, Symptom, Window
from primitives.terms import IncidentClass

__all__ = ["choose_period"]

# So much before the onset is looked at too: what leads to a symptom begins earlier.
_LEAD: Final = timedelta(minutes=2)
# A metric needs so much time before its window to be compared with.
_LEAST_NORMAL: Final = timedelta(minutes=30)
# So much later than everything else a series must begin to be of something new.
_YOUNGER_S: Final = 300.0
_SETTLING: Final = timedelta(seconds=15)
_MOST_EARLIER: Final = 20
_ERRORS: Final = (
    IncidentClass.ERROR_RATE_INCREASE, IncidentClass.AVAILABILITY_LOSS, IncidentClass.DEPENDENCY_FAILURE,
    IncidentClass.ACCESS_FAILURE, IncidentClass.NETWORK_FAILURE,
)  # fmt: skip
_PREFERRED: Final = ("error_ratio", "latency_p95", "latency_p99", "latency_average", "latency_p50")


def choose_period(opened: IncidentOpened, understood: Classified, series: Sequence[Series]) -> PeriodChosen | None:
    """The period that the data suggests; None where they say nothing that the clock doesn't say as well."""
    times = [float(entry.times[0]) for entry in series if len(entry.times)]
    if not times:
        return None
    asked = Window(start=(opened.baseline or opened.window).start, end=opened.window.end)
    began = datetime.fromtimestamp(min(times), UTC)
    known = Window(start=min(max(asked.start, began), asked.end), end=asked.end)
    stretches = stretches_of(episodes_of(series), asked.end)
    present = stretches[-1] if stretches and not stretches[-1].over else None
    before = stretches[:-1] if present is not None else stretches
    symptom = opened.symptom or (_symptom(present, understood) if present is not None else None)
    young = known.start > opened.window.start - _LEAST_NORMAL
    inside = present is None or present.start - _LEAD >= opened.window.start
    new = _new_ones(series, known, opened, understood, symptom)
    if not before and not young and inside and not new:
        if symptom == opened.symptom:
            return None
        return PeriodChosen(window=opened.window, baseline=opened.baseline, symptom=symptom)
    settled = Window(start=min(known.start + _SETTLING, known.end), end=known.end)
    window, baseline = _windows(opened, present, before, settled)
    earlier = tuple(_worst(stretch) for stretch in before)[-_MOST_EARLIER:]
    because = "; ".join((_because(present, baseline, known, young=young), *new))
    return PeriodChosen(window=window, baseline=baseline, symptom=symptom, earlier=earlier, because=because)


def _windows(
    opened: IncidentOpened, present: Stretch | None, before: Sequence[Stretch], known: Window
) -> tuple[Window, Window | None]:
    """The window from shortly before the onset (or since the last trouble), and the calm that it is compared with."""
    end = opened.window.end
    if present is None:
        since = max(before[-1].end + _SETTLING if before else opened.window.start, known.start)
        calm = calm_before(before, Window(start=known.start, end=min(since, end)))
        return Window(start=min(since, end), end=end), calm
    calm = calm_before(before, Window(start=known.start, end=max(present.start, known.start)))
    last = before[-1].end if before else known.start
    lead = min(_LEAD, max(present.start - last, timedelta(0)) / 4)
    start = present.start - lead
    if calm is not None and calm.end > start:
        calm = Window(start=calm.start, end=start) if start > calm.start else None
    return Window(start=min(start, end), end=end), calm


def _symptom(present: Stretch, understood: Classified) -> Symptom | None:
    """The metric that the question means: of a resource that it names, else of the one that is hit the hardest."""
    going_on = [episode for episode in present.episodes if episode.end is None]
    focus = {base_name(name).casefold() for name in understood.focus}
    named = [episode for episode in going_on if base_name(episode.resource).casefold() in focus]
    if focus and not named:
        return None
    errors = understood.classification.primary_class in _ERRORS

    def rank(episode: Episode) -> tuple[bool, int, float, str]:
        preferred = _PREFERRED.index(episode.metric) if episode.metric in _PREFERRED else len(_PREFERRED)
        return (episode.kind == "errors") != errors, preferred, -_times_worse(episode), episode.resource

    best = min(named or going_on, key=rank, default=None)
    return Symptom(resource=best.resource, metric=best.metric, direction="above") if best is not None else None


def _worst(stretch: Stretch) -> Episode:
    """The episode that tells the stretch best: the greatest part of failed requests, else the slowest."""
    return max(stretch.episodes, key=lambda episode: (_times_worse(episode), episode.resource, episode.metric))


def _times_worse(episode: Episode) -> float:
    if episode.kind == "errors":
        return 100.0 * (episode.worst - episode.usual) / (100.0 if episode.unit == "%" else 1.0)
    return episode.worst / episode.usual if episode.usual > 0 else 1.0


def _new_ones(
    series: Sequence[Series], known: Window, opened: IncidentOpened, understood: Classified, symptom: Symptom | None
) -> list[str]:
    """What the question is about and is measured only since lately, though other things were before."""
    asked = {*opened.focus, *understood.focus, *([symptom.resource] if symptom is not None else [])}
    called = {base_name(name).casefold() for name in asked}
    first: dict[str, float] = {}
    for entry in series:
        if len(entry.times) and base_name(entry.resource).casefold() in called:
            first[entry.resource] = min(first.get(entry.resource, math.inf), float(entry.times[0]))
    young = {
        name: began
        for name, began in sorted(first.items())
        if began > known.start.timestamp() + _YOUNGER_S
        and began > known.end.timestamp() - _LEAST_NORMAL.total_seconds()
    }
    return [
        f"{base_name(name)} is measured only since {datetime.fromtimestamp(began, UTC):%H:%M:%S} UTC,"
        f" {duration(known.end.timestamp() - began)} ago: little tells what is normal for it"
        for name, began in young.items()
    ]  # fmt: skip


def _because(present: Stretch | None, baseline: Window | None, known: Window, *, young: bool) -> str:
    parts = []
    if present is not None:
        parts.append(f"the trouble of now began at {present.start:%H:%M:%S} UTC")
    if young:
        parts.append(f"nothing was measured before {known.start:%H:%M:%S} UTC, {duration(known.seconds)} ago")
    if baseline is not None:
        parts.append(f"normal is {baseline.start:%H:%M:%S} to {baseline.end:%H:%M:%S} UTC, which was calm")
    else:
        parts.append("no calm before it tells what is normal")
    return "; ".join(parts)
