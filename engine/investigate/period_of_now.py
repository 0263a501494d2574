"""The time that a watched incident is asked about again: as if its question was asked now."""

from __future__ import annotations

from engine.events import PeriodChosen
from engine.incident import IncidentState
from engine.investigate.classify import classify
from engine.investigate.first_questions import whole_window
from engine.investigate.period import choose_period
from engine.investigate.scenario import LIVE_BASELINE, LIVE_WINDOW, Scenario
from primitives.records import Window
from primitives.telemetry import SeriesQuery, Telemetry

__all__ = ["period_of_now"]


async def period_of_now(state: IncidentState, scenario: Scenario, telemetry: Telemetry) -> PeriodChosen:
    """The window, its normal time and the symptom that the data have now; a window that was given only gets longer.

    Who named a resource asks about that one still.
    """
    opened, now = state.opened, scenario.clock.now()
    assert opened is not None
    if opened.period_given:
        window = Window(start=opened.window.start, end=now)
        return PeriodChosen(
            window=window, baseline=opened.baseline, symptom=opened.symptom, earlier=state.watch.earlier, now=now
        )
    start = now - LIVE_WINDOW
    asked = opened.model_copy(update={
        "now": now, "window": Window(start=start, end=now), "baseline": Window(start=start - LIVE_BASELINE, end=start),
        "symptom": opened.symptom if opened.focus else None,
    })  # fmt: skip
    series = (await telemetry.series(SeriesQuery(window=whole_window(asked)))).records
    measured = tuple(dict.fromkeys(each.resource for each in series))
    understood = classify(opened.query, symptom=asked.symptom, resources=measured, detected_at=now)
    chosen = choose_period(asked, understood, series)
    if chosen is None:
        return PeriodChosen(window=asked.window, baseline=asked.baseline, symptom=opened.symptom, now=now)
    # What was said of the time when it was asked first is not said again.
    return chosen.model_copy(update={"symptom": chosen.symptom or opened.symptom, "because": "", "now": now})
