"""Settings of both ends of a dependency, of unrelated systems, and pairs that only look as if they didn't fit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from primitives.analysis.setting_edges import across_edges
from primitives.analysis.setting_values import settings_of
from primitives.records import ConfigurationSnapshot

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
ALB = {"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]}
TO_443 = {"egress": [{"from_port": 443, "to_port": 443, "protocol": "tcp"}]}
ANY = {"IpPermissionsEgress": [{"IpProtocol": "-1"}]}


def rules(caller: Any, called: Any, kind: str = "service", *more: Any) -> set[tuple[str, str]]:
    documents = {"caller": (caller, kind), "called": (called, "service")}
    documents |= {f"also-{n}": (document, "service") for n, document in enumerate(more)}
    known = settings_of(
        ConfigurationSnapshot(time=NOW, resource=name, kind=sort, document=document)
        for name, (document, sort) in documents.items()
    )
    edges = [(name, "called") for name in documents if name != "called"]
    return {(conflict.rule, conflict.resource) for conflict in across_edges(known, edges)}


@pytest.mark.parametrize(
    ("rule", "place", "caller", "called", "kind"),
    [
        ("keep_alive_too_short", "called", ALB, {"server": {"keepAliveTimeout": 5000}}, "load_balancer"),
        ("keep_alive_too_short", "called", {"idle_timeout_s": 120}, {"KEEPALIVE_TIMEOUT": "75s"}, "gateway"),
        ("gives_up_first", "caller", {"integrationTimeoutMs": 29000}, {"Timeout": 60}, "api"),
        ("gives_up_first", "caller", {"client": {"read_timeout": "2s"}}, {"statement_timeout": 30000}, "service"),
        ("seen_again_too_soon", "called", {"Timeout": 120}, {"VisibilityTimeout": "30"}, "function"),
        ("seen_again_soon", "called", {"timeout": "1m"}, {"Attributes": {"VisibilityTimeout": 90}}, "function"),
        ("checked_elsewhere", "caller", {"HealthCheckPort": "8081"}, {"containerPort": 8080}, "target_group"),
        ("checked_elsewhere", "caller", {"health_check": {"path": "/up"}}, {"health_path": "/healthz"}, "haproxy"),
        ("port_closed", "caller", TO_443, {"port": 5432}, "service"),
        ("port_closed", "called", ANY, {"port": 5432, "ingress": [{"port": 3306, "protocol": "tcp"}]}, "service"),
        ("pools_over_connections", "called", {"pool": {"maxSize": 60}, "replicas": 4}, {"max_connections": 200}, "x"),
        ("pools_over_connections", "called", {"DB_MAX_OPEN_CONNS": "90"}, {"max_connections": "80"}, "x"),
    ],
)
def test_ends_that_do_not_fit_are_told(rule: str, place: str, caller: Any, called: Any, kind: str) -> None:
    assert rules(caller, called, kind) == {(rule, place)}


@pytest.mark.parametrize(
    ("caller", "called", "kind"),
    [
        (ALB, {"server": {"keepAliveTimeout": 65000}}, "load_balancer"),
        (ALB, {"tcp_keepalive_time": 30}, "load_balancer"),
        ({"pool": {"idle_timeout": "60s"}}, {"keepalive_timeout": "30s"}, "service"),
        ({"integrationTimeoutMs": 29000}, {"Timeout": 20}, "api"),
        ({"connect_timeout": "1s"}, {"Timeout": 20}, "service"),
        ({"Timeout": 30}, {"VisibilityTimeout": "180"}, "function"),
        ({"memory": 128}, {"VisibilityTimeout": "30"}, "function"),
        ({"HealthCheckPort": "traffic-port"}, {"containerPort": 8080}, "target_group"),
        ({"health_check": {"path": "http://x:80/healthz/"}}, {"health_path": "/healthz"}, "haproxy"),
        (ANY, {"port": 5432}, "service"),
        ({"egress": [{"from_port": 0, "to_port": 65535, "protocol": "tcp"}]}, {"port": 5432}, "service"),
        ({"pool": {"maxSize": 40}, "replicas": 4}, {"max_connections": 200}, "service"),
        ({"pool": {"maxSize": 400}}, {"max_connections": "{DBInstanceClassMemory/9531392}"}, "service"),
    ],
)
def test_ends_that_only_look_like_it_do_fit(caller: Any, called: Any, kind: str) -> None:
    assert rules(caller, called, kind) == set()


def test_the_pools_of_all_callers_are_added_up() -> None:
    told = rules({"pool_size": 30}, {"max_connections": 100}, "service", {"pool_size": 20, "instances": 4})
    assert told == {("pools_over_connections", "called")}
    assert not rules({"pool_size": 30}, {"max_connections": 100}, "service", {"pool_size": 20})
