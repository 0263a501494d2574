"""Whoever tells or uses what is so now reads the current facts; who tells the story says which facts are past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cases.acting import action
from cases.asked_again import ANN, WatchedIncident
from incident_facts import NOW, graph, opened, shift, state_of

from cockpit.postmortem import render_markdown
from engine.act.planning import dependents_of
from engine.act.targeted_diagnostics import targeted_step
from engine.act.verification import plan_verification
from engine.condition import condition_of
from engine.deciders.judge import judge
from engine.events import HypothesesRanked, InvestigationFinished
from engine.investigate.interpret import conclude_findings
from engine.notify.composing import compose_result
from engine.port import AddFact, Judge, PinFact, RefuteFact, Undo
from engine.reason import rank
from engine.reason.advisor import briefing
from engine.report import report
from primitives.errors import UsageError
from primitives.facts import Fact

LATER = NOW + timedelta(minutes=10)
SLOW = shift("api", latest=1.5, latest_at=NOW)
SLOWER = shift("api", current=1.9, latest=1.9, latest_at=LATER, observed_at=LATER)
CALM = shift("api", absent=True, latest=0.2, latest_at=LATER, observed_at=LATER)


def twice(*first: Fact, then: tuple[Fact, ...]) -> WatchedIncident:
    """An incident that was asked twice, ranked and ended."""
    incident = WatchedIncident(opened())
    incident.ask("S1", first)
    incident.ask("S2", then, supersedes="S1")
    incident.tell(HypothesesRanked(hypotheses=rank(incident.state).hypotheses))
    incident.tell(conclude_findings(incident.state))
    incident.tell(InvestigationFinished(status="completed", duration_s=2.0))
    return incident


def test_what_is_well_now_has_recovered_and_was_not_always_well() -> None:
    state = twice(SLOW, then=(CALM,)).state
    assert condition_of(state).state == "recovered"
    assert condition_of(twice(CALM, then=(CALM,)).state).state == "normal"


def test_a_notice_tells_the_condition_and_the_number_of_facts_of_now() -> None:
    notice = compose_result(twice(SLOW, shift("shop"), then=(CALM,)).state, "")
    assert notice.condition == "recovered"
    assert notice.said.endswith("with 1 fact.")


def test_what_somebody_pinned_and_nobody_sees_again_is_not_said_of_now() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [state_of("api", "CrashLoopBackOff", hurt=True)])
    incident.judge("F1", "pinned")
    assert condition_of(incident.state).state == "bad"
    incident.ask("S2", [], supersedes="S1")
    assert incident.current == ["F1"]
    assert condition_of(incident.state).state == "unknown"


def test_an_action_is_verified_against_what_is_measured_now() -> None:
    moved = shift("api", baseline=0.3, current=1.9)
    plan = plan_verification(twice(SLOW, then=(moved,)).state, action(), 60, 300)
    assert plan is not None
    assert (plan.baseline, plan.before) == (0.3, 1.9)
    assert plan_verification(twice(SLOW, then=(CALM,)).state, action(), 60, 300) is None


def test_who_depends_on_a_target_is_read_from_the_newest_topology() -> None:
    before = graph({"api": "service", "old": "service"}, ("old", "api"))
    now = graph({"api": "service", "new": "service"}, ("new", "api"))
    assert dependents_of(twice(before, then=(now,)).state, "api") == ("new",)


def test_an_advisor_is_not_told_what_is_past() -> None:
    state = twice(SLOW, then=(SLOWER,)).state
    assert list(briefing(state, {}).facts) == ["F2"]


def test_a_step_that_failed_and_was_asked_again_is_no_gap() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [], status="failed")
    assert conclude_findings(incident.state).gaps
    incident.ask("S2", [SLOW], supersedes="S1")
    assert conclude_findings(incident.state).gaps == ()


def test_a_further_step_looks_at_the_newest_window() -> None:
    asked = opened()
    first = {"window": asked.window.model_dump(mode="json", by_alias=True), "now": asked.now.isoformat()}
    newer = {"window": {**first["window"], "to": "2026-10-14T15:00:00Z"}, "now": LATER.isoformat()}
    incident = WatchedIncident(asked)
    incident.ask("S1", [SLOW], arguments=first)
    incident.ask("S2", [SLOWER], supersedes="S1", arguments=newer)
    step = targeted_step(incident.state, "inspect_object", {"kind": "deployment", "name": "api", "namespace": "shop"})
    assert step.arguments["window"] == newer["window"]


def test_a_report_has_all_facts_and_says_which_are_past() -> None:
    facts = report(twice(SLOW, shift("shop"), then=(SLOWER,)).state).facts
    assert [(fact.id, fact.asked_again_by, fact.newer_fact) for fact in facts] == [
        ("F1", "S2", "F3"), ("F2", "S2", ""), ("F3", "", ""),
    ]  # fmt: skip
    assert "asked_again_by" not in facts[2].model_dump()


def test_a_postmortem_tells_what_is_past_apart_and_a_shift_once() -> None:
    text = render_markdown(twice(SLOW, shift("shop"), then=(SLOWER,)).state, ())
    timeline = text.partition("## Timeline")[2].partition("## Key findings")[0]
    assert "to 1.9 s" in timeline
    assert "api latency p95 rose from 200 ms to 1.5 s" not in timeline
    now, _, past = text.partition("## Facts of before it was asked again")
    assert "| F3 |" in now.partition("## Facts\n")[2]
    assert "| F1 |" not in now
    rows = [line.split("|") for line in past.splitlines() if line.startswith(("| F1", "| F2"))]
    assert [row[3].strip() for row in rows] == ["S2, as F3", "S2"]


def test_a_recovery_leaves_the_onset_on_the_postmortems_timeline() -> None:
    text = render_markdown(twice(SLOW, then=(CALM,)).state, ())
    assert "rose from 200 ms to 1.5 s" in text.partition("## Timeline")[2].partition("## Key findings")[0]


@pytest.mark.parametrize("statement", [PinFact(fact="F1"), RefuteFact(fact="F1")])
def test_a_judgement_of_what_is_past_names_the_fact_to_judge(statement: PinFact | RefuteFact) -> None:
    state = twice(SLOW, then=(SLOWER,)).state
    with pytest.raises(UsageError, match=r"F1 is past: F2 measures the same again; say it of F2"):
        judge(state, Judge(statements=(statement,)), ANN, NOW)


def test_undoing_what_was_carried_undoes_it_where_it_counts() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.judge("F1", "refuted")
    incident.ask("S2", [SLOWER], supersedes="S1")
    (_, body), *_ = judge(incident.state, Judge(statements=(Undo(what="F1"),)), ANN, NOW).events
    assert (body.fact, body.verdict) == ("F2", None)  # type: ignore[union-attr]


def test_what_was_known_once_can_be_said_again() -> None:
    text = '{"type": "probe_result", "resource": "api", "probe": "http_get", "result": "failed", "healthy": false}'
    incident = WatchedIncident(opened())
    (_, said), *_ = judge(incident.state, Judge(statements=(AddFact(text=text),)), ANN, NOW).events
    incident.ask("S1", [said.fact])  # type: ignore[union-attr]
    incident.ask("S2", [], supersedes="S1")
    events = judge(incident.state, Judge(statements=(AddFact(text=text),)), ANN, NOW).events
    assert events[0][1].id == "F2"  # type: ignore[union-attr]
