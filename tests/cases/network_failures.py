"""Names, routes and policies that lead astray: one case for each cause of NETWORK_FAILURE that objects show."""

from __future__ import annotations

from cases.cluster_objects import container, deployment, joined, obj, running, service
from cases.made import MadeCase, cause, env, healthy


def network_failures() -> list[MadeCase]:
    backend = {"service": {"name": "api-v2", "port": {"number": 80}}}
    rule = {"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    policy = obj(
        "NetworkPolicy",
        "only-search",
        age=30,
        spec={
            "podSelector": {"matchLabels": {"app": "api"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "search"}}}]}],
        },
    )
    caller = deployment("web", container("web", env=env("API_URL", "http://api:80")))
    resolver = container("coredns", 53)
    down = deployment(
        "coredns",
        resolver,
        namespace="kube-system",
        labels={"k8s-app": "kube-dns"},
        replicas=2,
        status=running(ready=False),
    )
    return [
        cause(
            "dns_resolution_failed",
            joined(down, healthy()),
            "kube-system/deployment/coredns",
            api="ERROR dial tcp: lookup search on 10.0.0.10:53: server misbehaving\n" * 6,
        ),
        cause(
            "service_selector_mismatch", joined(deployment("api"), service("api", {"app": "apii"})), "shop/service/api"
        ),
        cause("service_port_mismatch", joined(deployment("api"), service("api", targetPort=9999)), "shop/service/api"),
        cause(
            "service_protocol_mismatch", joined(deployment("api"), service("api", protocol="UDP")), "shop/service/api"
        ),
        cause(
            "ingress_misrouted",
            joined(
                healthy(),
                obj("IngressClass", "nginx", None),
                obj("Ingress", "front", spec={"ingressClassName": "nginx", "rules": [rule]}),
            ),
            "shop/ingress/front",
        ),
        cause("network_policy_blocked", joined(healthy(), caller, service("web"), policy)),
    ]
