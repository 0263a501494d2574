"""What depends on what: the views of the graph, and that only the same facts share one."""

from __future__ import annotations

from datetime import UTC, datetime

from incident_facts import found, opened

from engine.reason.dependency_graph import DependencyGraph, graph_of
from engine.reason.fact_index import FactIndex
from primitives.facts import Dependencies

WEB, API, DB, HOST = "web", "api", "db", "host-1"


def dependencies(*edges: tuple[str, str, str]) -> Dependencies:
    return Dependencies(observed_at=datetime(2026, 3, 1, tzinfo=UTC), source="topology", resources={}, edges=edges)


CALLS = dependencies((WEB, API, "calls"), (API, DB, "calls"), (DB, API, "calls"), (API, API, "calls"))
PLACES = dependencies((API, HOST, "hosts"), (DB, HOST, "hosts"), (WEB, API, "calls"))


def test_each_edge_counts_once_and_nothing_depends_on_itself() -> None:
    graph = DependencyGraph([CALLS, PLACES])
    assert graph.below[WEB] == (API,)
    assert graph.above[API] == (WEB, DB)
    assert API not in graph.below[API]


def test_a_host_knows_its_guests_and_an_owner_its_parts() -> None:
    owned = dependencies((API, "api-1", "owns"), (API, "api-2", "owns"))
    graph = DependencyGraph([PLACES, owned])
    assert graph.hosted == {HOST: (API, DB)}
    assert graph.parts == {API: ("api-1", "api-2")}


def test_a_cycle_ends() -> None:
    graph = DependencyGraph([CALLS])
    assert graph.dependents([DB]) == {WEB, API, DB}
    assert graph.reach([WEB]) == {WEB: 0, API: 1, DB: 2}


def test_a_resource_without_edges_is_reached_from_itself() -> None:
    graph = DependencyGraph([])
    assert graph.dependents(["alone"]) == {"alone"}
    assert graph.reach(["alone"]) == {"alone": 0}


def test_the_same_facts_have_one_graph_and_others_another() -> None:
    graph = graph_of([CALLS, PLACES])
    assert graph_of([CALLS, PLACES]) is graph
    assert graph_of([CALLS]).below[WEB] == (API,)
    assert HOST not in graph_of([CALLS.model_copy(), CALLS]).above


def test_which_source_answered_first_changes_nothing() -> None:
    measured = dependencies((WEB, API, "calls"), (API, DB, "calls"), (API, HOST, "hosts"))
    measured = measured.model_copy(update={"resources": {API: "service", DB: "database", HOST: "node"}})
    read = dependencies((API, "db-front", "calls"), (WEB, "api-front", "calls"))
    read = read.model_copy(update={"resources": {API: "workload", DB: "workload", WEB: "workload"}})
    one_way, other_way = (FactIndex(opened(), None, found(*facts)) for facts in ((measured, read), (read, measured)))
    assert one_way.below == other_way.below
    assert dict(one_way.resources) == dict(other_way.resources)
    assert one_way.resources[DB] == "database"
    assert one_way.resources[WEB] == "workload"
