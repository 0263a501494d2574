"""Causes that a place alone says: what an outside provider runs fails for reasons of its own, and so does a zone.

Of what nobody here runs only the outside is seen: that it is slow, fails or can't be reached is all that can be known,
and to those who depend on it it is the cause (M. Nygard, Release It!: integration points; AWS: fault isolation
boundaries, availability zones).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from engine.reason.catalogue import causes
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.identity import is_zone

__all__ = ["by_their_places", "cause_of_place", "says_itself"]


def cause_of_place(case: FactIndex, resource: str | None) -> str | None:
    """The cause that the place says, None for places that say nothing."""
    if resource is None:
        return None
    if case.resources.get(resource) == "external":
        return _of_kind("external")
    return _of_kind("zone") if is_zone(resource) else None


@cache
def _of_kind(place: str) -> str:
    return next(cause.id for cause in causes().values() if cause.place == place)


def says_itself(case: FactIndex, key: HypothesisKey) -> bool:
    """Whether the cause is the one that its place says, so that what speaks for the place speaks for the cause."""
    return key.change is None and cause_of_place(case, key.resource) == key.cause_id


def by_their_places(case: FactIndex, claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims; those that only say that such a place fails are claims of the cause that it says."""
    for claim in claims:
        place = cause_of_place(case, claim.key.resource) if claim.key.change is None else None
        yield claim if place is None else replace(claim, key=_as_seen(claim.key, place))


def _as_seen(key: HypothesisKey, place: str) -> HypothesisKey:
    cause = causes()[key.cause_id]
    only_seen = cause.generic or causes()[place].place in cause.seen_of
    return HypothesisKey(place, key.resource) if only_seen else key
