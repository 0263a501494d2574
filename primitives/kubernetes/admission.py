"""Quotas, limits and admission: why the API server refuses to create pods.

Messages are those of the built-in admission plug-ins (ResourceQuota, LimitRanger, ServiceAccount, PodSecurity) and of
the webhook dispatcher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, message_of, quantity, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.references import missing_from_text
from primitives.kubernetes.selectors import service_selects
from primitives.kubernetes.services import pods_behind
from primitives.patterns import lazy_pattern

__all__ = ["classify_refusal", "create_event", "find_admission", "silent_server"]

_QUOTA: Final = lazy_pattern(
    r"exceeded quota: ([^,\s]{1,253}), requested: (.{1,400}?), used: (.{1,400}?), limited: ([^);]{1,400})",
    re.IGNORECASE,
)
_MUST: Final = lazy_pattern(r"failed quota: ([^:\s]+): must specify (.+)", re.IGNORECASE)
_WEBHOOK: Final = lazy_pattern(
    r"(?:admission webhook \"([^\"]{1,253})\"|"
    r"validatingadmissionpolicy '([^']{1,253})'.{0,400}?) denied (?:the )?request",
    re.IGNORECASE,
)
_WEBHOOK_CALL: Final = lazy_pattern(r"failed calling webhook \"([^\"]+)\"", re.IGNORECASE)
_ACCOUNT: Final = lazy_pattern(r"error looking up service account (?:[^/\s:]{1,253}/)?([^/\s:]{1,253}):", re.IGNORECASE)
_LIMIT: Final = lazy_pattern(r"(?:maximum|minimum) \S+ usage per|max limit to request ratio per", re.IGNORECASE)
_ENDING: Final = lazy_pattern(r"namespace \S+ because it is being terminated", re.IGNORECASE)
_SECURITY: Final = lazy_pattern(
    r"violates podsecurity|podsecuritypolicy|pod security polic|security context constraint", re.IGNORECASE
)


def classify_refusal(message: str) -> tuple[str, dict[str, Any]]:
    """The state and details for a message with which the API server refused an object."""
    if match := _QUOTA.search(message):
        quota, requested, used, limited = match.groups()
        name = requested.partition("=")[0]
        return "QuotaExceeded", {
            "quota": quota, "resource_name": name, "requested": requested, "used": used, "limited": limited.strip()
        }  # fmt: skip
    if match := _MUST.search(message):
        return "QuotaRequiresLimits", {"quota": match.group(1), "must_specify": match.group(2)}
    if match := _ACCOUNT.search(message):
        return "ServiceAccountMissing", {"name": match.group(1)}
    for state, pattern in (("AdmissionWebhookDenied", _WEBHOOK), ("AdmissionWebhookUnavailable", _WEBHOOK_CALL)):
        if match := pattern.search(message):
            return state, {"webhook": next(group for group in match.groups() if group)}
    if _ENDING.search(message):
        return "NamespaceTerminating", {}
    if _LIMIT.search(message):
        return "LimitRangeViolation", {}
    if _SECURITY.search(message):
        return "PodSecurityViolation", {}
    missing = missing_from_text(message)
    if missing is not None:
        return missing
    return ("Forbidden" if "forbidden" in message.lower() else "FailedCreate"), {}


def create_event(event: Event, resource: str) -> Finding:
    """The finding for a FailedCreate event of a controller."""
    return _refused(event.target, event.kind, resource, event.message, event.first, event)


def find_admission(cluster: Cluster) -> Iterator[Finding]:
    """Controllers that can't create their pods, quotas that are used up, webhooks without a server."""
    for item in cluster.workloads:
        failure = item.condition("ReplicaFailure")
        if text(failure, "status") == "True":
            since = instant(failure, "lastTransitionTime")
            message = message_of(failure, "message")
            yield _refused(item.id, item.kind, cluster.owners.resource(item), message, since)
    for quota in cluster.all("ResourceQuota"):
        for name, hard in mapping(quota.raw, "status", "hard").items():
            limit, used = quantity(hard), quantity(at(quota.raw, "status", "used"), name)
            if limit is not None and used is not None and used >= limit:
                details = {"resource_name": name, "used": at(quota.raw, "status", "used", name), "hard": hard}
                yield Finding("QuotaAtLimit", quota.id, quota.kind, quota.id, variant=str(name), details=details)
    yield from _webhooks(cluster)


def _refused(
    target: str, kind: str, resource: str, message: str, since: datetime | None, event: Event | None = None
) -> Finding:
    state, details = classify_refusal(message)
    variant = str(details.get("quota") or details.get("webhook") or details.get("name") or "")
    return Finding(
        state, target, kind, resource, message=message, since=since, variant=variant, details=details,
        events=event.count if event else 0, last_seen=event.last if event else None,
    )  # fmt: skip


def silent_server(cluster: Cluster, webhook: Mapping[str, Any]) -> str | None:
    """The workload that should answer a webhook and has no ready pod, or none at all: the webhook is set up correctly.

    None where it is answered, where its Service or every pod of it is missing, or where pods weren't dumped.
    """
    namespace, name = (text(webhook, "clientConfig", "service", key) for key in ("namespace", "name"))
    service = cluster.get("Service", namespace, name) if name else None
    behind = pods_behind(cluster, service) if service is not None else []
    if service is not None and not behind:
        idle = [workload.id for workload in cluster.workloads
                if service_selects(service, workload) and integer(workload.raw, "spec", "replicas") == 0
                and not maps(workload.raw, "metadata", "ownerReferences")]  # fmt: skip
        return idle[0] if len(idle) == 1 else None
    return cluster.owners.resource(behind[0].item) if behind and all(pod.ready is False for pod in behind) else None


def _webhooks(cluster: Cluster) -> Iterator[Finding]:
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for item in cluster.all(kind):
            for webhook in maps(item.raw, "webhooks"):
                namespace, name = (text(webhook, "clientConfig", "service", key) for key in ("namespace", "name"))
                if not name or not cluster.dumped("Service"):
                    continue
                service = cluster.get("Service", namespace, name)
                served = service is not None and (
                    not cluster.dumped("Pod") or any(pod.ready is not False for pod in pods_behind(cluster, service))
                )
                if not served:
                    details = {
                        "webhook": text(webhook, "name"), "service": kubernetes_id("Service", namespace, name),
                        "failure_policy": text(webhook, "failurePolicy") or "Fail", "exists": service is not None,
                    }  # fmt: skip
                    # `Fail` is the API's default: what the webhook should have judged is refused.
                    closed = details["failure_policy"] == "Fail"
                    state = "WebhookFailsClosed" if closed else "WebhookServiceMissing"
                    details["because_of"] = [details["service"]]
                    place = item.id
                    if closed and (server := silent_server(cluster, webhook)) is not None:
                        state, place = "WebhookUnanswered", server
                    yield Finding(state, item.id, kind, place, variant=text(webhook, "name"), details=details)
