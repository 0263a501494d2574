"""Which episode of a series the question is about, where the window holds several.

A window often holds an earlier fault that was cured or the ripple of a deployment beside the trouble that raised the
alarm. What counts is the episode at the time of the alarm or after it; one that was over before explains nothing now
(Google SRE book, chapter 12: what was it like when it began). Where nothing came later, the last one is meant: alarms
average over minutes and come late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np

from primitives.analysis.comparison import Comparison, worse_sign
from primitives.change_points import Shift, shift_of
from primitives.records import Symptom
from primitives.statistics import sample_step

__all__ = ["of_the_question"]

# An alarm may come so long after its cause began and even ended: rules average over minutes and wait before they fire
# (alert rules: `for`, typically 5 to 15 minutes).
_LATE_ALARM_S: Final = 900.0
_SLACK_STEPS: Final = 3.0
# Fewer samples than this after an episode say nothing of a further one.
_LEAST_LEFT: Final = 4


def of_the_question(
    compared: Sequence[Comparison], symptom: Symptom | None, detected: datetime | None
) -> list[Comparison]:
    """The comparisons, each with the episode that the question is about; those that were over before are `past`."""
    if detected is None:
        return list(compared)
    asked = detected.timestamp() - _LATE_ALARM_S
    judged = list(compared)
    place = next((place for place, entry in enumerate(judged) if _is_about(entry, symptom)), None)
    if place is not None:
        about = judged[place]
        if _over(about.shift, asked) and (later := _later(about)) is not None:
            judged[place] = about = replace(about, shift=later, later=True)
        if about.shift is not None and about.shift.moved and about.shift.onset is not None:
            asked = min(asked, about.shift.onset)
    return [_judged(comparison, asked) for comparison in judged]


def _is_about(comparison: Comparison, symptom: Symptom | None) -> bool:
    return symptom is not None and (comparison.resource, comparison.metric.name) == (symptom.resource, symptom.metric)


def _over(shift: Shift | None, asked: float) -> bool:
    return shift is not None and shift.moved and shift.until is not None and shift.until < asked


def _judged(comparison: Comparison, asked: float) -> Comparison:
    shift = comparison.shift
    # Of thousands only few moved and came back; the others cost nothing.
    if shift is None or not _over(shift, asked):
        return comparison
    slack = _SLACK_STEPS * sample_step(comparison.times) + (shift.uncertainty or 0.0)
    if not _over(shift, asked - slack):
        return comparison
    later = _later(comparison)
    return replace(comparison, past=True) if later is None else replace(comparison, shift=later, later=True)


def _later(comparison: Comparison) -> Shift | None:
    """The next episode of the series, after the one that is known."""
    shift = comparison.shift
    assert shift is not None
    assert shift.until is not None
    first = int(np.searchsorted(comparison.times, shift.until, side="right"))
    times, values = comparison.times[first:], comparison.values[first:]
    if len(times) < _LEAST_LEFT:
        return None
    later = shift_of(times, values, shift.baseline, normal=comparison.normal, worse=worse_sign(comparison.metric))
    return later if later.moved else None
