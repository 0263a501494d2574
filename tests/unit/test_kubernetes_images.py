"""Images and probes: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    DEPLOYMENT,
    Case,
    check,
    container,
    crashing,
    ended,
    event,
    owned,
    pod,
    replica_set,
    running,
    waiting,
)


def pulling(message: str, reason: str = "ImagePullBackOff") -> dict:
    return pod(statuses=[waiting(reason, message)], phase="Pending")


IMAGES = [
    Case(
        "no such tag",
        owned(pulling('Back-off pulling image "x": ErrImagePull: manifest for x:9 not found: manifest unknown')),
        "ImageNotFound",
        details={"error": "not_found", "image": "registry.example/api:1"},
    ),
    Case(
        "the event tells what the status doesn't",
        owned(
            pulling("Back-off pulling image"),
            event(
                "Failed", 'Failed to pull image "registry.example/api:1": rpc error: code = NotFound desc = not found'
            ),
        ),
        "ImageNotFound",
        never=("ImagePullBackOff",),
    ),
    Case(
        "unauthorized",
        owned(pulling("failed to authorize: 401 Unauthorized", "ErrImagePull")),
        "ImagePullUnauthorized",
        details={"error": "unauthorized"},
    ),
    Case(
        "no password was shown to a registry that asks for one",
        owned(
            pulling(
                "repository does not exist or may require authorization: authorization failed: "
                "no basic auth credentials"
            )
        ),
        "ImagePullUnauthorized",
        details={"error": "unauthorized"},
    ),
    Case(
        "the token of the registry has expired",
        owned(
            pulling(
                "repository does not exist or may require authorization: authorization failed: "
                "Your authorization token has expired. Reauthenticate and try again."
            )
        ),
        "ImagePullUnauthorized",
        details={"error": "unauthorized"},
    ),
    Case(
        "a public registry that has no such image",
        owned(
            pulling(
                "repository does not exist or may require authorization: server message: insufficient_scope: "
                "authorization failed"
            )
        ),
        "ImagePullDenied",
    ),
    Case(
        "denied or missing",
        owned(pulling("pull access denied, repository does not exist or may require authorization")),
        "ImagePullDenied",
        details={"pull_secrets": [], "repository_used_elsewhere": False},
    ),
    Case(
        "denied, and the pull secret is missing",
        owned(
            pod(
                statuses=[
                    waiting(
                        "ErrImagePull", "pull access denied, repository does not exist or may require authorization"
                    )
                ],
                phase="Pending",
                spec={"imagePullSecrets": [{"name": "regcred"}]},
            )
        ),
        "ImagePullUnauthorized",
        details={"missing_pull_secrets": ["regcred"]},
        dumped=("Secret",),
    ),
    Case(
        "the pull secret itself",
        owned(
            pod(
                statuses=[waiting("ErrImagePull", "denied")],
                phase="Pending",
                spec={"imagePullSecrets": [{"name": "regcred"}]},
            )
        ),
        "ImagePullSecretMissing",
        dumped=("Secret",),
    ),
    Case(
        "no such registry",
        owned(pulling("dial tcp: lookup registry.example on 10.0.0.10:53: no such host")),
        "ImageRegistryUnreachable",
        details={"registry": "registry.example"},
    ),
    Case(
        "registry times out",
        owned(
            pulling(
                "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"  # noqa: E501
            )
        ),
        "ImageRegistryUnreachable",
    ),
    Case(
        "rate limit",
        owned(
            pulling("429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit")
        ),
        "ImagePullRateLimited",
    ),
    Case(
        "malformed name",
        owned(
            pulling('Failed to apply default image tag "A:b:c": couldn\'t parse image reference', "InvalidImageName")
        ),
        "InvalidImageName",
    ),
    Case(
        "never pull",
        owned(pulling('Container image "x" is not present with pull policy of Never', "ErrImageNeverPull")),
        "ErrImageNeverPull",
    ),
    Case("platform", owned(pulling("no match for platform in manifest: not found")), "ImagePlatformMismatch"),
    Case(
        "disk full",
        owned(pulling("failed to extract layer: write /var/lib/x: no space left on device")),
        "ImagePullNoSpace",
    ),
    Case("nothing said", owned(pulling('Back-off pulling image "registry.example/api:1"')), "ImagePullBackOff"),
]


def probed(kind: str, probe: dict, *, ports: list | None = None, **pod_fields: object) -> dict:
    spec = container(
        **{f"{kind}Probe": probe}, ports=[{"containerPort": 8080, "name": "http"}] if ports is None else ports
    )
    return pod(containers=[spec], **{"statuses": [running(ready=False)], **pod_fields})


HTTP = {"httpGet": {"port": 8080, "path": "/healthz"}}
KILLED = [running(minutes=0.2, ready=False, restartCount=5, lastState={"terminated": ended(137, "Error", 12)})]
PROBES = [
    Case(
        "liveness on another port",
        owned(
            probed("liveness", {"httpGet": {"port": 9999, "path": "/"}}, statuses=KILLED),
            event(
                "Unhealthy",
                'Liveness probe failed: Get "http://10.1.1.1:9999/": dial tcp 10.1.1.1:9999: connect: connection refused',  # noqa: E501
            ),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "port", "port": 9999, "declared_ports": [8080], "error": "connection_refused"},
    ),
    Case(
        "the wrong port is seen without an event",
        owned(probed("liveness", {"tcpSocket": {"port": 9999}}, statuses=KILLED)),
        "LivenessProbeMisconfigured",
        details={"suspicion": "port", "handler": "tcpSocket"},
    ),
    Case(
        "a port's name that doesn't exist",
        owned(probed("readiness", {"httpGet": {"port": "web"}})),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "port"},
    ),
    Case(
        "HTTP probe on a gRPC server",
        owned(
            probed("liveness", HTTP),
            event(
                "Unhealthy",
                'Liveness probe failed: Get "http://10.1.1.1:8080/healthz": net/http: HTTP/1.x transport connection broken: malformed HTTP response',  # noqa: E501
            ),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "HTTP probe on a port named grpc",
        owned(probed("readiness", HTTP, ports=[{"containerPort": 8080, "name": "grpc"}])),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "gRPC readiness beside HTTP liveness on one port",
        owned(
            pod(
                containers=[
                    container(
                        readinessProbe={"grpc": {"port": 8080}}, livenessProbe=HTTP, ports=[{"containerPort": 8080}]
                    )
                ],
                statuses=[running(ready=False)],
            )
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "HTTPS probe on an HTTP server",
        owned(
            probed("readiness", {"httpGet": {"port": 8080, "scheme": "HTTPS"}}, ports=[]),
            event("Unhealthy", "Readiness probe failed: http: server gave HTTP response to HTTPS client"),
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "path",
        owned(
            probed("readiness", HTTP),
            event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404"),
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "path", "status_code": 404, "path": "/healthz"},
    ),
    Case(
        "the application's own error",
        owned(
            probed("readiness", HTTP),
            event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        ),
        "ProbeAnsweredError",
        details={"status_code": 503},
        never=("ReadinessProbeMisconfigured", "ReadinessProbeFailed"),
    ),
    Case(
        "command",
        owned(
            probed("startup", {"exec": {"command": ["/check"]}}),
            event("Unhealthy", 'Startup probe failed: exec: "/check": stat /check: no such file or directory'),
        ),
        "StartupProbeMisconfigured",
        details={"suspicion": "command"},
    ),
    Case(
        "startup",
        owned(
            probed("startup", HTTP), event("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 500")
        ),
        "ProbeAnsweredError",
    ),
    Case(
        "readiness without an answer",
        owned(
            probed("readiness", HTTP),
            event("Unhealthy", "Readiness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "ReadinessProbeFailed",
    ),
    Case(
        "startup without an answer",
        owned(
            probed("startup", HTTP),
            event("Unhealthy", "Startup probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "StartupProbeFailed",
    ),
    Case(
        "a probe that asks another host",
        owned(
            probed("readiness", {"exec": {"command": ["nc", "-z", "ledger", "5432"]}}),
            event("Unhealthy", "Readiness probe failed: nc: ledger (10.0.0.9:5432): Connection refused"),
        ),
        "ProbeNeedsAnother",
        details={"host": "ledger"},
    ),
    Case(
        "a hundredth of a core",
        owned(
            pod(
                containers=[container(livenessProbe=HTTP, resources={"limits": {"cpu": "15m"}})],
                statuses=[running(ready=False)],
            ),
            event("Unhealthy", "Liveness probe failed: context deadline exceeded"),
        ),
        "CpuLimitTooLow",
        details={"cpu_limit": 0.015},
    ),
    Case(
        "too impatient",
        owned(
            probed(
                "liveness",
                {**HTTP, "initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 1},
                statuses=KILLED,
            ),
            event("Unhealthy", "Liveness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "timing", "budget_s": 3},
    ),
    Case(
        "more impatient than its healthy sibling needs",
        owned(
            probed("liveness", {**HTTP, "initialDelaySeconds": 30}, statuses=KILLED),
            pod("api-2", [running(minutes=602)], age=600, containers=[container()]),
            event("Unhealthy", "Liveness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "timing", "budget_s": 60},
    ),
    Case(
        "a liveness failure that isn't the probe's fault",
        owned(
            probed("liveness", {**HTTP, "initialDelaySeconds": 60}, statuses=[crashing(1)]),
            event("Unhealthy", "Liveness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "LivenessProbeFailed",
        never=("LivenessProbeMisconfigured",),
    ),
    Case(
        "the revision before had another port",
        (
            replica_set("api-5c", revision=2),
            DEPLOYMENT,
            replica_set(
                "api-4b",
                0,
                1,
                template={
                    "metadata": {"labels": {"app": "api"}},
                    "spec": {"containers": [container(readinessProbe={"tcpSocket": {"port": 8080}})]},
                },
            ),
            pod(containers=[container(readinessProbe={"tcpSocket": {"port": 9090}})], statuses=[running(ready=False)]),
            event("Unhealthy", "Readiness probe failed: dial tcp 10.1.1.1:9090: connect: connection refused"),
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "port"},
    ),
]


@pytest.mark.parametrize("case", [*IMAGES, *PROBES], ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)
