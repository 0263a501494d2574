"""Amazon SQS and SNS: queues with their redrive policies, and who is subscribed to which topic.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from primitives.backends.aws.fields import mapping, text
from primitives.backends.aws.look import Look

__all__ = ["read"]

_MOST: Final = 150
_KEYS: Final = ("VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "DelaySeconds",
                "ReceiveMessageWaitTimeSeconds", "RedrivePolicy", "FifoQueue", "KmsMasterKeyId")  # fmt: skip


async def read(look: Look) -> None:
    """Queues, and the topics that fill them."""
    urls, subscriptions = await asyncio.gather(
        look.list("sqs", "ListQueues", "QueueUrls", most=_MOST),
        look.list("sns", "ListSubscriptions", "Subscriptions", most=500),
    )
    await asyncio.gather(*(_queue(look, url) for url in urls if isinstance(url, str)))
    for subscription in subscriptions:
        topic, endpoint = text(subscription, "TopicArn"), text(subscription, "Endpoint")
        if text(subscription, "Protocol") in ("sqs", "lambda"):
            look.add_resource(topic, "topic")
            look.add_edge(topic, endpoint, "writes")


async def _queue(look: Look, url: str) -> None:
    answer = await look.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
    attributes = mapping(answer, "Attributes")
    arn = text(attributes, "QueueArn")
    look.add_resource(arn, "queue", queue_url=url)
    document = {key: _parsed(str(attributes[key])) for key in _KEYS if key in attributes}
    look.add_snapshot(arn, "queue", document, _changed(attributes))


def _changed(attributes: Mapping[str, Any]) -> datetime | None:
    stamp = text(attributes, "LastModifiedTimestamp")
    try:
        return datetime.fromtimestamp(float(stamp), UTC) if stamp else None
    except (ValueError, OverflowError, OSError):
        return None


def _parsed(value: str) -> Any:
    """A policy is JSON in a text."""
    try:
        return json.loads(value) if value.startswith("{") else value
    except (ValueError, RecursionError):
        return value
