"""Confirms an SNS subscription by the API; the `SubscribeURL` of a message is never fetched."""

from __future__ import annotations

import asyncio

from engine.serve.sns import Notification
from primitives.backends.aws.queues import confirm_sns_subscription

__all__ = ["confirm_subscription"]


async def confirm_subscription(notification: Notification) -> None:
    """Confirm with the token that a verified message brought. Raises what the SDK raises."""
    await asyncio.to_thread(confirm_sns_subscription, notification.topic, notification.token, notification.region)
