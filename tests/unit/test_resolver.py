"""What a name means, by which rule, and when it is ambiguous: aliases of objects, topologies and ARNs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from kubernetes_objects import (
    NOW,
    PLURALS,
    WINDOW,
    container,
    deployment,
    ended,
    node,
    obj,
    pod,
    replica_set,
    service,
    status,
)

from primitives.cross_source_names import build_resolver
from primitives.records import KubernetesDump, Resource, Topology
from primitives.resolver import Alias, Resolver, host_of
from primitives.telemetry import Answer, ObjectsQuery, TopologyQuery

API = "shop/deployment/api"
ARN = "arn:aws:rds:eu-west-1:1:db:orders"
TOPOLOGY, OBJECTS = TopologyQuery(window=WINDOW), ObjectsQuery(window=WINDOW)


def topology(source: str, *resources: str | Resource) -> Answer[Any]:
    known = tuple(one if isinstance(one, Resource) else Resource(id=one) for one in resources)
    return Answer(TOPOLOGY, source, "answered", (Topology(resources=known),))


def objects(*items: dict[str, Any], at: datetime = NOW) -> Answer[Any]:
    dumps = {
        kind: KubernetesDump(time=at, kind=PLURALS[kind], items=tuple(item for item in items if item["kind"] == kind))
        for kind in dict.fromkeys(item["kind"] for item in items)
    }
    return Answer(OBJECTS, "cluster", "answered", tuple(dumps.values()))


def resolver(*answers: Answer[Any]) -> Resolver:
    return build_resolver(answers, WINDOW)


def addressed(name: str, address: str, **fields: Any) -> dict[str, Any]:
    made = pod(name, **fields)
    made["status"]["podIP"] = address
    return made


WORKLOAD = (replica_set(), deployment())


@pytest.mark.parametrize(
    ("name", "resource", "rule"),
    [
        ("api", API, "name"),
        ("shop/api", API, "name"),
        ("api-1", API, "owner"),
        ("api-5c", API, "owner"),
        ("API", API, "name"),
        ("api.shop", "shop/service/api", "dns"),
        ("api.shop.svc.cluster.local.", "shop/service/api", "dns"),
        ("http://api.shop.svc:8080/health", "shop/service/api", "dns"),
        ("10.0.0.7", "shop/service/api", "address"),
        ("10.1.2.3", API, "address"),
        ("10.1.2.3:8080", API, "address"),
        ("n1", "node/n1", "name"),
        ("192.168.0.4", "node/n1", "address"),
        (API, API, "identifier"),
        ("shop/pod/api-1", "shop/pod/api-1", "identifier"),
    ],
)
def test_a_name_means_the_object_that_a_rule_ties_it_to(name: str, resource: str, rule: str) -> None:
    machine = node()
    machine["status"]["addresses"] = [{"type": "InternalIP", "address": "192.168.0.4"}]
    known = resolver(objects(*WORKLOAD, service(), addressed("api-1", "10.1.2.3"), machine))

    found = known.resolve(name, source="metrics")

    assert (found.resource, found.rule, found.status) == (resource, rule, "resolved")


def test_a_pod_is_told_from_the_workload_that_owns_it() -> None:
    found = resolver(objects(*WORKLOAD, pod("api-1"))).resolve("api-1")

    assert (found.resource, found.object) == (API, "shop/pod/api-1")


@pytest.mark.parametrize(
    "template",
    [
        {"metadata": {"annotations": {"resource.opentelemetry.io/service.name": "checkout"}}},
        {"metadata": {"labels": {"tags.datadoghq.com/service": "checkout"}}},
        {"metadata": {"labels": {"app.kubernetes.io/name": "checkout"}}},
        {"metadata": {"labels": {"app": "checkout"}}},
        {"spec": {"containers": [container(env=[{"name": "OTEL_SERVICE_NAME", "value": "checkout"}])]}},
    ],
)
def test_telemetry_names_a_workload_by_what_it_was_told(template: dict[str, Any]) -> None:
    made = deployment(template=template)

    assert resolver(objects(made)).resolve("checkout", source="metrics").resource == API


def test_a_name_in_two_namespaces_is_ambiguous_until_it_is_qualified() -> None:
    other = deployment()
    other["metadata"]["namespace"] = "test"
    known = resolver(objects(deployment(), other))

    found = known.resolve("api")

    assert (found.status, found.candidates) == ("ambiguous", (API, "test/deployment/api"))
    assert known.resolve("test/api").resource == "test/deployment/api"


def test_the_stronger_rule_decides() -> None:
    told = deployment(
        "worker", template={"metadata": {"annotations": {"resource.opentelemetry.io/service.name": "api"}}}
    )

    assert resolver(objects(deployment(), told)).resolve("api").resource == "shop/deployment/worker"


def test_a_service_means_the_one_workload_that_it_selects() -> None:
    front = service("front", {"app": "api"})

    known = resolver(objects(*WORKLOAD, pod(), front, service("nobody", {"app": "none"})))

    assert known.resolve("front").resource == API
    assert known.resolve("nobody").resource == "shop/service/nobody"


def test_an_address_means_what_had_it_at_that_time() -> None:
    before, after = NOW - timedelta(minutes=40), NOW
    first = addressed("api-1", "10.1.2.3", age=100)
    second = addressed("web-1", "10.1.2.3", owner="StatefulSet/web", age=20)
    known = resolver(objects(*WORKLOAD, first, at=before), objects(*WORKLOAD, second, at=after))

    assert known.resolve("10.1.2.3", at=before).resource == API
    assert known.resolve("10.1.2.3", at=NOW - timedelta(minutes=1)).resource == "shop/statefulset/web"
    assert known.resolve("10.1.2.3").status == "ambiguous"
    assert known.resolve("10.1.2.3", at=NOW - timedelta(days=1)).status == "unknown"


def test_a_pod_that_has_ended_and_one_in_the_hosts_network_have_no_address() -> None:
    done = addressed("job-1", "10.1.2.3", owner="Job/job", phase="Succeeded", statuses=[
        status("api", state={"terminated": ended(0, "Completed", minutes=30)})])  # fmt: skip
    shared = addressed("agent-1", "192.168.0.4", owner="DaemonSet/agent", spec={"hostNetwork": True})
    known = resolver(objects(done, shared))

    assert known.resolve("10.1.2.3", at=NOW).status == "unknown"
    assert known.resolve("10.1.2.3", at=NOW - timedelta(minutes=31)).resource == "shop/job/job"
    assert known.resolve("192.168.0.4").status == "unknown"


def test_attributes_of_a_topology_are_aliases() -> None:
    known = resolver(
        topology(
            "map", Resource(id="orders", attributes={"host": "db.example", "arn": ARN, "url": "http://10.9.9.9:1/"})
        )
    )

    assert known.resolve("db.example:5432").rule == "dns"
    assert known.resolve(ARN).resource == "orders"
    assert known.resolve("10.9.9.9").rule == "address"


def test_an_arn_is_the_plain_name_that_telemetry_has_where_nothing_else_could_be_meant() -> None:
    database = Resource(id="orders", kind="database")

    assert resolver(topology("a", database), topology("b", ARN)).resolve(ARN, source="b").resource == "orders"
    # Another account has one of that name, the telemetry's is a queue, or one source has both: they stay apart.
    other = ARN.replace(":1:", ":2:")
    assert resolver(topology("a", database), topology("b", ARN, other)).resolve(ARN, source="b").resource == ARN
    queue = Resource(id="orders", kind="queue")
    assert resolver(topology("a", queue), topology("b", ARN)).resolve(ARN, source="b").resource == ARN
    assert resolver(topology("a", database, ARN)).resolve(ARN, source="a").resource == ARN


def test_an_alias_of_an_alias_leads_to_the_object() -> None:
    known = resolver(topology("map", Resource(id="api", attributes={"host": "shop.example"})), objects(*WORKLOAD))

    assert known.resolve("shop.example", source="logs").resource == API


def test_aliases_that_lead_round_in_a_circle_tell_nothing() -> None:
    known = Resolver({}, [Alias("a", "b", "dns"), Alias("b", "a", "dns")])

    assert known.resolve("a").status == "unknown"
    assert known.resolve("nobody").status == "unknown"


def test_the_names_of_a_resource_are_listed_strongest_rule_first() -> None:
    known = resolver(objects(*WORKLOAD, addressed("api-1", "10.1.2.3")))

    assert [(alias.name, alias.rule) for alias in known.aliases_of(API)][:2] == [
        ("10.1.2.3", "address"),
        ("api-1", "owner"),
    ]


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("https://user:pw@a.example:1/x?y", "a.example"),
        ("[::1]:80", "::1"),
        ("a:b:c", "a:b:c"),
        ("PetSearch_AWS::ECS::Fargate", "PetSearch_AWS::ECS::Fargate"),
        ("shop/api", "shop/api"),
        (ARN, ARN),
    ],
)
def test_hosts_are_read_from_addresses_alone(name: str, host: str) -> None:
    assert host_of(name) == host


def test_objects_without_what_they_should_have_tell_nothing() -> None:
    bare = [obj(kind, "x") for kind in ("Deployment", "Service", "Node", "Pod", "Ingress", "ReplicaSet")]

    known = resolver(objects(*bare))

    assert known.resolve("x").status == "ambiguous"
