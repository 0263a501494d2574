"""Free observations as evidence: what a monitor saw, and what a provider tells of what it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from engine.reason.catalogue import Observation, causes, causes_of_family
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.trust import TEXT
from primitives.facts import NEUTRAL_KINDS, Observed

__all__ = ["ANNOUNCED", "observations"]

ANNOUNCED: Final = 1.6
"""A platform knows what it did to what it runs; with its event's source forged it would be a message like others."""


def observations(case: FactIndex) -> Iterator[Claim]:
    """Claims of what was observed, by its words."""
    for name, fact in case.present(Observed):
        if fact.kind in NEUTRAL_KINDS:
            continue
        if isinstance(family := fact.details.get("family"), str):
            for cause_id, weight in causes_of_family(family):
                key = HypothesisKey(cause_id, fact.resource)
                told = weight * ANNOUNCED * TEXT["reported"]
                yield Claim(key, name, told, "who runs it says so", "messages")
            continue
        text = f"{fact.kind} {fact.subject}"
        for observation, cause_id in _observed_causes():
            if re.search(observation.pattern, text, re.IGNORECASE):
                # These words were chosen by the person who set up the monitor.
                weight = observation.weight * TEXT["reported"]
                yield Claim(HypothesisKey(cause_id, fact.resource), name, weight, "it was observed so", cause_id)
                break


@cache
def _observed_causes() -> tuple[tuple[Observation, str], ...]:
    """The causes that observations support, the more specific patterns first."""
    known = [(cause.observations, cause.id) for cause in causes().values() if cause.observations]
    return tuple(sorted(known, key=lambda pair: pair[0].order))
