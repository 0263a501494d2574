"""A notice as Slack's blocks.

Text from outside stands only in elements that Slack shows as they are: `plain_text`, and the `text` elements of rich
text, in which neither `<!channel>` nor `@here` nor `*` means anything
(https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). The fallback text is mrkdwn: there `&`, `<` and `>`
are escaped (https://docs.slack.dev/messaging/formatting-message-text), which takes away every mention and link.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final

from engine.notify.notice import Notice
from engine.notify.wording import Line, lines_of

__all__ = ["blocks", "detail_blocks", "fallback"]

_LONGEST_HEADER: Final = 150
_SIGNS: Final = {"critical": "🔴", "warning": "🟠", "info": "🔵", "unknown": "⚪"}

Block = dict[str, Any]


def blocks(notice: Notice) -> list[Block]:
    """The message of an incident: its title, and what is known by now."""
    title = f"{_SIGNS[notice.severity]} {notice.title}"
    header = {"type": "header", "text": {"type": "plain_text", "text": title[:_LONGEST_HEADER], "emoji": False}}
    return [header, *detail_blocks(notice)]


def detail_blocks(notice: Notice) -> list[Block]:
    """What is known by now, without the title."""
    lines = [line for line in lines_of(notice) if line.label != "Link"]
    rich = {"type": "rich_text", "elements": [_section(line) for line in lines]}
    return [rich, _button(notice.link)] if notice.link else [rich]


def fallback(notice: Notice) -> str:
    """What a notification on a phone shows."""
    said = f": {notice.said}" if notice.said else ""
    # Without `<` and `&` mrkdwn has no mention and no link; text in bold by a `*` is harmless.
    return escape(f"{notice.title} - {notice.heading}{said}", quote=False)


def _section(line: Line) -> Block:
    label = {"type": "text", "text": f"{line.label}: " if line.text else line.label, "style": {"bold": True}}
    if not line.text:
        return {"type": "rich_text_section", "elements": [label, _text("\n")]}
    text = _text(line.text) | ({"style": {"code": True}} if line.code else {})
    return {"type": "rich_text_section", "elements": [label, text, _text("\n")]}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _button(link: str) -> Block:
    """A link and nothing else: nothing is confirmed or approved from a chat."""
    text = {"type": "plain_text", "text": "Open the incident", "emoji": False}
    return {"type": "actions", "elements": [{"type": "button", "text": text, "url": link, "action_id": "open"}]}
