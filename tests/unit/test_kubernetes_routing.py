"""Settings that lead nowhere, services, ingresses and policies: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    API,
    LISTENING,
    SERVICE,
    TCP80,
    WEB,
    Case,
    ago,
    check,
    client,
    config_map,
    container,
    deployment,
    findings,
    obj,
    owned,
    pod,
    policy,
    running,
    service,
)

SETTINGS = [
    Case(
        "no such host",
        owned(client(DB_HOST="postgre"), service("postgres", {"app": "db"})),
        "EnvHostUnknown",
        WEB,
        details={"variable": "DB_HOST", "host": "postgre", "similar": ["postgres"]},
    ),
    Case(
        "no such host in a URL",
        owned(client(PAYMENTS="http://payment-gw:8080/v1"), service()),
        "EnvHostUnknown",
        WEB,
        details={"host": "payment-gw", "port": 8080},
    ),
    Case(
        "no such service in another namespace",
        owned(client(ADDR="cache.shop.svc.cluster.local:6379"), service()),
        "EnvHostUnknown",
        WEB,
        details={"host": "cache.shop.svc.cluster.local"},
    ),
    Case(
        "wrong port",
        owned(client(API_ADDR="api:9090"), service(), pod()),
        "EnvPortMismatch",
        WEB,
        details={"port": 9090, "service": SERVICE, "service_ports": [80]},
    ),
    Case(
        "wrong port in its own variable",
        owned(client(DB_HOST="api", DB_PORT="81"), service(), pod()),
        "EnvPortMismatch",
        WEB,
        details={"port": 81},
    ),
    Case(
        "from a ConfigMap",
        owned(
            pod(
                "web-1",
                owner="StatefulSet/web",
                containers=[
                    container(env=[{"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "u"}}}])
                ],
            ),
            config_map("c", {"u": "http://nobody:80"}),
            service(),
        ),
        "EnvHostUnknown",
        WEB,
        details={"host": "nobody"},
    ),
    Case(
        "in an argument",
        owned(
            pod("web-1", owner="StatefulSet/web", containers=[container(args=["--redis=redis-cart:6379"])]), service()
        ),
        "EnvHostUnknown",
        WEB,
        details={"variable": "--redis", "host": "redis-cart"},
    ),
    Case(
        "several agree on a name that a workload bears",
        owned(
            client(LEDGER_ADDR="ledger:8000"),
            pod("till-1", owner="StatefulSet/till", containers=[container(args=["--ledger=ledger:8000"])]),
            obj("Deployment", "ledger", spec={"template": {"spec": {"containers": [container("ledger")]}}}),
            service(),
        ),
        "ServiceMissing",
        "shop/deployment/ledger",
        details={"named_by": ["shop/statefulset/till", WEB]},
    ),
    Case(
        "several name what is nowhere and are well",
        owned(
            client(AGENT_HOST="collector"),
            pod(
                "till-1",
                owner="StatefulSet/till",
                containers=[container(env=[{"name": "AGENT_HOST", "value": "collector"}])],
            ),
            service(),
        ),
        "SharedHostUnknown",
        "shop/service/collector",
    ),
]
# What looks like an address of the cluster and isn't certainly a wrong one.
NO_ADDRESS = {
    "an object's path": {"OWNER_URL": "kubernetes://apis/apps/v1/namespaces/shop/deployments/web"},
    "a file": {"TLS_URL": "file://certs/tls.crt"},
    "a socket": {"ENDPOINT": "unix://run/agent.sock"},
    "a bucket": {"BACKUP_URL": "s3://nightly/orders"},
    "a namespace whose Services were not dumped": {"CA_ADDR": "issuer.mesh.svc:15012"},
    "an outside name": {"API_URL": "https://api.example.com"},
}
ROUTING = [
    Case(
        "selector",
        owned(pod(), service(selector={"app": "apis"})),
        "SelectorMismatch",
        SERVICE,
        details={
            "workload": API,
            "differs": {"app": {"selector": "apis", "label": "api"}},
            "closest_labels": {"app": "api"},
        },
    ),
    Case(
        "one pair of two differs",
        owned(pod(labels={"app": "api", "tier": "back"}), service(selector={"app": "api", "tier": "front"})),
        "SelectorMismatch",
        SERVICE,
        details={"workload": API},
    ),
    Case(
        "scaled to zero behind it",
        (deployment(replicas=0), service()),
        "NoEndpoints",
        SERVICE,
        details={"workload": API, "replicas": 0},
        dumped=("Pod",),
    ),
    Case(
        "nothing resembles the selector",
        owned(pod(), service("lost", selector={"run": "zzz"})),
        "NoEndpoints",
        "shop/service/lost",
    ),
    Case(
        "nobody ready",
        owned(pod(statuses=[running(ready=False)]), service()),
        "NoReadyEndpoints",
        SERVICE,
        details={"workloads": [API]},
    ),
    Case(
        "only endpoints were dumped",
        (service(), obj("Endpoints", "api", subsets=[{"notReadyAddresses": [{"ip": "10.1.1.1"}]}])),
        "NoReadyEndpoints",
        SERVICE,
        details={"not_ready": 1},
    ),
    Case(
        "an empty slice",
        (
            service(),
            obj("EndpointSlice", "api-x", metadata={"labels": {"kubernetes.io/service-name": "api"}}, endpoints=None),
        ),
        "NoEndpoints",
        SERVICE,
    ),
    Case(
        "target port",
        owned(LISTENING, service(ports=[{"port": 80, "targetPort": 9090}])),
        "TargetPortMismatch",
        SERVICE,
        details={"target_port": 9090, "container_ports": [8080], "port": 80},
    ),
    Case(
        "target port by default",
        owned(LISTENING, service(ports=[{"port": 81}])),
        "TargetPortMismatch",
        SERVICE,
        details={"target_port": 81},
    ),
    Case(
        "target port's name",
        owned(LISTENING, service(ports=[{"port": 80, "targetPort": "web"}])),
        "TargetPortNameMissing",
        SERVICE,
        details={"target_port": "web", "port_names": ["http"]},
    ),
    Case(
        "protocol",
        owned(LISTENING, service(ports=[{**TCP80, "protocol": "UDP"}])),
        "ServiceProtocolMismatch",
        SERVICE,
        details={"protocol": "UDP", "container_protocols": ["TCP"]},
    ),
    Case(
        "external name",
        (service("db", {}, type="ExternalName", externalName="pg.data.svc.cluster.local"),),
        "ExternalNameUnknown",
        "shop/service/db",
    ),
    Case(
        "load balancer",
        owned(pod(), service(type="LoadBalancer", metadata={"creationTimestamp": ago(60)})),
        "LoadBalancerPending",
        SERVICE,
    ),
    Case(
        "DNS",
        (
            pod(
                "coredns-1",
                [running("coredns", ready=False)],
                owner="Deployment/coredns",
                namespace="kube-system",
                labels={"k8s-app": "kube-dns"},
            ),
            service(
                "kube-dns",
                {"k8s-app": "kube-dns"},
                namespace="kube-system",
                metadata={"labels": {"k8s-app": "kube-dns"}},
            ),
        ),
        "ClusterDnsUnavailable",
        "kube-system/deployment/coredns",
    ),
    Case(
        "ingress backend",
        (
            obj(
                "Ingress",
                "web",
                spec={
                    "rules": [
                        {
                            "host": "h",
                            "http": {
                                "paths": [
                                    {"path": "/", "backend": {"service": {"name": "gone", "port": {"number": 80}}}}
                                ]
                            },
                        }
                    ]
                },
            ),
        ),
        "IngressBackendMissing",
        "shop/ingress/web",
        details={"service": "gone", "path": "/"},
        dumped=("Service",),
    ),
    Case(
        "ingress port",
        (
            obj("Ingress", "web", spec={"defaultBackend": {"service": {"name": "api", "port": {"number": 8080}}}}),
            service(),
        ),
        "IngressPortMismatch",
        "shop/ingress/web",
        details={"port": 8080, "service_ports": [80]},
    ),
    Case(
        "ingress secret",
        (obj("Ingress", "web", spec={"tls": [{"secretName": "cert"}]}),),
        "IngressTlsSecretMissing",
        "shop/ingress/web",
        details={"secret": "cert"},
        dumped=("Secret",),
    ),
    Case(
        "ingress class",
        (obj("Ingress", "web", spec={"ingressClassName": "nginx"}),),
        "IngressClassMissing",
        "shop/ingress/web",
        dumped=("IngressClass",),
    ),
    Case(
        "policy denies a needed connection",
        owned(
            LISTENING,
            client(API="http://api:80"),
            service(ports=[TCP80]),
            policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "other"}}}]}]),
        ),
        "NetworkPolicyBlocked",
        API,
        details={"from": WEB, "to": API, "port": 8080, "direction": "ingress", "policies": ["shop/networkpolicy/p"]},
    ),
    Case(
        "policy denies the port",
        owned(
            LISTENING,
            client(API="http://api:80"),
            service(ports=[TCP80]),
            policy(ingress=[{"ports": [{"port": 9090}]}]),
        ),
        "NetworkPolicyBlocked",
    ),
    Case(
        "policy of the client denies",
        owned(
            LISTENING,
            client(API="http://api:80"),
            service(ports=[TCP80]),
            obj(
                "NetworkPolicy",
                "p",
                spec={
                    "podSelector": {"matchLabels": {"app": "web"}},
                    "policyTypes": ["Egress"],
                    "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}],
                },
            ),
        ),
        "NetworkPolicyBlocked",
        WEB,
        details={"direction": "egress"},
        never=("NetworkPolicyBlocksDns",),
    ),
    Case(
        "policy denies all",
        owned(LISTENING, policy(policyTypes=["Ingress"])),
        "NetworkPolicyDeniesAll",
        "shop/networkpolicy/p",
        details={"denied": ["ingress"], "workloads": [API]},
    ),
    Case(
        "policy denies DNS",
        owned(LISTENING, policy(policyTypes=["Egress"], egress=[{"ports": [{"port": 443}]}])),
        "NetworkPolicyBlocksDns",
        "shop/networkpolicy/p",
    ),
    Case(
        "policy selects nothing",
        owned(LISTENING, obj("NetworkPolicy", "p", spec={"podSelector": {"matchLabels": {"app": "no"}}})),
        "NetworkPolicySelectsNothing",
        "shop/networkpolicy/p",
    ),
    Case(
        "webhook",
        (
            obj(
                "ValidatingWebhookConfiguration",
                "v",
                None,
                webhooks=[
                    {
                        "name": "check.example",
                        "failurePolicy": "Fail",
                        "clientConfig": {"service": {"namespace": "x", "name": "y"}},
                    }
                ],
            ),
            service(),
        ),
        "WebhookFailsClosed",
        "validatingwebhookconfiguration/v",
        details={"failure_policy": "Fail", "exists": False},
    ),
]


@pytest.mark.parametrize("case", [*SETTINGS, *ROUTING], ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("env", NO_ADDRESS.values(), ids=NO_ADDRESS)
def test_what_is_no_address_of_the_cluster_is_left_alone(env: dict[str, str]) -> None:
    states = {finding.state for finding in findings(Case("", owned(client(**env), service()), ""))}
    assert not states & {"EnvHostUnknown", "ServiceMissing", "SharedHostUnknown"}


@pytest.mark.parametrize("case", [*SETTINGS, *ROUTING], ids=lambda case: case.name)
def test_the_same_objects_in_another_order_give_the_same_findings(case: Case) -> None:
    turned = Case("", case.objects[::-1], "", dumped=case.dumped, earlier=case.earlier[::-1])
    straight, back = ([(f.state, f.resource, f.object, f.count) for f in findings(c)] for c in (case, turned))
    assert straight == back
