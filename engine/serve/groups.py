"""Groups of alerts, each of which is one incident: pure decisions on what is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from engine.alerts import AlertGroup
from primitives.alert_payloads.model import SEVERITIES, AlertSeverity, IncomingAlert, digest_of
from primitives.clock import new_id

if TYPE_CHECKING:
    from engine.serve.settings import ServeSettings

__all__ = ["AlertRow", "alert_key", "goes_on", "home_of", "opened_by", "with_alert"]

_STORM_WITHIN_S: Final = 60.0
_FLAPS_WITHIN_S: Final = 3_600.0
"""An alert that fires again so soon after its end goes on in the same incident."""
_NO_GROUP: Final = ("{}:{}", "")


class AlertRow(BaseModel):
    """An alert as it was last heard of. `key` is its channel and fingerprint, as a digest."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: str
    group_id: str
    status: str
    changed_at: float
    seen_at: float
    times: int
    source_id: str
    channel: str


def alert_key(channel: str, alert: IncomingAlert) -> str:
    """What the alert is known by: fingerprints may hold anything, and are no more than that."""
    return digest_of((channel, alert.provider, alert.fingerprint))


def home_of(
    alert: IncomingAlert, channel: str, groups: Sequence[AlertGroup], settings: ServeSettings, now: datetime
) -> AlertGroup | None:
    """The group that a new alert joins: that of its provider's group, of its service, or the storm's."""
    recent = [group for group in groups if group.open or _since(group.last_at, now) <= settings.group_within_s]
    if alert.group not in _NO_GROUP:
        for group in recent:
            if (group.channel, group.provider_group) == (channel, alert.group):
                return group
    if alert.service:
        for group in recent:
            if group.service == alert.service and _since(group.last_at, now) <= settings.group_within_s:
                return group
    if len(_opened_lately(groups, now)) < settings.storm_after:
        return None
    return next((group for group in recent if group.storm), None)


def goes_on(group: AlertGroup, now: datetime) -> bool:
    """Whether an alert that was in it belongs into it again."""
    return group.open or _since(group.ended_at or group.last_at, now) <= _FLAPS_WITHIN_S


def opened_by(
    alert: IncomingAlert, channel: str, groups: Sequence[AlertGroup], settings: ServeSettings, now: datetime
) -> AlertGroup:
    """A new group for an alert that joins none; it is a storm's where many others were opened lately."""
    rule = settings.rule_for(alert)
    name = new_id("grp")
    storm = len(_opened_lately(groups, now)) >= settings.storm_after
    return AlertGroup(
        id=name,
        title=f"Many alerts at once, the first: {alert.title}" if storm else alert.title,
        summary=alert.summary,
        provider=alert.provider,
        channel=channel,
        service=None if storm else alert.service,
        resource=None if storm else alert.resource,
        severity=alert.severity,
        state="waiting" if rule.investigate else "noted",
        storm=storm,
        provider_group="" if storm or alert.group in _NO_GROUP else alert.group,
        opened_at=now,
        last_at=now,
        began_at=alert.started_at,
        sources=rule.sources,
        links=alert.links,
        incident_id=f"inc-{name.removeprefix('grp-')}",
    )


def with_alert(
    group: AlertGroup, alert: IncomingAlert, before: AlertRow | None, settings: ServeSettings, now: datetime
) -> AlertGroup:
    """The group after one more message about one of its alerts."""
    fires, fired = alert.status != "resolved", before is not None and before.status != "resolved"
    firing = group.firing + int(fires) - int(fired)
    changes: dict[str, object] = {
        "alerts": group.alerts + int(before is None),
        "firing": max(firing, 0),
        "deliveries": group.deliveries + 1,
        "turns": group.turns + int(fires and before is not None and not fired),
        "last_at": now,
        "ended_at": now if firing <= 0 else None,
    }
    if firing <= 0 and group.ended_at is not None:
        changes["ended_at"] = group.ended_at
    if fires:
        changes["severity"] = _worse(group.severity, alert.severity)
        if group.state == "noted" and settings.rule_for(alert).investigate:
            changes |= {"state": "waiting", "sources": settings.rule_for(alert).sources}
    if alert.status == "acknowledged" and group.taken_by is None:
        changes |= {"taken_by": alert.provider, "taken_at": now}
    if fires and not fired and before is not None and group.ended_at is not None:
        changes |= {"taken_by": None, "taken_at": None, "escalated_at": None}
    return group.model_copy(update=changes)


def _opened_lately(groups: Iterable[AlertGroup], now: datetime) -> list[AlertGroup]:
    return [group for group in groups if _since(group.opened_at, now) <= _STORM_WITHIN_S]


def _since(then: datetime, now: datetime) -> float:
    # A clock that was set back must not open a gap: what lies ahead counts as just now.
    return max((now - then).total_seconds(), 0.0)


def _worse(first: AlertSeverity, second: AlertSeverity) -> AlertSeverity:
    return min(first, second, key=SEVERITIES.index)
