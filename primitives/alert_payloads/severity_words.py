"""What services call their severities, in one table: whatever reads an alert or shows it means the same by a word.

Prometheus' practice ("page", "ticket"), PagerDuty (P1 to P5, urgency high and low), Opsgenie and Datadog (P4 is low, P5
informs), Zabbix ("disaster", "average"), CloudWatch's tags, and the SEV scale, whose fourth level only informs. Bare
numbers are ServiceNow's event severities: 1 critical, 2 major, 3 minor, 4 warning, 5 information.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primitives.alert_payloads.model import AlertSeverity

__all__ = ["severity_named"]

_WORDS: Final[Mapping[AlertSeverity, str]] = {
    "critical": "critical crit page fatal emergency disaster p0 p1 sev0 sev-0 sev1 sev-1 1",
    "error": "high error major p2 sev2 sev-2 2",
    "warning": "warning warn minor medium average low ticket normal p3 p4 sev3 sev-3 3 4",
    "info": "info information informational notice debug none p5 sev4 sev-4 sev5 sev-5 5",
}
_SEVERITIES: Final[Mapping[str, AlertSeverity]] = {
    word: severity for severity, words in _WORDS.items() for word in words.split()
}


def severity_named(word: str) -> AlertSeverity:
    """The severity that a provider's word means; `unknown` for any other."""
    return _SEVERITIES.get(word.strip().casefold(), "unknown")
