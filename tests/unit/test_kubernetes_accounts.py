"""A refused service account is its workload's trouble, not that of the object whose condition hands it on."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import NS, Case, ago, container, deployment, findings, obj

from primitives.kubernetes.findings import Finding

ACCOUNT = "system:serviceaccount:{ns}:{name}"
OPERATORS = [
    (
        "vault-operator",
        "Vault",
        f'secrets is forbidden: User "{ACCOUNT}" cannot create resource "secrets" in API group ""',
    ),
    ("mail-controller", "Mailbox", f'failed: pods is forbidden: User "{ACCOUNT}" cannot list resource "pods"'),
    ("grid-sync", "Grid", f'configmaps "a" is forbidden: User "{ACCOUNT}" cannot update resource "configmaps"'),
]


def operator(name: str, account: str) -> dict[str, Any]:
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"serviceAccountName": account, "containers": [container(name)]},
    }
    return deployment(name, template=template)


def custom(kind: str, message: str) -> dict[str, Any]:
    condition = {"type": "Ready", "status": "False", "reason": "ReconcileError", "message": message,
                 "lastTransitionTime": ago(30)}  # fmt: skip
    return obj(kind, "a", status={"conditions": [condition]})


def unmet(*objects: dict[str, Any]) -> list[Finding]:
    return [finding for finding in findings(Case("", objects, "")) if finding.state == "ConditionNotMet"]


@pytest.mark.parametrize(("name", "kind", "message"), OPERATORS)
def test_who_runs_as_the_refused_account_is_meant(name: str, kind: str, message: str) -> None:
    (finding,) = unmet(operator(name, name), custom(kind, message.format(ns=NS, name=name)))
    assert finding.resource == f"{NS}/deployment/{name}"
    assert finding.details["affects"] == [f"{NS}/{kind.lower()}/a"]


@pytest.mark.parametrize(
    "others",
    [
        (),  # nobody runs as it
        (operator("one", "shared"), operator("two", "shared")),  # several do
        (operator("one", "other"),),
    ],
)
def test_an_account_that_none_or_several_run_as_names_nobody(others: tuple[dict[str, Any], ...]) -> None:
    message = OPERATORS[0][2].format(ns=NS, name="shared")
    (finding,) = unmet(*others, custom("Vault", message))
    assert finding.resource == f"{NS}/vault/a"


def test_a_person_who_is_refused_is_no_workload() -> None:
    message = 'secrets is forbidden: User "jane" cannot create resource "secrets"'
    (finding,) = unmet(operator("vault-operator", "vault-operator"), custom("Vault", message))
    assert finding.resource == f"{NS}/vault/a"
