"""Datadog (with the shipped template), Opsgenie, Sentry and GitHub's deployments.

https://docs.datadoghq.com/integrations/webhooks/, https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/,
https://docs.sentry.io/organization/integrations/integration-platform/webhooks/,
https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.alert_payloads.fields import (
    labels_of,
    links_of,
    list_of,
    mapping_of,
    required,
    resource_of,
    service_of,
    severity_of,
    text_of,
)
from primitives.alert_payloads.model import AlertSeverity, AlertStatus, IncomingAlert, PayloadProblem, digest_of
from primitives.alert_times import time_of

__all__ = ["DATADOG_TEMPLATE", "parse_datadog", "parse_github", "parse_opsgenie", "parse_sentry"]

DATADOG_TEMPLATE: Final = """{
  "id": "$ID",
  "alert_id": "$ALERT_ID",
  "cycle": "$ALERT_CYCLE_KEY",
  "transition": "$ALERT_TRANSITION",
  "title": "$ALERT_TITLE",
  "message": "$TEXT_ONLY_MSG",
  "priority": "$ALERT_PRIORITY",
  "metric": "$ALERT_METRIC",
  "scope": "$ALERT_SCOPE",
  "tags": "$TAGS",
  "hostname": "$HOSTNAME",
  "link": "$LINK",
  "date": "$DATE"
}
"""
"""The payload to give Datadog's webhook; `$...` are its own variables."""

_DATADOG: Final[Mapping[str, AlertStatus]] = {
    "triggered": "firing", "re-triggered": "firing", "warn": "firing", "re-warn": "firing", "renotify": "firing",
    "re-notify": "firing", "no data": "firing", "re-no data": "firing", "recovered": "resolved",
    "warn recovered": "resolved", "no data recovered": "resolved",
}  # fmt: skip
_OPSGENIE: Final[Mapping[str, AlertStatus]] = {
    "create": "firing", "unacknowledge": "firing", "escalate": "firing", "updatepriority": "firing",
    "acknowledge": "acknowledged", "close": "resolved", "delete": "resolved",
}  # fmt: skip
_SENTRY: Final[Mapping[str, AlertStatus]] = {
    "triggered": "firing", "created": "firing", "unresolved": "firing", "critical": "firing", "warning": "firing",
    "resolved": "resolved", "archived": "resolved", "ignored": "resolved",
}  # fmt: skip
_GITHUB: Final[Mapping[str, AlertStatus]] = {"failure": "firing", "error": "firing", "success": "resolved"}


def parse_datadog(document: Any) -> tuple[IncomingAlert, ...]:
    """The monitor's change in the shape of `DATADOG_TEMPLATE`."""
    alert = mapping_of(document)
    said = required(alert, "transition")
    if said.casefold() not in _DATADOG:
        raise PayloadProblem(f"`transition` is none of Datadog's: {said}; use the shipped template")
    labels = labels_of(_tags(alert), {"metric": alert.get("metric"), "host": alert.get("hostname")})
    return (
        IncomingAlert(
            provider="datadog",
            fingerprint=text_of(alert, "cycle", limit=200)
            or digest_of((required(alert, "alert_id"), text_of(alert, "scope", limit=1_000))),
            event_id=text_of(alert, "id", limit=100),
            source_id=text_of(alert, "alert_id", limit=100),
            status=_DATADOG[said.casefold()],
            title=required(alert, "title"),
            summary=text_of(alert, "message", limit=1_000),
            severity="warning" if "warn" in said.casefold() else severity_of(text_of(alert, "priority")),
            service=service_of(labels),
            resource=resource_of(labels),
            labels=labels,
            started_at=time_of(alert.get("date")),
            links=links_of(alert.get("link")),
        ),
    )


def _tags(alert: Mapping[str, Any]) -> dict[str, str]:
    """`service:web,env:prod` as labels; a tag without a value is its own name."""
    text = ",".join(value for key in ("tags", "scope") if isinstance(value := alert.get(key), str))
    pairs = (tag.partition(":") for tag in text.split(",") if tag.strip())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon and value.strip()}


def parse_opsgenie(document: Any) -> tuple[IncomingAlert, ...]:
    """The alert of an action; nothing for an action that doesn't change whether it is open."""
    status = _OPSGENIE.get(required(mapping_of(document), "action").casefold())
    if status is None:
        return ()
    alert = mapping_of(document, "alert")
    number = required(alert, "alertId")
    details = mapping_of(alert, "details")
    labels = labels_of(details, {"entity": alert.get("entity"), "source": alert.get("source")})
    named = service_of(labels) or text_of(alert, "entity") or None
    return (
        IncomingAlert(
            provider="opsgenie",
            fingerprint=text_of(alert, "alias", limit=300) or number,
            event_id=digest_of((number, text_of(document, "action"), text_of(alert, "updatedAt", "createdAt"))),
            source_id=number,
            status=status,
            title=text_of(alert, "message") or f"Opsgenie alert {text_of(alert, 'tinyId') or number}",
            summary=text_of(alert, "description", limit=1_000),
            severity=severity_of(text_of(alert, "priority")),
            service=named,
            resource=resource_of(labels) or named,
            labels=labels,
            started_at=time_of(alert.get("createdAt")),
        ),
    )


def parse_sentry(document: Any) -> tuple[IncomingAlert, ...]:
    """An issue alert, a metric alert or an issue's change; nothing for an installation or a comment."""
    action, data = required(mapping_of(document), "action"), mapping_of(document, "data")
    status = _SENTRY.get(action)
    if status is None:
        return ()
    if alert := mapping_of(data, "metric_alert"):
        rule = mapping_of(alert, "alert_rule")
        name = text_of(rule, "name") or text_of(data, "description_title") or "Sentry metric alert"
        severity: AlertSeverity = severity_of(action)
        number, subject = text_of(rule, "id") or required(alert, "id"), alert
    elif subject := mapping_of(data, "event") or mapping_of(data, "issue"):
        name = required(subject, "title")
        severity = severity_of(text_of(subject, "level"))
        number = text_of(subject, "issue_id") or required(subject, "id")
    else:
        return ()
    labels = labels_of(_sentry_tags(subject), {"project": _project(subject), "culprit": subject.get("culprit")})
    return (
        IncomingAlert(
            provider="sentry",
            fingerprint=number,
            status=status,
            title=name,
            summary=text_of(data, "description_text", limit=1_000) or text_of(subject, "culprit"),
            severity=severity,
            service=service_of(labels),
            resource=service_of(labels),
            labels=labels,
            started_at=time_of(subject.get("date_started") or subject.get("datetime") or subject.get("lastSeen")),
            links=links_of(data.get("web_url"), subject.get("web_url"), subject.get("permalink")),
        ),
    )


def _sentry_tags(subject: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [pair for pair in list_of(subject, "tags") if isinstance(pair, list) and len(pair) == 2]
    return {str(key): value for key, value in pairs if isinstance(key, str)}


def _project(subject: Mapping[str, Any]) -> str:
    project = mapping_of(subject, "project")
    names = [name for name in list_of(subject, "projects") if isinstance(name, str)]
    return text_of(project, "slug", "name") or text_of(subject, "project_slug") or (names[0] if names else "")


def parse_github(document: Any) -> tuple[IncomingAlert, ...]:
    """A deployment that failed, or came through after one that failed; nothing for what is under way or a ping."""
    body = mapping_of(document)
    if "zen" in body or "deployment_status" not in body:
        return ()
    state, deployment = mapping_of(body, "deployment_status"), mapping_of(body, "deployment")
    status = _GITHUB.get(required(state, "state"))
    if status is None:
        return ()
    repository = required(mapping_of(body, "repository"), "full_name")
    environment = text_of(state, "environment") or text_of(deployment, "environment")
    name = text_of(mapping_of(body, "repository"), "name")
    ref = text_of(deployment, "ref", "sha", limit=100)
    return (
        IncomingAlert(
            provider="github",
            fingerprint=digest_of((repository, environment)),
            status=status,
            title=f"Deployment of {repository} to {environment or 'an environment'}: {text_of(state, 'state')}",
            summary=text_of(state, "description") or (f"of {ref}" if ref else ""),
            severity="error",
            service=name or None,
            resource=name or None,
            labels=labels_of(
                {"environment": environment, "ref": ref, "sha": deployment.get("sha"), "repository": repository}
            ),
            started_at=time_of(state.get("created_at")),
            links=links_of(
                state.get("log_url"), state.get("target_url"), mapping_of(body, "repository").get("html_url")
            ),
        ),
    )
