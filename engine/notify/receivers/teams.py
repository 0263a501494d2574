"""Microsoft Teams: an Adaptive Card through a webhook of Workflows.

Text from outside stands only in `TextRun`s: in them Markdown means nothing, while a `TextBlock` reads it
(https://adaptivecards.io/explorer/TextRun.html). A mention needs an entity that no text can make. Workflows has no key
for a message, so a try whose answer got lost is sent again and may show twice.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from engine.notify.notice import Notice, Severity
from engine.notify.receiver import Parcel
from engine.notify.receivers.posting import Poster
from engine.notify.wording import Line, lines_of

__all__ = ["Teams", "card"]

_COLOURS: Final[dict[Severity, str]] = {
    "critical": "Attention", "warning": "Warning", "info": "Accent", "unknown": "Default",
}  # fmt: skip


class Teams:
    """See the module."""

    def __init__(self, url: str, poster: Poster) -> None:
        self.secrets = (url,)
        self._poster = poster

    async def deliver(self, parcel: Parcel) -> None:
        await self._poster.post(
            self.secrets[0], document=_message(parcel.notice), headers={"Idempotency-Key": parcel.key}
        )

    def preview(self, notice: Notice, key: str) -> str:  # noqa: ARG002 - it has no place for a key
        return orjson.dumps(_message(notice), option=orjson.OPT_INDENT_2).decode()

    async def close(self) -> None:
        await self._poster.close()


def card(notice: Notice) -> dict[str, Any]:
    """The Adaptive Card of a notice."""
    title = _runs({"text": notice.title, "weight": "Bolder", "size": "Medium", "color": _COLOURS[notice.severity]})
    body = [title, *(_line(line) for line in lines_of(notice) if line.label != "Link")]
    made: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if notice.link:
        made["actions"] = [{"type": "Action.OpenUrl", "title": "Open the incident", "url": notice.link}]
    return made


def _message(notice: Notice) -> dict[str, Any]:
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": card(notice)}
    return {"type": "message", "attachments": [attachment]}


def _line(line: Line) -> dict[str, Any]:
    label = {"text": f"{line.label}: " if line.text else line.label, "weight": "Bolder"}
    text = {"text": line.text} | ({"fontType": "Monospace"} if line.code else {})
    return _runs(label, text) if line.text else _runs(label)


def _runs(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", **run} for run in runs]}
