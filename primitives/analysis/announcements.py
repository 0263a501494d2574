"""What a platform announces of the resources that it runs: failovers, full storage, maintenance, hosts taken away.

Such a message is near-certain where the platform itself wrote it, which its event's source says; an application's talk
of a failover isn't. Sources: Amazon RDS User Guide, Amazon RDS event categories and event messages; Amazon EC2 User
Guide, Scheduled events for your instances, and Spot Instance interruption notices; Amazon EventBridge, AWS service
events; Google Cloud audit logs (`serviceName`); Azure activity log (`resourceProviderName`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from primitives.patterns import lazy_pattern

__all__ = ["MAINTENANCE", "OUTAGE", "PLATFORM", "announced_family", "announcement", "is_platform"]

MAINTENANCE: Final = "platform_maintenance"
"""The family of announced patches, restarts and stops; only a platform's own messages are of it."""

OUTAGE: Final = "outage"
"""The family of announced outages and degradations: what a provider says of its own service or of a zone."""

PLATFORM: Final = "aws.events"
"""A source that is a platform's, for records whose event was read from their body."""

_LONGEST: Final = 4_000
_SOURCES: Final = ("source", "eventsource", "event_source", "event.provider", "servicename", "resourceprovidername")
_PLATFORM: Final = lazy_pattern(
    r"aws\.[a-z0-9-]{2,40}|[a-z0-9-]{2,40}\.amazonaws\.com|[a-z0-9-]{2,40}\.googleapis\.com|microsoft\.[a-z]{2,40}|"
    # What collectors call a service's own events.
    r"(?:aws|rds|aurora|ecs|ec2|elb|eks|elasticache|redshift|cloudsql|health)[-_. ]?events?",
    re.IGNORECASE,
)
_TEXTS: Final = ("message", "msg", "eventdescription", "description", "detail-type")
_FAMILIES: Final = (
    ("failover", r"\bfail-?over\b(?! (?:mode )?(?:is )?(?:disabled|off|enabled|configured|not)\b)"),
    ("disk_full", r"\bstorage\b[^.\n]{0,80}\b(?:exhausted|full|low)\b|\bstorage-full\b"),
    (
        "host_reclaimed",
        (
            r"\bspot instance interruption|\brebalance recommendation|\binstance[- ]retirement\b|\bpreempted\b|"
            r"\b(?:terminated|stopped|restarted) by (?:the )?host\b|\bhost error\b|\bunderlying hardware\b|"
            # VMware vSphere HA; EDAC: what a hypervisor tells of the host under a machine.
            r"\bhardware (?:error|fault|failure)\b|\bHA (?:restart|failover)\b"
        ),
    ),
    # Amazon EC2: error codes for clients; those of requests are a rate.
    (
        "quota",
        (
            r"(?<!request)(?<!rate)limitexceeded\b|\bmore (?:\S{1,40} ){1,3}than your current\b|"
            r"(?<!rate )(?<!rate-)(?<!request )(?<!requests )(?<!call )(?<!calls )\b(?:quota|limit)\b[^.\n]{0,60}"
            r"\b(?:reached|exceeded)\b|"
            r"\b(?:reached|exceeded)\b[^.\n]{0,60}\bquota\b"
        ),
    ),
    # Atlassian Statuspage: component statuses; AWS Health: operational issues; Google Cloud: service health.
    (
        OUTAGE,
        (
            r"\b(?:partial|major|full|service|power|regional|zonal)[ _-]outage\b|\bdegraded[ _-]performance\b|"
            r"\b(?:increased|elevated|high(?:er)?) (?:api |request )?(?:error|failure)(?: rate)?s?\b|"
            r"\boperational[ _]issue|\bservice (?:disruption|interruption|degradation)\b|"
            r"\b(?:investigating|experiencing|identified)\b[^.\n]{0,80}\b(?:issues?|errors?|outage|problems?|latenc\w{1,4})\b"
        ),
    ),
    (
        MAINTENANCE,
        (
            r"\bmaintenance\b|\bpatch(?:es|ed|ing)\b|\b(?:instance|system)-(?:stop|reboot)\b|"
            r"\binstance (?:has been |was |is being )?(?:restarted|rebooted|shut ?down|stopped)\b"
        ),
    ),
)
_PATTERNS: Final = tuple((family, lazy_pattern(words, re.IGNORECASE)) for family, words in _FAMILIES)


def announcement(body: str, attributes: Mapping[str, Any]) -> str | None:
    """The message of a platform's own event, None for everything else.

    The source is in the record's attributes or, where the body is the event itself, in that.
    """
    if _is_platform(attributes):
        return body
    if not body.startswith("{") or len(body) > _LONGEST:
        return None
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not _is_platform(event):
        return None
    detail = event.get("detail")
    texts = [*_texts(event), *(_texts(detail) if isinstance(detail, dict) else ())]
    return ": ".join(texts) or None


def announced_family(message: str) -> str | None:
    """The family of what a platform announces, None for its other events."""
    text = message[:_LONGEST]
    return next((family for family, pattern in _PATTERNS if pattern.search(text)), None)


def _is_platform(fields: Mapping[str, Any]) -> bool:
    named = (value for key, value in fields.items() if str(key).casefold() in _SOURCES)
    return any(isinstance(value, str) and is_platform(value) for value in named)


def is_platform(source: str) -> bool:
    """Whether the source of an event is a platform's own service."""
    return bool(_PLATFORM.fullmatch(source))


def _texts(fields: Mapping[str, Any]) -> list[str]:
    return [value for key, value in fields.items() if str(key).casefold() in _TEXTS and isinstance(value, str)]
