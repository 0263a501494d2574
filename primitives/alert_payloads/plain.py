"""Any other document: Standard Webhooks' events, and flat alerts, whose usual keys `primitives.alerts` knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.alert_payloads.fields import MOST_ALERTS, mapping_of, service_of, severity_of, text_of
from primitives.alert_payloads.model import AlertStatus, IncomingAlert, PayloadProblem, digest_of
from primitives.alerts import normalise_alerts
from primitives.records import Alert

__all__ = ["parse", "parse_standard"]

_ENDED: Final = ("resolved", "closed", "recovered", "ok")


def parse(document: Any) -> tuple[IncomingAlert, ...]:
    """The alerts of a document in no particular shape."""
    alerts = normalise_alerts(document)[:MOST_ALERTS]
    if not alerts or all(alert.name == "alert" and not alert.summary for alert in alerts):
        raise PayloadProblem("nothing in it looks like an alert's name, such as `title` or `alertname`")
    return tuple(_converted(alert, "plain") for alert in alerts)


def parse_standard(document: Any) -> tuple[IncomingAlert, ...]:
    """An event of https://www.standardwebhooks.com: its `type` may end in what became of the alert in `data`."""
    if not isinstance(document, Mapping) or not isinstance(document.get("data"), Mapping):
        raise PayloadProblem("a Standard Webhooks event has `type`, `timestamp` and an object `data`")
    kind, data = text_of(document, "type", limit=200), mapping_of(document, "data")
    shown = {"title": kind, "timestamp": document.get("timestamp"), **data}
    ended = kind.casefold().replace("_", ".").split(".")[-1:] in [[word] for word in _ENDED]
    alerts = [_converted(alert, "standard") for alert in normalise_alerts(shown)]
    if not alerts:
        raise PayloadProblem("its `data` is empty")
    number = text_of(data, "id", "fingerprint", "alert_id", limit=200)
    update: dict[str, Any] = {"fingerprint": number} if number and len(alerts) == 1 else {}
    return tuple(alert.model_copy(update={**update, **({"status": "resolved"} if ended else {})}) for alert in alerts)


def _converted(alert: Alert, provider: str) -> IncomingAlert:
    status: AlertStatus = "resolved" if alert.state == "resolved" else "firing"
    return IncomingAlert(
        provider=provider,
        fingerprint=digest_of((alert.name, alert.resource or "", *(f"{k}={v}" for k, v in alert.labels.items()))),
        status=status,
        title=alert.name,
        summary=alert.summary,
        severity=severity_of(alert.severity or ""),
        service=service_of(alert.labels) or alert.resource,
        resource=alert.resource,
        labels=alert.labels,
        started_at=alert.started_at,
    )
