"""Sources of two clusters with equal names: two resources, never one, and no command for the wrong cluster."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cases.two_clusters import API, KIND, NOW, ClusterSettings, ClusterSource

from cockpit.doctor import examine
from cockpit.settings import load_settings
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine
from engine.incident import IncidentState
from engine.naming import display_names
from engine.port import Investigate
from primitives.answers import decode_answer, encode_answer
from primitives.backends.registry import backends
from primitives.clock import ManualClock
from primitives.cross_source_names import CrossSourceNames
from primitives.diagnostics.choose_revision import ChooseRevision
from primitives.diagnostics.inspect_object import InspectObject
from primitives.diagnostics.registry import Arguments, Progress, diagnostics
from primitives.facts import Dependencies, Fact, FactBase
from primitives.records import Window
from primitives.sources import SourceDirectory, define_source
from primitives.telemetry import (
    AlertsQuery,
    Answer,
    ChangesQuery,
    LogsQuery,
    ObjectsQuery,
    SeriesQuery,
    Telemetry,
    TopologyQuery,
)

WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
BASELINE = Window(start=NOW - timedelta(hours=7), end=WINDOW.start)
EU, US = f"kubernetes://eu/{API}", f"kubernetes://us/{API}"


class Keeping:
    async def record(self, answer: Answer[Any]) -> str:
        assert decode_answer(encode_answer(answer)).records == answer.records or answer.query.question == "series"
        return "0" * 64


def telemetry(*sources: tuple[str, dict[str, Any]]) -> tuple[Telemetry, list[ClusterSource]]:
    settings = {name: ClusterSettings(**given) for name, given in sources}
    opened = [ClusterSource(name, own, NOW) for name, own in settings.items()]
    names = CrossSourceNames(Window(start=BASELINE.start, end=NOW), {name: own.scope for name, own in settings.items()})
    return Telemetry(opened, Keeping(), ManualClock(NOW), canonicaliser=names), opened


def two() -> tuple[Telemetry, list[ClusterSource]]:
    return telemetry(("a", {"cluster": "eu", "context": "eu"}), ("b", {"cluster": "us", "context": "us"}))


async def facts_of(ask: Telemetry, name: str, args: Arguments | None = None) -> list[Fact]:
    args = args or Arguments(window=WINDOW, baseline=BASELINE, now=NOW)
    return [
        fact
        async for fact in diagnostics()[name].run(ask, args)
        if not isinstance(fact, Progress) and isinstance(fact, FactBase)
    ]


async def test_every_kind_of_answer_has_the_scope_of_its_source() -> None:
    ask, _ = two()

    for answers in (
        await ask.series(SeriesQuery(window=WINDOW)),
        await ask.changes(ChangesQuery(window=WINDOW)),
        await ask.alerts(AlertsQuery(window=WINDOW)),
        await ask.logs(LogsQuery(window=WINDOW)),
    ):
        assert [{record.resource for record in part.records} & {EU, US} for part in answers.parts] == [{EU}, {US}]
    topologies = (await ask.topology(TopologyQuery(window=WINDOW))).records
    assert [{edge.target for edge in topology.edges} for topology in topologies] == [{EU}, {US}]
    assert {edge.source for topology in topologies for edge in topology.edges} == {
        "kubernetes://eu/front", "kubernetes://us/front",
    }  # fmt: skip
    dumps = (await ask.objects(ObjectsQuery(window=WINDOW))).records
    assert {dump.scope for dump in dumps} == {"kubernetes://eu/", "kubernetes://us/"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"cluster": "eu"}, {"cluster": "eu"}),
        ({"cluster": "eu"}, {}),
        ({"cluster": "eu"}, {"account": "123456789012", "region": "eu-west-1"}),
    ],
)
async def test_without_two_clusters_or_accounts_names_are_as_the_sources_have_them(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    ask, _ = telemetry(("a", first), ("b", second))

    assert {record.resource for record in (await ask.changes(ChangesQuery(window=WINDOW))).records} == {API}
    dumps = (await ask.objects(ObjectsQuery(window=WINDOW))).records
    assert {dump.scope for dump in dumps} == {""}
    assert '"scope"' not in dumps[0].model_dump_json()


async def test_objects_of_two_accounts_and_regions_are_told_apart_too() -> None:
    account = {"account": "123456789012"}
    ask, _ = telemetry(("a", {**account, "region": "eu-west-1"}), ("b", {**account, "region": "us-east-1"}))

    facts = await facts_of(ask, "inspect_workloads")

    assert {fact.resource for fact in facts if fact.type == "workload_state"} == {
        f"aws://123456789012/{region}/{API}" for region in ("eu-west-1", "us-east-1")
    }


async def test_a_source_without_a_scope_is_joined_with_neither_of_two_clusters() -> None:
    ask, _ = telemetry(("a", {"cluster": "eu"}), ("b", {"cluster": "us"}), ("c", {}))

    changes = await ask.changes(ChangesQuery(window=WINDOW))

    assert [record.resource for record in changes.records] == [EU, US, API]


async def test_a_question_about_one_cluster_goes_to_its_sources_by_their_own_names() -> None:
    ask, (eu, us) = two()
    asked = SeriesQuery(window=WINDOW, resources=(EU,))

    answers = await ask.series(asked)

    assert {record.resource for record in answers.records} == {EU}
    assert all(part.query == answers.query for part in answers.parts)
    assert answers.query.model_copy(update={"aliases": ()}) == asked
    (query,) = [query for query in eu.queries if isinstance(query, SeriesQuery)]
    assert query.resources == (API,)
    assert "payments-api" in query.aliases
    assert not [query for query in us.queries if isinstance(query, SeriesQuery)]


@pytest.mark.parametrize(
    "diagnostic", ["compare_baseline", "inspect_workloads", "check_recent_changes", "analyze_logs"]
)
async def test_each_cluster_has_facts_of_its_own(diagnostic: str) -> None:
    facts = [fact for fact in await facts_of(two()[0], diagnostic) if fact.polarity == "present"]

    about = {fact.resource for fact in facts if fact.resource}
    assert {EU, US} <= about
    assert all(name.startswith(("kubernetes://eu/", "kubernetes://us/")) for name in about)


async def test_locations_and_links_stay_within_their_cluster() -> None:
    facts = [*await facts_of(two()[0], "trace_dependencies"), *await facts_of(two()[0], "inspect_workloads")]

    edges = [edge for fact in facts if isinstance(fact, Dependencies) for edge in fact.edges]
    assert edges
    assert all(source.split("/")[2] == target.split("/")[2] for source, target, _ in edges)
    places = [fact.locations for fact in facts if isinstance(fact, Dependencies)]
    stated = {name: place.context for locations in places for name, place in locations.items()}
    assert stated == {EU: "eu", US: "us"}


async def test_a_look_at_one_cluster_tells_nothing_of_the_other() -> None:
    where = {"window": WINDOW, "baseline": BASELINE, "now": NOW}
    target = {"namespace": "payments", "kind": "deployment", "name": "payments-api", "context": "us"}

    looked = await facts_of(two()[0], "inspect_object", InspectObject.model_validate({**where, "target": target}))
    revisions = await facts_of(two()[0], "choose_revision", ChooseRevision.model_validate({**where, "target": target}))

    assert {fact.resource for fact in looked if fact.resource} == {US}
    assert [fact.resource for fact in revisions] == [US]


async def investigated(store: Path, monkeypatch: pytest.MonkeyPatch, **sources: dict[str, Any]) -> IncidentState:
    monkeypatch.setitem(backends(), "fake_cluster", KIND)  # type: ignore[index]
    known = {name: define_source(name, {**own, "kind": "fake_cluster"}, {}) for name, own in sources.items()}
    engine = await ServedEngine.serve(store, sources=SourceDirectory(definitions=known))
    try:
        execution_id = await engine.investigate(Investigate(query="payments-api is slow", confirm=False))
        async for _ in follow_investigation(engine, execution_id):
            pass
        return await engine.state(execution_id)
    finally:
        await engine.close()


def contexts(state: IncidentState, resource: str) -> set[str | None]:
    """The contexts in the commands about the resource; None of one without."""
    return {
        match[1] if (match := re.search(r"--context (\S+)", action.command)) else None
        for action in state.actions
        if action.resource == resource and action.command.startswith("kubectl")
    }


async def test_an_investigation_of_two_clusters_keeps_them_apart(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await investigated(
        short_path / "store.db", monkeypatch,
        a={"cluster": "eu", "context": "context-eu"}, b={"cluster": "us", "context": "context-us"},
    )  # fmt: skip

    about = [entry.fact.resource for entry in state.facts.values() if entry.fact.type == "workload_state"]
    assert {EU, US} == set(about)
    names = display_names(state)
    assert {names(EU), names(US)} == {"payments-api (eu)", "payments-api (us)"}
    assert {hypothesis.resource for hypothesis in state.hypotheses} >= {EU, US}
    # An action is proposed for the one that leads; a command about the other would name the other's cluster.
    assert contexts(state, EU) <= {"context-eu"}
    assert contexts(state, US) <= {"context-us"}
    assert contexts(state, EU) | contexts(state, US)


async def test_an_investigation_of_one_cluster_by_two_sources_has_one_resource(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"cluster": "eu", "context": "context-eu"}

    state = await investigated(short_path / "store.db", monkeypatch, a=own, b=own)

    assert {entry.fact.resource for entry in state.facts.values() if entry.fact.type == "workload_state"} == {API}
    assert display_names(state)(API) == "payments-api"
    assert contexts(state, API) == {"context-eu"}


async def test_two_contexts_of_one_resource_are_none(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = await investigated(
        short_path / "store.db", monkeypatch, a={"context": "context-eu"}, b={"context": "context-us"}
    )

    assert {entry.fact.resource for entry in state.facts.values() if entry.fact.type == "workload_state"} == {API}
    assert contexts(state, API) <= {None}
    assert state.actions


async def test_doctor_says_the_scope_of_each_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends(), "fake_cluster", KIND)  # type: ignore[index]
    config = tmp_path / "config.yaml"
    config.write_text(
        "sources:\n  a: {kind: fake_cluster, cluster: eu}\n  b: {kind: fake_cluster, region: eu-west-1}\n"
    )

    checks = {check.name: check.detail for check in await examine(load_settings(tmp_path / "store.db", config))}

    assert checks["source a"].startswith("fake_cluster, cluster eu: ")
    assert checks["source b"].startswith("fake_cluster, region eu-west-1: ")
