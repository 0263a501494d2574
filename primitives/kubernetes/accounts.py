"""A right that is missing is missing to whoever runs as the service account, not to the object that it works on.

An operator writes the API server's refusal into the condition and the events of what it could not make. The refusal
names the account (Kubernetes documentation, "Authenticating": `system:serviceaccount:NAMESPACE:NAME`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from primitives.kubernetes.cluster import Cluster, PodSource
from primitives.kubernetes.fields import text
from primitives.kubernetes.findings import Finding
from primitives.patterns import lazy_pattern

__all__ = ["by_account"]

# Kubernetes: the message of a "Forbidden" status of the authorizer.
_REFUSED: Final = lazy_pattern(
    r'User "system:serviceaccount:(?P<namespace>[a-z0-9.-]{1,63}):(?P<name>[a-z0-9.-]{1,253})" cannot '
)
# What only hands on a message; a pod's own state says more of it than who may not do what.
_HANDS_ON: Final = ("ConditionNotMet", "WarningEvent", "SyncFailed")


def by_account(cluster: Cluster, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; refusals of a service account are given to the one workload that runs as it."""
    for finding in findings:
        match = _REFUSED.search(finding.message) if finding.state in _HANDS_ON else None
        asker = _runs_as(cluster, match["namespace"], match["name"]) if match else None
        if asker is None or asker == finding.resource:
            yield finding
        else:
            affects = sorted({finding.resource, *finding.details.get("affects", ())})
            yield replace(finding, resource=asker, details={**finding.details, "affects": affects})


def _runs_as(cluster: Cluster, namespace: str, account: str) -> str | None:
    """The only workload of a namespace whose pods run as the account."""
    sources = [source for source in cluster.sources if source.namespace == namespace]
    users = {source.resource for source in sources if account == _account(source)}
    return users.pop() if len(users) == 1 else None


def _account(source: PodSource) -> str:
    return text(source.spec, "serviceAccountName") or text(source.spec, "serviceAccount")
