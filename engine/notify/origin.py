"""What the alert says that an incident came from: how bad it is, of which service, and what its source calls it."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine.events import IncidentOpened
from engine.notify.notice import Severity
from engine.severity import severity_level, severity_of
from primitives.alert_payloads.model import SEVERITIES, AlertSeverity, IncomingAlert, PayloadProblem
from primitives.alert_payloads.registry import parse_alerts

__all__ = ["Origin", "origin_of"]

_LEVELS: Final[dict[AlertSeverity, Severity]] = {
    "critical": "critical", "error": "warning", "warning": "warning", "info": "info", "unknown": "unknown",
}  # fmt: skip


class Origin(NamedTuple):
    """`ids` are what sources call the incident, under names such as `pagerduty_incident_id`."""

    severity: Severity
    services: tuple[str, ...]
    ids: dict[str, str]


def origin_of(opened: IncidentOpened) -> Origin:
    """What the payload that was kept with the incident says, and its labels; labels win."""
    alerts = _alerts(opened)
    labels = {name.casefold(): value for name, value in opened.labels.items()}
    stated = labels.get("severity") or labels.get("priority") or ""
    services = [labels["service"]] if "service" in labels else [alert.service for alert in alerts if alert.service]
    ids = {f"{alert.provider}_incident_id": alert.source_id for alert in alerts if alert.source_id}
    ids |= {name: value for name, value in labels.items() if name.endswith("_incident_id")}
    severity = severity_level(stated) if stated else _worst(alerts) or severity_level(severity_of(opened.alert))
    return Origin(severity, tuple(dict.fromkeys(services)), ids)


def _alerts(opened: IncidentOpened) -> tuple[IncomingAlert, ...]:
    if not opened.alert:
        return ()
    try:
        alerts = parse_alerts(opened.alert)
    except PayloadProblem:
        return ()
    firing = tuple(alert for alert in alerts if alert.status != "resolved")
    return firing or alerts


def _worst(alerts: tuple[IncomingAlert, ...]) -> Severity | None:
    """The worst severity that the alerts state; None where none states any."""
    stated = [alert.severity for alert in alerts if alert.severity != "unknown"]
    return _LEVELS[min(stated, key=SEVERITIES.index)] if stated else None
