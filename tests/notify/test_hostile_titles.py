"""Whatever a title says, no format takes it for markup: no mention, no link, no header, no tag."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_notices import NOON, notice
from markdown_it import MarkdownIt

from engine.notify.notice import Notice, NoticeCause
from engine.notify.receivers.desktop import command_of
from engine.notify.receivers.mail import html, message
from engine.notify.receivers.slack_blocks import blocks, fallback
from engine.notify.receivers.teams import card
from engine.notify.receivers.through_apprise import without_mentions
from engine.notify.settings import EmailSettings
from engine.notify.wording import lines_of, markdown, plain_text
from primitives.clock import ManualClock
from primitives.text import safe_line

TRICKS = (
    "<!channel> <!here|x> <@U123> @here @channel @everyone <https://evil.example|log in>",
    "&lt;!channel&gt; &amp; &#60;b&#62;",
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=javascript:x>",
    "[click](https://evil.example) ![i](https://evil.example/x.png) **b** _i_ `c` ~~s~~ # h | t | <b>",
    "https://evil.example www.evil.example evil@evil.example",
    "{{DATE(2026-01-01T00:00:00Z)}} ${title} <at>everyone</at>",
    "title\r\nBcc: victim@example.org\r\n\r\n<html>",
    "a\u202eb\u200bc \x1b[31mred\x07 ``` ` `` code",
    "1. list\n- item\n> quote\n    code\n---\n| a | b |",
    "\\<b\\> \\*x\\* \\",
    "=?utf-8?q?x?= " + "long " * 200,
)
texts = st.one_of(
    st.sampled_from(TRICKS),
    st.text(max_size=80),
    st.lists(
        st.sampled_from([*"<>&@!*_`~[]()#|{}$\\\"'\r\n:/.=-+ ab", "<!channel>", "http://", "&lt;"]), max_size=40
    ).map("".join),
)


def hostile(text: str) -> Notice:
    """A notice that says `text` in every field; the composer makes texts safe lines, so these are."""
    line = safe_line(text, limit=300).strip() or "x"
    cause = NoticeCause(words=line, confidence=0.5, evidence=(line,))
    return notice(
        title=line, services=(line,), said=line, condition=line, cause=cause, others=(line,), next_step=line,
        command=line, waits=line, open_command=line,
    )  # fmt: skip


def leaves(document: Any) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every text of a JSON document, with the object that it stands in and its key."""
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, str):
                yield document, key, value
            else:
                yield from leaves(value)
    elif isinstance(document, list):
        for item in document:
            yield from leaves(item)


@given(texts)
def test_slack_shows_outside_text_only_where_nothing_is_read_into_it(text: str) -> None:
    told = hostile(text)
    for holder, key, value in leaves(blocks(told)):
        if key == "text":
            assert holder["type"] in ("plain_text", "text"), holder
        else:
            assert value in {told.link, "open"} or value.isidentifier()
        if holder["type"] == "plain_text":
            assert len(value) <= 150
            assert holder["emoji"] is False
    shown = fallback(told)
    assert not set("<>") & set(shown)
    assert shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0


@given(texts)
def test_a_card_has_outside_text_only_in_text_runs(text: str) -> None:
    told = hostile(text)
    for holder, key, value in leaves(card(told)["body"]):
        if key == "text":
            assert holder["type"] == "TextRun"
        else:
            assert value.isalpha()
    kinds = {holder["type"] for holder, _, _ in leaves(card(told)["body"]) if "type" in holder}
    assert kinds == {"RichTextBlock", "TextRun"}


class Tags(HTMLParser):
    """The tags of a document with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(document: str) -> Tags:
    tags = Tags()
    tags.feed(document)
    tags.close()
    return tags


@given(texts)
def test_html_has_the_same_tags_whatever_the_text_says(text: str) -> None:
    told = hostile(text)
    assert parsed(html(told)).tags == parsed(html(hostile("harmless"))).tags
    assert "".join(parsed(html(told)).text).count(told.title) >= 9


SETTINGS = EmailSettings(kind="email", host="mail.example", sender="cloudops@example.org", to=("a@example.org",))


@given(texts)
def test_a_mail_has_the_headers_that_it_should_whatever_the_title_says(text: str) -> None:
    told = hostile(text)
    raw = message(told, "k" * 32, SETTINGS, ManualClock(NOON)).as_bytes()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read.keys() == [
        "Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-CloudOps-Key",
        "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert str(read["To"]) == "a@example.org"
    assert [part.get_content_type() for part in read.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert told.title in read.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@given(texts)
def test_markdown_shows_outside_text_as_it_is(text: str) -> None:
    told = hostile(text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown(told))
    kinds = {token.type for token in tokens}
    assert kinds == {
        "paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close", "list_item_open",
        "list_item_close",
    }  # fmt: skip
    inside = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inside} <= {"text", "strong_open", "strong_close", "code_inline", "text_special"}
    labels = sum(child.type == "strong_open" for child in inside)
    assert labels == 1 + len(lines_of(told))
    shown = "".join(child.content for child in inside)
    assert shown.count(told.title) >= 9


@pytest.mark.parametrize("text", TRICKS)
def test_markdown_has_no_bare_mention_or_address(text: str) -> None:
    written = markdown(hostile(text).model_copy(update={"command": "", "open_command": "", "link": ""}))
    assert "@" not in written
    assert "://" not in written


@given(texts)
def test_plain_text_for_chats_calls_nobody(text: str) -> None:
    shown = without_mentions(plain_text(hostile(text)))
    for sign in ("@", "<"):
        assert all(after.startswith(" ") for after in shown.split(sign)[1:])


def test_the_desktop_gets_arguments_and_no_shell(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "notify-send"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = command_of(notice(title="--help; rm -rf /", said="<b>bold</b> & <a href=x>"))
    assert command == [
        str(program), "--app-name=CloudOps", "--urgency=critical", "--", "--help; rm -rf /",
        "Investigation finished. &lt;b&gt;bold&lt;/b&gt; &amp; &lt;a href=x&gt;",
    ]  # fmt: skip
