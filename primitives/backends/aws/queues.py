"""SQS queues that alarms come through, and confirmations of SNS subscriptions. Blocking: call it in a thread."""

from __future__ import annotations

from typing import Any, Final

from primitives.backends.aws.access import method_name, open_session
from primitives.backends.aws.failures import explain
from primitives.dataclass import dataclass

__all__ = ["Queue", "QueueMessage", "confirm_sns_subscription"]

_CONNECT_S: Final = 3.0
_WAIT_S: Final = 10
_BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message; `receipt` deletes it."""

    number: str
    receipt: str
    body: str


class Queue:
    """A queue that is asked by long polling. Raises `SourceError`."""

    def __init__(self, url: str, *, region: str = "", profile: str = "", endpoint_url: str = "") -> None:
        self._url, self._region, self._profile, self._endpoint = url, region, profile, endpoint_url
        self._client: Any = None

    def receive(self, wait_s: int = _WAIT_S) -> list[QueueMessage]:
        """The messages that came, waiting up to `wait_s` for them; other readers don't get them for 60 s."""
        answer = self._call(
            "ReceiveMessage", QueueUrl=self._url, MaxNumberOfMessages=_BATCH, WaitTimeSeconds=wait_s,
            VisibilityTimeout=60,
        )  # fmt: skip
        messages = answer.get("Messages") or []
        return [QueueMessage(each["MessageId"], each["ReceiptHandle"], each["Body"]) for each in messages]

    def delete(self, messages: list[QueueMessage]) -> None:
        """Delete messages that are stored elsewhere by now."""
        entries = [{"Id": str(at), "ReceiptHandle": each.receipt} for at, each in enumerate(messages)]
        if entries:
            self._call("DeleteMessageBatch", QueueUrl=self._url, Entries=entries)

    def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            self._client.close()

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        try:
            if self._client is None:
                self._client = _client("sqs", self._region, self._profile, self._endpoint)
            answer: dict[str, Any] = getattr(self._client, method_name(operation))(**params)
        except Exception as error:  # botocore raises dozens of kinds.
            raise explain(error, "sqs", f"sqs:{operation}", self._profile) from None
        return answer


def confirm_sns_subscription(topic: str, token: str, region: str, endpoint_url: str = "") -> None:
    """Confirm a subscription. The token is its own proof, so the call needs no credentials."""
    client = _client("sns", region, "", endpoint_url, unsigned=True)
    try:
        client.confirm_subscription(TopicArn=topic, Token=token)
    finally:
        client.close()


def _client(service: str, region: str, profile: str, endpoint_url: str, *, unsigned: bool = False) -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config

    options: dict[str, Any] = {"signature_version": UNSIGNED} if unsigned else {}
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_WAIT_S + 10,
        retries={"mode": "standard", "total_max_attempts": 3},
        user_agent_extra="cloudops",
        **options,
    )
    return open_session(profile).create_client(
        service, region_name=region or None, endpoint_url=endpoint_url or None, config=config
    )
