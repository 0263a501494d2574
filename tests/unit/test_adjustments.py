"""What is no fact stands apart from the facts: priors, other hypotheses by name, consequences, bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incident_facts import STORY, change, concluded, found, graph, log, opened, share, shift, state_of

from cockpit.plain import render_text
from cockpit.postmortem import render_html, render_markdown
from cockpit.widgets.draw import Styles, plain
from cockpit.widgets.hypotheses import HypothesesPane
from cockpit.widgets.rows import Row
from cockpit.widgets.view import Subject, View
from cockpit.widgets.waterfall import describe_waterfall
from engine.events import HypothesesRanked, decode_body
from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.reason import rank_facts
from engine.report import report
from primitives.display_names import full_name
from primitives.facts import Fact
from themes import PALETTES

FACTS: tuple[Fact, ...] = (
    *STORY,
    state_of("shop/deployment/web", "OOMKilled"),
    log("shop/deployment/web", "out_of_memory"),
    shift("web"),
    share("db", 0.4),
    change("v2", "db"),
    graph({"api": "service", "db": "database", "web": "service"}, ("web", "api"), ("api", "db")),
)


def ranked(facts: Sequence[Fact]) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened()).hypotheses


def of(hypotheses: Sequence[Hypothesis], cause_id: str, resource: str) -> Hypothesis:
    return next(one for one in hypotheses if (one.cause_id, one.resource) == (cause_id, resource))


@settings(max_examples=150, deadline=None)
@given(st.sets(st.integers(0, len(FACTS) - 1)))
def test_prior_facts_and_adjustments_are_the_log_odds_of_the_confidence(chosen: set[int]) -> None:
    for one in ranked([FACTS[number] for number in sorted(chosen)]):
        log_odds = one.prior + sum(item.weight for item in (*one.evidence, *one.adjustments))
        assert abs(1 / (1 + math.exp(-log_odds)) - one.confidence) <= 0.0008


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, len(FACTS) - 1)))
def test_a_fact_stands_once_on_one_side_of_a_hypothesis(chosen: set[int]) -> None:
    for one in ranked([FACTS[number] for number in sorted(chosen)]):
        facts = [item.fact for item in (*one.evidence_for, *one.evidence_against)]
        assert len(facts) == len(set(facts))
        for item in (*one.evidence_for, *one.evidence_against):
            assert item.weight == pytest.approx(sum(part.weight for part in item.parts), abs=1e-6)


def test_the_leading_cause_has_nothing_against_it_but_the_others_by_name() -> None:
    first, second = ranked(STORY)[:2]
    assert first.evidence_against == ()
    kinds = {(item.kind, item.hypothesis) for item in first.adjustments}
    assert {("support", second.id), ("competition", second.id)} <= kinds
    competition = next(item for item in first.adjustments if item.kind == "competition")
    assert competition.label == f"also explained by {second.id}"
    assert competition.weight < 0


def test_a_consequence_names_its_parent_cause() -> None:
    hypotheses = ranked(STORY)
    pool = of(hypotheses, "connections_exhausted", "db")
    (parent,) = [item for item in pool.adjustments if item.kind == "consequence"]
    assert (parent.hypothesis, parent.weight < 0) == (hypotheses[0].id, True)
    assert hypotheses[0].cause_id == "deployment_regression"


def test_what_explains_less_names_what_explains_it_better() -> None:
    hypotheses = ranked(STORY)
    slow = of(hypotheses, "dependency_slow", "api")
    labels = [item.label for item in slow.adjustments if item.kind == "competition"]
    assert labels[0] == f"better explained by {hypotheses[0].id}"


def test_every_named_hypothesis_is_in_the_ranking_and_none_names_itself() -> None:
    hypotheses = ranked(FACTS)
    known = {one.id for one in hypotheses}
    for one in hypotheses:
        named = {item.hypothesis for item in one.adjustments} - {None}
        assert named <= known - {one.id}


def test_evidence_does_not_depend_on_which_other_hypotheses_there_are() -> None:
    alone = of(ranked(FACTS[-3:]), "deployment_regression", "db")
    among = of(ranked((state_of("shop/deployment/web", "OOMKilled"), *FACTS[-3:])), "deployment_regression", "db")
    assert [item.weight for item in alone.evidence] == [item.weight for item in among.evidence]


def test_certainty_is_bounded_in_an_entry_of_its_own() -> None:
    first = rank_facts(found(*STORY), opened(), calibration=None).hypotheses[0]
    (bounds,) = [item for item in first.adjustments if item.kind == "bounds"]
    assert first.confidence == 0.97
    assert bounds.label == "bounded: nothing is given as certain"
    assert bounds.weight < 0


def test_the_report_has_facts_and_adjustments_apart_and_they_add_up() -> None:
    facts = {fact.id for fact in report(concluded(STORY)).facts}
    for cause in report(concluded(STORY)).likely_root_causes:
        assert {item.fact for item in (*cause.evidence_for, *cause.evidence_against)} <= facts
        assert cause.adjustments[0].kind == "prior"
        weights = [item.weight for item in (*cause.evidence_for, *cause.evidence_against, *cause.adjustments)]
        assert sum(weights) == pytest.approx(cause.waterfall[-1].end, abs=1e-4)


def test_text_report_and_postmortem_name_the_other_hypotheses() -> None:
    state = concluded(STORY)
    first, second = state.hypotheses[:2]
    text = " ".join(render_text(state, width=100).split())
    assert f"also explained by {second.id} “{second.cause}”" in text
    assert f"may be a consequence of {first.id} “{first.cause}”" in text
    for page in (render_markdown(state, ()), render_html(state, ())):
        assert f"may be a consequence of {first.id}" in page


def pane_of(state: IncidentState) -> HypothesesPane:
    return HypothesesPane(View(state), Styles(next(iter(PALETTES.values()))), id="hypotheses")


def test_the_calibration_is_an_entry_of_its_own_that_says_what_decided() -> None:
    first, *others = ranked((shift("api"), share("api", 1.0)))
    (calibration,) = [item for item in first.adjustments if item.kind == "calibration"]
    assert calibration.label.startswith("calibrated: ")
    assert first.confidence <= 0.8
    assert all(other.confidence < first.confidence for other in others)


def test_the_pane_lists_facts_for_it_first_and_then_the_other_hypotheses() -> None:
    state = concluded(STORY)
    first, second = state.hypotheses[:2]
    pane = pane_of(state)
    pane.toggle(unfold=True)
    pane.toggle(unfold=True)
    keys = [row.key for row in pane.rows() if row.key.startswith(f"{first.id}/")]
    assert keys[0] == f"{first.id}/fact-{first.evidence_for[0].fact}"
    assert keys[-1].startswith(f"{first.id}/calibration")
    (competition,) = [key for key in keys if "/competition-" in key]
    line = pane.line(Row(competition, "item"), 100, selected=False)
    assert f"also explained by {second.id} · {second.cause}" in plain(line.left)
    assert pane.subject_of(competition) == Subject("hypothesis", second.id)
    assert pane.subject_of(keys[0]) == Subject("fact", first.evidence_for[0].fact)


def test_the_detail_unfolds_a_fact_that_several_rules_weigh() -> None:
    state = concluded(STORY)
    deployment = state.hypotheses[0]
    several = next(item for item in deployment.evidence_for if len(item.parts) > 1)
    lines = [plain(line.left) for line in describe_waterfall(deployment, state, 120, full_name)]
    at = next(number for number, line in enumerate(lines) if line.startswith(f" {several.fact}"))
    assert [line.strip().split("  ")[-1].strip() for line in lines[at + 1 : at + 1 + len(several.parts)]] == [
        part.why for part in several.parts
    ]


def test_a_ranking_of_version_1_is_still_read() -> None:
    old = (
        b'{"type":"hypotheses_ranked","version":1,"hypotheses":[{"id":"H1","cause":"c","cause_id":"disk_full",'
        b'"cause_class":"RESOURCE_SATURATION","resource":"db","change":null,"prior":-3.0,"evidence":[{"fact":"F1",'
        b'"weight":2.5,"why":"w"}],"adjustments":[],"confidence":0.5,"note":""}],'
        b'"would_change":[],"decisive":[]}'
    )
    body = decode_body(old)
    assert isinstance(body, HypothesesRanked)
    assert [(item.fact, item.weight) for item in body.hypotheses[0].evidence_for] == [("F1", 2.5)]
    assert body.hypotheses[0].adjustments == ()
