"""Where a process listens, who calls it at an address, and by which TLS: ports, meshes, device plugins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kubernetes_objects import (
    NS,
    UNSCHEDULABLE,
    Case,
    check,
    container,
    deployment,
    findings,
    node,
    obj,
    owned,
    pod,
    running,
    service,
)
from recorded_incident import RecordedIncident, at, of

from primitives.analysis.called_addresses import peer_at
from primitives.records import Edge, Resource, Topology

AT_8080 = service(ports=[{"port": 80, "targetPort": 8080}])
WRONG = "TargetPortMismatch"


def serving(*containers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return pod(containers=containers, statuses=[running(entry["name"]) for entry in containers], **fields)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (container(args=["hypercorn", "site:app", "--bind", "0.0.0.0:7001"]), ""),
        (container(command=["server", "--http-port=9090"]), ""),
        (container(args=["-listen", ":3000"]), ""),
        (container(env=[{"name": "ASPNETCORE_HTTP_PORTS", "value": "5000"}]), ""),
        (container(), "2026-03-10T13:00:00Z Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)\n"),
        (container(), "Tomcat started on port(s): 8081 (http) with context path ''\n"),
        (container(), "      Now listening on: http://[::]:5000\n"),
    ],
)
def test_a_target_port_on_which_the_process_does_not_listen_is_wrong(one: dict[str, Any], said: str) -> None:
    check(Case("port", owned(AT_8080, serving(one)), WRONG, "shop/service/api", logs={"api-1/api": said}))


@pytest.mark.parametrize(
    ("containers", "said"),
    [
        # It listens there, whatever else it has; nothing is known; the port is a client's.
        ([container(args=["--port", "8080", "--admin-port", "9000"])], "admin server started on port 9000\n"),
        ([container(args=["--port=9000"])], "listening on 0.0.0.0:8080\nlistening on 0.0.0.0:9000\n"),
        ([container()], "connecting to ledger:5432\n"),
        ([container(args=["--db-port", "5432", "--addr=redis:6379", "-p", "secret"])], ""),
        ([container()], "debugger listening on ws://127.0.0.1:9229/ab\n"),
        # A proxy beside it takes what comes.
        ([container(args=["--bind", ":8000"]), container("envoy")], ""),
        # It is declared, or a probe gets through.
        ([container(args=["--bind", ":8000"], ports=[{"containerPort": 8080}])], ""),
        ([container(args=["--bind", ":8000"], readinessProbe={"tcpSocket": {"port": 8080}})], ""),
    ],
)
def test_what_only_looks_like_another_port_is_none(containers: list[dict[str, Any]], said: str) -> None:
    known = findings(Case("", owned(AT_8080, serving(*containers)), "", logs={"api-1/api": said}))
    assert WRONG not in {finding.state for finding in known}


OWNERS = {"10.4.0.7": "shop/deployment/api"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('connect() failed (111: Connection refused), client: 10.9.9.9, upstream: "http://10.4.0.7:8080/a"', True),
        ("dial tcp 10.4.0.7:3000: connect: connection refused", True),
        ("read tcp 10.9.9.9:41->10.4.0.7:80: read: connection reset by peer", True),
        # The client that was served, a stranger, and a call that went well.
        ("connection refused while serving client: 10.4.0.7:5123", False),
        ("dial tcp 10.4.0.8:3000: connect: connection refused", False),
        ("connected to 10.4.0.7:8080", False),
    ],
)
def test_a_complaint_of_an_address_is_of_who_has_it(text: str, named: bool) -> None:
    assert (peer_at(text, OWNERS) is not None) is named


@pytest.mark.parametrize(("host_network", "named"), [(False, True), (True, False)])
async def test_a_proxys_complaint_of_a_pods_address_names_its_workload(
    tmp_path: Path, host_network: bool, named: bool
) -> None:
    incident = RecordedIncident(tmp_path)
    pods = [
        pod("front-1", owner="DaemonSet/front", labels={}, namespace="edge"),
        pod(owner="StatefulSet/api", status={"podIP": "10.4.0.7"}, spec={"hostNetwork": host_network}),
    ]
    incident.file("kubernetes/" + at(9).replace(":", "-") + "/pods.json", json.dumps({"kind": "List", "items": pods}))
    line = '[error] connect() failed (111: Connection refused), upstream: "http://10.4.0.7:8080/a"\n'
    incident.file("kubernetes/logs/edge_front-1_proxy.log", 3 * line)
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert [pattern.points_at for pattern in patterns] == ["shop/statefulset/api" if named else None]


def rule(name: str = "strict", mode: str = "STRICT", namespace: str = NS, **spec: Any) -> dict[str, Any]:
    return obj("PeerAuthentication", name, namespace, spec={"mtls": {"mode": mode}, **spec})


def meshed(*names: str) -> list[dict[str, Any]]:
    return [container(name) for name in (*names, "istio-proxy")]


CALLS = Topology(
    resources=(Resource(id="shop/deployment/till", kind="workload"), Resource(id="shop/service/api", kind="service")),
    edges=(Edge(source="shop/deployment/till", target="shop/service/api", kind="calls"),),
)  # fmt: skip
PLAIN = pod("till-1", owner="ReplicaSet/till-7f", labels={"app": "till"})
TILL = (
    deployment("till"),
    obj("ReplicaSet", "till-7f", metadata={"ownerReferences": [{"kind": "Deployment", "name": "till",
                                                                "controller": True}]}, spec={"replicas": 1}),
)  # fmt: skip
SERVER = serving(*meshed("api"))
ALL_PLAIN = obj("DestinationRule", "plain", spec={"host": "api", "trafficPolicy": {"tls": {"mode": "DISABLE"}}})
REFUSES = "MutualTlsRequired"
IN_MESH = {**PLAIN, "spec": {**PLAIN["spec"], "containers": meshed("till")}}


@pytest.mark.parametrize(
    "objects",
    [
        (rule(selector={"matchLabels": {"app": "api"}}), PLAIN),
        (rule("default"), PLAIN),
        (rule("default", namespace="istio-system"), PLAIN),
        (rule(), IN_MESH, ALL_PLAIN),
    ],
    ids=["of the workload", "of its namespace", "of the mesh", "a client that is told to use none"],
)
def test_a_server_that_takes_only_the_meshs_tls_refuses_a_client_without(objects: tuple[dict[str, Any], ...]) -> None:
    found = findings(Case("", owned(service(), SERVER, *TILL, *objects), "", topology=CALLS))
    assert [finding.details["from"] for finding in found if finding.state == REFUSES] == ["shop/deployment/till"]


@pytest.mark.parametrize(
    "objects",
    [
        (rule(mode="PERMISSIVE"), PLAIN, SERVER),
        (rule(), rule("open", "PERMISSIVE", selector={"matchLabels": {"app": "api"}}), PLAIN, SERVER),
        (rule(selector={"matchLabels": {"app": "ledger"}}), PLAIN, SERVER),
        (rule(portLevelMtls={"8080": {"mode": "PERMISSIVE"}}), PLAIN, SERVER),
        (rule(namespace="bank"), PLAIN, SERVER),
        (rule(), IN_MESH, SERVER),
        (rule(), PLAIN, serving(container())),
    ],
    ids=[
        "either way", "its own rule allows it", "another's", "a port is exempt", "another namespace",
        "both in the mesh", "the server isn't in the mesh",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_lets_its_clients_in(objects: tuple[dict[str, Any], ...]) -> None:
    found = findings(Case("", owned(service(), *TILL, *objects), "", topology=CALLS))
    assert REFUSES not in {finding.state for finding in found}


MESH = [
    Case(
        "a client without the mesh's TLS", owned(service(), SERVER, *TILL, rule(), PLAIN), REFUSES,
        "shop/peerauthentication/strict", details={"to": "shop/deployment/api", "client_has_proxy": False},
        topology=CALLS,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", MESH, ids=[case.name for case in MESH])
def test_state_is_found(case: Case) -> None:
    check(case)


def plugin(name: str, image: str, tolerations: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    spec = {"containers": [container("plugin", image=image)], "tolerations": list(tolerations)}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return obj("DaemonSet", name, spec={"template": template}, status={"desiredNumberScheduled": 1, "numberReady": 1})


def tainted(name: str, key: str) -> dict[str, Any]:
    return node(name, spec={"taints": [{"key": key, "value": "x", "effect": "NoSchedule"}]})


def offering(name: str, resource: str) -> dict[str, Any]:
    item = node(name)
    return {**item, "status": {**item["status"], "capacity": {resource: "2"}}}


def waiting_for(resource: str, *tolerations: dict[str, Any]) -> dict[str, Any]:
    message = f"0/2 nodes are available: 2 Insufficient {resource}."
    asks = container(resources={"limits": {resource: "1"}})
    return pod(
        statuses=[], phase="Pending", node=None, conditions=[{**UNSCHEDULABLE, "message": message}], containers=[asks],
        spec={"tolerations": list(tolerations)},
    )  # fmt: skip


ANY = {"operator": "Exists"}


@pytest.mark.parametrize(
    ("resource", "daemon_set", "image"),
    [
        ("amd.com/gpu", "amdgpu-device-plugin", "docker.io/rocm/k8s-device-plugin:1"),
        ("qat.intel.com/cy", "qat-plugin", "registry.example/intel-qat:2"),
        ("xilinx.com/fpga", "fpga", "docker.io/xilinxatg/xilinx_k8s_fpga_plugin:3"),
    ],
)
def test_a_device_plugin_that_is_not_let_onto_a_node_is_why_it_offers_nothing(
    resource: str, daemon_set: str, image: str
) -> None:
    own = plugin(daemon_set, image)
    there = pod(f"{daemon_set}-1", owner=f"DaemonSet/{daemon_set}", labels={"app": daemon_set}, node="n1")
    objects = (own, there, offering("n1", resource), tainted("n2", "lab.example/big"), waiting_for(resource, ANY))
    check(Case("", owned(*objects), "TaintNotTolerated", f"shop/daemonset/{daemon_set}",
               details={"node": "n2", "taint": "lab.example/big", "resource_name": resource}))  # fmt: skip


@pytest.mark.parametrize(
    "objects",
    [
        # It tolerates all, and nevertheless there is none; the pod itself may not go there; another's plugin; no taint.
        (plugin("amd-plugin", "x:1", (ANY,)), tainted("n2", "big"), waiting_for("amd.com/gpu", ANY)),
        (plugin("amd-plugin", "x:1"), tainted("n2", "big"), waiting_for("amd.com/gpu")),
        (plugin("log-agent", "fluent:1"), tainted("n2", "big"), waiting_for("amd.com/gpu", ANY)),
        (plugin("amd-plugin", "x:1"), node("n2"), waiting_for("amd.com/gpu", ANY)),
    ],
)
def test_otherwise_the_resource_itself_is_short(objects: tuple[dict[str, Any], ...]) -> None:
    states = {finding.state for finding in findings(Case("", owned(*objects), ""))}
    assert "InsufficientExtendedResource" in states
    assert "TaintNotTolerated" not in states
