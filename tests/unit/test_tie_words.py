"""Ties of names across sources in the log, the text report, the JSON report and the detail of a fact."""

from __future__ import annotations

from dataclasses import replace

from incident_facts import STORY, concluded

from cockpit.plain import render_text
from cockpit.widgets.describe import describe_fact
from engine.events import NamesTied, NameTie, decode_body, encode_body
from engine.incident import IncidentState
from engine.investigate.investigation import names_tied
from engine.name_ties import tie_reason
from engine.report import report
from primitives.display_names import full_name
from primitives.resolver import RULE_WORDS, Tie


def tied(state: IncidentState, *ties: Tie) -> IncidentState:
    body = names_tied(ties)
    state.watch = state.watch.after(body, state.updated_at)  # type: ignore[arg-type]
    return state


def test_the_event_survives_its_way_through_the_store() -> None:
    body = NamesTied(ties=(NameTie(source="logs", name="desk", candidates=("a", "b")),), left_out=3)
    assert decode_body(encode_body(body)) == body


def test_what_is_more_than_anybody_reads_is_counted() -> None:
    body = names_tied([Tie("logs", f"pod-{number:04}", f"r{number}", "owner") for number in range(700)])
    assert (len(body.ties), body.left_out) == (500, 200)


def test_explain_names_each_tie_with_its_reason_those_of_the_best_cause_first() -> None:
    state = concluded(STORY)
    best = state.hypotheses[0].resource
    assert best is not None
    state = tied(
        state, Tie("logs", "desk", None, None, ("ward/deployment/desk", "lab/deployment/desk")),
        Tie("logs", "aaa", "aaa/deployment/aaa", "label"), Tie("metrics", "till", best, "service", more=2),
    )  # fmt: skip
    assert "NAMES TIED" not in render_text(state, width=400)
    *_, words = render_text(state, width=400, explain=True).partition("NAMES TIED ACROSS SOURCES:\n")
    assert words.splitlines()[:3] == [
        f"  • till and 2 more (metrics) = {best}: {RULE_WORDS['service']}",
        f"  • desk (logs): {tie_reason(state.watch.ties[0])}",
        f"  • aaa (logs) = aaa/deployment/aaa: {RULE_WORDS['label']}",
    ]
    assert tie_reason(state.watch.ties[0]).startswith(
        "left alone: it may mean ward/deployment/desk or lab/deployment/desk; say which under `names`"
    )
    (first, *_) = report(state).names_tied[2:]
    assert (first.name, first.resource, first.because) == ("till", best, RULE_WORDS["service"])
    assert IncidentState.decode(state.encode()) == state


def test_the_detail_of_a_fact_says_what_else_its_resource_is_called() -> None:
    state = concluded(STORY)
    (found_fact, *_) = [entry for entry in state.facts.values() if entry.fact.resource is not None]
    state = tied(state, Tie("metrics", "till", found_fact.fact.resource, "given"))
    lines = "".join(part for line in describe_fact(found_fact, state, 200, full_name) for part, _ in line.left)
    assert f"till (metrics) = {found_fact.fact.resource}: {RULE_WORDS['given']}" in lines
    other = replace(found_fact, fact=found_fact.fact.model_copy(update={"resource": "elsewhere"}))
    assert "till" not in "".join(part for line in describe_fact(other, state, 200, full_name) for part, _ in line.left)


def test_a_report_without_ties_has_no_word_of_them() -> None:
    state = concluded(STORY)
    assert "names_tied" not in report(state).model_dump_json()
    assert "NAMES TIED" not in render_text(state, explain=True)
