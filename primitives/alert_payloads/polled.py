"""What APIs list when they are asked: PagerDuty's open incidents, Datadog's monitors.

https://developer.pagerduty.com/api-reference (List incidents), https://docs.datadoghq.com/api/latest/monitors/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.alert_payloads.fields import (
    labels_of,
    list_of,
    mapping_of,
    resource_of,
    service_of,
    severity_of,
    text_of,
)
from primitives.alert_payloads.model import IncomingAlert, PayloadProblem
from primitives.alert_payloads.pagerduty import parse_incident
from primitives.alert_times import time_of

__all__ = ["datadog_monitors", "pagerduty_incidents"]

_TROUBLED: Final = ("alert", "warn", "no data")


def pagerduty_incidents(document: Any) -> list[IncomingAlert]:
    """The incidents of one page. Raises `PayloadProblem`."""
    incidents = mapping_of(document).get("incidents")
    if not isinstance(incidents, list):
        raise PayloadProblem("PagerDuty answers with a list `incidents`")
    return [parse_incident(incident) for incident in incidents if isinstance(incident, Mapping)]


def datadog_monitors(document: Any) -> tuple[IncomingAlert, ...]:
    """The monitors that are in trouble, of all. Raises `PayloadProblem`."""
    if not isinstance(document, list):
        raise PayloadProblem("Datadog answers with a list of monitors")
    monitors = [monitor for monitor in document if isinstance(monitor, Mapping)]
    return tuple(_monitor(each) for each in monitors if text_of(each, "overall_state").casefold() in _TROUBLED)


def _monitor(monitor: Mapping[str, Any]) -> IncomingAlert:
    tags = [tag.partition(":") for tag in list_of(monitor, "tags") if isinstance(tag, str)]
    labels = labels_of({key: value for key, colon, value in tags if colon and value})
    warned = text_of(monitor, "overall_state").casefold() == "warn"
    priority = text_of(monitor, "priority")
    return IncomingAlert(
        provider="datadog",
        fingerprint=text_of(monitor, "id", limit=100) or text_of(monitor, "name"),
        source_id=text_of(monitor, "id", limit=100),
        status="firing",
        title=text_of(monitor, "name") or "a Datadog monitor",
        summary=text_of(monitor, "message"),
        severity="warning" if warned else severity_of(f"p{priority}" if priority else ""),
        service=service_of(labels),
        resource=resource_of(labels),
        labels=labels,
        started_at=time_of(monitor.get("overall_state_modified")),
    )
