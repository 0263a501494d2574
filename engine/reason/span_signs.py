"""What spans say of the kind of fault: operations that fail or take longer by themselves, and calls that multiply."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import cause_of_change, causes_of_family
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import COMPLAINTS, FactIndex
from engine.reason.localise import is_chance, strength
from engine.reason.signals import signal
from engine.reason.trust import TEXT
from primitives.analysis.error_families import family_of
from primitives.facts import ChangeFound, MoreCalls, SpanErrors, SpanShift, change_key

__all__ = ["FROM_OUTSIDE", "span_signs"]

FROM_OUTSIDE: Final = frozenset(
    ("unavailable", "server_error", "timeout", "connection_refused", "connection_reset", "unreachable")
)
"""Families of messages that an outside provider is the cause of, where they are about one."""

# Spreads from which a shift of spans is one.
_CLEAR_SHIFT: Final = 3.0
# From this part of the spans on, failures say all they can.
_ALL_SAID: Final = 0.05
_CHANCE: Final = 0.2
# What the called one refuses because of who asks or what is asked; all else that it answers is about itself.
_OF_CALLER: Final = frozenset(
    ("authentication", "permission", "exception", "missing_object", "missing_configuration", "invalid_configuration",
     "missing_file", "incompatible_version", "cancelled", "crash", "dns")
)  # fmt: skip
# Without anything known to be called, a complaint is about something.
_OF_WHOM: Final = 0.5
# Natural log-odds: each request makes more calls than before its code changed (S. Smith, Software Performance
# Antipatterns, 2000: Circuitous Treasure Hunt); and three doublings of them say all they can.
_MORE_CALLS: Final = 1.8
_DOUBLINGS: Final = 3.0
_CODE: Final = ("deployment", "feature_flag", "code", "config")


def span_signs(case: FactIndex) -> Iterator[Claim]:
    """Every claim of spans."""
    yield from _failing(case)
    yield from _slower(case)
    yield from _multiplied(case)


def _failing(case: FactIndex) -> Iterator[Claim]:
    for name, errors in case.present(SpanErrors):
        if not errors.resource or not errors.errors:
            continue
        news = _news(errors)
        family = family_of(errors.message)
        place = errors.peer or errors.resource
        if case.resources.get(place) == "external" and (family is None or family in FROM_OUTSIDE):
            why = f"calls of it by {errors.resource} fail"
            yield from signal("outside blamed", place, name, news, why, "outside")
            continue
        yield from signal("spans failing", place, name, news, "its own spans fail", "span errors")
        if family is None:
            continue
        share = TEXT["reported"] * news * (_OF_WHOM if family in COMPLAINTS and not errors.peer else 1.0)
        for cause_id, weight in causes_of_family(family):
            key = HypothesisKey(cause_id, errors.resource if family in _OF_CALLER else place)
            yield Claim(key, name, weight * share, f"its spans fail of {family.replace('_', ' ')}", "messages")


def _news(errors: SpanErrors) -> float:
    """How much failures say, from 0 to 1: few of many may be what always fails."""
    more = errors.errors / max(errors.total, 1) - (errors.baseline_ratio or 0.0)
    return min(1.0, math.sqrt(max(more, 0.0) / _ALL_SAID)) * (_CHANCE if is_chance(errors) else 1.0)


def _slower(case: FactIndex) -> Iterator[Claim]:
    for name, shift in case.present(SpanShift):
        if not shift.resource or shift.current <= shift.baseline or abs(shift.score) < _CLEAR_SHIFT:
            continue
        weight = strength(shift.score)
        place = shift.peer or shift.resource
        if case.resources.get(place) == "external":
            grown = min(1.0, math.log2(shift.current / max(shift.baseline, 1e-4)))
            why = f"{shift.resource} waits for it"
            yield from signal("outside blamed", place, name, weight * grown, why, "outside")
        else:
            yield from signal("spans slow", place, name, weight, "its own time grew", "span time")


def _multiplied(case: FactIndex) -> Iterator[Claim]:
    """More calls each time: the doing of the caller, and of a change of it before they multiplied."""
    for name, calls in case.present(MoreCalls):
        grown = min(1.0, math.log2(calls.current / max(calls.baseline, 0.1)) / _DOUBLINGS)
        why = f"it calls {case.names(calls.called)} more often each time"
        yield from signal("calls multiplied", calls.resource, name, grown, why, "span time")
        for _, fact in case.present(ChangeFound):
            change = fact.change
            if change is None or change.resource != calls.resource or change.kind not in _CODE:
                continue
            if case.onset is None or change.time <= case.onset:
                key = HypothesisKey(cause_of_change(change.kind), change.resource, change_key(change))
                yield Claim(key, name, _MORE_CALLS * grown, why, "work")
