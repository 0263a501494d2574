"""What failed probes say beyond their settings: who answers is ill, a starved container is late, some ask another."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import (
    ago,
    cluster_of,
    container,
    crashing,
    deployment,
    ended,
    event,
    obj,
    owned,
    pod,
    running,
    service,
)

from primitives.kubernetes.analysis import analyse
from primitives.kubernetes.findings import Finding

LATE = "Liveness probe failed: context deadline exceeded"
HTTP = {"httpGet": {"port": 8080, "path": "/up"}}


def found(*objects: dict[str, Any]) -> dict[str, Finding]:
    return {finding.state: finding for finding in analyse(cluster_of(owned(*objects)))}


def probed(probe: dict[str, Any], message: str, kind: str = "liveness", **more: Any) -> dict[str, Finding]:
    limits = more.pop("limits", {})
    statuses = more.pop("statuses", [running(ready=False)])
    spec = container(**{f"{kind}Probe": probe}, resources={"limits": limits}, ports=[{"containerPort": 8080}])
    return found(pod(containers=[spec], statuses=statuses), event("Unhealthy", message), *more.pop("beside", ()))


@pytest.mark.parametrize(
    ("kind", "code", "state"),
    [
        ("readiness", 503, "ProbeAnsweredError"),
        ("liveness", 429, "ProbeAnsweredError"),
        ("liveness", 404, "LivenessProbeMisconfigured"),
        ("readiness", 401, "ReadinessProbeMisconfigured"),
    ],
)
def test_who_answers_with_a_status_was_reached(kind: str, code: int, state: str) -> None:
    message = f"{kind.capitalize()} probe failed: HTTP probe failed with statuscode: {code}"
    states = probed(HTTP, message, kind)
    assert state in states
    assert not {"ProbeAnsweredError", "LivenessProbeMisconfigured", "ReadinessProbeMisconfigured"} - {state} & {*states}


def test_a_probe_that_ends_what_stops_in_order_is_itself_in_question() -> None:
    message = "Liveness probe failed: HTTP probe failed with statuscode: 500"
    ends = [running(minutes=1, ready=False, restartCount=4, lastState={"terminated": ended(0, "Completed")})]
    assert "LivenessProbeFailed" in probed(HTTP, message, statuses=ends)


@pytest.mark.parametrize(
    ("limits", "message", "low"),
    [
        ({"cpu": "20m"}, LATE, True),
        ({"cpu": "0.05"}, 'Liveness probe failed: command timed out: "ledger-check" timed out after 1s', True),
        ({"cpu": "500m"}, LATE, False),
        ({}, LATE, False),
        ({"cpu": "20m"}, "Liveness probe failed: HTTP probe failed with statuscode: 500", False),
    ],
)
def test_a_hundredth_of_a_core_answers_too_late(limits: dict[str, str], message: str, low: bool) -> None:
    assert ("CpuLimitTooLow" in probed(HTTP, message, limits=limits)) is low


def test_what_other_workloads_suffer_too_is_no_limit_of_one() -> None:
    other = pod("mail-1", [running(ready=False)], owner="StatefulSet/mail", labels={"app": "mail"})
    beside = (other, event("Unhealthy", LATE, "Pod/mail-1"))
    assert "CpuLimitTooLow" not in probed(HTTP, LATE, limits={"cpu": "20m"}, beside=beside)


@pytest.mark.parametrize(
    ("command", "host"),
    [
        ("curl -fsS http://tariffs.billing.svc:8080/ready", "tariffs.billing.svc"),
        ("nc -z -w 2 ticket-store 6379", "ticket-store"),
        ("pg_isready -h archive-db -p 5432", "archive-db"),
        ("wget -qO- http://localhost:8080/ready", None),
        ("redis-cli ping", None),
        ("curl -s http://$(hostname -i):9200/_cluster/health", None),
        ("/app/check --deep", None),
    ],
)
def test_a_command_that_asks_another_host_tells_of_that_host(command: str, host: str | None) -> None:
    probe = {"exec": {"command": ["sh", "-c", command]}}
    states = probed(
        probe, f'Readiness probe failed: command timed out: "sh -c {command}" timed out after 1s', "readiness"
    )
    asks = states.get("ProbeNeedsAnother")
    assert (asks.details["host"] if asks else None) == host


@pytest.mark.parametrize(
    ("reason", "message", "state"),
    [
        ("Unhealthy", LATE, "KilledByProbe"),
        ("Unhealthy", "Readiness probe failed: context deadline exceeded", "KilledWithoutReason"),
        ("Pulled", "already present", "KilledWithoutReason"),
    ],
)
def test_what_was_killed_while_its_liveness_probe_failed_was_killed_for_it(
    reason: str, message: str, state: str
) -> None:
    spec = container(livenessProbe=HTTP, resources={"limits": {"memory": "1Gi"}}, ports=[{"containerPort": 8080}])
    states = found(pod(containers=[spec], statuses=[crashing(137)]), event(reason, message))
    assert state in states


def test_a_kill_for_memory_has_its_own_reason() -> None:
    spec = container(livenessProbe=HTTP, resources={"limits": {"memory": "1Gi"}})
    states = found(pod(containers=[spec], statuses=[crashing(137, "OOMKilled")]), event("Unhealthy", LATE))
    assert "OOMKilled" in states
    assert "KilledByProbe" not in states


def labelless(name: str) -> dict[str, Any]:
    whole = pod(name, owner=None)
    del whole["metadata"]["labels"]
    return whole


@pytest.mark.parametrize(
    ("objects", "state"),
    [
        (
            (service("museum", {"app": "museum"}), labelless("museum-a1"), pod("door-1", labels={"run": "x"})),
            "mismatch",
        ),
        (
            (service("ferry", {"app": "ferry"}), labelless("ferry-a1"), obj("Endpoints", "ferry", subsets=[])),
            "mismatch",
        ),
        ((service("ferry", {"app": "ferry"}), labelless("ferry-a1")), "nothing"),
        ((service("choir", {"app": "choir"}), pod("door-1", owner=None, labels={"run": "x"})), "none"),
    ],
)
def test_a_selector_that_spells_running_pods_and_fits_none_is_a_mismatch(objects: Any, state: str) -> None:
    states = {finding.state for finding in analyse(cluster_of(objects))}
    wanted = {"mismatch": {"SelectorMismatch"}, "none": {"NoEndpoints"}, "nothing": set()}[state]
    assert states & {"SelectorMismatch", "NoEndpoints"} == wanted


def test_a_deployment_with_its_available_replicas_undoes_what_befell_it() -> None:
    well = deployment(
        "quay", status={"readyReplicas": None, "availableReplicas": 1, "replicas": 1,
                        "conditions": [{"type": "Available", "status": "True", "lastTransitionTime": ago(8)}]},
    )  # fmt: skip
    warning = event(
        "ReplicaSetCreateError", "Failed to create new replica set: timed out", "Deployment/quay", minutes=9
    )
    assert {finding.state for finding in analyse(cluster_of((well, warning)))} == {"PastEvent"}


REFUSED = 'Startup probe failed: Get "http://10.1.0.9:9901/ready": dial tcp 10.1.0.9:9901: connect: connection refused'


def _with_startup(*, started: bool, count: int = 4) -> set[str]:
    handler = {"httpGet": {"port": 9901, "path": "/ready"}}
    spec = container(startupProbe=handler, readinessProbe=handler, ports=[{"containerPort": 9000}])
    statuses = [running(minutes=6, ready=False, started=started)]
    warning = event("Unhealthy", REFUSED, minutes=5, count=count, field="api")
    return {finding.state for finding in analyse(cluster_of(owned(pod(containers=[spec], statuses=statuses), warning)))}


def test_a_startup_probe_that_has_passed_is_past_and_its_port_is_the_right_one() -> None:
    states = _with_startup(started=True)
    assert "PastEvent" in states
    assert not {"StartupProbeMisconfigured", "ReadinessProbeMisconfigured"} & states


def test_a_startup_probe_that_has_not_passed_is_in_question() -> None:
    assert "StartupProbeMisconfigured" in _with_startup(started=False)


@pytest.mark.parametrize(("minutes", "past"), [(9, True), (0.2, False)])
def test_a_container_that_is_ready_since_has_passed_its_probe(minutes: float, past: bool) -> None:
    spec = container(readinessProbe=HTTP, ports=[{"containerPort": 8080}])
    # Another container of the pod isn't ready, so the pod as a whole says nothing.
    other = running("mate", minutes=9.5, ready=False)
    objects = pod(containers=[spec, container("mate")], statuses=[running(minutes=9.5), other])
    warning = event("Unhealthy", "Readiness probe failed: connection refused", minutes=minutes, field="api")
    states = {finding.state for finding in analyse(cluster_of(owned(objects, warning)))}
    assert ("PastEvent" in states) is past


@pytest.mark.parametrize(("code", "in_question"), [(1, False), (0, True)])
def test_what_keeps_ending_by_itself_is_not_ready_for_another_reason(code: int, in_question: bool) -> None:
    spec = container(readinessProbe={"httpGet": {"port": 9901, "path": "/"}}, ports=[{"containerPort": 9000}])
    statuses = [running(minutes=1, ready=False, restartCount=4, lastState={"terminated": ended(code)})]
    states = found(pod(containers=[spec], statuses=statuses))
    assert ("ReadinessProbeMisconfigured" in states) is in_question
