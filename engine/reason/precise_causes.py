"""What went wrong with a setting, where messages or the platform say it: the precise cause takes the change's place.

"A wrong setting" and "lacks a setting that it needs" are one cause in two words. Once something says which, the change
of a setting right before is the evidence of its time, and no other cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.reason.catalogue import causes
from engine.reason.claims import Claim, HypothesisKey
from primitives.terms import IncidentClass

__all__ = ["is_precise", "precise_claims"]

_CLASSES: Final = (IncidentClass.CONFIGURATION_DRIFT, IncidentClass.ACCESS_FAILURE)
# From this weight on, messages or states say which setting it is.
_SAID: Final = 1.0
_OF_THE_CHANGE: Final = ("timing", "place")


def is_precise(change: HypothesisKey, other: HypothesisKey) -> bool:
    """Whether `other` says precisely what is wrong with the setting that `change` blames a change of."""
    if change.change is None or other.change is not None or change.resource != other.resource:
        return False
    named, precise = causes()[change.cause_id], causes()[other.cause_id]
    return (
        "configuration" in named.blamed_for
        and change.cause_id != other.cause_id
        and (precise.cause_class in _CLASSES or precise.is_setting)
        and precise.caused_by_change
    )


def precise_claims(claims: Iterable[Claim]) -> Iterator[Claim]:
    """The time and place of a changed setting, as evidence for what is said to be wrong with a setting."""
    everything = tuple(claims)
    said: dict[HypothesisKey, float] = {}
    for claim in everything:
        if claim.key.change is None and claim.weight > 0:
            said[claim.key] = said.get(claim.key, 0.0) + claim.weight
    for claim in everything:
        if claim.key.change is None or claim.group not in _OF_THE_CHANGE or claim.weight <= 0:
            continue
        for key, weight in said.items():
            if weight >= _SAID and is_precise(claim.key, key):
                yield Claim(key, claim.fact, claim.weight, f"a setting was changed: {claim.why}", claim.group)
