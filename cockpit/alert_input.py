"""Alerts from a file or a pipe, as the provider sent them: what to investigate."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from cockpit.start_modes import Start
from engine.investigate.scenario import QUERY_LIMIT
from primitives.alert_payloads.mapping import load_mapping
from primitives.alert_payloads.model import SEVERITIES, IncomingAlert, PayloadProblem
from primitives.alert_payloads.registry import (
    BODY_LIMIT,
    PROVIDERS,
    alerts_in,
    decode_payload,
    parse_alerts,
    provider_of,
)
from primitives.errors import UsageError
from primitives.quantities import counted
from primitives.redact import Redactor

__all__ = ["alerts_of", "read_payload", "start_of_alert", "try_payload"]


def start_of_alert(path: Path, given: Start) -> Start:
    """What to investigate because of the alert in `path` (`-`: standard input); what is given wins.

    Raises `UsageError`.
    """
    document = read_payload(path)
    alerts = alerts_of(path, document)
    alert = min(alerts, key=_urgency)
    more = f" (and {counted(len(alerts) - 1, 'more alert')})" if len(alerts) > 1 else ""
    return replace(
        given,
        query=given.query or f"{alert.words}{more}"[:QUERY_LIMIT],
        resource=given.resource or alert.resource or alert.service,
        at=given.at or alert.started_at,
        alert=document,
    )


def alerts_of(path: Path, document: Any) -> tuple[IncomingAlert, ...]:
    """The alerts in a payload of any known provider. Raises `UsageError` where there is none."""
    try:
        alerts = parse_alerts(document)
    except PayloadProblem as problem:
        raise UsageError(f"{_name(path)} is no alert of a known provider: {problem}") from None
    if not alerts:
        raise UsageError(f"{_name(path)} holds no alert: it is a ping, a confirmation or a note; give an alert")
    return alerts


def try_payload(path: Path, provider: str | None, mapping: Path | None) -> tuple[str, tuple[IncomingAlert, ...]]:
    """Whose payload `path` holds, and its alerts as they would be kept. Raises `UsageError`."""
    if provider is not None and mapping is not None:
        raise UsageError("a mapping is for payloads of no known provider; give --provider or --mapping")
    if provider is not None and provider not in PROVIDERS:
        raise UsageError(f"there is no provider {provider!r}; choose one of {', '.join(PROVIDERS)}")
    rules = load_mapping(mapping) if mapping is not None else None
    document = read_payload(path)
    provider = "custom" if rules is not None else provider or provider_of(document)
    try:
        alerts = alerts_in(provider, document, rules)
    except PayloadProblem as problem:
        raise UsageError(f"{_name(path)} can't be read ({provider}): {problem}") from None
    if not alerts:
        raise UsageError(f"{_name(path)} ({provider}) changes no alert: it is a ping, a confirmation or a note")
    redactor = Redactor()
    return provider, tuple(alert.redacted(redactor) for alert in alerts)


def read_payload(path: Path) -> Any:
    """The JSON in `path`, or of standard input. Raises `UsageError`."""
    try:
        if str(path) == "-":
            body = sys.stdin.buffer.read(BODY_LIMIT + 1)
        else:
            with path.open("rb") as file:
                body = file.read(BODY_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{_name(path)} can't be read as an alert ({error.strerror})") from None
    try:
        return decode_payload(body)
    except PayloadProblem as problem:
        raise UsageError(f"{_name(path)} can't be read as an alert: {problem}") from None


def _urgency(alert: IncomingAlert) -> tuple[bool, int]:
    """The order of alerts: firing before resolved, then the most severe first."""
    return alert.status == "resolved", SEVERITIES.index(alert.severity)


def _name(path: Path) -> str:
    return "standard input" if str(path) == "-" else str(path)
