"""Objects that are well yield no findings."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    DEPLOYMENT,
    LISTENING,
    TCP80,
    ago,
    autoscaler,
    claim,
    client,
    cluster_of,
    container,
    obj,
    owned,
    pod,
    policy,
    service,
)

from primitives.kubernetes.analysis import analyse

WELL = {
    "a service that routes": owned(LISTENING, service(ports=[TCP80])),
    "a service by its port's name": owned(LISTENING, service(ports=[{"port": 80, "targetPort": "http"}])),
    "settings that lead somewhere": owned(
        LISTENING,
        client(
            URL="http://api:80",
            EXTERNAL="https://api.example.com",
            LOCAL="localhost:9000",
            IP="10.1.2.3:80",
            MODE="server",
            TAGS="a:b",
            SIDECAR_IMAGE="api:7",
            SERVICE="checkout",
            LISTEN_ADDR="web:1",
        ),
        service(ports=[TCP80]),
    ),
    "a policy that allows what is needed": owned(
        LISTENING,
        client(URL="http://api:80"),
        service(ports=[TCP80]),
        policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 8080}]}]),
    ),
    "a headless service without a selector": (service("ext", {}, clusterIP="None"),),
    "a bound claim": owned(pod(), claim("Bound")),
    "a claim that waits for its first consumer": (
        claim(),
        obj("StorageClass", "fast", None, provisioner="x", volumeBindingMode="WaitForFirstConsumer"),
    ),
    "an autoscaler at ease": (DEPLOYMENT, autoscaler({"type": "ScalingActive", "status": "True"})),
    "an autoscaler of a sleeping target": (
        DEPLOYMENT,
        autoscaler({"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}),
    ),
    "a renewed lease": (obj("Lease", "n1", "kube-node-lease", spec={"renewTime": ago(0.2)}),),
    "DNS over both protocols": owned(
        pod(
            containers=[
                container(ports=[{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}])
            ]
        )
    ),
    "an ingress in the old API": (
        obj("Ingress", "web", spec={"backend": {"serviceName": "api", "servicePort": 80}}),
        service(),
    ),
}


@pytest.mark.parametrize("objects", WELL.values(), ids=WELL.keys())
def test_what_is_well_yields_nothing(objects: tuple) -> None:
    assert [f.state for f in analyse(cluster_of(objects))] == []
