"""What engineers say moves the ranking: pinned, refuted, added, held, excluded, and each taken back."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import NOW, STORY, concluded, found, log, opened, state_with

from engine.deciders.judge import judge
from engine.events import ConclusionReached, FactAdded, FactJudged, HypothesesRanked, Who
from engine.hypotheses import Hypothesis, Judgement
from engine.incident import IncidentState
from engine.port import AddFact, Exclude, HoldHypothesis, Judge, PinFact, RefuteFact, Statement, Undo
from engine.reason import rank_facts
from engine.reason.judgement import Judgements
from primitives.errors import UsageError
from primitives.facts import Assertion

ALICE = Who(kind="person", name="alice")
DEPLOYMENT = "deployment_regression"


def say(state: IncidentState, *statements: Statement, because: str = "") -> list[Any]:
    """The bodies of what alice says, taken into `state` as the fold would."""
    told = judge(state, Judge(statements=statements, because=because), ALICE, NOW).events
    for who, body in told:
        match body:
            case FactAdded() | FactJudged():
                assert who == ALICE
                state.apply_statement(body, who)
            case HypothesesRanked():
                assert who.kind == "engine"
                state.investigation.hypotheses, state.investigation.would_change = body.hypotheses, body.would_change
            case ConclusionReached():
                state.investigation.findings, state.remediation.proposed = body.findings, body.actions
    return [body for _, body in told]


def of(state: IncidentState, cause_id: str, resource: str | None = None) -> Hypothesis:
    return next(one for one in state.hypotheses if one.cause_id == cause_id and resource in (None, one.resource))


def test_a_refuted_fact_counts_for_nothing_and_is_named() -> None:
    state = concluded(STORY)
    assert state.hypotheses[0].cause_id == DEPLOYMENT
    before = state.hypotheses[0].confidence
    bodies = say(state, RefuteFact(fact="F4"), because="that deploy never went out")

    assert [body.type for body in bodies] == ["fact_judged", "hypotheses_ranked", "conclusion_reached"]
    assert state.judgements["F4"] == Judgement(verdict="refuted", by="alice", because="that deploy never went out")
    assert of(state, DEPLOYMENT, "api").confidence < before
    assert not any(item.fact == "F4" for one in state.hypotheses for item in one.evidence)
    assert not any("F4" in finding.facts for finding in state.findings)
    assert "rollback_deployment" not in {action.primitive for action in state.actions if action.recommended}


def test_refuting_a_fact_is_ranking_without_it() -> None:
    without = [one for one in found(*STORY) if one.id != "F4"]
    said = Judgements({"F4": Judgement(verdict="refuted", by="alice")})
    assert rank_facts(found(*STORY), opened(), judgements=said) == rank_facts(without, opened())


def test_a_pinned_fact_counts_double_and_names_who_pinned_it() -> None:
    plain = rank_facts(found(log("api", "too_many_connections")), opened()).hypotheses
    said = Judgements({"F1": Judgement(verdict="pinned", by="alice")})
    pinned = rank_facts(found(log("api", "too_many_connections")), opened(), judgements=said).hypotheses

    def weight(hypotheses: tuple[Hypothesis, ...]) -> tuple[float, str]:
        one = next(one for one in hypotheses if one.cause_id == "connections_exhausted")
        item = max(one.evidence, key=lambda item: item.weight)
        return item.weight, item.why

    (usual, _), (certain, why) = weight(plain), weight(pinned)
    assert certain >= 2 * usual * 0.99
    assert why.endswith("pinned by alice")


def test_what_is_excluded_falls_and_its_rival_rises() -> None:
    state = concluded(STORY)
    first, second = state.hypotheses[0], state.hypotheses[1]
    (added, *_) = say(state, Exclude(what=first.id), because="it was rolled back")

    assert isinstance(added.fact, Assertion)
    assert added.fact.sentence() == f"alice: it isn't {first.id} “{first.cause}”, because it was rolled back"
    assert added.fact.trust == "asserted"
    fallen = next(one for one in state.hypotheses if one.id == first.id)
    assert fallen.confidence < 0.01
    assert any(item.fact == added.id and item.why == "excluded by alice" for item in fallen.evidence_against)
    assert next(one for one in state.hypotheses if one.id == second.id).confidence >= second.confidence
    assert state.hypotheses[0].id != first.id


@pytest.mark.parametrize("words", ["database", "the database", "databases", "db", "DB"])
def test_it_is_not_the_database_clears_every_cause_on_it(words: str) -> None:
    state = concluded(STORY)
    say(state, Exclude(what=words))
    assert all(one.confidence < 0.01 for one in state.hypotheses if one.resource == "db")
    assert state.hypotheses[0].cause_id == DEPLOYMENT


@pytest.mark.parametrize(
    ("words", "left"),
    [("v2.3.1", "change"), ("deployment regression", "cause_id"), ("DEPLOYMENT_REGRESSION", "cause_id"),
     ("deployment", "cause_class")],
)  # fmt: skip
def test_a_change_a_cause_and_a_class_of_causes_can_be_excluded(words: str, left: str) -> None:
    state = concluded(STORY)
    (added, *_) = say(state, Exclude(what=words))
    assert getattr(added.fact, left)
    assert all(one.confidence < 0.01 for one in state.hypotheses if one.change == "v2.3.1")


def test_words_that_mean_nothing_are_refused_with_what_would() -> None:
    with pytest.raises(UsageError, match="the moon means nothing here; name a hypothesis"):
        say(concluded(STORY), Exclude(what="the the moon"))


def test_a_held_hypothesis_rises() -> None:
    state = concluded(STORY)
    pool = of(state, "connections_exhausted", "db")
    before = pool.confidence
    (added, *_) = say(state, HoldHypothesis(hypothesis=pool.id))
    held = of(state, "connections_exhausted", "db")
    assert held.confidence > before
    assert any(item.fact == added.id and item.weight > 0 for item in held.evidence)


def test_an_added_fact_in_words_is_read_as_a_message_would_be() -> None:
    state = concluded(STORY)
    (added, *_) = say(state, AddFact(text="the disk is full", about="db"), because="df said so")
    assert added.fact.resource == "db"
    one = of(state, "disk_full", "db")
    assert [item.why for item in one.evidence if item.fact == added.id] == ["alice says so"]


def test_an_added_fact_may_name_its_cause() -> None:
    state = concluded(STORY)
    say(state, AddFact(text="somebody held a lock all morning", about="db", cause="lock_contention"))
    assert of(state, "lock_contention", "db").confidence > 0.02


def test_a_whole_fact_in_json_is_asserted_by_whoever_says_it() -> None:
    state = concluded(STORY)
    document = (
        '{"type": "workload_state", "resource": "search", "object": "search-1", "kind": "Pod", '
        '"state": "OOMKilled", "trust": "measured", "source": "the platform"}'
    )
    (added, *_) = say(state, AddFact(text=document))
    assert (added.fact.trust, added.fact.source) == ("asserted", "alice")
    assert of(state, "out_of_memory_killed", "search").evidence_for


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "no JSON"), ('{"type": "nothing"}', "can't be read"), ("   ", "no words"), ("x" * 600, "600 characters"),
     ('{"type": "assertion"}', "text")],
)  # fmt: skip
def test_a_fact_that_cannot_be_read_is_refused_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as error:
        say(concluded(STORY), AddFact(text=text))
    assert "\n" not in str(error.value)


def test_secrets_and_control_characters_are_not_kept() -> None:
    state = concluded(STORY)
    (added, *_) = say(state, AddFact(text="password=hunter2secret \x1b[31mwas wrong", about="db"))
    assert "hunter2secret" not in added.fact.text
    assert "\x1b" not in added.fact.text


@pytest.mark.parametrize(
    "statement",
    [PinFact(fact="F7"), RefuteFact(fact="f4"), AddFact(text="the disk is full", about="db"),
     Exclude(what="database"), Exclude(what="v2.3.1")],
    ids=str,
)  # fmt: skip
def test_what_is_undone_was_never_said(statement: Statement) -> None:
    state = concluded(STORY)
    before = {one.id: one.confidence for one in state.hypotheses}
    (said, *_) = say(state, statement)
    moved = {one.id: one.confidence for one in state.hypotheses}
    say(state, Undo(what=said.id if isinstance(said, FactAdded) else said.fact))
    after = {one.id: one.confidence for one in state.hypotheses}
    assert {name: after[name] for name in before} == before
    assert moved != before or isinstance(statement, PinFact)


def test_undoing_a_hypothesis_takes_back_what_was_said_of_it() -> None:
    state = concluded(STORY)
    first = state.hypotheses[0]
    say(state, Exclude(what=first.id))
    say(state, Undo(what=first.id))
    assert (state.hypotheses[0].id, state.hypotheses[0].confidence) == (first.id, first.confidence)


def test_undoing_a_hypothesis_leaves_what_says_more_than_it() -> None:
    state = concluded(STORY)
    say(state, Exclude(what="database"))
    about_db = next(one for one in state.hypotheses if one.resource == "db")
    with pytest.raises(UsageError, match="says more"):
        say(state, Undo(what=about_db.id))
    say(state, Exclude(what=state.hypotheses[0].id))
    assert len([one for one in state.facts.values() if isinstance(one.fact, Assertion)]) == 2


@pytest.mark.parametrize(
    "statements",
    [(PinFact(fact="F1"), RefuteFact(fact="f1")), (HoldHypothesis(hypothesis="H1"), Exclude(what="h1"))],
)
def test_the_same_cant_be_said_both_ways(statements: tuple[Statement, ...]) -> None:
    state = concluded(STORY)
    with pytest.raises(UsageError, match="can't be both"):
        say(state, *statements)


@pytest.mark.parametrize("statement", [PinFact(fact="F99"), RefuteFact(fact="x"), Undo(what="F1"), Undo(what="H1"),
                                       HoldHypothesis(hypothesis="H99"), AddFact(text="slow", about="nobody"),
                                       AddFact(text="slow", about="db", cause="bad luck")], ids=str)  # fmt: skip
def test_what_makes_no_sense_is_refused(statement: Statement) -> None:
    with pytest.raises(UsageError):
        say(concluded(STORY), statement)


def test_of_several_statements_all_are_heeded_or_none() -> None:
    state = concluded(STORY)
    with pytest.raises(UsageError, match="F99"):
        judge(state, Judge(statements=(RefuteFact(fact="F4"), PinFact(fact="F99"))), ALICE, NOW)
    assert state.judgements == {}
    with pytest.raises(UsageError, match="nothing was said"):
        judge(state, Judge(statements=()), ALICE, NOW)


def test_saying_the_same_again_is_said_to_be_known() -> None:
    state = concluded(STORY)
    say(state, Exclude(what="database"))
    with pytest.raises(UsageError, match="already known as F12"):
        say(state, Exclude(what="database"))


@pytest.mark.parametrize(
    "statements",
    [
        (Exclude(what="database"), Exclude(what=" Database ")),
        (HoldHypothesis(hypothesis="H1"), HoldHypothesis(hypothesis="h1")),
        (AddFact(text="the pool is full"), AddFact(text="the pool is full")),
    ],
)
def test_a_command_that_says_the_same_twice_is_told_so_and_names_no_fact_that_is_not_there(
    statements: tuple[Statement, ...],
) -> None:
    state = concluded(STORY)
    with pytest.raises(UsageError, match="the command says the same twice") as caught:
        judge(state, Judge(statements=statements), ALICE, NOW)
    assert "F12" not in str(caught.value)


def test_what_was_taken_back_can_be_said_anew_but_not_pinned() -> None:
    state = concluded(STORY)
    say(state, Exclude(what="database"))
    say(state, Undo(what="F12"))
    with pytest.raises(UsageError, match="taken back by alice"):
        say(state, PinFact(fact="F12"))
    (added, *_) = say(state, Exclude(what="database"))
    assert added.id == "F13"


def test_while_it_runs_there_is_a_ranking_and_no_conclusion_yet() -> None:
    state = state_with(STORY)
    bodies = judge(state, Judge(statements=(RefuteFact(fact="F4"),)), ALICE, NOW).events
    assert [body.type for _, body in bodies] == ["fact_judged", "hypotheses_ranked"]
