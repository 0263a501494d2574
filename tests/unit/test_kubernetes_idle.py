"""What nobody wants to run has nothing missing: templates of which no pod is to be made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kubernetes_objects import ago, cluster_of, container, deployment, obj, pod, status, waiting

from primitives.kubernetes.analysis import analyse

Object = Mapping[str, Any]


def reading(kind: str, name: str) -> dict[str, Any]:
    """A template whose container takes its environment from an object."""
    field = {"ConfigMap": "configMapRef", "Secret": "secretRef"}[kind]
    return {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [container(name, envFrom=[{field: {"name": f"{name}-settings"}}])]}}  # fmt: skip


def job(name: str, kind: str, condition: str) -> Object:
    return obj("Job", name, spec={"template": reading(kind, name)},
               status={"conditions": [{"type": condition, "status": "True"}]})  # fmt: skip


def scaled(name: str, replicas: int) -> Object:
    made = deployment(name, ready=0, template=reading("ConfigMap", name))
    return {**made, "spec": {**made["spec"], "replicas": replicas}}


def full(plural: str) -> Object:
    counts = {f"count/{plural}": "3"}
    return obj("ResourceQuota", "limits", spec={"hard": counts}, status={"hard": counts, "used": counts})


OTHERS = (obj("ConfigMap", "theme"), obj("Secret", "token"), pod("mail-1", labels={"app": "mail"}, owner=None))


@pytest.mark.parametrize(
    "objects",
    [
        (scaled("seats", 0),),
        (scaled("seats", 0), full("configmaps")),
        (job("import-2021", "Secret", "Complete"),),
        (job("import-2021", "Secret", "Complete"), full("secrets")),
    ],
)
def test_what_wants_no_pods_misses_nothing_and_is_refused_nothing(objects: tuple[Object, ...]) -> None:
    states = {finding.state for finding in analyse(cluster_of((*OTHERS, *objects)))}
    assert not states & {"ConfigMapMissing", "SecretMissing", "QuotaExceeded"}


@pytest.mark.parametrize(
    ("objects", "state"),
    [
        ((scaled("seats", 2),), "ConfigMapMissing"),
        ((scaled("seats", 2), full("configmaps")), "QuotaExceeded"),
        ((job("import-2021", "Secret", "Failed"),), "SecretMissing"),
        ((job("import-2021", "Secret", "Failed"), full("secrets")), "QuotaExceeded"),
    ],
)
def test_what_wants_pods_and_has_none_may_miss_something(objects: tuple[Object, ...], state: str) -> None:
    assert state in {finding.state for finding in analyse(cluster_of((*OTHERS, *objects)))}


def failed_run(name: str, days: float) -> tuple[Object, ...]:
    """A Job that failed that long ago, with the pod that it left."""
    end = ago(days * 24 * 60)
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": end}
    exited = {"exitCode": 1, "reason": "Error", "finishedAt": end}
    return (
        obj("Job", name, spec={"template": reading("ConfigMap", "theme")}, status={"conditions": [condition]}),
        pod(f"{name}-x1", [status(name, state={"terminated": exited})], phase="Failed", owner=f"Job/{name}"),
    )


def route(service: str) -> Object:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    rule = {"host": "old.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    return obj("Ingress", "old", spec={"rules": [rule]})


CRASHES = pod("loans-1", [waiting("CrashLoopBackOff", name="loans", restartCount=6)], owner=None)
SERVED = obj("Service", "catalogue", spec={"selector": {"app": "catalogue"}})


@pytest.mark.parametrize(
    ("objects", "state", "bearing"),
    [
        (failed_run("export-may", 40), "JobFailed", "standing"),
        (failed_run("reindex", 2), "JobFailed", "standing"),
        (failed_run("reindex", 0.2), "JobFailed", "active"),
        (failed_run("export-may", 0.01), "JobFailed", "active"),
        ((SERVED, route("handbook")), "IngressBackendMissing", "standing"),
        ((SERVED, route("wiki")), "IngressBackendMissing", "standing"),
        ((SERVED, route("catalogue-svc")), "IngressBackendMissing", "active"),
        ((SERVED, route("catalog")), "IngressBackendMissing", "active"),
    ],
)
def test_leftovers_are_background_while_something_else_fails(
    objects: tuple[Object, ...], state: str, bearing: str
) -> None:
    known = analyse(cluster_of((*OTHERS, CRASHES, *objects)))
    assert {finding.bearing for finding in known if finding.state == state} == {bearing}
