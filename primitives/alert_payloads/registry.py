"""Which providers there are, whose payload a document is, and its alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from primitives.alert_payloads import alertmanager, aws, mail, others, pagerduty, plain
from primitives.alert_payloads.mapping import PayloadMapping
from primitives.alert_payloads.model import IncomingAlert, PayloadProblem

__all__ = ["BODY_LIMIT", "PROVIDERS", "Parse", "alerts_in", "decode_payload", "parse_alerts", "provider_of"]

Parse = Callable[[Any], tuple[IncomingAlert, ...]]

BODY_LIMIT: Final = 512 * 1024
"""Bytes of a delivery. PagerDuty sends at most 55 KB, SNS 256 KB, Sentry 1 MB at its worst."""

PROVIDERS: Final[Mapping[str, Parse]] = {
    "alertmanager": alertmanager.parse,
    "aws": aws.parse,
    "datadog": others.parse_datadog,
    "github": others.parse_github,
    "grafana": alertmanager.parse_grafana,
    "mail": mail.parse,
    "opsgenie": others.parse_opsgenie,
    "pagerduty": pagerduty.parse,
    "plain": plain.parse,
    "sentry": others.parse_sentry,
    "standard": plain.parse_standard,
}
"""How to read what each provider sends."""


def decode_payload(body: bytes) -> Any:
    """A body as JSON. Raises `PayloadProblem`."""
    if len(body) > BODY_LIMIT:
        raise PayloadProblem(f"it is longer than {BODY_LIMIT // 1024} KB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise PayloadProblem("it is not JSON") from None


def alerts_in(provider: str, document: Any, mapping: PayloadMapping | None = None) -> tuple[IncomingAlert, ...]:
    """The alerts that `provider` (or a `mapping`) finds in a document. Raises `PayloadProblem`, whatever is in it."""
    parse = mapping.parse if mapping is not None else PROVIDERS[provider]
    try:
        return parse(document)
    except PayloadProblem:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, ArithmeticError) as error:
        # What a parser didn't expect is a bad payload as well; no delivery may stop the others.
        raise PayloadProblem(f"it can't be read ({type(error).__name__})") from error


def parse_alerts(document: Any) -> tuple[IncomingAlert, ...]:
    """The alerts in a document, whose provider is recognised by its keys. Raises `PayloadProblem`."""
    return alerts_in(provider_of(document), document)


def provider_of(document: Any) -> str:
    """Whose payload this is, by the keys that only it has; `plain` where nobody's are known."""
    if not isinstance(document, Mapping):
        return "plain"
    keys = document.keys()
    if keys == {"mail"}:
        return "mail"
    data = document.get("data")
    if isinstance(event := document.get("event"), Mapping) and "event_type" in event:
        return "pagerduty"
    if isinstance(document.get("alerts"), list) and "receiver" in keys:
        return "grafana" if "orgId" in keys else "alertmanager"
    if document.get("Type") == "Notification" or "AlarmName" in keys or {"detail-type", "detail"} <= keys:
        return "aws"
    if document.get("notificationType") == "Received" and "receipt" in keys:
        return "aws"
    if {"transition", "alert_id"} <= keys:
        return "datadog"
    if isinstance(document.get("alert"), Mapping) and "alertId" in document["alert"]:
        return "opsgenie"
    if "deployment_status" in keys and "repository" in keys:
        return "github"
    if isinstance(data, Mapping) and "action" in keys and keys & {"installation", "actor"}:
        return "sentry"
    return "standard" if isinstance(data, Mapping) and {"type", "timestamp"} <= keys else "plain"
