"""A waterfall adds up exactly, and what would change the ranking is found by ranking again."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_facts import STORY, change, concluded, graph, log, share, shift, state_of

from cockpit.explanation_text import judgement_lines, waterfall_lines
from cockpit.plain import render_text
from engine.hypotheses import Adjustment, Evidence, Hypothesis, Judgement
from engine.reason import rank_facts
from engine.reason.odds import log_odds
from engine.reason.sensitivity import decisive, would_change
from engine.reason.waterfall import waterfall
from engine.report import report
from primitives.display_names import full_name
from primitives.facts import Fact
from primitives.terms import IncidentClass

CASES: tuple[tuple[Fact, ...], ...] = (
    STORY,
    (shift("api"), graph({"api": "service", "db": "database"}, ("api", "db"))),
    (state_of("shop/deployment/web", "OOMKilled"), log("shop/deployment/web", "out_of_memory")),
    (shift("api", absent=True),),
    (shift("api"), share("api", 0.6), share("db", 0.4), change("v1", "api"), change("v2", "db")),
)


def made(prior: float, weights: list[float], confidence: float, **more: object) -> Hypothesis:
    evidence = tuple(Evidence(fact=f"F{number}", weight=one) for number, one in enumerate(weights, 1))
    return Hypothesis.model_validate({
        "id": "H1", "cause": "c", "cause_id": "disk_full", "cause_class": IncidentClass.RESOURCE_SATURATION,
        "prior": prior, "evidence": evidence, "confidence": confidence, **more,
    })  # fmt: skip


@pytest.mark.parametrize("facts", CASES, ids=range(len(CASES)))
def test_every_waterfall_leads_from_nothing_to_the_confidence(facts: tuple[Fact, ...]) -> None:
    for one in concluded(facts).hypotheses:
        *steps, total = waterfall(one)
        assert steps[0].start == 0.0
        assert all(math.isclose(before.end, after.start) for before, after in pairwise(steps))
        assert math.isclose(sum(step.weight for step in steps), total.end)
        assert abs(1 / (1 + math.exp(-total.end)) - one.confidence) <= 0.00051
        assert [step.fact for step in steps if step.kind == "fact"] == [
            item.fact for item in (*one.evidence_for, *one.evidence_against)
        ]


@given(
    st.floats(-9, 3),
    st.lists(st.floats(-9, 9), max_size=8),
    st.floats(0, 1),
    st.lists(st.floats(-3, 3), max_size=2),
)
def test_whatever_made_the_confidence_the_sum_holds(
    prior: float, weights: list[float], confidence: float, adjusted: list[float]
) -> None:
    adjustments = tuple(Adjustment(kind="bounds", label="cap", weight=one) for one in adjusted)
    *steps, total = waterfall(made(prior, weights, confidence, adjustments=adjustments))
    assert math.isclose(sum(step.weight for step in steps), total.end, abs_tol=1e-6)
    assert abs(1 / (1 + math.exp(-total.end)) - confidence) <= 0.00051


def test_a_cap_is_a_bar_of_its_own_with_its_name() -> None:
    *_, remainder, total = waterfall(made(-2.0, [9.0], 0.95))
    assert (remainder.kind, remainder.fact) == ("remainder", None)
    assert remainder.label.startswith("bounded: ")
    assert math.isclose(remainder.weight, log_odds(0.95) - 7.0)
    assert math.isclose(total.end, log_odds(0.95))
    *_, named, _total = waterfall(
        made(-2.0, [9.0], 0.95, adjustments=(Adjustment(kind="bounds", label="cap", weight=-4.055),))
    )
    assert (named.kind, named.label) == ("bounds", "cap")


def test_no_bar_is_there_where_the_facts_say_it_all() -> None:
    bars = waterfall(made(-1.0, [2.0, -0.5], 1 / (1 + math.exp(-0.5))))
    assert [bar.kind for bar in bars] == ["prior", "fact", "fact", "total"]


def test_the_bar_of_a_pinned_fact_says_who_pinned_it() -> None:
    (_, bar, *_) = waterfall(made(-1.0, [2.0], 0.7), {"F1": Judgement(verdict="pinned", by="alice")})
    assert "pinned by alice" in bar.label


def test_the_report_holds_the_same_bars() -> None:
    for cause in report(concluded(STORY)).likely_root_causes:
        *steps, total = cause.waterfall
        assert (steps[0].kind, total.kind) == ("prior", "total")
        assert math.isclose(sum(step.weight for step in steps), total.end, abs_tol=1e-4)


def test_explain_adds_a_line_a_bar_to_the_text_report() -> None:
    state = concluded(STORY)
    plain, explained = render_text(state, width=100), render_text(state, width=100, explain=True)
    assert "log-odds" not in plain
    lines = waterfall_lines(state.hypotheses[0], state, 94, full_name)
    assert all(f"      {line}\n" in explained for line in lines)
    assert max(map(len, lines)) <= 94
    assert lines[-1].startswith("=")


def test_what_the_order_hangs_on_is_true() -> None:
    state = concluded(STORY)
    assert state.opened is not None
    found = decisive(state)
    assert found
    for one in found:
        rest = [fact for fact in state.facts.values() if fact.id != one.fact]
        again = rank_facts(rest, state.opened, state.classification).hypotheses
        assert (again[0].cause, again[0].confidence) == (one.leader, one.confidence)
        assert one.turns == (again[0].cause != state.hypotheses[0].cause)


def test_what_would_change_the_ranking_names_the_deciding_fact_and_who_would_lead() -> None:
    state = concluded(STORY)
    turning = next(one for one in decisive(state) if one.turns)
    assert any(
        line.startswith(f"if {turning.fact} were wrong") and f"{turning.leads} “{turning.leader}” would lead" in line
        for line in would_change(state)
    )


def test_where_nothing_is_believed_nothing_would_change_it() -> None:
    state = concluded(())
    assert decisive(state) == ()
    assert all("were wrong" not in line for line in would_change(state))


def test_what_engineers_said_is_one_line_each() -> None:
    state = concluded(STORY)
    state.judgements["F4"] = Judgement(verdict="refuted", by="alice", because="it never\x1b went out")
    (line,) = judgement_lines(state, full_name)
    assert line.startswith("F4 refuted by alice, because it never")
    assert "\x1b" not in line
