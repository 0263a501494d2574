"""Slack: one message an incident, edited as it goes, with what happened in its thread.

With a bot's token the message is posted once (`chat.postMessage`), then edited (`chat.update`); each further notice is
also a reply. Each message carries its key as metadata: where a try ended without an answer, the message is looked for
before it is posted again. An incoming webhook can do none of this: there each notice is a message.
Source: https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from engine.notify.notice import Notice
from engine.notify.receiver import Parcel, RefusedForGood, TryLater
from engine.notify.receivers.posting import Poster, failure, retry_after
from engine.notify.receivers.slack_blocks import blocks, detail_blocks, fallback
from engine.notify.settings import SlackSettings
from primitives.text import safe_line

__all__ = ["SlackBot", "SlackWebhook"]

_EVENT: Final = "cloudops_notice"
_LATER: Final = frozenset({
    "ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "team_added_to_org", "message_limit_exceeded", "update_failed",
})  # fmt: skip
_GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
_CANT_LOOK: Final = frozenset({"missing_scope", "not_allowed_token_type", "method_not_supported_for_channel_type"})
_MOST_LOOKED_AT: Final = 200
_ADVICE: Final = {
    "not_in_channel": "invite the bot into the channel",
    "channel_not_found": "check the channel's id, and that the bot may see it",
    "invalid_auth": "check the token",
    "token_revoked": "give a new token",
    "missing_scope": "give the bot the scope chat:write",
    "is_archived": "choose another channel",
}


class _SlackError(Exception):
    """Slack answered `ok: false`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class SlackBot:
    """See the module."""

    def __init__(self, settings: SlackSettings, token: str, poster: Poster) -> None:
        assert settings.channel is not None
        self.secrets = (token,)
        self._channel = settings.channel
        self._api = settings.api.rstrip("/")
        self._poster = poster

    async def deliver(self, parcel: Parcel) -> None:
        try:
            await self._main(parcel)
            if parcel.thread["first"] != parcel.key:
                await self._reply(parcel)
        except _SlackError as error:
            raise _meaning(error.error) from None

    def preview(self, notice: Notice, key: str) -> str:
        message = self._message(notice, key)
        return orjson.dumps(message, option=orjson.OPT_INDENT_2).decode()

    async def close(self) -> None:
        await self._poster.close()

    async def _main(self, parcel: Parcel) -> None:
        """Post the incident's message, or edit it."""
        thread = parcel.thread
        if "ts" in thread:
            try:
                await self._call("chat.update", self._message(parcel.notice, thread["first"]) | {"ts": thread["ts"]})
            except _SlackError as error:
                if error.error not in _GONE:
                    raise
                # Somebody deleted it: the incident gets a new one.
                thread.pop("ts")
                parcel.progress.pop("replied", None)
                await self._post_main(parcel)
        else:
            await self._post_main(parcel)

    async def _post_main(self, parcel: Parcel) -> None:
        thread = parcel.thread
        ts = await self._posted(parcel.key) if parcel.again else None
        if ts is None:
            ts = (await self._call("chat.postMessage", self._message(parcel.notice, parcel.key)))["ts"]
        thread["ts"], thread["first"] = ts, parcel.key
        await parcel.save()

    async def _reply(self, parcel: Parcel) -> None:
        if parcel.progress.get("replied"):
            return
        ts = parcel.thread["ts"]
        if parcel.again and await self._posted(parcel.key, thread=ts) is not None:
            return
        message = self._message(parcel.notice, parcel.key) | {
            "thread_ts": ts,
            "blocks": detail_blocks(parcel.notice),
            # Who hears nothing of threads hears that nobody answered.
            "reply_broadcast": parcel.notice.kind == "escalated",
        }
        try:
            await self._call("chat.postMessage", message)
        except _SlackError as error:
            if error.error not in _GONE:
                raise

    async def _posted(self, key: str, thread: str | None = None) -> str | None:
        """The message that an earlier try posted; None where there is none, or the bot may not read the channel."""
        method = "conversations.replies" if thread else "conversations.history"
        asked = {"channel": self._channel, "limit": _MOST_LOOKED_AT, "include_all_metadata": True}
        try:
            answer = await self._call(method, asked | ({"ts": thread} if thread else {}))
        except _SlackError as error:
            if error.error in _CANT_LOOK:
                return None
            raise
        for message in answer.get("messages", ()):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == _EVENT and metadata.get("event_payload", {}).get("key") == key:
                return str(message["ts"])
        return None

    def _message(self, notice: Notice, key: str) -> dict[str, Any]:
        return {
            "channel": self._channel,
            "text": fallback(notice),
            "blocks": blocks(notice),
            "metadata": {"event_type": _EVENT, "event_payload": {"key": key}},
            "unfurl_links": False,
            "unfurl_media": False,
        }

    async def _call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        poster = self._poster
        headers = {"Authorization": f"Bearer {self.secrets[0]}", "Content-Type": "application/json; charset=utf-8"}
        if method.startswith("conversations."):
            # These methods take their arguments as a form only.
            from urllib.parse import urlencode

            form = urlencode(
                {name: str(value).lower() if value is True else value for name, value in arguments.items()}
            )
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = await poster.request("POST", f"{self._api}/{method}", content=form.encode(), headers=headers)
        else:
            answer = await poster.request("POST", f"{self._api}/{method}", document=arguments, headers=headers)
        if answer.status != 200:
            raise failure("Slack", answer, poster.clock.now())
        try:
            document = orjson.loads(answer.body)
            ok = bool(document["ok"])
        except (ValueError, KeyError, TypeError):
            raise TryLater("Slack's answer can't be read") from None
        if not ok:
            error = safe_line(str(document.get("error", "no reason")), limit=60)
            if error == "ratelimited":
                wait_s = retry_after(answer, poster.clock.now())
                raise TryLater("Slack asks for fewer requests", wait_s, pause=True)
            raise _SlackError(error)
        return dict(document)


class SlackWebhook:
    """An incoming webhook: a message a notice."""

    def __init__(self, url: str, poster: Poster) -> None:
        self.secrets = (url,)
        self._poster = poster

    async def deliver(self, parcel: Parcel) -> None:
        await self._poster.post(self.secrets[0], document=self._message(parcel.notice))

    def preview(self, notice: Notice, key: str) -> str:  # noqa: ARG002 - a webhook takes no key
        return orjson.dumps(self._message(notice), option=orjson.OPT_INDENT_2).decode()

    async def close(self) -> None:
        await self._poster.close()

    def _message(self, notice: Notice) -> dict[str, Any]:
        return {"text": fallback(notice), "blocks": blocks(notice), "unfurl_links": False, "unfurl_media": False}


def _meaning(error: str) -> TryLater | RefusedForGood:
    if error in _LATER:
        return TryLater(f"Slack failed ({error})")
    return RefusedForGood(f"Slack refused it ({error}): {_ADVICE.get(error, 'see its documentation')}")
