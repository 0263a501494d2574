"""Deliveries are verified by their raw bodies: published vectors, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from engine.serve.settings import WebhookSettings
from engine.serve.signatures import Delivery, SignatureRefused, verify
from engine.serve.sns import SnsVerifier

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
SECRET = b"a secret of enough letters"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
_GIVEN = {"secret_variables": ("IT",)}


def webhook(provider: str, **fields: Any) -> WebhookSettings:
    return WebhookSettings(provider=provider, **{**_GIVEN, **fields})


def delivery(body: bytes, headers: dict[str, str], at: datetime = NOW) -> Delivery:
    return Delivery({name.casefold(): value for name, value in headers.items()}, body, at)


def signed(body: bytes, secret: bytes = SECRET) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_the_vector_of_githubs_documentation() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    came = delivery(b"Hello, World!", {"X-Hub-Signature-256": signature})
    assert verify(came, webhook("github"), [b"It's a Secret to Everybody"])


def test_the_vector_of_the_standard_webhooks_specification() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    came = delivery(b'{"test": 2432232314}', headers, datetime.fromtimestamp(1614265330, UTC))
    secret = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert verify(came, webhook("standard"), [secret]).startswith("id:")
    for seconds, words in ((301, "late"), (-301, "late")):
        with pytest.raises(SignatureRefused, match=words):
            verify(
                Delivery(came.headers, came.body, came.received_at + timedelta(seconds=seconds)),
                webhook("standard"),
                [secret],
            )
    with pytest.raises(SignatureRefused, match="no signature fits"):
        verify(
            Delivery({**came.headers, "webhook-id": "msg_other"}, came.body, came.received_at),
            webhook("standard"),
            [secret],
        )
    for odd in ("v1", "v1,?", "v2,x v1,y", "ü"):
        with pytest.raises(SignatureRefused):
            verify(
                Delivery({**came.headers, "webhook-signature": odd}, came.body, came.received_at),
                webhook("standard"),
                [secret],
            )


_BODY = b'{"event": 1}'
_SENT = str(int(NOW.timestamp()))
_GENUINE: dict[str, tuple[WebhookSettings, dict[str, str]]] = {
    "pagerduty": (webhook("pagerduty"), {"X-PagerDuty-Signature": f"v1={'0' * 64},v1={signed(_BODY)}"}),
    "grafana": (webhook("grafana"), {"X-Grafana-Alerting-Signature": signed(_BODY)}),
    "grafana with a time": (
        webhook("grafana", timestamp_header="X-Time"),
        {"X-Time": _SENT, "X-Grafana-Alerting-Signature": signed(_SENT.encode() + b":" + _BODY)},
    ),
    "github": (webhook("github"), {"X-Hub-Signature-256": f"sha256={signed(_BODY)}"}),
    "sentry": (webhook("sentry"), {"Sentry-Hook-Signature": signed(_BODY)}),
    "alertmanager": (webhook("alertmanager"), {"Authorization": f"Bearer {SECRET.decode()}"}),
    "datadog": (webhook("datadog"), {"Authorization": f"Bearer {SECRET.decode()}"}),
    "opsgenie": (webhook("opsgenie"), {"Authorization": f"bearer {SECRET.decode()}"}),
}  # fmt: skip


@pytest.mark.parametrize("name", _GENUINE)
def test_a_genuine_delivery_is_taken_with_any_of_the_secrets(name: str) -> None:
    settings, headers = _GENUINE[name]
    key = verify(delivery(_BODY, headers), settings, [b"an older secret it had", SECRET])
    assert verify(delivery(_BODY, headers), settings, [SECRET]) == key
    later = verify(delivery(_BODY, headers, NOW + timedelta(seconds=1)), settings, [SECRET])
    assert (later == key) == (settings.verification != "bearer")


@pytest.mark.parametrize("name", _GENUINE)
def test_without_the_header_or_with_another_secret_it_is_refused(name: str) -> None:
    settings, headers = _GENUINE[name]
    with pytest.raises(SignatureRefused):
        verify(delivery(_BODY, {}), settings, [SECRET])
    with pytest.raises(SignatureRefused):
        verify(delivery(_BODY, headers), settings, [b"another secret altogether"])


@pytest.mark.parametrize("name", [name for name in _GENUINE if name not in ("alertmanager", "datadog", "opsgenie")])
def test_a_changed_body_or_signature_is_refused(name: str) -> None:
    settings, headers = _GENUINE[name]
    with pytest.raises(SignatureRefused):
        verify(delivery(_BODY + b" ", headers), settings, [SECRET])
    for header, value in headers.items():
        changed = value[:-1] + ("0" if value[-1] != "0" else "1")
        with pytest.raises(SignatureRefused):
            verify(delivery(_BODY, {**headers, header: changed}), settings, [SECRET])


def test_a_late_one_with_a_signed_time_is_refused() -> None:
    settings, headers = _GENUINE["grafana with a time"]
    with pytest.raises(SignatureRefused, match="late"):
        verify(delivery(_BODY, headers, NOW + timedelta(minutes=6)), settings, [SECRET])
    with pytest.raises(SignatureRefused):
        verify(delivery(_BODY, {**headers, "X-Time": str(int(NOW.timestamp()) + 1)}), settings, [SECRET])


def test_other_versions_and_crowds_of_signatures_do_not_count() -> None:
    settings = webhook("pagerduty")
    many = ",".join([f"v1={'0' * 64}"] * 20 + [f"v1={signed(_BODY)}"])
    for value in (f"v2={signed(_BODY)}", signed(_BODY), many):
        with pytest.raises(SignatureRefused):
            verify(delivery(_BODY, {"X-PagerDuty-Signature": value}), settings, [SECRET])


_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abc.pem"


def certificate(begins: datetime = NOW - timedelta(days=1)) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=30))
        .sign(_KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def sns_message(version: str = "2", **fields: Any) -> dict[str, Any]:
    """A signed message as the SNS documentation describes it."""
    message = {
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC,
        "Subject": "ALARM", "Message": "{}", "Timestamp": "2026-03-10T14:44:30.000Z", "SignatureVersion": version,
        "SigningCertURL": _CERTIFICATE, **fields,
    }  # fmt: skip
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    if message["Type"] != "Notification":
        names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None)
    how = hashes.SHA256() if version == "2" else hashes.SHA1()
    message["Signature"] = base64.b64encode(_KEY.sign(text.encode(), padding.PKCS1v15(), how)).decode()
    return {name: value for name, value in message.items() if value is not None}


async def _fetched(url: str) -> bytes:
    assert url == _CERTIFICATE
    return certificate()


async def verified(message: dict[str, Any], at: datetime = NOW, fetch: Callable[[str], Any] = _fetched) -> Any:
    settings = WebhookSettings(provider="aws", topics=(TOPIC,))
    return await SnsVerifier(fetch).verify(delivery(json.dumps(message).encode(), {}, at), settings)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["ALARM", None])
async def test_a_notification_of_sns_is_taken(version: str, subject: str | None) -> None:
    notification = await verified(sns_message(version, Subject=subject))
    assert (notification.kind, notification.key) == ("Notification", "sns:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324")


async def test_a_confirmation_brings_its_token_and_region() -> None:
    message = sns_message(
        Type="SubscriptionConfirmation", Token="2336412f37", SubscribeURL="https://x.example/", Subject=None
    )
    notification = await verified(message)
    assert (notification.kind, notification.token, notification.region) == (
        "SubscriptionConfirmation",
        "2336412f37",
        "eu-west-1",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "{ }"},
        {"Subject": "OK"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"TopicArn": TOPIC + "2"},
        {"Type": "Other"},
        {"Message": 1},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/a.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem"},
        {"SigningCertURL": "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem?x=https://evil.example/"},
        {"SigningCertURL": "https://s3.eu-west-1.amazonaws.com/bucket/a.pem"},
    ],
)
async def test_a_changed_message_is_refused_and_no_other_host_is_asked(change: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        await verified({**sns_message(), **change})


@pytest.mark.parametrize("after", [timedelta(hours=1, minutes=1), timedelta(minutes=-6)])
async def test_a_late_message_is_refused(after: timedelta) -> None:
    with pytest.raises(SignatureRefused, match="late"):
        await verified(sns_message(), NOW + after)


async def test_a_certificate_that_is_over_or_none_is_refused() -> None:
    async def old(_: str) -> bytes:
        return certificate(NOW - timedelta(days=60))

    async def none(_: str) -> bytes:
        return b"<html>"

    with pytest.raises(SignatureRefused, match="not valid now"):
        await verified(sns_message(), fetch=old)
    with pytest.raises(SignatureRefused, match="no certificate"):
        await verified(sns_message(), fetch=none)
