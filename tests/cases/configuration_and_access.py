"""Settings that are wrong or missing, rollouts that hang, and access that is refused."""

from __future__ import annotations

from cases.cluster_objects import Object, ago, container, deployment, event, joined, running, service
from cases.made import POD, MadeCase, cause, config_error, crashing, env


def configuration_and_access() -> list[MadeCase]:
    from_map = [{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "api-settings", "key": "mode"}}}]
    from_secret = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "api-db", "key": "password"}}}]
    missing = exec_error('exec: "serve": executable file not found in $PATH')
    stalled = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": 'ReplicaSet "api-5c9d" has timed out progressing.',
        "lastTransitionTime": ago(10),
    }
    denied = (
        'pods is forbidden: User "system:serviceaccount:shop:default" cannot list resource "pods" in API group "" '
        'in the namespace "shop"'
    )
    return [
        cause("bad_configuration", [*crashing(127, "StartError", container("api", command=["serve"])), missing]),
        cause("missing_configuration", config_error('configmap "api-settings" not found', env=from_map)),
        cause("missing_secret", config_error('secret "api-db" not found', env=from_secret)),
        cause(
            "wrong_address",
            crashing(1, "Error", container("api", env=env("SEARCH_URL", "http://serach:80"))),
            previous="FATAL dial tcp: lookup serach on 10.0.0.10:53: no such host\n",
        ),
        cause(
            "wrong_port",
            crashing(1, "Error", container("api", env=env("SEARCH_URL", "http://search:8081"))),
            previous="FATAL dial tcp 10.0.0.7:8081: connect: connection refused\n",
        ),
        cause(
            "port_conflict",
            crashing(1, "Error", container("api"), container("metrics")),
            previous="FATAL listen tcp :8080: bind: address already in use\n",
        ),
        cause(
            "scaled_to_zero",
            joined(
                deployment("api", replicas=0),
                service("api"),
                event(
                    "ScalingReplicaSet", "Scaled down replica set api-5c9d to 0 from 3", "Deployment/api", kind="Normal"
                ),
            ),
        ),
        cause(
            "rollout_stuck",
            joined(deployment("api", status=running(ready=False), age=20, condition=stalled), service("api")),
        ),
        cause("invalid_credentials", crashing(), previous='FATAL: password authentication failed for user "shop"\n'),
        cause("permission_denied", crashing(), previous=f"FATAL {denied}\n"),
        cause(
            "certificate_expired",
            crashing(),
            previous="FATAL tls: failed to verify certificate: x509: certificate has expired or is not yet valid\n",
        ),
        cause("token_expired", crashing(), previous="FATAL 401 Unauthorized: invalid_token: the token has expired\n"),
    ]


def exec_error(message: str) -> Object:
    whole = f"Error: failed to create containerd task: OCI runtime create failed: {message}: unknown"
    return event("Failed", whole, f"Pod/{POD}", field="api")
