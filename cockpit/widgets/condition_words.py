"""The incident's condition in signs and words: whether it is still bad, since when, and how old that knowledge is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.widgets.beginnings import onset_range
from cockpit.widgets.words import ago, clock, metric_forms, precise
from primitives.quantities import duration

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.condition import Condition
    from primitives.facts import MetricShift

__all__ = ["CONDITIONS", "condition_sign", "condition_word", "day_of", "short_metric", "since"]

CONDITIONS = {
    "bad": ("●", "still bad", "bad"),
    "returned": ("●", "bad again", "bad"),
    "recovering": ("◐", "recovering", "warning"),
    "recovered": ("✓", "recovered", "good"),
    "normal": ("✓", "in its normal range", "good"),
    "unknown": ("?", "not known if still bad", "warning"),
}
"""Sign, word and colour of each condition."""

WHOLE_MINUTES_FROM_S = 600
FRESH_S = 60
"""Seconds after which a number in a live incident is called old."""


RECORDED_WORDS = {"bad": "bad at", "recovered": "recovered by"}
"""What a condition is called in front of the last moment of a recording: nothing there is so now."""


def condition_word(condition: Condition, view: View, *, short: bool) -> str:
    """What the condition is and as of when.

    `bad at 14:52` of a recording; `still bad, 8 s ago` live (`short`: `still bad`), `still bad, frozen since 14:52:00`
    when it is old.
    """
    word = CONDITIONS[condition.state][1]
    if condition.at is None:
        return word
    minute = clock(condition.at.replace(second=0, microsecond=0))
    if view.mode != "LIVE":
        return f"{RECORDED_WORDS.get(condition.state, f'{word} at')} {minute}"
    if view.now is None:
        return word if short else f"{word} at {minute}"
    if (view.now - condition.at).total_seconds() > FRESH_S:
        return f"{word}, frozen since {precise(condition.at)}"
    return word if short else f"{word}, {ago(condition.at, view.now)}"


def condition_sign(condition: Condition) -> tuple[str, str, str]:
    """The sign, the word and the colour."""
    return CONDITIONS[condition.state]


def short_metric(name: str, *, short: bool) -> str:
    """`latency_p95` as `latency p95`; where there is little room a latency's percentile alone, `p95`."""
    forms = metric_forms(name)
    # What its clients measure is another latency than its own.
    return forms[-1] if short and forms[0].startswith("latency ") else forms[0]


def since(shift: MetricShift, view: View, *, time: bool, length: bool) -> str:
    """Since when, and for how long: ` · since 14:30:30, 22 min`; empty where the metric never moved."""
    if shift.onset is None or shift.polarity != "present":
        return ""
    opened = view.state.opened if view.state is not None else None
    begun, latest = onset_range(shift, opened.detected_at if opened is not None else shift.onset)
    end = shift.ended or view.now
    lasted = max((end - begun).total_seconds(), 0.0) if end is not None else None
    words = [f"since {clock(begun)}{f'–{clock(latest)}' if latest is not None else ''}"] if time else []
    if length and lasted is not None:
        words.append(duration(lasted if lasted < WHOLE_MINUTES_FROM_S else 60 * round(lasted / 60)))
    return f" · {', '.join(words)}" if words else ""


def day_of(time: datetime) -> str:
    """2026-11-23."""
    return f"{time:%Y-%m-%d}"
