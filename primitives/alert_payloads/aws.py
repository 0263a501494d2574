"""CloudWatch alarms, EventBridge events and mails that SES received, bare or as the message of an SNS notification.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from primitives.alert_payloads import mail
from primitives.alert_payloads.fields import (
    labels_of,
    links_of,
    list_of,
    mapping_of,
    required,
    resource_of,
    service_of,
    severity_of,
    text_of,
)
from primitives.alert_payloads.model import AlertStatus, IncomingAlert, PayloadProblem, digest_of
from primitives.alert_times import time_of
from primitives.text import safe_line

__all__ = ["parse"]

_STATUS: Final[Mapping[str, AlertStatus]] = {"ALARM": "firing", "OK": "resolved"}
_ENDED: Final = frozenset({"closed", "resolved", "completed", "succeeded", "service_deployment_completed"})


def parse(document: Any) -> tuple[IncomingAlert, ...]:
    """The alarm of a notification, or the event; nothing for an alarm without data, or a subscription's messages."""
    if not isinstance(document, Mapping):
        raise PayloadProblem("AWS sends an object")
    if document.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return ()
    if document.get("Type") == "Notification":
        return _notification(document)
    if document.get("notificationType") == "Received":
        return mail.parse(mail.ses_document(document))
    alert = _message(document)
    return (alert,) if alert is not None else ()


def _notification(envelope: Mapping[str, Any]) -> tuple[IncomingAlert, ...]:
    message = envelope.get("Message")
    if not isinstance(message, str):
        raise PayloadProblem("a notification has a `Message` of text")
    number = text_of(envelope, "MessageId", limit=100)
    try:
        inner = json.loads(message)
    except (ValueError, RecursionError):
        inner = None
    if not isinstance(inner, Mapping):
        return (_words(envelope, message, number),)
    if inner.get("notificationType") == "Received":
        return mail.parse(mail.ses_document(inner))
    alert = _message(inner)
    return (alert.model_copy(update={"event_id": number}),) if alert is not None else ()


def _words(envelope: Mapping[str, Any], message: str, number: str) -> IncomingAlert:
    """A message that a person or a script wrote: it can't say when it is over."""
    title = text_of(envelope, "Subject") or safe_line(message, limit=200).strip() or "a notification"
    return IncomingAlert(
        provider="aws",
        fingerprint=digest_of((text_of(envelope, "TopicArn"), title)),
        event_id=number,
        status="firing",
        title=title,
        summary=safe_line(message, limit=1_000).strip(),
        started_at=time_of(envelope.get("Timestamp")),
    )


def _message(document: Mapping[str, Any]) -> IncomingAlert | None:
    if "AlarmName" in document:
        return _alarm(document)
    if "detail-type" in document and isinstance(document.get("detail"), Mapping):
        changes = document["detail-type"] == "CloudWatch Alarm State Change"
        return _alarm_event(document) if changes else _event(document)
    raise PayloadProblem("neither a CloudWatch alarm nor an EventBridge event")


def _alarm(document: Mapping[str, Any]) -> IncomingAlert | None:
    status = _STATUS.get(text_of(document, "NewStateValue"))
    if status is None:
        return None
    trigger = mapping_of(document, "Trigger")
    pairs = [pair for pair in list_of(trigger, "Dimensions") if isinstance(pair, Mapping)]
    dimensions = {text_of(pair, "name", "Name"): text_of(pair, "value", "Value") for pair in pairs}
    labels = labels_of(
        {
            "region": document.get("Region"),
            "account": document.get("AWSAccountId"),
            "metric": trigger.get("MetricName"),
        },
        {"metric_namespace": trigger.get("Namespace")},
        dimensions,
    )
    return _of_alarm(
        document, required(document, "AlarmName"), text_of(document, "AlarmArn", limit=300), status, labels,
        (text_of(document, "AlarmDescription"), text_of(document, "NewStateReason")),
        document.get("StateChangeTime"),
    )  # fmt: skip


def _alarm_event(document: Mapping[str, Any]) -> IncomingAlert | None:
    detail = document["detail"]
    state = mapping_of(detail, "state")
    status = _STATUS.get(text_of(state, "value"))
    if status is None:
        return None
    parts: list[Mapping[str, Any]] = [{"region": document.get("region"), "account": document.get("account")}]
    for entry in list_of(mapping_of(detail, "configuration"), "metrics"):
        metric = mapping_of(entry, "metricStat", "metric")
        parts += [{"metric": metric.get("name"), "metric_namespace": metric.get("namespace")}]
        parts += [mapping_of(metric, "dimensions")]
    return _of_alarm(
        document, required(detail, "alarmName"), _first(_arns(document)), status, labels_of(*parts),
        (text_of(mapping_of(detail, "configuration"), "description"), text_of(state, "reason")),
        state.get("timestamp") or document.get("time"),
    )  # fmt: skip


def _of_alarm(
    document: Mapping[str, Any],
    name: str,
    arn: str,
    status: AlertStatus,
    labels: dict[str, str],
    words: tuple[str, str],
    changed_at: Any,
) -> IncomingAlert:
    described, reason = words
    return IncomingAlert(
        provider="aws",
        fingerprint=arn or digest_of((name, labels.get("account", ""), labels.get("region", ""))),
        event_id=text_of(document, "id", limit=100),
        status=status,
        title=name,
        summary=described or reason,
        severity=severity_of(labels.get("severity", "")),
        service=service_of(labels),
        resource=resource_of(labels),
        labels=labels,
        started_at=time_of(changed_at) if status == "firing" else None,
    )


def _event(document: Mapping[str, Any]) -> IncomingAlert:
    """Any other EventBridge event that a rule of the account sends here."""
    detail = document["detail"]
    kind, source = required(document, "detail-type"), text_of(document, "source")
    arns = _arns(document)
    said = text_of(detail, "statusCode", "eventName", "state", "status", "lastStatus")
    labels = labels_of({"source": source, "region": document.get("region"), "account": document.get("account")}, detail)
    code = text_of(detail, "eventArn", "eventTypeCode", "EventID")
    return IncomingAlert(
        provider="aws",
        fingerprint=digest_of((source, kind, code, *arns[:20])),
        event_id=text_of(document, "id", limit=100),
        status="resolved" if said.casefold() in _ENDED else "firing",
        title=f"{kind}: {said}" if said else kind,
        summary=text_of(detail, "Message", "stoppedReason", "reason", "eventTypeCode", "description"),
        severity=severity_of(text_of(detail, "severity", "eventType", "eventTypeCategory")),
        service=service_of(labels),
        resource=_first(arns) if arns else resource_of(labels),
        labels=labels,
        started_at=time_of(document.get("time")),
        links=links_of(detail.get("consoleUrl")),
    )


def _arns(event: Mapping[str, Any]) -> list[str]:
    return [arn for arn in list_of(event, "resources") if isinstance(arn, str)]


def _first(arns: list[str]) -> str:
    return safe_line(arns[0], limit=300).strip() if arns else ""
