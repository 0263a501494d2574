"""How much a state of an object counts, by what it has to do with the trouble of now.

What is past explains nothing; what stands there and hurts nobody explains hardly anything, unless a message of an error
names it. What was so before the symptom began, while all was well, is no news either (Google SRE book, chapter 12).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engine.reason.fact_index import FactIndex
from primitives.facts import LogPattern, WorkloadState
from primitives.terms import FAILURES

__all__ = ["state_factor"]

# The part of its weight that a standing finding keeps: one in ten settings that look wrong is read after all.
_STANDING: Final = 0.1
_OLD: Final = 0.2
# Onsets are known to a sample, and a new revision takes its time until it hurts.
_BEFORE: Final = timedelta(minutes=1)
_LEAST_NAME: Final = 4
# What happens to pods whose workload is well: some that is retried until it works, and some that is borne.
_WELL: Final = 0.35
_OF_PODS: Final = ("pods", "images", "probes")


def state_factor(case: FactIndex, fact: WorkloadState) -> tuple[float, str]:
    """The factor of the state's weight, and what to add to the reason that is shown."""
    if fact.bearing == "past":
        return 0.0, f", past: {fact.bearing_reason}"
    standing = fact.bearing == "standing"
    compared = bool(fact.details.get("by_comparison"))
    old = compared and _is_old(case, fact)
    if not (standing or old) or _is_named(case, fact):
        well = fact.hurt is False and not compared and fact.details.get("family") in _OF_PODS
        return (_WELL, ", though its workload is well") if well else (1.0, "")
    if standing:
        return _STANDING, f", background: {fact.bearing_reason}"
    return _OLD, ", as it was while all was well"


def _is_old(case: FactIndex, fact: WorkloadState) -> bool:
    return fact.since is not None and case.onset is not None and fact.since < case.onset - _BEFORE


def _is_named(case: FactIndex, fact: WorkloadState) -> bool:
    """Whether an error that is logged names what the setting names."""
    named = {str(fact.details[key]).lower() for key in ("host", "name", "claim", "service") if fact.details.get(key)}
    named = {name for name in named if len(name) >= _LEAST_NAME}
    return any(
        (pattern.family is not None or pattern.severity in FAILURES)
        and any(name in pattern.template.lower() for name in named)
        for _, pattern in case.present(LogPattern)
        if named
    )
