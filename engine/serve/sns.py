"""Notifications of Amazon SNS: verified by Amazon's certificate, subscriptions confirmed through the API.

SNS signs inside of the body, so that is decoded first; nothing of it is used before the signature is checked. Neither
`SubscribeURL` nor any other address of a message is ever fetched but the certificate's, whose host must be Amazon's.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from engine.serve.settings import WebhookSettings
from engine.serve.signatures import Delivery, SignatureRefused
from primitives.alert_payloads.model import PayloadProblem
from primitives.alert_payloads.registry import decode_payload
from primitives.alert_times import time_of
from primitives.dataclass import dataclass
from primitives.http_requests import receive

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["Notification", "SnsVerifier", "fetch_certificate"]

_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_CERTIFICATE: Final = re.compile(
    r"https://sns\.(?P<region>[a-z]{2}(?:-[a-z]{2,10}){1,3}-[0-9])\.amazonaws\.com(?:\.cn)?/[A-Za-z0-9_.-]{1,200}\.pem"
)
_LATE_S: Final = 3_600.0
"""SNS tries again for an hour at most, unless its delivery policy says otherwise."""
_AHEAD_S: Final = 300.0
_CERTIFICATE_BYTES: Final = 64 * 1024
_CERTIFICATES: Final = 16
_TIMEOUT_S: Final = 5.0

Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified message. `token` is for a confirmation; `region` is whose certificate signed it."""

    key: str
    kind: str
    topic: str
    region: str
    token: str = ""


class SnsVerifier:
    """Checks signatures; keeps the certificates that it has fetched."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or fetch_certificate
        self._certificates: dict[str, Certificate] = {}

    async def verify(self, delivery: Delivery, settings: WebhookSettings) -> Notification:
        """The verified notification. Raises `SignatureRefused`."""
        message = _message(delivery.body)
        kind, topic = str(message.get("Type")), message.get("TopicArn")
        if kind not in _SIGNED:
            raise SignatureRefused("no type that SNS has")
        if topic not in settings.topics:
            raise SignatureRefused("a topic that is not configured")
        place = _CERTIFICATE.fullmatch(str(message.get("SigningCertURL")))
        if place is None:
            raise SignatureRefused("a certificate that is not Amazon's")
        certificate = await self._certificate(place[0], delivery.received_at)
        _check(message, kind, certificate)
        _check_time(message.get("Timestamp"), delivery.received_at)
        number, token = str(message.get("MessageId")), message.get("Token")
        return Notification(f"sns:{number}", kind, str(topic), place["region"], token if isinstance(token, str) else "")

    async def _certificate(self, url: str, now: datetime) -> Certificate:
        from cryptography import x509

        certificate = self._certificates.get(url)
        if certificate is None:
            try:
                certificate = x509.load_pem_x509_certificate(await self._fetch(url))
            except ValueError:
                raise SignatureRefused("what its certificate's address gives is no certificate") from None
            while len(self._certificates) >= _CERTIFICATES:
                del self._certificates[next(iter(self._certificates))]
            self._certificates[url] = certificate
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            del self._certificates[url]
            raise SignatureRefused("its certificate is not valid now")
        return certificate


async def fetch_certificate(url: str) -> bytes:
    """A certificate of Amazon's. Raises `SignatureRefused` when there is none."""
    import httpx2

    try:
        # Reading the authorities' certificates would hold up the event loop.
        authorities = await asyncio.to_thread(httpx2.create_ssl_context)
        timeout = httpx2.Timeout(_TIMEOUT_S)
        async with httpx2.AsyncClient(verify=authorities, timeout=timeout, follow_redirects=False) as http:
            answer = await receive(http, http.build_request("GET", url), _CERTIFICATE_BYTES)
    except httpx2.HTTPError as error:
        raise SignatureRefused(f"its certificate can't be fetched ({type(error).__name__})") from None
    if answer.status != 200 or answer.cut:
        raise SignatureRefused(f"its certificate can't be fetched (HTTP {answer.status})")
    return answer.body


def _message(body: bytes) -> Mapping[str, Any]:
    try:
        message = decode_payload(body)
    except PayloadProblem as problem:
        raise SignatureRefused(str(problem)) from None
    if not isinstance(message, Mapping):
        raise SignatureRefused("no object")
    return message


def _check(message: Mapping[str, Any], kind: str, certificate: Certificate) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    version = message.get("SignatureVersion")
    if version not in ("1", "2"):
        raise SignatureRefused("an unknown version of the signature")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureRefused("a key that SNS doesn't use")
    try:
        signature = base64.b64decode(str(message.get("Signature")), validate=True)
        # Version 1 is SHA-1, which is weak against collisions; topics can be set to version 2.
        hashed: hashes.HashAlgorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - SNS's own
        key.verify(signature, _signed_text(message, kind), padding.PKCS1v15(), hashed)
    except (InvalidSignature, binascii.Error, ValueError):
        raise SignatureRefused("no signature fits") from None


def _signed_text(message: Mapping[str, Any], kind: str) -> bytes:
    lines = []
    for name in _SIGNED[kind]:
        value = message.get(name)
        if isinstance(value, str):
            lines += [name, value]
        elif value is not None or name != "Subject":
            raise SignatureRefused(f"{name} is no text")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def _check_time(sent: Any, now: datetime) -> None:
    at = time_of(sent)
    if at is None or not -_AHEAD_S <= (now - at).total_seconds() <= _LATE_S:
        raise SignatureRefused("it is late, or our clock is wrong")
