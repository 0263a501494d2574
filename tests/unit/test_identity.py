"""What an identifier tells, and what a resource is called on screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from primitives.display_names import DisplayNames
from primitives.identity import (
    ResourceId,
    base_name,
    in_scope,
    is_kubernetes,
    kind_of,
    kubernetes_id,
    namespace_of,
    parse_id,
    same_name,
    scope_of,
    spoken_name,
    with_scope,
    without_scope,
)
from primitives.resolver import Rule

_ARN = "arn:aws:rds:eu-west-1:123456789012:db:payments-prod"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("payments/deployment/api", ResourceId("api", "deployment", "payments", "kubernetes")),
        ("node/worker-01", ResourceId("worker-01", "node", "", "kubernetes")),
        ("PetSite", ResourceId("PetSite")),
        ("boutique/cartservice", ResourceId("cartservice", "", "boutique")),
        ("PetSearch_AWS::ECS::Fargate", ResourceId("PetSearch", "AWS::ECS::Fargate", "", "aws")),
        ("Updater/prod_AWS::ApiGateway::Stage", ResourceId("Updater/prod", "AWS::ApiGateway::Stage", "", "aws")),
        ("aws:///eu/Pet_AWS::X", ResourceId("Pet", "AWS::X", "", "aws", "", "", "eu")),
        ("https://sqs.example/Queue", ResourceId("https://sqs.example/Queue")),
        (_ARN, ResourceId("db:payments-prod", "rds", "", "aws", "", "123456789012", "eu-west-1", "aws")),
        (
            "kubernetes://prod-eu/payments/deployment/api",
            ResourceId("api", "deployment", "payments", "kubernetes", "prod-eu"),
        ),
        ("kubernetes://prod-eu/api", ResourceId("api", "", "", "kubernetes", "prod-eu")),
        ("aws://1/eu-west-1/orders", ResourceId("orders", "", "", "aws", "", "1", "eu-west-1")),
        ("aws:////orders", ResourceId("aws:////orders")),
        ("a//b", ResourceId("a//b")),
        ("", ResourceId("")),
    ],
)
def test_each_form_is_read_as_what_it_is_and_written_unchanged(text: str, known: ResourceId) -> None:
    assert parse_id(text) == known
    assert str(known) == text


def test_a_cluster_that_is_named_by_an_arn_can_stand_in_front() -> None:
    cluster = "arn:aws:eks:eu-west-1:1:cluster/prod"

    text = kubernetes_id("Pod", "shop", "cart-1", cluster=cluster)

    assert text == "kubernetes://arn:aws:eks:eu-west-1:1:cluster%2Fprod/shop/pod/cart-1"
    assert parse_id(text).cluster == cluster


def test_a_scope_goes_in_front_once_and_never_before_what_has_one() -> None:
    once = with_scope("shop/pod/a", cluster="c")

    assert once == "kubernetes://c/shop/pod/a"
    assert with_scope(once, cluster="d") == once
    assert with_scope(_ARN, account="9", region="x") == _ARN
    assert with_scope("orders", region="eu-west-1") == "aws:///eu-west-1/orders"
    assert with_scope("orders") == "orders"


def test_objects_and_addresses_of_an_account_get_its_scope_too() -> None:
    assert with_scope("shop/pod/a", account="1") == "aws://1//shop/pod/a"
    assert parse_id("aws://1//shop/pod/a").namespace == "shop"
    assert is_kubernetes("aws://1//shop/pod/a")
    assert with_scope("http://10.0.0.1:80", cluster="c") == "kubernetes://c/http://10.0.0.1:80"
    assert with_scope("a_AWS::ECS::Fargate", region="r") == "aws:///r/a_AWS::ECS::Fargate"


@pytest.mark.parametrize("scope", ["kubernetes://c/", "kubernetes://a%2Fb/", "aws://1/r/", "aws:///r/"])
@pytest.mark.parametrize("name", ["shop/pod/a", "node/a", "orders", "shop/orders", "a_AWS::ECS::Fargate", "http://a/b"])
def test_a_scope_is_put_in_front_and_taken_away(scope: str, name: str) -> None:
    scoped = in_scope(name, scope)

    assert scoped == scope + name
    assert (scope_of(scoped), without_scope(scoped)) == (scope, name)
    assert in_scope(scoped, "kubernetes://other/") == scoped
    assert (scope_of(name), without_scope(name)) == ("", name)


def test_what_is_in_two_scopes_is_never_the_same() -> None:
    assert not same_name("kubernetes://a/shop/pod/x", "kubernetes://b/shop/pod/x")
    assert same_name("kubernetes://a/shop/pod/x", "x")


def test_parts_are_told_of_kubernetes_objects_alone() -> None:
    assert (kind_of("shop/pod/a"), namespace_of("shop/pod/a")) == ("pod", "shop")
    assert (kind_of("shop/a"), namespace_of("shop/a")) == ("", "")
    assert is_kubernetes("node/a")
    assert not is_kubernetes("kubernetes://c/a")
    assert kubernetes_id("Service", "", "a") == "default/service/a"


def test_the_base_name_is_what_people_call_it() -> None:
    assert base_name("payments/deployment/api") == base_name("team/api") == base_name("a/b/c/api") == "api"
    assert base_name(_ARN) == "payments-prod"
    assert base_name("arn:aws:elasticloadbalancing:eu:1:loadbalancer/app/web/50dc6c") == "web"
    assert base_name("arn:aws:s3:::reports") == "reports"
    assert base_name("Updater/prod_AWS::ApiGateway::Stage") == "prod_AWS::ApiGateway::Stage"
    assert same_name("shop/deployment/Cart", "cart")


def test_a_person_types_no_type() -> None:
    assert spoken_name("PetSearch_AWS::ECS::Fargate") == "PetSearch"
    assert spoken_name("AWS::Lambda") == "AWS::Lambda"
    assert spoken_name("shop/deployment/cart") == "cart"


@pytest.mark.parametrize(
    ("resources", "shown"),
    [
        (["payments/deployment/payments-api", "payments-prod"], ["payments-api", "payments-prod"]),
        (["a/deployment/x", "a/service/x"], ["x (deployment)", "x (service)"]),
        (["a/deployment/x", "b/deployment/x"], ["a/x", "b/x"]),
        (["a/deployment/x", "a/service/x", "b/service/x"], ["x (deployment)", "a/x (service)", "b/x"]),
        (["x", "a/deployment/x"], ["x", "x (deployment)"]),
        (["node/33.0.0.74", "10.0.0.1", "node/fe80::1"], ["33.0.0.74 (node)", "10.0.0.1", "fe80::1 (node)"]),
        (["x (deployment)", "x", "a/deployment/x"], ["x (deployment)", "x", "a/x"]),
        ([_ARN, "payments-prod"], ["payments-prod (rds db)", "payments-prod"]),
        (["kubernetes://c/a/pod/x", "kubernetes://d/a/pod/x"], ["x (c)", "x (d)"]),
        (["a/pod/x", "kubernetes://d/a/pod/x"], ["a/pod/x", "x (d)"]),
        (["Pet_AWS::ECS::Fargate", "Shop_AWS::SQS::Queue"], ["Pet", "Shop"]),
        (["Pet_AWS::ECS::Fargate", "Pet_AWS::SQS::Queue"], ["Pet (ECS Fargate)", "Pet (SQS Queue)"]),
        (["aws://1/eu/x", "aws://1/us/x"], ["x (1, eu)", "x (1, us)"]),
    ],
)
def test_the_display_name_is_the_shortest_that_nothing_else_could_mean(resources: list[str], shown: list[str]) -> None:
    names = DisplayNames(resources)

    assert [names(resource) for resource in resources] == shown


def test_what_is_not_known_keeps_its_identifier() -> None:
    assert DisplayNames(["a/pod/x"])("a/pod/y") == "a/pod/y"


def test_a_name_gets_longer_when_something_else_shares_it() -> None:
    names = DisplayNames(["a/deployment/x"])
    assert names("a/deployment/x") == "x"

    names.add("a/service/x")

    assert names("a/deployment/x") == "x (deployment)"


_PAGE = (Path(__file__).parents[2] / "docs" / "resources.md").read_text(encoding="utf-8")


def test_the_forms_of_the_page_are_read_and_written_unchanged() -> None:
    table = _PAGE.partition("| form | what it is |")[2].partition("\n\n")[0]
    forms = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)

    assert len(forms) == 9
    assert all(str(parse_id(form)) == form for form in forms)
    assert len({parse_id(form) for form in forms}) == 9


def test_the_names_of_the_page_are_those_on_screen() -> None:
    table = _PAGE.partition("| known in this incident")[2].partition("\n\n")[0]
    names = DisplayNames()
    shown = {}
    for row in table.splitlines()[2:5]:
        known, told = (re.findall(r"`([^`]+)`", cell) for cell in row.split("|")[1:3])
        for resource in known:
            names.add(resource)
            shown[resource] = ""
        assert sorted(map(names, shown)) == sorted(told)


def test_the_page_lists_every_rule_strongest_first() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \| (?:the resource|what|the)\b", _PAGE, re.MULTILINE)) == get_args(Rule)


def test_the_code_of_the_page_says_what_it_does() -> None:
    lines = re.findall(r'^(\w+\(.*?\)(?:\.\w+)?)\s+# "(.+)"$', _PAGE, re.MULTILINE)

    assert len(lines) == 4
    for call, result in lines:
        assert eval(call) == result
