"""What alerts say of a cause: it is reported, and weighs less than a measurement.

The alarmed metric is the question, so an alert's words are no evidence for the causes that this metric speaks for, and
what an alarm usually is about (it fails, it times out, it can't be reached) names no mechanism of its own resource (B.
Beyer et al., Site Reliability Engineering, chapter 6: symptoms against causes).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes_of_family, causes_of_metric
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import COMPLAINTS, FactIndex
from engine.reason.trust import TEXT
from primitives.facts import AlertState

__all__ = ["alert_words"]

# Part of what a log line of the same words says: an alert's text is written before the incident, or about it.
_WRITTEN_BEFORE: Final = 0.5
_SYMPTOMS: Final = COMPLAINTS | {"server_error", "exception", "slow_query", "cancelled"}
_ONGOING: Final = ("firing", "pending", "unknown")


def alert_words(case: FactIndex) -> Iterator[Claim]:
    """Claims for the causes that the words of ongoing alerts speak of."""
    asked = frozenset(causes_of_metric(case.symptom.metric)) if case.symptom and case.symptom.metric else frozenset()
    for name, fact in case.present(AlertState):
        if fact.state not in _ONGOING:
            continue
        for family in fact.families:
            where = fact.points_at if family in _SYMPTOMS else fact.resource
            if where is None:
                continue
            for cause_id, weight in causes_of_family(family):
                if cause_id not in asked:
                    why = f"an alert speaks of {family.replace('_', ' ')}"
                    part = _WRITTEN_BEFORE * TEXT[fact.trust]
                    yield Claim(HypothesisKey(cause_id, where), name, weight * part, why, "alert words")
