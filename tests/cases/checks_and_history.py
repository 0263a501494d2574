"""Active checks and configuration history: what objects alone don't show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from cases.cluster_objects import NOW, Object, joined, running, service, stateful_set
from cases.made import API, POD, MadeCase, healthy

from primitives.records import ConfigurationSnapshot, Probe

_LEDGER: Final = "shop/statefulset/ledger"


def checks_and_history() -> list[MadeCase]:
    """Every case."""
    objects = joined(healthy(), stateful_set("ledger", running()), service("ledger", port=5432, targetPort=5432))
    return [*_checks(objects), *_history(objects)]


def _checks(objects: tuple[Object, ...]) -> list[MadeCase]:
    def case(name: str, resource: str, cause_id: str, *failed: tuple[str, str, str, str, str]) -> MadeCase:
        good = [
            ("shop/deployment/web", "tcp_connect", API, "open", ""),
            ("shop/deployment/search", "dns_lookup", "api.shop.svc", "resolved", "10.0.0.7"),
            ("node/n1", "node_service", "kubelet", "active", "active (running)"),
            ("node/n3", "node_service", "containerd", "active", "active (running)"),
        ]
        probes = tuple(
            Probe.model_validate({
                "time": NOW - timedelta(minutes=3), "resource": where, "probe": kind, "target": target,
                "result": result, "output": output,
            })
            for where, kind, target, result, output in (*good, *failed)
        )  # fmt: skip
        return MadeCase(name, resource, cause_id, objects, probes=probes)

    refused = "connect: connection refused"
    return [
        case("port_is_closed", _LEDGER, "dependency_unavailable", (API, "tcp_connect", _LEDGER, "failed", refused)),
        case("health_page_fails", API, "dependency_unavailable", (API, "http_get", API, "failed", "503")),
        case(
            "name_does_not_resolve",
            API,
            "dns_resolution_failed",
            (API, "dns_lookup", "pay.example", "failed", "SERVFAIL"),
        ),
        case(
            "kubelet_is_dead",
            "node/n2",
            "kubelet_unavailable",
            ("node/n2", "node_service", "kubelet", "inactive (dead)", "Active: inactive (dead)"),
        ),
        case(
            "runtime_is_dead",
            "node/n2",
            "container_runtime_unavailable",
            ("node/n2", "node_service", "containerd.service", "failed", "Active: failed (Result: exit-code)"),
        ),
        case(
            "proxy_is_dead",
            "node/n3",
            "kube_proxy_unavailable",
            ("node/n3", "node_service", "kube-proxy", "inactive (dead)", ""),
        ),
    ]


def _history(objects: tuple[Object, ...]) -> list[MadeCase]:
    usual: dict[str, Any] = {f"option_{number}": number for number in range(40)}
    usual |= {"pool": {"max_size": 40, "timeout_s": 5}, "description": "takes orders", "log_level": "info"}
    changed = {**usual, "pool": {"max_size": 2, "timeout_s": 5}, "description": "takes all orders"}

    def snapshot(minutes: float, resource: str, document: Any) -> ConfigurationSnapshot:
        moment = NOW - timedelta(minutes=minutes)
        return ConfigurationSnapshot(time=moment, resource=resource, kind="settings", document=document)

    others = ("shop/deployment/web", "shop/deployment/search", _LEDGER)
    same = [snapshot(minutes, name, {**usual, "owner": name}) for name in others for minutes in (300, 10)]
    once = [snapshot(10, name, {**usual, "owner": name}) for name in others]
    history = (snapshot(300, API, usual), snapshot(20, API, changed), *same)
    drifted = (snapshot(10, API, {**changed, "owner": API}), *once)
    logs = {f"{POD}/api": "ERROR request failed: no connection within 5 s, pool of 2 is in use\n" * 8}
    return [
        MadeCase("pool_was_made_smaller", API, "bad_configuration", objects, logs, configuration=history),
        MadeCase("one_drifted_from_its_peers", API, "bad_configuration", objects, logs, configuration=drifted),
    ]
