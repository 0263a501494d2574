"""A signed webhook by Standard Webhooks (https://www.standardwebhooks.com): the receiver verifies it with a library.

`webhook-id` is the delivery's key: whoever keeps the keys that it has seen takes each notice once.
"""

from __future__ import annotations

import base64
from typing import Any

import orjson

from engine.notify.notice import Notice
from engine.notify.receiver import Parcel
from engine.notify.receivers.posting import Poster
from engine.notify.wording import markdown, plain_text
from primitives.errors import UsageError

__all__ = ["SignedWebhook"]


class SignedWebhook:
    """See the module. Raises `UsageError` for a secret that can't sign."""

    def __init__(self, url: str, secret: str, poster: Poster, *, place: str) -> None:
        from standardwebhooks.webhooks import Webhook

        self.secrets = (url, secret)
        self._poster = poster
        if not _is_secret(secret):
            raise UsageError(
                f"{place}: its secret is none of Standard Webhooks: expected whsec_ and 24 to 64 bytes in base64"
            )
        self._signer = Webhook(secret)

    async def deliver(self, parcel: Parcel) -> None:
        body = _body(parcel.notice)
        now = self._poster.clock.now()
        headers = {
            "webhook-id": parcel.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(parcel.key, now, body.decode()),
        }
        await self._poster.post(self.secrets[0], content=body, headers=headers)

    def preview(self, notice: Notice, key: str) -> str:
        return f"webhook-id: {key}\n\n{orjson.dumps(_document(notice), option=orjson.OPT_INDENT_2).decode()}"

    async def close(self) -> None:
        await self._poster.close()


def _is_secret(secret: str) -> bool:
    """Whether it is one by the specification; the library would sign with less."""
    encoded = secret.removeprefix("whsec_")
    try:
        return 24 <= len(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)) <= 64
    except ValueError:
        return False


def _document(notice: Notice) -> dict[str, Any]:
    data = notice.model_dump(mode="json") | {"text": plain_text(notice), "markdown": markdown(notice)}
    return {"type": f"incident.{notice.kind}", "timestamp": notice.at.isoformat(), "data": data}


def _body(notice: Notice) -> bytes:
    return orjson.dumps(_document(notice))
