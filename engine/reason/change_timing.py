"""What the time of a change says of it: how long before the onset it was made, and whether it still ran then.

What puts something else in the place of what ran shows as soon as that takes requests, within minutes. Where the
symptom was measured and well for long after it, it isn't that change (Google SRE workbook, chapter 16, "Canarying
Releases": minutes of traffic tell a bad release). What fills up, what waits for more load and what goes by the clock
may need hours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from engine.reason.calm import needs_time
from engine.reason.fact_index import FactIndex
from engine.reason.reach_of_changes import takes_the_last
from primitives.dataclass import dataclass
from primitives.facts import ChangeFound, LogPattern
from primitives.records import SERVING_AFTER_S, Change
from primitives.terms import FAILURES

__all__ = ["SOON_S", "Timing", "timing_of"]

_ROLLOUT_S: Final = 60.0
SOON_S: Final = 480.0
"""Within this time a change shows, its rollout and the samples of a rate included."""

_SOON: Final = 1.3
# Beyond it every doubling takes this much where an effect would be seen at once; a day is the most that counts.
_DOUBLING: Final = 1.1
_LONG_AGO: Final = -2.2
# The same where the effect may need time, or where nobody measured that all was well in between.
_SLOW_S: Final = 900.0
_SLOW_DOUBLING: Final = 0.55
_SLOW_LONG_AGO: Final = -1.5
# By messages alone: they may have been there before what was read of them.
_SAID_SOON: Final = 0.9
# The part of the time until detection in which what is told may have been so before.
_READ_BEFORE: Final = 0.1
# It can hardly have shown already, but clocks and samples are coarse.
_AT_ONCE: Final = 0.8
# What comes after the effect is no cause. The onset is known to a sample or two only.
_AFTER: Final = -3.0
_JUST_AFTER: Final = -1.0
_JUST_AFTER_S: Final = 120
# A sample or two: a longer uncertainty is that of a slow climb, and its beginning is what it says.
_MOST_GIVE_OR_TAKE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What the time of a change says of it (log-odds), and why.

    `late` is the fact by which its effect may be late, with what that takes back of the weight; None where none is.
    """

    weight: float
    why: str
    late: tuple[str, float] | None = None


def timing_of(
    case: FactIndex, fact: ChangeFound, resource: str, changes: Iterable[Change], carrier: ChangeFound | None
) -> Timing:
    """What its own time says of a change, or that of the deployment that carried it."""
    assert fact.change is not None
    if _is_replaced(case, fact.change, changes):
        return Timing(_AFTER, "another revision had taken its place before the onset")
    timing = _lead(case, carrier or fact, resource)
    return replace(timing, why=f"{timing.why}, by its deployment") if carrier else timing


def _lead(case: FactIndex, fact: ChangeFound, resource: str) -> Timing:
    change = fact.change
    assert change is not None
    lead = (case.onset - change.time).total_seconds() if case.onset is not None else fact.lead_s
    if lead is None:
        return _before_messages(case, change, resource)
    give_or_take = min(case.onset_uncertainty_s, _MOST_GIVE_OR_TAKE_S)
    if lead < -give_or_take:
        return Timing(_AFTER if lead < -_JUST_AFTER_S else _JUST_AFTER, "it came after the onset")
    shows_after = _serving_after_s(change)
    if lead + give_or_take < (_ROLLOUT_S if shows_after is None else shows_after):
        return Timing(_AT_ONCE, f"{_at_about(lead, give_or_take)}, less than many a rollout takes")
    if lead < _ROLLOUT_S:
        return Timing(_SOON, _at_about(lead, give_or_take))
    return _long_before(case, change, resource, lead)


def _long_before(case: FactIndex, change: Change, resource: str, lead: float) -> Timing:
    before = f"{lead / 60:.0f} min before the onset"
    slow = _late(lead, _SLOW_S, _SLOW_DOUBLING, _SLOW_LONG_AGO)
    late_by = needs_time(case, change, resource)
    # A commit waits for its deployment.
    if case.onset is None or change.kind == "code" or late_by == "":
        return Timing(slow, before)
    # A slow climb may have begun as much earlier as its beginning is uncertain.
    calm_s = lead - case.onset_uncertainty_s
    if calm_s <= SOON_S:
        return Timing(_SOON, before)
    weight = _late(calm_s, SOON_S, _DOUBLING, _LONG_AGO)
    late = (late_by, round(slow - weight, 3)) if late_by and slow > weight else None
    return Timing(weight, f"{before}, and all was well until then", late)


def _before_messages(case: FactIndex, change: Change, resource: str) -> Timing:
    """Where no metric shows the onset, the first message of what failed may; it is no proof of an earlier calm."""
    said = _said_since(case, resource)
    if said is None or said < change.time:
        return Timing(0.0, "when the symptom began is not known")
    lead = (said - change.time).total_seconds()
    before = f"{lead / 60:.0f} min before the first message of it"
    if lead <= SOON_S:
        return Timing(_SAID_SOON, before)
    if change.kind == "code" or needs_time(case, change, resource) is not None:
        return Timing(0.0, before)
    weight = _late(lead, SOON_S, _DOUBLING, _LONG_AGO) - (_SOON - _SAID_SOON)
    return Timing(round(weight, 3), f"{before}, and none until then")


def _said_since(case: FactIndex, resource: str) -> datetime | None:
    """When what fails on the resource, or else anywhere, was first told: well after the beginning of what was read."""
    started = case.opened.window.start + _READ_BEFORE * (case.opened.detected_at - case.opened.window.start)
    told = [
        (pattern.resource != resource, pattern.first_seen)
        for _, pattern in case.present(LogPattern)
        if pattern.severity in FAILURES and pattern.family is not None and pattern.first_seen is not None
    ]
    return min(((other, time) for other, time in told if time > started), default=(False, None))[1]


def _late(lead_s: float, soon_s: float, doubling: float, least: float) -> float:
    return round(max(least, _SOON - doubling * math.log2(max(lead_s / soon_s, 1.0))), 3)


def _is_replaced(case: FactIndex, change: Change, changes: Iterable[Change]) -> bool:
    """Whether a later rollout of the same workload began before the onset: what doesn't run any more does no harm."""
    if case.onset is None or not _is_rollout(change):
        return False
    give_or_take = timedelta(seconds=min(case.onset_uncertainty_s, _MOST_GIVE_OR_TAKE_S))
    return any(
        other.resource == change.resource
        and _is_rollout(other)
        and change.time < other.time <= case.onset + give_or_take
        for other in changes
    )


def _is_rollout(change: Change) -> bool:
    """Whether the platform itself says that the change put another generation of processes in the place of the old."""
    return isinstance(change.after, Mapping) and not {"revision", "replica_set"}.isdisjoint(change.after)


def _serving_after_s(change: Change) -> float | None:
    """The seconds until the first of what the change started could serve requests; None where nobody says."""
    if takes_the_last(change):
        return 0.0
    seconds = change.after.get(SERVING_AFTER_S) if isinstance(change.after, Mapping) else None
    return float(seconds) if isinstance(seconds, int | float) else None


def _at_about(lead: float, give_or_take: float) -> str:
    """The lead in words, with how exactly the onset is known."""
    known = f" (known to ± {give_or_take:.0f} s)" if give_or_take else ""
    if lead < 0:
        return f"at the onset{known}"
    return f"{lead:.0f} s before the onset{known}"
