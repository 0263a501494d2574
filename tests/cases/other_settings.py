"""Routes, nodes, settings and access in other shapes than the first cases, each among many healthy workloads."""

from __future__ import annotations

from typing import Any

from cases.cluster_objects import (
    Object,
    ago,
    container,
    deployment,
    ended,
    event,
    joined,
    node,
    obj,
    pod,
    running,
    service,
    stateful_set,
    waiting,
)
from cases.made import API, POD, MadeCase, crashing, env, healthy, pending

_PREVIOUS = f"{POD}/api/previous"


def other_settings() -> list[MadeCase]:
    """Every case."""
    return [*_routes(), *_nodes(), *_settings(), *_admission(), *_access(), *_calm()]


def _case(
    name: str, resource: str | None, cause_id: str, *objects: Any, also: Any = (), previous: str = ""
) -> MadeCase:
    logs = {_PREVIOUS: previous} if previous else {}
    return MadeCase(name, resource, cause_id, joined(*objects), logs, also=tuple(also), crowd=True)


def _routes() -> list[MadeCase]:
    named = service("api", targetPort="web")
    gateway = obj(
        "Gateway",
        "front",
        spec={"gatewayClassName": "mesh", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        status={"conditions": [{"type": "Programmed", "status": "True", "lastTransitionTime": ago(900)}]},
    )
    route = obj(
        "HTTPRoute",
        "front",
        spec={"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [{"name": "api", "port": 8081}]}]},
    )
    lost = obj(
        "HTTPRoute",
        "front",
        spec={"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "api", "port": 80}]}]},
    )
    refused = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "lastTransitionTime": ago(12)}
    unheard = obj(
        "HTTPRoute",
        "front",
        spec={"parentRefs": [{"name": "front"}], "rules": [{"backendRefs": [{"name": "api", "port": 80}]}]},
        status={"parents": [{"parentRef": {"name": "front"}, "conditions": [refused]}]},
    )
    backend = {"service": {"name": "api", "port": {"number": 8081}}}
    ingress = obj(
        "Ingress",
        "front",
        spec={
            "ingressClassName": "nginx",
            "rules": [{"host": "a.example", "http": {"paths": [{"path": "/", "backend": backend}]}}],
        },
    )
    deny = obj("NetworkPolicy", "deny", age=20, spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    caller = deployment("web", container("web", env=env("API_URL", "http://api:80")))
    upper = service("api", {"app": "api", "tier": "backend"})
    resolver = deployment(
        "coredns", container("coredns", 53), namespace="kube-system", labels={"k8s-app": "kube-dns"}, replicas=0, pods=0
    )
    dns = "kube-system/deployment/coredns"
    return [
        _case("target_port_of_no_such_name", "shop/service/api", "service_port_mismatch", deployment("api"), named),
        _case("one_label_too_many", "shop/service/api", "service_selector_mismatch", deployment("api"), upper),
        _case("route_to_a_wrong_port", "shop/httproute/front", "ingress_misrouted", healthy(), gateway, route),
        _case("route_to_no_gateway", "shop/httproute/front", "ingress_misrouted", healthy(), gateway, lost),
        _case("route_that_is_refused", "shop/httproute/front", "ingress_misrouted", healthy(), gateway, unheard),
        _case(
            "ingress_to_a_wrong_port",
            "shop/ingress/front",
            "ingress_misrouted",
            healthy(),
            ingress,
            obj("IngressClass", "nginx", None),
        ),
        _case(
            "everything_denied",
            API,
            "network_policy_blocked",
            healthy(),
            caller,
            service("web"),
            deny,
            also=[
                ("shop/deployment/web", "network_policy_blocked"),
                ("shop/networkpolicy/deny", "network_policy_blocked"),
            ],
        ),
        _case(
            "resolver_scaled_to_zero",
            dns,
            "dns_resolution_failed",
            healthy(),
            resolver,
            also=[(dns, "scaled_to_zero")],
        ),
    ]


def _nodes() -> list[MadeCase]:
    plugin = (
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
        "returns error: cni plugin not initialized"
    )
    ready = {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "lastTransitionTime": ago(12)}
    short = {
        "type": "MemoryPressure",
        "status": "True",
        "reason": "KubeletHasInsufficientMemory",
        "message": "kubelet has insufficient memory available",
        "lastTransitionTime": ago(12),
    }
    evicted = pod(
        "api-5c9d-gone", {"containers": [container("api")]}, {"app": "api"}, None, owner="ReplicaSet/api-5c9d", age=60,
        phase="Failed",
    )  # fmt: skip
    message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 42Mi."
    evicted["status"] |= {"reason": "Evicted", "message": message}
    lease = obj("Lease", "n2", "kube-node-lease", spec={"holderIdentity": "n2", "renewTime": ago(9)})
    silent = {
        "type": "Ready",
        "status": "Unknown",
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
        "lastTransitionTime": ago(8),
    }
    sick = obj(
        "ComponentStatus",
        "scheduler",
        None,
        conditions=[{"type": "Healthy", "status": "False", "message": "Get http://127.0.0.1:10251/healthz: refused"}],
    )
    return [
        _case("no_network_plugin", "node/n2", "node_not_ready", node("n2", {**ready, "message": plugin}), healthy()),
        _case(
            "node_short_of_memory",
            "node/n1",
            "node_pressure",
            node("n1", None, short),
            healthy(),
            evicted,
            event("Evicted", message, "Pod/api-5c9d-gone"),
        ),
        _case("lease_of_a_node_expired", "node/n2", "kubelet_unavailable", node("n2", silent), lease, healthy()),
        _case(
            "scheduler_unhealthy",
            "componentstatus/scheduler",
            "scheduler_unavailable",
            sick,
            deployment("api", node=None, age=20),
            service("api"),
            also=[(API, "scheduler_unavailable")],
        ),
    ]


def _settings() -> list[MadeCase]:
    def told(*values: Object) -> Object:
        return container("api", env=[*values])

    pair = told({"name": "LEDGER_HOST", "value": "ledger"}, {"name": "LEDGER_PORT", "value": "5433"})
    ledger = service("ledger", port=5432, targetPort=5432)
    store = [*stateful_set("ledger", running()), ledger]
    far = told({"name": "LEDGER_DSN", "value": "postgres://app@ledger.backend.svc.cluster.local:5432/app"})
    zero = stateful_set("ledger", None, pods=0, replicas=0)
    refused = "psycopg2.OperationalError: connection to server at ledger (10.0.0.9), port 5432 failed: refused\n"
    key = {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "api-files", "key": "mode"}}}
    waits = waiting("CreateContainerConfigError", "couldn't find key mode in ConfigMap shop/api-files")
    twice = [container("api"), container("proxy", 8080)]
    host_port = "0/3 nodes are available: 3 node(s) didn't have free ports for the requested pod ports."
    return [
        _case(
            "port_beside_its_host",
            API,
            "wrong_port",
            crashing(1, "Error", pair),
            store,
            previous="connect to ledger port 5433 failed: Connection refused\n",
        ),
        _case(
            "host_in_another_namespace",
            API,
            "wrong_address",
            crashing(1, "Error", far),
            obj("Namespace", "backend", None),
            previous="could not translate host name: Name or service not known\n",
        ),
        _case(
            "store_scaled_to_zero",
            "shop/statefulset/ledger",
            "scaled_to_zero",
            crashing(1, "Error", told({"name": "LEDGER_URL", "value": "postgres://ledger:5432/app"})),
            zero,
            ledger,
            previous=refused,
        ),
        _case(
            "key_of_a_config_map",
            API,
            "missing_configuration",
            deployment("api", container("api", env=[key]), status=waits, age=20),
            service("api"),
            obj("ConfigMap", "api-files", data={"modus": "fast"}),
        ),
        _case(
            "two_containers_on_a_port",
            API,
            "port_conflict",
            crashing(1, "Error", *twice),
            previous="Error: listen EADDRINUSE: address already in use :::8080\n",
        ),
        _case("host_port_taken", API, "port_conflict", pending(host_port)),
    ]


def _admission() -> list[MadeCase]:
    def refused(name: str, cause_id: str, message: str) -> MadeCase:
        made = deployment("api", status=waiting(""), pods=0, age=20)
        told = event("FailedCreate", f"Error creating: {message}", "ReplicaSet/api-5c9d")
        return _case(name, API, cause_id, made, service("api"), told)

    return [
        refused(
            "policy_denies_pods",
            "bad_configuration",
            "admission webhook \"rules.policy.example\" denied the request: [no-latest] tag 'latest' is not allowed",
        ),
        refused(
            "policy_of_the_server_denies_pods",
            "bad_configuration",
            "pods \"api-5c9d\" is forbidden: ValidatingAdmissionPolicy 'tags' with binding 'all' denied request: no",
        ),
        refused(
            "limits_of_the_namespace",
            "quota_exceeded",
            'pods "api-5c9d-x0" is forbidden: maximum memory usage per Container is 512Mi, but limit is 1Gi',
        ),
        refused(
            "security_standard",
            "bad_configuration",
            'pods "api-5c9d-x0" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
        ),
    ]


def _access() -> list[MadeCase]:
    def ended_with(name: str, cause_id: str, line: str) -> MadeCase:
        return _case(name, API, cause_id, crashing(), previous=f"{line}\n")

    return [
        ended_with(
            "mysql_refuses", "invalid_credentials", "ERROR 1045 (28000): Access denied for user 'app'@'10.1.0.5'"
        ),
        ended_with(
            "redis_refuses",
            "invalid_credentials",
            "WRONGPASS invalid username-password pair or user is disabled.",
        ),
        ended_with("mongo_refuses", "invalid_credentials", "MongoServerError: Authentication failed."),
        ended_with(
            "amazon_denies",
            "permission_denied",
            "AccessDeniedException: User: arn:aws:iam::111111111111:user/a is not authorized to perform: s3:GetObject",
        ),
        ended_with(
            "session_expired", "token_expired", "ExpiredToken: The security token included in the request is expired"
        ),
        ended_with("signature_expired", "token_expired", "fatal: jwt expired"),
        ended_with(
            "certificate_of_the_server",
            "certificate_expired",
            "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has "
            "expired (_ssl.c:1007)",
        ),
        ended_with("certificate_of_java", "certificate_expired", "PKIX path validation failed: validity check failed"),
        ended_with(
            "certificate_of_node", "certificate_expired", "Error: certificate has expired code: 'CERT_HAS_EXPIRED'"
        ),
    ]


def _calm() -> list[MadeCase]:
    """What looks like trouble and isn't."""
    low = {
        "type": "ScalingLimited",
        "status": "True",
        "reason": "TooFewReplicas",
        "message": "the desired replica count is less than the minimum replica count",
        "lastTransitionTime": ago(900),
    }
    scaler = obj(
        "HorizontalPodAutoscaler",
        "api",
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
            "minReplicas": 1,
            "maxReplicas": 9,
        },
        status={"currentReplicas": 1, "desiredReplicas": 1, "conditions": [low]},
    )
    budget = obj(
        "PodDisruptionBudget",
        "api",
        spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "api"}}},
        status={"expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0},
    )
    gone = pod(
        "api-5c9d-old", {"containers": [container("api")]}, {"app": "api"}, None, owner="ReplicaSet/api-5c9d",
        age=4_000, phase="Failed",
    )  # fmt: skip
    gone["status"] |= {"reason": "Terminated", "message": "Pod was terminated in response to imminent node shutdown."}
    done = {"type": "Complete", "status": "True", "lastTransitionTime": ago(10)}
    job = obj(
        "Job", "import", age=20, spec={"backoffLimit": 6}, status={"failed": 1, "succeeded": 1, "conditions": [done]}
    )
    retried = ended(1, "Error", 15)
    first = pod(
        "import-a",
        {"containers": [container("import", None)], "restartPolicy": "Never"},
        {},
        {"ready": False, "started": False, "restartCount": 0, "state": {"terminated": retried}, "lastState": {}},
        owner="Job/import",
        age=16,
        phase="Failed",
    )
    return [
        _case("at_the_least_replicas", None, "NO_FAULT", healthy(), scaler, budget),
        _case("job_made_it_in_the_end", None, "NO_FAULT", healthy(), job, first),
        _case("pod_of_a_node_that_was_shut_down", None, "NO_FAULT", healthy(), gone),
    ]
