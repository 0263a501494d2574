"""PagerDuty's v3 webhooks, and the incidents of its REST API.

https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.alert_payloads.fields import labels_of, links_of, mapping_of, required, severity_of, text_of
from primitives.alert_payloads.model import AlertStatus, IncomingAlert, PayloadProblem
from primitives.alert_times import time_of

__all__ = ["parse", "parse_incident"]

_STATUS: Final[Mapping[str, AlertStatus]] = {
    "triggered": "firing", "acknowledged": "acknowledged", "resolved": "resolved",
}  # fmt: skip
# What changes an incident's state. Others (notes, responders, status updates) say nothing new of the trouble.
_EVENTS: Final[Mapping[str, AlertStatus]] = {
    "incident.triggered": "firing", "incident.reopened": "firing", "incident.unacknowledged": "firing",
    "incident.escalated": "firing", "incident.delegated": "firing", "incident.priority_updated": "firing",
    "incident.acknowledged": "acknowledged", "incident.resolved": "resolved",
}  # fmt: skip


def parse(document: Any) -> tuple[IncomingAlert, ...]:
    """The incident of a webhook; nothing where the event changes no incident (a ping, a note)."""
    event = mapping_of(document, "event")
    kind = required(event, "event_type")
    if kind not in _EVENTS:
        return ()
    data = mapping_of(event, "data")
    if not data:
        raise PayloadProblem("an event about an incident has `data`")
    status = _EVENTS[kind]
    if status == "firing":
        # An escalation of what somebody has acknowledged leaves it acknowledged.
        status = _STATUS.get(text_of(data, "status"), "firing")
    return (_incident(data, status, text_of(event, "id", limit=100)),)


def parse_incident(incident: Mapping[str, Any]) -> IncomingAlert:
    """An incident as the REST API gives it."""
    return _incident(incident, _STATUS.get(text_of(incident, "status"), "firing"), "")


def _incident(data: Mapping[str, Any], status: AlertStatus, event_id: str) -> IncomingAlert:
    number = required(data, "id")
    service = mapping_of(data, "service")
    named = text_of(service, "summary", "name") or None
    priority = mapping_of(data, "priority")
    return IncomingAlert(
        provider="pagerduty",
        fingerprint=number,
        source_id=number,
        event_id=event_id,
        status=status,
        title=text_of(data, "title", "summary") or f"PagerDuty incident {number}",
        severity=severity_of(text_of(priority, "summary", "name"), text_of(data, "urgency")),
        service=named,
        resource=named,
        labels=labels_of(
            {
                "urgency": data.get("urgency"),
                "priority": priority.get("summary"),
                "service": named,
                "service_id": service.get("id"),
                "escalation_policy": mapping_of(data, "escalation_policy").get("summary"),
                "number": data.get("number") or data.get("incident_number"),
            }
        ),
        started_at=time_of(data.get("created_at")),
        links=links_of(data.get("html_url")),
    )
