"""What is learned of a live incident beside its diagnostics: which time it is about."""

from typing import Literal

from engine.events.envelope import IncidentEvent
from primitives.records import Episode, Symptom, Window

__all__ = ["LiveBody", "PeriodChosen"]


class PeriodChosen(IncidentEvent):
    """The time that a live question is about, read from the data: it takes the place of the one by the clock.

    `baseline` is the calm that it is compared with (None: the quiet part of the window), `symptom` the metric that is
    bad now, `earlier` what was bad before and is over. `because` says why, in words; empty where only the symptom is
    new.
    """

    type: Literal["period_chosen"] = "period_chosen"
    version: Literal[1] = 1
    window: Window
    baseline: Window | None
    symptom: Symptom | None
    earlier: tuple[Episode, ...] = ()
    because: str = ""


LiveBody = PeriodChosen
"""Bodies of live incidents alone."""
