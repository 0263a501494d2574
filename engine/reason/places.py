"""Causes that a place alone says: what an outside provider runs fails for reasons of its own, and so does a zone.

Of what nobody here runs only the outside is seen: that it is slow, fails or can't be reached is all that can be known,
and to those who depend on it it is the cause (M. Nygard, Release It!: integration points; AWS: fault isolation
boundaries, availability zones).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from engine.reason.catalogue import causes
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.identity import is_zone

__all__ = ["by_their_places", "cause_of_place", "says_itself"]

_OUTSIDE: Final = "external_provider_failure"
_ZONE: Final = "zone_failed"
# What is only seen from outside of such a place, beside the general causes.
_SEEN: Final = ("dependency_unavailable", "application_error")
_SEEN_OF_ZONES: Final = ("network_packet_loss", "network_delay", "instance_failed")


def cause_of_place(case: FactIndex, resource: str | None) -> str | None:
    """The cause that the place says, None for places that say nothing."""
    if resource is None:
        return None
    if case.resources.get(resource) == "external":
        return _OUTSIDE
    return _ZONE if is_zone(resource) else None


def says_itself(case: FactIndex, key: HypothesisKey) -> bool:
    """Whether the cause is the one that its place says, so that what speaks for the place speaks for the cause."""
    return key.change is None and cause_of_place(case, key.resource) == key.cause_id


def by_their_places(case: FactIndex, claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims; those that only say that such a place fails are claims of the cause that it says."""
    for claim in claims:
        place = cause_of_place(case, claim.key.resource) if claim.key.change is None else None
        yield claim if place is None else replace(claim, key=_as_seen(claim.key, place))


def _as_seen(key: HypothesisKey, place: str) -> HypothesisKey:
    seen = _SEEN if place == _OUTSIDE else (*_SEEN, *_SEEN_OF_ZONES)
    only_seen = causes()[key.cause_id].generic or key.cause_id in seen
    return HypothesisKey(place, key.resource) if only_seen else key
