"""An alert in plain lines."""

from __future__ import annotations

from collections.abc import Iterator

from primitives.alert_payloads.model import IncomingAlert

__all__ = ["alert_lines"]

_LABELS = 12


def alert_lines(alert: IncomingAlert) -> Iterator[str]:
    """What was read of an alert, a line each."""
    yield f"{alert.title} ({alert.status})"
    labels = [f"{key}={value}" for key, value in alert.labels.items()]
    more = [f"and {len(labels) - _LABELS} more"] if len(labels) > _LABELS else []
    fields = {
        "summary": alert.summary,
        "provider": alert.provider,
        "severity": alert.severity,
        "service": alert.service or "",
        "resource": alert.resource or "",
        "began": alert.started_at.isoformat() if alert.started_at else "",
        "fingerprint": alert.fingerprint,
        "event id": alert.event_id,
        "group": alert.group,
        "labels": ", ".join([*labels[:_LABELS], *more]),
        "links": " ".join(alert.links),
    }
    for name, value in fields.items():
        if value:
            yield f"  {name:<12} {value}"
