"""The topology of an exported bundle says what its sources said together, whichever of them answered first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.export import parts_of_answers
from primitives.bundle import Manifest
from primitives.facts import Location, locations_of
from primitives.records import Resource, Topology, Window
from primitives.telemetry import Answer, TopologyQuery

WINDOW = Window(start=datetime(2026, 3, 10, 12, tzinfo=UTC), end=datetime(2026, 3, 10, 13, tzinfo=UTC))
MANIFEST = Manifest(id="two", title="t", detected_at=WINDOW.start, window=WINDOW)
SOURCES = ("metrics", "cluster")


def said(source: str, kind: str = "workload", **attributes: Any) -> Answer[Topology]:
    topology = Topology(resources=(Resource(id="ward/deployment/desk", kind=kind, attributes=attributes),))
    return Answer(TopologyQuery(window=WINDOW), source, "answered", (topology,))


def exported(*answers: Answer[Topology]) -> Resource:
    topology = parts_of_answers(MANIFEST, answers, sources=SOURCES).topology
    assert topology is not None
    (resource,) = topology.resources
    return resource


def test_what_one_source_knows_of_a_resource_is_kept_beside_what_the_other_knows() -> None:
    desk = exported(said("metrics", "service", team="front"), said("cluster", context="ward-a", namespace="ward"))
    assert dict(desk.attributes) == {"team": "front", "context": "ward-a", "namespace": "ward"}
    located = locations_of([Topology(resources=(desk,))])
    assert located == {desk.id: Location(context="ward-a", namespace="ward")}


@pytest.mark.parametrize("turned", [False, True])
def test_the_first_source_decides_and_not_the_first_answer(turned: bool) -> None:
    answers = [said("metrics", "service", team="front"), said("cluster", "workload", team="back", tier="1")]
    desk = exported(*(reversed(answers) if turned else answers))
    assert (desk.kind, dict(desk.attributes)) == ("service", {"team": "front", "tier": "1"})


def test_a_kind_that_says_nothing_gives_way() -> None:
    assert exported(said("metrics", "other"), said("cluster", "workload")).kind == "workload"


def test_two_locations_of_one_resource_are_none_offline_either() -> None:
    desk = exported(said("metrics", context="ward-b", team="front"), said("cluster", context="ward-a"))
    assert dict(desk.attributes) == {"team": "front"}
