"""The one look that is named where nothing is to be repaired yet: with its purpose, and never one that is answered."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import SEEN, graph, log, opened, shift, state_with

from engine.act.next_look import MOST_FACTS, next_look
from engine.act.proposals import proposals
from engine.events import PlannedStep, SourceState
from engine.hypotheses import Hypothesis
from engine.incident import FoundFact, IncidentState, Step
from primitives.diagnostics.registry import Arguments
from primitives.facts import Fact, LogPattern, WorkloadState
from primitives.records import Symptom
from primitives.telemetry import Question
from primitives.terms import IncidentClass

ALL: tuple[Question, ...] = ("series", "logs", "spans", "configuration", "changes", "topology")
SHOP = graph({"api": "service", "cart": "service"}, ("api", "cart"), locations={})


def belief(resource: str | None, confidence: float = 0.2, **more: Any) -> Hypothesis:
    return Hypothesis.model_validate({
        "id": "H1", "cause": f"{resource} is slow", "cause_id": "dependency_slow",
        "cause_class": IncidentClass.DEPENDENCY_FAILURE, "resource": resource, "prior": -2.0,
        "confidence": confidence, **more,
    })  # fmt: skip


def known(*facts: Fact, questions: tuple[Question, ...] = ALL, best: Hypothesis, **about: Any) -> IncidentState:
    state = state_with((*facts, SHOP), opened(**about))
    scope = Arguments(window=facts[0].window, now=facts[0].observed_at, symptom=Symptom(resource="api"))  # type: ignore[arg-type]
    arguments = scope.model_dump(mode="json")
    step = PlannedStep(id="S1", primitive="read_alerts", target="api", arguments=arguments, effect="read", reason="r")
    state.investigation.steps = {"S1": Step(step, status="completed")}
    state.investigation.sources = (SourceState(name="test", status="reachable", questions=questions),)
    state.investigation.hypotheses = (best,)
    state.remediation.proposed = proposals(state)
    return state


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        (("aws",), "aws cloudtrail lookup-events --start-time 20"),
        (("kubernetes",), "kubectl get replicasets -A --sort-by=.metadata.creationTimestamp"),
        ((), ""),
    ],
)
def test_what_no_source_holds_is_looked_up_by_hand(platform: tuple[str, ...], command: str) -> None:
    held = tuple(question for question in ALL if question != "changes")
    look = next_look(known(shift("api"), questions=held, best=belief("cart"), platform=platform), can_ask=False)
    assert look is not None
    assert (look.how, look.about) == ("by_hand", "cart")
    assert look.words == "look at the changes of cart"
    assert look.tells == "would tell whether one set it off"
    assert look.command.startswith(command)


def test_the_changes_of_a_cause_that_is_a_change_are_not_looked_up() -> None:
    look = next_look(known(shift("api"), questions=("series",), best=belief("cart", change="v2")), can_ask=False)
    assert look is not None
    assert look.words == "look at the logs of cart"


def test_what_the_engine_can_ask_comes_before_what_a_person_looks_up() -> None:
    state = known(shift("api"), questions=("series", "topology"), best=belief("batch", 0.45))
    state.investigation.hypotheses = (belief("batch", 0.45), second(belief("cart", 0.4)))
    look = next_look(state)
    assert look is not None
    assert (look.how, look.about) == ("asks", "cart")
    assert look.words.startswith("run ")
    assert look.tells == "would tell it from batch"
    assert not look.command
    silent = next_look(state, can_ask=False)
    assert silent is not None
    assert silent.how == "by_hand"


def test_a_screen_does_not_wait_for_a_question_about_thousands_of_facts() -> None:
    state = known(shift("api"), questions=("series", "topology"), best=belief("cart"))
    fact = next(iter(state.facts.values())).fact
    for number in range(MOST_FACTS):
        state.investigation.facts[f"X{number}"] = FoundFact(f"X{number}", "", "", fact)
    look = next_look(state)
    assert look is not None
    assert look.how == "by_hand"


def test_a_look_that_finds_no_more_than_a_place_comes_last() -> None:
    state = known(shift("api"), best=belief("cart"), platform=("kubernetes",))
    assert [action.action for action in state.actions] == ["Find cart in the cluster: namespace not known"]
    last = next_look(state, can_ask=False)
    assert last is not None
    assert (last.how, last.words) == ("action", "find cart in the cluster: namespace not known")
    assert last.command.endswith(" -A --field-selector metadata.name=cart")
    lacking = known(shift("api"), questions=("series",), best=belief("cart"), platform=("kubernetes",))
    look = next_look(lacking, can_ask=False)
    assert look is not None
    assert look.words == "look at the changes of cart"


DATABASE = graph({"api": "service", "orders": "database"}, ("api", "orders"))


def database(*facts: Fact, questions: tuple[Question, ...] = ALL) -> IncidentState:
    best = belief("orders", 0.5, cause_id="replication_lag", cause_class=IncidentClass.RESOURCE_SATURATION)
    return known(shift("api"), DATABASE, *facts, questions=questions, best=best, platform=("aws",))


def told(message: str) -> LogPattern:
    return log("orders", message)


def test_a_proposed_look_is_named_with_what_it_would_tell() -> None:
    look = next_look(database(told("checkpoint complete")))
    assert look is not None
    assert look.words == "look at the events of orders"
    assert look.tells == "would tell a restart or a full disk from load"
    assert look.command.startswith("aws rds describe-events ")


def test_events_that_are_facts_already_are_not_looked_at_again() -> None:
    state = database(told("DB instance orders replication lag exceeded 600 seconds."))
    assert not [action for action in state.actions if action.primitive == "inspect_database"]
    announced = told("orders was restarted").model_copy(update={"announced": True})
    assert not [action for action in database(announced).actions if action.primitive == "inspect_database"]


def test_where_nothing_is_wrong_nothing_is_looked_at() -> None:
    calm = belief(None, cause_id="false_alarm", cause_class=IncidentClass.NO_FAULT)
    assert next_look(known(shift("api"), best=calm)) is None
    assert next_look(IncidentState()) is None


def test_of_an_unknown_cause_the_first_resource_is_looked_at() -> None:
    unknown = belief(None, 0.5, cause_id="unknown", cause_class=IncidentClass.UNKNOWN)
    state = known(shift("api"), questions=("series",), best=unknown)
    state.investigation.hypotheses = (unknown, second(belief("cart", 0.2)))
    look = next_look(state, can_ask=False)
    assert look is not None
    assert look.about == "cart"


def second(hypothesis: Hypothesis) -> Hypothesis:
    return hypothesis.model_copy(update={"id": "H2"})


POD = "shop/pod/cart-6958c5bdd8-69gtn"


def killed(pod: str = POD, **more: Any) -> WorkloadState:
    values = {"state": "OOMKilled", "details": {"memory_limit": "50Mi"}, "message": "", **more}
    return WorkloadState(resource=pod, object=pod, kind="Pod", **values, **SEEN)


def of_pod(state: WorkloadState) -> IncidentState:
    best = belief(state.resource, 0.8, cause_id="out_of_memory_killed", cause_class=IncidentClass.WORKLOAD_FAILURE)
    return known(shift("api"), state, questions=("series",), best=best, platform=("kubernetes",))


def test_a_look_that_would_show_what_is_known_is_not_proposed() -> None:
    state = of_pod(killed())
    assert not [action for action in state.actions if action.primitive == "inspect_object"]
    look = next_look(state, can_ask=False)
    assert look is not None
    assert look.words == "look at the changes of cart-6958c5bdd8-69gtn"
    assert look.command == "kubectl get replicasets --namespace shop --sort-by=.metadata.creationTimestamp"
    assert "refused" not in look.tells


def test_a_state_without_a_reason_is_looked_at() -> None:
    look = next_look(of_pod(killed(details={})), can_ask=False)
    assert look is not None
    assert look.command.startswith(f"kubectl describe pod/{POD.rpartition('/')[2]}")
    assert look.tells == "would show its settings, its state and its events"


def test_the_changes_of_a_lone_pod_are_who_set_its_fields() -> None:
    look = next_look(of_pod(killed("shop/pod/import")), can_ask=False)
    assert look is not None
    assert look.command == "kubectl get pod/import --namespace shop -o yaml --show-managed-fields"


def test_a_look_about_another_cause_is_not_the_next_one() -> None:
    other = "shop/pod/lone-worker"
    state = known(shift("api"), killed(other, details={}), best=belief("cart", 0.2), platform=("kubernetes",))
    second_best = second(
        belief(other, 0.15, cause_id="out_of_memory_killed", cause_class=IncidentClass.WORKLOAD_FAILURE)
    )
    state.investigation.hypotheses = (belief("api", 0.2, change="v2"), second_best)
    state.remediation.proposed = tuple(each for each in proposals(state) if each.resource == other)
    assert state.actions
    look = next_look(state, can_ask=False)
    assert look is None or look.about != "lone-worker"
