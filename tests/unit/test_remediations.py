"""A remediation decides by typed evidence: what no fact states is unknown, and then there is no command."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from incident_facts import change, graph, limit, state_of

from engine.reason.catalogue import causes
from primitives.actions.execution import Check, Preflight
from primitives.actions.inverse import Inverse, Irreversible, PriorState
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.target import KubernetesObject, Target, Unknown
from primitives.diagnostics.registry import diagnostics
from primitives.facts import Fact, Location
from primitives.remediations.registry import Remediation, remediations

CART = "shop/deployment/cart"
PLACED = Location(platform="kubernetes", namespace="shop", workload="deployment")


def target(resource: str, *facts: Fact, **more: Any) -> Target:
    return Target(resource, facts=facts, **{"platforms": ("kubernetes", "aws"), **more})


def command(name: str, about: Target) -> str:
    """The command of what a remediation proposes; the test fails where it proposes none."""
    remediation = remediations()[name]
    proposal = remediation.propose(about)
    assert isinstance(proposal, Proposed)
    return remediation.command(proposal.arguments)


def looked(name: str, about: Target) -> str | None:
    """The command of a diagnostic's look; None where it can't look at that."""
    look = diagnostics()[name].look
    assert look is not None
    proposal = look.propose(about)
    return look.command(proposal.arguments) if isinstance(proposal, Proposed) else None


def located(kind: str = "service", **place: str) -> Fact:
    return graph({"api": kind}, locations={"api": Location(**place)} if place else {})


# where a thing is


def test_an_identifier_that_says_all_needs_no_topology() -> None:
    assert target(CART, platforms=()).kubernetes == KubernetesObject("deployment", "cart", "shop")
    assert target("node/worker-1").kubernetes == KubernetesObject("node", "worker-1")


def test_a_cluster_in_the_identifier_is_the_context() -> None:
    about = target("kubernetes://prod-eu/shop/deployment/cart")
    assert command("restart_workload", about) == (
        "kubectl rollout restart deployment/cart --namespace shop --context prod-eu"
    )


def test_a_plain_name_is_what_its_source_states() -> None:
    about = target("api", located(platform="kubernetes", namespace="shop", workload="Deployment", context="prod"))
    assert about.kubernetes == KubernetesObject("deployment", "api", "shop", "prod")


@pytest.mark.parametrize(
    ("place", "what"),
    [({}, "namespace"),
     ({"platform": "kubernetes", "workload": "deployment"}, "namespace"),
     ({"platform": "kubernetes", "namespace": "shop"}, "kind of workload")],
)  # fmt: skip
def test_what_no_source_states_is_unknown(place: dict[str, str], what: str) -> None:
    assert target("api", located(**place)).kubernetes == Unknown("api", what)


def test_two_namespaces_are_none() -> None:
    about = target("web/api", graph({"web/api": "service"}, locations={"web/api": PLACED}))
    assert about.kubernetes == Unknown("api", "namespace")


@pytest.mark.parametrize(
    "about",
    [
        target("api"),  # no topology says what it is
        target("api", located("database")),
        target("api", located(platform="ecs")),
        target("api", located(), platforms=("aws",)),
        target("api; reboot", graph({"api; reboot": "service"}, locations={})),
    ],
)
def test_what_is_not_known_to_run_on_kubernetes_is_no_object_of_it(about: Target) -> None:
    assert about.kubernetes is None


def database(**place: str) -> Fact:
    return graph({"orders": "database"}, locations={"orders": Location(**place)} if place else {})


def test_a_database_is_where_its_arn_its_source_or_the_incident_says() -> None:
    arn = "arn:aws:rds:eu-west-1:123456789012:db:orders"
    reboot = "aws rds reboot-db-instance --db-instance-identifier orders"
    assert command("reboot_database", target(arn)) == f"{reboot} --region eu-west-1"
    assert command("reboot_database", target("orders", database(region="us-east-2"))) == f"{reboot} --region us-east-2"
    assert (
        command("reboot_database", target("orders", database(), region="us-east-1")) == f"{reboot} --region us-east-1"
    )
    assert command("reboot_database", target("orders", database())) == reboot
    assert command("reboot_database", target("orders", database(), region="east; reboot")) == reboot


@pytest.mark.parametrize(
    "about",
    [
        target("orders"),
        target("orders", database(), platforms=("kubernetes",)),
        target("orders", database(service="dynamodb")),
        target("orders", database(platform="kubernetes")),
        target("orders_AWS::DynamoDB::Table", graph({"orders_AWS::DynamoDB::Table": "database"})),
        target("arn:aws:dynamodb:eu-west-1:123456789012:table/orders"),
        target("arn:aws:rds:eu-west-1:123456789012:cluster:orders"),
        target("-orders", graph({"-orders": "database"})),
    ],
)
def test_what_is_not_known_to_be_an_rds_instance_is_never_rebooted(about: Target) -> None:
    assert remediations()["reboot_database"].propose(about) is None


# what a remediation takes from facts


def rolled(**more: Any) -> Target:
    return target(CART, cause_id="deployment_regression", **more)


def test_an_action_without_its_namespace_is_words_alone() -> None:
    deployed = change("v2", "api")
    about = Target(
        "api", cause_id="deployment_regression", change="v2", facts=(deployed, located()), platforms=("kubernetes",)
    )
    manual = Manual("Roll back deployment v2 of api", "namespace", "v2")
    assert remediations()["rollback_deployment"].propose(about) == manual


def test_the_namespace_of_a_name_alone_is_looked_for_in_the_whole_cluster() -> None:
    assert looked("inspect_object", target("api", located())) == (
        "kubectl get deploy,sts,ds -A --field-selector metadata.name=api"
    )
    assert looked("inspect_object", target("api", located(platform="kubernetes", namespace="shop"))) == (
        "kubectl get deploy,sts,ds --field-selector metadata.name=api --namespace shop"
    )


def test_a_rollback_goes_no_further_than_is_known_to_be_good() -> None:
    facts = tuple(change(name, CART, minutes_before=minutes) for name, minutes in (("v7", 30), ("v8", 20), ("v9", 10)))
    about = target(CART, *facts, cause_id="deployment_regression", change="v7")
    assert remediations()["rollback_deployment"].propose(about) is None
    assert looked("choose_revision", about) == "kubectl rollout history deployment/cart --namespace shop"
    newest = target(CART, *facts, cause_id="deployment_regression", change="v9")
    assert command("rollback_deployment", newest) == "kubectl rollout undo deployment/cart --namespace shop"
    assert looked("choose_revision", newest) is None


def test_what_no_rollout_changed_is_not_rolled_back() -> None:
    assert remediations()["rollback_deployment"].propose(target(CART, cause_id="image_not_found")) is None
    assert remediations()["rollback_deployment"].propose(rolled()) is None


@pytest.mark.parametrize(
    ("details", "container", "expected"),
    [
        ({"memory_limit": "256Mi"}, "app", "512Mi"),
        ({"memory_limit": "1Gi"}, "app", "2Gi"),
        ({"memory_limit": "256M; reboot"}, "app", None),
        ({"memory_limit": "0Mi"}, "app", None),
        ({}, "app", None),
        ({"memory_limit": "256Mi"}, None, None),
    ],
)
def test_a_memory_limit_is_doubled_where_it_is_known(
    details: dict[str, str], container: str | None, expected: str | None
) -> None:
    about = target(CART, state_of(CART, "OOMKilled", details=details, container=container))
    proposal = remediations()["raise_memory_limit"].propose(about)
    assert (proposal.arguments.model_dump()["limit"] if isinstance(proposal, Proposed) else None) == expected


def test_a_daemon_set_is_not_scaled() -> None:
    name = "shop/daemonset/agent"
    about = target(name, state_of(name, "ScaledToZero", details={"earlier_replicas": 3}))
    assert remediations()["scale_workload"].propose(about) is None


def test_storage_is_raised_where_what_is_allocated_is_known() -> None:
    near = limit("orders", "free_storage_space", 0.97).model_copy(update={"unit": "By", "limit": 100 * 2.0**30})
    assert command("raise_storage", target("orders", database(), near)) == (
        "aws rds modify-db-instance --db-instance-identifier orders --allocated-storage 150 --apply-immediately"
    )
    words = "Raise the storage of orders; it can't be lowered again"
    assert remediations()["raise_storage"].propose(target("orders", database())) == Manual(words, "how much it has")
    assert remediations()["raise_storage"].propose(target("api")) is None


# looks


@pytest.mark.parametrize(
    ("name", "about", "words"),
    [
        ("inspect_database", target("orders", database()), ["aws", "rds", "describe-events"]),
        ("inspect_storage", target("orders", database()), ["aws", "rds", "describe-db-instances"]),
        (
            "inspect_function",
            target("pay", graph({"pay": "function"})),
            ["aws", "lambda", "get-function-configuration"],
        ),
        ("inspect_function", target("pay_AWS::Lambda::Function"), ["aws", "lambda", "get-function-configuration"]),
        ("inspect_object", target("app/pod/api-1"), ["kubectl", "describe", "pod/api-1"]),
    ],
)
def test_a_look_shows_the_platforms_own_command(name: str, about: Target, words: list[str]) -> None:
    shown = looked(name, about)
    assert shown is not None
    assert shlex.split(shown)[: len(words)] == words


def test_a_look_is_offered_for_what_it_can_look_at_alone() -> None:
    assert looked("inspect_database", target("orders", graph({"orders": "service"}))) is None
    assert looked("inspect_object", target("app/foo/bar")) is None


# the catalogue


EVERY = sorted(remediations().values(), key=lambda remediation: remediation.name)


@pytest.mark.parametrize("remediation", EVERY, ids=lambda remediation: remediation.name)
def test_every_remediation_is_complete(remediation: Remediation) -> None:
    assert remediation.effect != "read"
    assert remediation.requires_approval
    assert remediation.estimated_duration_s > 0
    assert set(remediation.answers) <= set(causes())
    assert remediation.otherwise is None or diagnostics()[remediation.otherwise].look is not None
    if isinstance(remediation.inverse, Inverse):
        assert remediation.inverse.primitive in remediations()
    else:
        assert remediation.inverse.why


def test_an_action_without_operations_is_shown_only() -> None:
    shown_only = {remediation.name for remediation in EVERY if not remediation.executable}
    assert {"raise_memory_limit", "raise_storage", "reboot_database"} >= shown_only


@pytest.mark.parametrize(
    ("name", "facts", "prior", "undone"),
    [
        ("rollback_deployment", [change("v9", CART)], PriorState(revision=9),
         "kubectl rollout undo deployment/cart --to-revision=9 --namespace shop"),
        ("scale_workload", [state_of(CART, "ScaledToZero", details={"earlier_replicas": 3})], PriorState(replicas=0),
         "kubectl scale deployment/cart --replicas=0 --namespace shop"),
        ("raise_memory_limit", [state_of(CART, "OOMKilled", details={"memory_limit": "1Gi"}, container="app")],
         PriorState(memory_limit="1Gi"),
         "kubectl set resources deployment/cart --containers=app --limits=memory=1Gi --namespace shop"),
    ],
)  # fmt: skip
def test_an_inverse_leads_back_to_the_state_before(
    name: str, facts: list[Fact], prior: PriorState, undone: str
) -> None:
    remediation = remediations()[name]
    proposal = remediation.propose(target(CART, *facts, cause_id="deployment_regression", change="v9"))
    assert isinstance(proposal, Proposed)
    assert isinstance(remediation.inverse, Inverse)
    back = remediation.inverse.arguments(proposal.arguments, prior)
    assert back is not None
    assert remediations()[remediation.inverse.primitive].command(back) == undone
    assert remediation.inverse.arguments(proposal.arguments, PriorState()) is None


def test_what_cannot_be_undone_says_why() -> None:
    inverse = remediations()["raise_storage"].inverse
    assert inverse == Irreversible("RDS never shrinks a volume")


def test_nothing_checked_is_nothing_passed() -> None:
    assert not Preflight(checks=()).passed
    assert Preflight(checks=(Check(name="exists", passed=True),)).passed
    assert not Preflight(checks=(Check(name="exists", passed=True), Check(name="healthy", passed=None))).passed


def test_every_word_of_a_command_is_quoted() -> None:
    assert shell("kubectl", None, "describe", "pod/a b; reboot") == "kubectl describe 'pod/a b; reboot'"
