"""What an answer leaves unexplained, what forbids "no fault", and which of equal hypotheses comes first."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from incident_facts import SEEN, found, graph, log, opened, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact, ProbeResult, SourceGap
from primitives.records import Symptom
from primitives.terms import AnswerStatus, IncidentClass

KILLED = "OOMKilled"


def ranked(*facts: Fact, **about: Any) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(**about)).hypotheses


def unknown_of(hypotheses: tuple[Hypothesis, ...]) -> Hypothesis:
    return next(item for item in hypotheses if item.cause_id == "unknown")


def check(target: str, *, healthy: bool) -> ProbeResult:
    result = "ok" if healthy else "failed"
    return ProbeResult(resource="monitor", probe="tcp_connect", target=target, result=result, healthy=healthy, **SEEN)


@pytest.mark.parametrize(("caller", "bystander"), [("api", "mail"), ("gateway", "billing")])
def test_trouble_that_the_best_cause_does_not_explain_raises_unknown(caller: str, bystander: str) -> None:
    kinds = {caller: "service", "db": "database", bystander: "service"}
    topology = graph(kinds, (caller, "db"))
    cause = (topology, state_of("db", KILLED), shift(caller))
    explained = ranked(*cause)
    beside = ranked(*cause, shift(bystander))
    assert explained[0].cause_id == beside[0].cause_id == "out_of_memory_killed"
    assert not unknown_of(explained).evidence
    unknown = unknown_of(beside)
    assert "the best cause doesn't explain 1 of 3 resources in trouble" in [item.why for item in unknown.evidence]


def test_calm_bystanders_and_callers_in_trouble_leave_nothing_unexplained() -> None:
    topology = graph({"api": "service", "db": "database", "mail": "service"}, ("api", "db"))
    for more in (shift("mail", absent=True), log("api", "timeout")):
        assert not unknown_of(ranked(topology, state_of("db", KILLED), more)).evidence


@pytest.mark.parametrize("status", get_args(AnswerStatus))
def test_only_a_source_that_should_have_answered_leaves_something_unknown(status: AnswerStatus) -> None:
    gap = SourceGap(question="spans", status=status, **SEEN)
    unknown = unknown_of(ranked(gap, state_of("db", KILLED)))
    assert bool(unknown.evidence) == (status in ("denied", "unreachable", "partial"))


@pytest.mark.parametrize(
    "trouble",
    [
        check("orders:8080", healthy=False),
        state_of("api", "FailedToDrain", count=5),
        shift("api", "errors", kind="errors", baseline=0.0, current=0.02, unit="1", absent=False),
    ],
)
def test_what_fails_or_warns_now_forbids_no_fault(trouble: Fact) -> None:
    calm = (shift("api", absent=True), state_of("api", "Healthy"))
    before, after = ranked(*calm), ranked(*calm, trouble)
    assert before[0].cause_class == IncidentClass.NO_FAULT
    assert after[0].cause_class != IncidentClass.NO_FAULT


def test_all_that_was_asked_is_calm_is_a_verdict_with_its_coverage() -> None:
    calm = (shift("api", absent=True), state_of("api", "Healthy"), check("api", healthy=True))
    first = ranked(*calm)[0]
    assert first.cause_id == "false_alarm"
    assert "all that was asked is calm: metrics, states" in [item.why for item in first.evidence]
    one_kind = ranked(calm[0])[0]
    assert one_kind.cause_id == "false_alarm"
    assert not [item for item in one_kind.evidence if "all that was asked" in item.why]


@pytest.mark.parametrize(("deep", "shallow"), [("zebra", "aardvark"), ("aardvark", "zebra")])
def test_of_equal_hypotheses_the_one_that_explains_more_comes_first_whatever_its_name(deep: str, shallow: str) -> None:
    topology = graph({"web": "service", shallow: "service", deep: "service"}, ("web", shallow), (shallow, deep))
    states = (state_of(shallow, KILLED), state_of(deep, KILLED))
    about = Symptom(resource="web", metric=None)
    for facts in (states, states[::-1]):
        assert ranked(topology, *facts, symptom=about)[0].resource == deep


def test_what_many_share_is_likelier_than_each_of_many_that_are_alike() -> None:
    names = ("cart", "mail", "search", "stock")
    kinds = {**dict.fromkeys(names, "service"), "config": "service", "jobs": "service"}
    topology = graph(kinds, *((name, "config") for name in names))
    alike = [state_of(name, "ConfigMapMissing") for name in names]
    hypotheses = ranked(topology, *alike, state_of("config", KILLED), symptom=Symptom(resource="cart"))
    assert hypotheses[0].resource == "config"
    assert "4 resources with the same trouble depend on it" in [item.why for item in hypotheses[0].evidence]
    single = ranked(topology, *alike[:2], symptom=Symptom(resource="cart"))
    assert not [item for entry in single for item in entry.evidence if "just the same" in item.why]


def weight_of_message(resource: str, family: str, *others: Fact) -> float:
    message = log(resource, family)
    hypotheses = ranked(message, *others, symptom=Symptom(resource=resource))
    return max(
        item.weight
        for entry in hypotheses
        if entry.resource == resource
        for item in entry.evidence
        if item.fact == "F1" and item.why.startswith(("messages of", "its last words are of"))
    )


@pytest.mark.parametrize("resource", ["kiln", "shop/deployment/barn"])
def test_a_message_that_a_process_ended_is_an_echo_of_its_state(resource: str) -> None:
    assert weight_of_message(resource, "crash", state_of(resource, "CrashLoopBackOff")) < weight_of_message(
        resource, "crash"
    )


@pytest.mark.parametrize(("family", "elsewhere"), [("missing_configuration", ""), ("crash", "loom")])
def test_another_message_or_the_state_of_another_is_no_echo(family: str, elsewhere: str) -> None:
    state = state_of(elsewhere or "kiln", "CrashLoopBackOff")
    assert weight_of_message("kiln", family, state) >= weight_of_message("kiln", family)
