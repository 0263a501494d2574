"""What somebody says weighs by who says it: a model or an outsider never as much as a person or a measurement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incident_facts import NOW, STORY, found, graph, opened, shift, state_of

from engine.hypotheses import Hypothesis, Judgement
from engine.reason import rank_facts
from engine.reason.judgement import Judgements
from engine.reason.trust import STATEMENT, TEXT
from primitives.facts import Assertion, Fact
from primitives.terms import Trust

EDGES = graph({"api": "service", "db": "database", "cache": "cache"}, ("api", "db"), ("api", "cache"))
MEASURED = (shift("api"), shift("cache"), EDGES)


def said(trust: Trust, text: str = "the disk is full", speaks: str = "for", cause: str | None = "disk_full") -> Fact:
    return Assertion.model_validate({
        "text": text, "source": "somebody", "observed_at": NOW, "trust": trust, "resource": "db", "cause_id": cause,
        "speaks": speaks,
    })  # fmt: skip


def ranked(*facts: Fact, judgements: Judgements | None = None) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(), judgements=judgements or Judgements()).hypotheses


def of(hypotheses: tuple[Hypothesis, ...], cause_id: str, resource: str | None) -> Hypothesis:
    return next(one for one in hypotheses if (one.cause_id, one.resource) == (cause_id, resource))


def test_what_a_person_says_can_lead_and_the_same_of_a_model_or_an_outsider_can_not() -> None:
    measured = ranked(*MEASURED)[0]
    by_person = ranked(*MEASURED, said("asserted"))
    assert (by_person[0].cause_id, by_person[0].resource) == ("disk_full", "db")
    trusts: tuple[Trust, ...] = ("proposed", "reported")
    for trust in trusts:
        hypotheses = ranked(*MEASURED, said(trust))
        assert (hypotheses[0].cause_id, hypotheses[0].resource) == (measured.cause_id, measured.resource)
        assert of(hypotheses, "disk_full", "db").confidence < 0.5 * hypotheses[0].confidence


@pytest.mark.parametrize("cause", ["disk_full", None])
def test_the_weight_falls_with_the_trust(cause: str | None) -> None:
    weights = []
    for trust in ("asserted", "reported", "proposed"):
        hypotheses = ranked(*MEASURED, said(trust, text="no space left on device", cause=cause))  # type: ignore[arg-type]
        own = [item for item in of(hypotheses, "disk_full", "db").evidence if "somebody" in item.why]
        weights.append(sum(item.weight for item in own))
    assert weights == sorted(weights, reverse=True)
    assert weights[2] <= 0.03 * weights[0]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.sampled_from(["disk_full", "slow_query", "network_delay"]))
def test_however_often_a_model_repeats_itself_the_leading_cause_stays(times: int, cause: str) -> None:
    before = ranked(*STORY)[0]
    after = ranked(*STORY, *(said("proposed", f"reason {number}", cause=cause) for number in range(times)))
    assert (after[0].cause_id, after[0].resource, after[0].change) == (before.cause_id, before.resource, before.change)
    assert abs(after[0].confidence - before.confidence) <= 0.01


@pytest.mark.parametrize("trust", ["proposed", "reported"])
def test_only_a_person_excludes_a_cause(trust: Trust) -> None:
    crash = state_of("db", "CrashLoopBackOff")
    against = {"text": "no crash", "speaks": "against", "cause": "application_crash"}
    kept = of(ranked(crash, EDGES), "application_crash", "db").confidence
    assert of(ranked(crash, EDGES, said(trust, **against)), "application_crash", "db").confidence == kept
    assert of(ranked(crash, EDGES, said("asserted", **against)), "application_crash", "db").confidence < 0.01 < kept


def test_a_proposal_that_a_person_pins_counts_as_theirs() -> None:
    facts = (*MEASURED, said("proposed"))
    pinned = Judgements({f"F{len(facts)}": Judgement(verdict="pinned", by="alice")})
    assert ranked(*facts, judgements=pinned)[0].cause_id == "disk_full"


def test_the_hypothesis_says_that_it_was_proposed() -> None:
    evidence = of(ranked(*MEASURED, said("proposed")), "disk_full", "db").evidence
    assert "proposed by somebody" in {item.why for item in evidence}


def test_nobody_counts_more_than_a_person_or_a_measurement() -> None:
    for factors in (TEXT, STATEMENT):
        assert factors["measured"] == factors["asserted"] == 1.0
        assert factors["proposed"] < factors["reported"] < factors["asserted"]
