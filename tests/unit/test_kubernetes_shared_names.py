"""A host that several workloads name and no Service has: who started since the name changed has the wrong one."""

from __future__ import annotations

from kubernetes_objects import Case, check, client, container, findings, owned, pod, service, waiting

CHANGED = Case(
    "several name it, who runs since before is well, and a Service is called nearly so",
    owned(
        client(DB_HOST="ledger-primary"),
        pod(
            "till-1",
            owner="StatefulSet/till",
            containers=[container("till", env=[{"name": "DB_HOST", "value": "ledger-primary"}])],
            statuses=[waiting("CrashLoopBackOff", name="till", restartCount=9)],
        ),
        service("ledger"),
    ),
    "EnvHostUnknown",
    "shop/statefulset/till",
    details={"host": "ledger-primary", "similar": ["ledger"]},
)


def test_who_started_since_has_a_wrong_address_where_others_are_well_and_a_service_is_called_nearly_so() -> None:
    check(CHANGED)


def test_where_no_service_is_called_so_it_is_the_service_that_is_missing() -> None:
    items = [item for item in CHANGED.objects if item["kind"] != "Service"]
    states = {finding.state for finding in findings(Case("", (*items, service("cart")), ""))}
    assert "ServiceMissing" in states
    assert "EnvHostUnknown" not in states
