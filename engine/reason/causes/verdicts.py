"""Answers without a resource: nothing is wrong, or the cause is unknown (NO_FAULT, UNKNOWN)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

FALSE_ALARM = "false_alarm"
RECOVERED = "recovered"
UNKNOWN = "unknown"

CAUSES = (
    Cause(
        FALSE_ALARM, IncidentClass.NO_FAULT, "False alarm: nothing is out of the ordinary",
        "Google SRE workbook, chapter 5: alerting on SLOs", prior=-2.6,
    ),
    Cause(
        RECOVERED, IncidentClass.NO_FAULT, "Recovered: it was a passing disturbance",
        "Google SRE workbook, chapter 5: alerting on SLOs", prior=-3.0,
    ),
    Cause(
        UNKNOWN, IncidentClass.UNKNOWN, "The cause is not known from the evidence at hand",
        "none: what is left when no cause stands out", prior=-1.5,
    ),
)  # fmt: skip
