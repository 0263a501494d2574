"""Hypotheses become findings, gaps and actions that a person can trust."""

from __future__ import annotations

import pytest
from incident_facts import ONSET, SEEN, STORY, change, concluded, graph, no_change, opened, share, shift, state_of

from engine.incident import IncidentState
from primitives.facts import SourceGap
from primitives.records import Symptom


def statements(state: IncidentState) -> list[str]:
    return [finding.statement for finding in state.findings]


def test_the_findings_tell_onset_change_limit_and_absence_and_cite_their_facts() -> None:
    state = concluded(STORY)
    told = statements(state)
    assert told[0] == "api latency p95 rose from 200 ms to 1.5 s at 14:30 (7.5 times)"
    assert any("14:25, 5 min before onset" in line for line in told)
    assert any("95 % of the limit" in line for line in told)
    assert any(
        line == "No infrastructure changes in the 24 h before (CloudTrail answered for the whole window)"
        for line in told
    )
    assert all(finding.facts and set(finding.facts) <= set(state.facts) for finding in state.findings)


def test_an_old_innocent_change_is_no_finding() -> None:
    assert not any("v5" in line for line in statements(concluded(STORY)))


def test_gaps_are_named_once() -> None:
    gap = SourceGap(question="logs", status="not_recorded", **SEEN)
    state = concluded((*STORY, gap, gap))
    assert state.gaps.count("no logs were recorded") == 1


def test_a_step_that_failed_leaves_a_gap() -> None:
    state = concluded(STORY)
    state.steps["S1"].status, state.steps["S1"].summary = "timed_out", "no result within 60 s"
    from engine.investigate.interpret import conclude_findings

    assert any("compare_baseline did not complete" in gap for gap in conclude_findings(state).gaps)


def test_resources_among_which_nothing_decides_are_a_gap_that_says_how_to_choose() -> None:
    from engine.investigate.interpret import conclude_findings

    state = concluded((shift("elsewhere"),))
    known = state.classification
    assert known is not None
    state.investigation.classification = known.model_copy(update={"candidates": ("api", "db")})
    how = "with --resource api, or press o in the cockpit"
    assert f"several resources fit the question: api, db; look at one of them {how}" in conclude_findings(state).gaps


def test_the_first_action_rolls_the_deployment_back() -> None:
    first = concluded(STORY).actions[0]
    assert first.id.startswith("A-")
    assert (first.priority, first.primitive, first.recommended) == (1, "rollback_deployment", True)
    assert first.command == "kubectl rollout undo deployment/api --namespace shop"
    assert (first.effect, first.risk, first.requires_approval, first.urgency) == ("write", "medium", True, "MEDIUM")
    assert first.hypothesis == "H1"


def test_a_resource_of_unknown_kind_gets_no_command() -> None:
    facts = (shift("api"), share("api", 1.0), change("v2", "api"))
    assert concluded(facts).actions == ()  # no topology says what it is
    known = (*facts, graph({"api": "service"}, locations={}))
    assert concluded(known, opened(platform=("other",))).actions == ()


def test_a_name_that_could_be_a_command_is_never_in_one() -> None:
    for name in ("api; rm -rf /", "$(id)", "-n kube-system", "api`id`", "a/b/c/d", "../x", "API"):
        facts = (shift(name), share(name, 1.0), change("v2", name), graph({name: "service"}))
        state = concluded(facts, opened(Symptom(resource=name, metric="latency_p95")))
        assert state.actions == ()


@pytest.mark.parametrize(
    ("state", "details", "command"),
    [
        ("OOMKilled", {"memory_limit": "256Mi"},
         "kubectl set resources deployment/cart --containers=app --limits=memory=512Mi --namespace shop"),
        ("ScaledToZero", {"earlier_replicas": 3}, "kubectl scale deployment/cart --replicas=3 --namespace shop"),
    ],
)  # fmt: skip
def test_the_action_takes_its_numbers_from_the_fact(state: str, details: dict[str, object], command: str) -> None:
    fact = state_of("shop/deployment/cart", state, details=details, container="app")
    told = concluded((fact,), opened(Symptom(resource="shop/deployment/cart")))
    assert told.actions[0].command == command


def test_interpreting_is_deterministic() -> None:
    first, again = concluded((*STORY, no_change("iam"))), concluded((*STORY, no_change("iam")))
    assert (first.findings, first.gaps, first.actions) == (again.findings, again.gaps, again.actions)
    assert first.opened is not None
    assert first.opened.detected_at == ONSET
