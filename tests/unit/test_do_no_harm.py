"""Do no harm: what would make it worse isn't offered, and the reason is told."""

from __future__ import annotations

from typing import Any

import pytest
from cases.asked_again import WatchedIncident
from incident_facts import change, graph, opened, shift, state_of, state_with

from engine.act.proposals import proposals, withheld
from engine.hypotheses import Adjustment, Evidence, Hypothesis, Judgement
from engine.incident import IncidentState
from engine.investigate.interpret import conclude_findings
from primitives.facts import Fact
from primitives.terms import IncidentClass

SYSTEM = graph({"api": "service", "db": "database", "mail": "service"}, ("api", "db"))


def believed(name: str, cause_id: str, resource: str, confidence: float, **more: Any) -> Hypothesis:
    return Hypothesis(
        id=name, cause=f"{cause_id} of {resource}", cause_id=cause_id, resource=resource, confidence=confidence,
        prior=-3.0, **{"cause_class": IncidentClass.WORKLOAD_FAILURE, **more},
    )  # fmt: skip


def known(facts: tuple[Fact, ...], *hypotheses: Hypothesis) -> IncidentState:
    state = state_with((*facts, SYSTEM))
    state.investigation.hypotheses = hypotheses
    return state


def writes(state: IncidentState) -> list[str]:
    return [action.primitive for action in proposals(state) if action.effect != "read"]


THREADS = believed("H1", "threads_exhausted", "api", 0.6)


def test_what_only_suffers_from_anothers_fault_is_not_restarted() -> None:
    assert writes(known((), THREADS)) == ["restart_workload"]
    full = believed("H1", "connections_exhausted", "db", 0.6)
    follows = (Adjustment(kind="consequence", label="", weight=-0.5, hypothesis="H1"),)
    victim = believed("H2", "threads_exhausted", "api", 0.55, adjustments=follows)
    state = known((), full, victim)
    assert "restart_workload" not in writes(state)
    assert withheld(state) == (
        "Restart api is not recommended: api only suffers from H1 connections_exhausted of db (60 %)"
    )


@pytest.mark.parametrize(
    ("rival", "is_offered"), [(0.55, False), (0.7, False), (0.45, True)], ids=["as likely", "likelier", "less likely"]
)
def test_nothing_is_changed_while_a_cause_elsewhere_is_about_as_likely(rival: float, is_offered: bool) -> None:
    other = believed("H2", "dependency_slow", "mail", rival)
    state = known((), *sorted((THREADS, other), key=lambda item: -item.confidence))
    offered = [action for action in proposals(state) if action.effect != "read" and action.resource == "api"]
    assert bool(offered) is is_offered
    if not is_offered and rival < THREADS.confidence:
        assert "is about as likely or likelier: find out first which it is" in withheld(state)


def test_a_rival_that_follows_from_it_is_none() -> None:
    follows = (Adjustment(kind="consequence", label="", weight=-0.5, hypothesis="H1"),)
    other = believed("H2", "dependency_slow", "mail", 0.58, adjustments=follows)
    assert writes(known((), THREADS, other))[0] == "restart_workload"


def test_a_target_that_nothing_was_seen_on_is_left_alone() -> None:
    elsewhere = believed("H1", "threads_exhausted", "api", 0.6, evidence=(Evidence(fact="F1", weight=2.0),))
    state = known((shift("mail"),), elsewhere)
    assert writes(state) == []
    assert withheld(state) == "Restart api is not recommended: nothing that was seen on api itself speaks for it"
    assert writes(known((shift("api"),), elsewhere)) == ["restart_workload"]


@pytest.mark.parametrize("resource", ["db", None], ids=["on the database", "on nothing known"])
def test_a_release_that_migrated_the_database_is_not_rolled_back(resource: str | None) -> None:
    release = change("v2", "api", minutes_before=5)
    blames = believed("H1", "deployment_regression", "api", 0.8, change="v2")
    assert writes(known((release,), blames)) == ["rollback_deployment"]
    migrated = change("m7", resource, minutes_before=7, kind="job", summary="Flyway migration V7 renames a column")
    state = known((migrated, release), blames)
    assert writes(state) == []
    assert "a database migration came with it (Flyway migration V7" in withheld(state)
    assert "the revision before may not fit the new schema" in withheld(state)
    long_ago = change("m6", resource, minutes_before=600, kind="job", summary="Flyway migration V6")
    assert writes(known((long_ago, release), blames)) == ["rollback_deployment"]


@pytest.mark.parametrize(
    ("summary", "is_offered"),
    [
        ("migration-0042 chore(db): add index on items.updated_at", True),
        ("Flyway migration V8: CREATE INDEX CONCURRENTLY ON orders (day)", True),
        ("migration 9: create concurrent index on orders", True),
        ("migration 10: adds an index and drops a column", False),
        ("migration 11: add unique index on users.mail", False),
        ("migration 12: rename the table orders, rebuild index", False),
    ],
)
def test_a_migration_that_only_makes_an_index_fits_every_revision(summary: str, is_offered: bool) -> None:
    release = change("v2", "api", minutes_before=5)
    blames = believed("H1", "deployment_regression", "api", 0.8, change="v2")
    migrated = change("m7", "db", minutes_before=7, kind="job", summary=summary)
    assert (writes(known((migrated, release), blames)) == ["rollback_deployment"]) is is_offered


def test_what_a_full_database_throttles_is_not_scaled_up() -> None:
    nothing = state_of("api", "ScaledToZero", details={"earlier_replicas": 3})
    zero = believed("H1", "scaled_to_zero", "api", 0.7)
    assert writes(known((nothing,), zero)) == ["scale_workload"]
    full = believed("H2", "connections_exhausted", "db", 0.3, cause_class=IncidentClass.RESOURCE_SATURATION)
    state = known((nothing,), zero, full)
    assert "scale_workload" not in writes(state)
    assert "db is full (H2 connections_exhausted of db (30 %)): more replicas would ask more of it" in withheld(state)


def asked_again(first: tuple[Fact, ...], then: tuple[Fact, ...], *hypotheses: Hypothesis) -> IncidentState:
    incident = WatchedIncident(opened())
    incident.ask("S1", first)
    incident.ask("S2", then, supersedes="S1")
    incident.state.investigation.hypotheses = hypotheses
    return incident.state


def test_a_migration_that_the_newest_window_does_not_hold_has_happened() -> None:
    release = change("v2", "api", minutes_before=5)
    blames = believed("H1", "deployment_regression", "api", 0.8, change="v2")
    migrated = change("m7", "db", minutes_before=7, kind="job", summary="Flyway migration V7 renames a column")
    state = asked_again((migrated, release, SYSTEM), (release, SYSTEM), blames)
    assert writes(state) == []
    assert [action.primitive for action in conclude_findings(state).actions if action.effect != "read"] == []
    assert writes(asked_again((release, SYSTEM), (release, SYSTEM), blames)) == ["rollback_deployment"]


def test_what_the_target_depended_on_before_holds_nothing_back() -> None:
    nothing = state_of("api", "ScaledToZero", details={"earlier_replicas": 3})
    zero = believed("H1", "scaled_to_zero", "api", 0.7)
    full = believed("H2", "connections_exhausted", "db", 0.3, cause_class=IncidentClass.RESOURCE_SATURATION)
    moved = graph({"api": "service", "db": "database", "mail": "service"}, ("mail", "db"))
    assert writes(asked_again((nothing, SYSTEM), (nothing, moved), zero, full)) == ["scale_workload"]
    assert writes(asked_again((nothing, moved), (nothing, SYSTEM), zero, full)) == []


def test_what_was_refuted_withholds_no_action() -> None:
    release = change("v2", "api", minutes_before=5)
    blames = believed("H1", "deployment_regression", "api", 0.8, change="v2")
    migrated = change("m7", "db", minutes_before=7, kind="job", summary="Flyway migration V7 renames a column")
    state = known((migrated, release), blames)
    state.judgements["F1"] = Judgement(verdict="refuted", by="ann")
    assert writes(state) == ["rollback_deployment"]
