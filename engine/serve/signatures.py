"""Whether a delivery is from whom it claims to be from, by its raw body; nothing is parsed before.

https://developer.pagerduty.com/docs/verifying-webhook-signatures, https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries,
https://docs.sentry.io/organization/integrations/integration-platform/webhooks/, https://www.standardwebhooks.com,
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from engine.serve.settings import WebhookSettings
from primitives.dataclass import dataclass

__all__ = ["TOLERANCE_S", "Delivery", "SignatureRefused", "verify"]

TOLERANCE_S: Final = 300.0
"""How far a signed time may be from ours, as Standard Webhooks and most providers' own libraries have it."""

_MOST_SIGNATURES: Final = 16
_LONGEST_HEADER: Final = 4_096


class SignatureRefused(Exception):
    """The delivery is not genuine; the text is for our log, never for the sender."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came in. `headers` have their names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str:
        """A header that has to be there. Raises `SignatureRefused`."""
        value = self.headers.get(name, "")
        if not value or len(value) > _LONGEST_HEADER:
            raise SignatureRefused(f"no usable header {name}")
        return value


def verify(delivery: Delivery, settings: WebhookSettings, secrets: Sequence[bytes]) -> str:
    """The delivery's key: the same key is the same delivery again. Raises `SignatureRefused`.

    It is made only of what the signature covers. A bearer token covers nothing, and a simple sender has the same words
    for the next outage: there every delivery counts, and what is repeated changes nothing when it is folded.
    """
    return _WAYS[settings.verification](delivery, settings, secrets)


def _bearer(delivery: Delivery, _: WebhookSettings, secrets: Sequence[bytes]) -> str:
    scheme, _space, token = delivery.header("authorization").partition(" ")
    if scheme.casefold() != "bearer" or not _matches(token.strip().encode(), secrets):
        raise SignatureRefused("another bearer token")
    return _each(delivery)


def _certificate(delivery: Delivery, _: WebhookSettings, __: Sequence[bytes]) -> str:
    # The handshake is over: without a certificate of the authority there is no request.
    return _each(delivery)


def _pagerduty(delivery: Delivery, _: WebhookSettings, secrets: Sequence[bytes]) -> str:
    signatures = delivery.header("x-pagerduty-signature").split(",")[:_MOST_SIGNATURES]
    given = [part.strip().removeprefix("v1=") for part in signatures if part.strip().startswith("v1=")]
    return _checked(delivery, given, secrets)


def _github(delivery: Delivery, _: WebhookSettings, secrets: Sequence[bytes]) -> str:
    signature = delivery.header("x-hub-signature-256")
    return _checked(delivery, [signature.removeprefix("sha256=")] if signature.startswith("sha256=") else [], secrets)


def _sentry(delivery: Delivery, _: WebhookSettings, secrets: Sequence[bytes]) -> str:
    return _checked(delivery, [delivery.header("sentry-hook-signature")], secrets)


def _grafana(delivery: Delivery, settings: WebhookSettings, secrets: Sequence[bytes]) -> str:
    signature = delivery.header("x-grafana-alerting-signature")
    if not settings.timestamp_header:
        return _checked(delivery, [signature], secrets)
    sent = delivery.header(settings.timestamp_header.casefold())
    key = _checked(delivery, [signature], secrets, prefix=sent.encode() + b":")
    _check_time(sent, delivery.received_at)
    return key


def _standard(delivery: Delivery, _: WebhookSettings, secrets: Sequence[bytes]) -> str:
    from standardwebhooks import Webhook

    number, sent = delivery.header("webhook-id"), delivery.header("webhook-timestamp")
    at = _check_time(sent, delivery.received_at)
    signatures = delivery.header("webhook-signature").split(" ")[:_MOST_SIGNATURES]
    try:
        # Our own clock, and no JSON before the check: so the library signs, and the comparison is ours.
        wanted = [Webhook(secret.decode()).sign(number, at, delivery.body.decode()).encode() for secret in secrets]
    except (ValueError, RuntimeError) as error:
        raise SignatureRefused(f"it can't be signed ({type(error).__name__})") from None
    if not any(_matches(signature.encode(), wanted) for signature in signatures):
        raise SignatureRefused("no signature fits")
    return f"id:{hashlib.sha256(number.encode()).hexdigest()}"


def _checked(delivery: Delivery, given: Sequence[str], secrets: Sequence[bytes], prefix: bytes = b"") -> str:
    wanted = [hmac.new(secret, prefix + delivery.body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    if not any(_matches(signature.encode(), wanted) for signature in given):
        raise SignatureRefused("no signature fits")
    return f"body:{hashlib.sha256(delivery.body).hexdigest()}"


def _matches(given: bytes, wanted: Sequence[bytes]) -> bool:
    """Whether it is one of `wanted`; all are compared, so that time tells nothing."""
    return sum(hmac.compare_digest(given, each) for each in wanted) > 0


def _check_time(sent: str, now: datetime) -> datetime:
    """A signed time in seconds since 1970. Raises `SignatureRefused` when it is late or of the future."""
    if not (sent.isascii() and sent.isdigit() and len(sent) < 12):
        raise SignatureRefused("its time is no number")
    at = datetime.fromtimestamp(int(sent), UTC)
    if abs((now - at).total_seconds()) > TOLERANCE_S:
        raise SignatureRefused("it is late, or our clock is wrong")
    return at


def _each(delivery: Delivery) -> str:
    return f"body:{hashlib.sha256(delivery.body).hexdigest()}:{delivery.received_at.timestamp()}"


_WAYS: Final[Mapping[str, Callable[[Delivery, WebhookSettings, Sequence[bytes]], str]]] = {
    "bearer": _bearer,
    "certificate": _certificate,
    "github": _github,
    "grafana": _grafana,
    "pagerduty": _pagerduty,
    "sentry": _sentry,
    "standard": _standard,
}
