"""Alertmanager's webhook (version 4) and API (v2), and Grafana's webhook, which has the same alerts in it.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config and
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.alert_payloads.fields import (
    MOST_ALERTS,
    labels_of,
    links_of,
    list_of,
    mapping_of,
    resource_of,
    service_of,
    severity_of,
    text_of,
)
from primitives.alert_payloads.model import AlertStatus, IncomingAlert, PayloadProblem, digest_of
from primitives.alert_times import time_of

__all__ = ["parse", "parse_api", "parse_grafana"]

_SILENT: Final = ("suppressed", "unprocessed")


def parse(document: Any) -> tuple[IncomingAlert, ...]:
    """The alerts of a webhook."""
    return _webhook(document, "alertmanager", "Alertmanager")


def parse_grafana(document: Any) -> tuple[IncomingAlert, ...]:
    """The alerts of Grafana's webhook."""
    return _webhook(document, "grafana", "Grafana")


def parse_api(alerts: Any) -> tuple[IncomingAlert, ...]:
    """What `GET /api/v2/alerts` lists, without what is silenced or inhibited. It lists what fires."""
    if not isinstance(alerts, list):
        raise PayloadProblem("a list of alerts was expected")
    listed = [alert for alert in alerts if isinstance(alert, Mapping)]
    active = [alert for alert in listed if mapping_of(alert, "status").get("state") not in _SILENT]
    return tuple(_alert({**alert, "status": "firing"}, {}, "alertmanager", "") for alert in active)


def _webhook(document: Any, provider: str, product: str) -> tuple[IncomingAlert, ...]:
    if not isinstance(document, Mapping) or not isinstance(document.get("alerts"), list):
        raise PayloadProblem(f"{product} sends an object with a list `alerts`")
    alerts = [alert for alert in list_of(document, "alerts") if isinstance(alert, Mapping)]
    if len(alerts) > MOST_ALERTS:
        raise PayloadProblem(f"it has {len(alerts):,} alerts; set `max_alerts` to at most {MOST_ALERTS}")
    group = text_of(document, "groupKey", limit=1_000)
    return tuple(_alert(alert, document, provider, group) for alert in alerts)


def _alert(alert: Mapping[str, Any], shared: Mapping[str, Any], provider: str, group: str) -> IncomingAlert:
    labels = labels_of(mapping_of(shared, "commonLabels"), mapping_of(alert, "labels"))
    notes = {**mapping_of(shared, "commonAnnotations"), **mapping_of(alert, "annotations")}
    words = text_of(notes, "summary", "message", "description") or text_of(shared, "title")
    return IncomingAlert(
        provider=provider,
        fingerprint=text_of(alert, "fingerprint", limit=100) or digest_of(f"{k}={v}" for k, v in labels.items()),
        status=_status(alert, shared),
        title=labels.get("alertname") or words or "an alert without a name",
        summary=words,
        severity=severity_of(labels.get("severity", ""), labels.get("priority", "")),
        service=service_of(labels),
        resource=resource_of(labels),
        labels=labels,
        started_at=time_of(alert.get("startsAt")),
        links=links_of(
            notes.get("runbook_url"), alert.get("generatorURL"), alert.get("dashboardURL"), alert.get("panelURL")
        ),
        group=group,
    )


def _status(alert: Mapping[str, Any], shared: Mapping[str, Any]) -> AlertStatus:
    said = text_of(alert, "status") or text_of(shared, "status", "state")
    if said.casefold() in ("firing", "alerting", "active"):
        return "firing"
    if said.casefold() in ("resolved", "ok", "normal"):
        return "resolved"
    raise PayloadProblem(f"an alert's `status` is firing or resolved, not {said or 'left out'}")
