"""A route that leads elsewhere than its name says, among others that all lead where theirs say."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import Case, check, config_map, findings, obj, owned, service

PIER = {"boats": "boats-svc", "tides": "tides-svc", "crew": "crew-svc", "cargo": "cargo-svc", "docks": "docks-svc"}


def ingress(table: dict[str, str]) -> dict[str, Any]:
    paths = [
        {"path": f"/{path}", "backend": {"service": {"name": target, "port": {"number": 80}}}}
        for path, target in table.items()
    ]
    return obj("Ingress", "public", spec={"rules": [{"http": {"paths": paths}}]})


def http_route(table: dict[str, str]) -> dict[str, Any]:
    rules = [
        {"matches": [{"path": {"type": "PathPrefix", "value": f"/api/v1/{path}"}}], "backendRefs": [{"name": target}]}
        for path, target in table.items()
    ]
    return obj("HTTPRoute", "public", spec={"rules": rules})


def nginx(table: dict[str, str]) -> dict[str, Any]:
    blocks = "\n".join(
        f"  location /{path}/ {{\n    proxy_set_header Host $host;\n    proxy_pass http://{target}:80;\n  }}"
        for path, target in table.items()
    )
    return config_map("edge", {"default.conf": f"server {{\n{blocks}\n}}"})


def spring(table: dict[str, str]) -> dict[str, Any]:
    routes = "".join(
        f"        - id: {path}\n          uri: lb://${{{path.upper()}_HOST:{target}}}\n"
        f"          predicates:\n            - Path=/api/v2/{path}/**\n"
        for path, target in table.items()
    )
    return config_map("edge", {"application.yml": f"spring:\n  cloud:\n    gateway:\n      routes:\n{routes}"})


def led_elsewhere(table: dict[str, Any], services: tuple[str, ...] = tuple(PIER.values())) -> list[dict[str, Any]]:
    items = owned(*(service(name) for name in services), table)
    return [dict(item.details) for item in findings(Case("", items, "")) if item.state == "RouteLeadsElsewhere"]


@pytest.mark.parametrize("written", [ingress, http_route, nginx, spring])
def test_the_one_route_that_leads_to_another_s_target_is_told(written: Any) -> None:
    assert led_elsewhere(written(PIER)) == []
    (slip,) = led_elsewhere(written({**PIER, "crew": "tides-svc"}))
    assert (slip["target"], slip["expected"]) == ("tides-svc", "crew-svc")


@pytest.mark.parametrize(
    "table",
    [
        # What has no Service of its own name leads where it leads.
        {**PIER, "login": "crew-svc"},
        {**PIER, "": "boats-svc"},
        # Moved on purpose, to a place of its own.
        {**PIER, "crew": "harbour-suite"},
        # A longer or shorter name is no other one.
        {**PIER, "boat": "boats-svc"},
    ],
    ids=["no Service of that name", "the root", "moved on purpose", "nearly the same name"],
)
def test_what_only_looks_like_it_is_left_alone(table: dict[str, str]) -> None:
    assert led_elsewhere(ingress(table)) == []


def test_a_table_without_a_habit_or_with_few_routes_says_nothing() -> None:
    mixed = {"boats": "tides-svc", "tides": "crew-svc", "crew": "cargo-svc", "cargo": "docks-svc", "docks": "docks-svc"}
    assert led_elsewhere(ingress(mixed)) == []
    assert led_elsewhere(ingress({"boats": "boats-svc", "tides": "tides-svc", "crew": "tides-svc"})) == []


ROUTES = [
    Case(
        f"a route to another's target: {written.__name__}",
        owned(*(service(name) for name in PIER.values()), written({**PIER, "crew": "tides-svc"})),
        "RouteLeadsElsewhere",
        resource,
        details={"target": "tides-svc", "expected": "crew-svc"},
    )
    for written, resource in (
        (ingress, "shop/ingress/public"),
        (http_route, "shop/httproute/public"),
        (nginx, "shop/configmap/edge"),
        (spring, "shop/configmap/edge"),
    )
]


@pytest.mark.parametrize("case", ROUTES, ids=lambda case: case.name)
def test_it_is_told_of_what_has_the_table(case: Case) -> None:
    check(case)


LAUGHS = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "text",
    [
        "routes: [uri, predicates: {",
        "- " * 400 + "routes uri predicates",
        "routes: 3 uri predicates",
        "routes: [{uri: 'lb://a', predicates: 5}]",
        f"{LAUGHS}routes: []  # uri predicates\n",
        "routes: &a {b: *a}  # uri predicates",
    ],
    ids=["broken", "deep", "a number", "no predicates", "aliases of aliases", "an alias of itself"],
)
def test_a_file_that_can_not_be_read_costs_only_itself(text: str) -> None:
    assert led_elsewhere(config_map("edge", {"application.yml": text})) == []
