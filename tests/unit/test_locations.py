"""Where a resource runs: only what its sources agree on."""

from __future__ import annotations

from typing import Any

from primitives.facts import Location, locations_of
from primitives.records import Resource, Topology


def stated(**attributes: Any) -> Topology:
    return Topology(resources=(Resource(id="api", kind="service", attributes=attributes),))


def test_the_same_statement_of_two_sources_is_the_location() -> None:
    place = {"namespace": "shop", "context": "eu"}

    assert locations_of([stated(**place), stated(**place), stated(owner="me")]) == {"api": Location(**place)}


def test_two_different_statements_make_the_location_unknown() -> None:
    assert locations_of([stated(namespace="shop", context="eu"), stated(namespace="shop", context="us")]) == {}
    # One cluster's context would be put together with the other's namespace.
    assert locations_of([stated(context="eu"), stated(namespace="shop")]) == {}
