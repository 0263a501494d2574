"""Slack by its documented methods, on a fake: one message an incident, edited, with a thread. Never the real Slack."""

from __future__ import annotations

import pytest
from fake_receivers import Answer, FakeSlack, serving
from made_notices import NOON, notice

from engine.notify.notice import Notice
from engine.notify.receiver import Parcel, RefusedForGood, TryLater
from engine.notify.receivers.opening import open_receiver
from engine.notify.settings import SlackSettings
from primitives.clock import ManualClock
from primitives.errors import UsageError
from primitives.outgoing import OutgoingGuard, OutgoingRefused

TOKEN = {"CLOUDOPS_SLACK_TOKEN": "xoxb-made-up"}


class Channel:
    """A fake channel and a receiver for it; what one delivery keeps the next one has."""

    def __init__(self, url: str, timeout_s: float = 10.0, environ: dict[str, str] = TOKEN) -> None:
        settings = SlackSettings(kind="slack", channel="C0123456789", api=f"{url}/api")
        self.receiver = open_receiver("chat", settings, environ, ManualClock(NOON), OutgoingGuard(["127.0.0.1"]))
        self.receiver._poster.timeout_s = timeout_s  # type: ignore[attr-defined]
        self.thread: dict[str, object] = {}

    async def deliver(self, told: Notice, key: str, *, again: bool = False) -> None:
        parcel = Parcel(told, key, again, {}, dict(self.thread))
        try:
            await self.receiver.deliver(parcel)
        finally:
            self.thread = parcel.thread
            await self.receiver.close()


async def test_an_incident_has_one_message_that_is_edited_and_a_reply_for_each_further_notice() -> None:
    slack = FakeSlack()
    async with serving(slack) as server:
        channel = Channel(server.url)
        await channel.deliver(notice(kind="opened"), "k1")
        await channel.deliver(notice(kind="concluded"), "k2")
        await channel.deliver(notice(kind="recovered"), "k3")
    (root,) = slack.roots
    assert root["edits"] == 2
    assert [reply["thread_ts"] for reply in slack.replies] == [root["ts"]] * 2
    assert [reply["metadata"]["event_payload"]["key"] for reply in slack.replies] == ["k2", "k3"]
    button = root["blocks"][-1]["elements"][0]
    assert button["url"] == "https://cockpit.example/exec-3f9a1c20"
    assert "value" not in button


@pytest.mark.parametrize("first", ["opened", "concluded"])
async def test_a_message_whose_answer_got_lost_is_found_and_not_posted_twice(first: str) -> None:
    slack = FakeSlack()
    async with serving(slack) as server:
        channel = Channel(server.url, timeout_s=0.5)
        if first == "concluded":
            await channel.deliver(notice(kind="opened"), "k1")
        slack.lost = 1
        with pytest.raises(TryLater, match=r"no answer within 0\.5 s"):
            await channel.deliver(notice(kind=first), "k2")
        await channel.deliver(notice(kind=first), "k2", again=True)
    keys = [message["metadata"]["event_payload"]["key"] for message in slack.messages.values()]
    assert keys == (["k1", "k2"] if first == "concluded" else ["k2"])


async def test_a_bot_that_may_not_read_posts_again() -> None:
    slack = FakeSlack()
    slack.may_read = False
    async with serving(slack) as server:
        await Channel(server.url).deliver(notice(), "k1", again=True)
    assert len(slack.roots) == 1


async def test_an_edited_message_that_somebody_deleted_is_posted_anew() -> None:
    slack = FakeSlack()
    async with serving(slack) as server:
        channel = Channel(server.url)
        await channel.deliver(notice(kind="opened"), "k1")
        slack.messages.clear()
        await channel.deliver(notice(kind="concluded"), "k2")
        await channel.deliver(notice(kind="recovered"), "k3")
    (root,) = slack.roots
    assert root["edits"] == 1
    assert len(slack.replies) == 1


@pytest.mark.parametrize(
    ("answer", "wait_s", "pause"),
    [
        (Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}), 30.0, True),
        (Answer(200, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"}), 7.0, True),
        (Answer(503, b"<html>", {"Retry-After": "Tue, 10 Mar 2026 12:01:00 GMT"}), 60.0, False),
        (Answer(200, {"ok": False, "error": "internal_error"}), None, False),
        (Answer(200, b"<html>a proxy</html>"), None, False),
        (Answer(200, []), None, False),
    ],
)
async def test_what_passes_is_tried_later(answer: Answer, wait_s: float | None, pause: bool) -> None:
    slack = FakeSlack()
    slack.answers = [answer]
    async with serving(slack) as server:
        with pytest.raises(TryLater) as later:
            await Channel(server.url).deliver(notice(), "k1")
    assert (later.value.wait_s, later.value.pause) == (wait_s, pause)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not_in_channel", "invite the bot"), ("channel_not_found", "check the channel's id"),
        ("token_revoked", "give a new token"), ("<script>\x1b[31m", "see its documentation"),
    ],
)  # fmt: skip
async def test_what_somebody_has_to_change_is_refused_with_advice(error: str, words: str) -> None:
    slack = FakeSlack()
    slack.answers = [Answer(200, {"ok": False, "error": error})]
    async with serving(slack) as server:
        with pytest.raises(RefusedForGood, match=words) as refused:
            await Channel(server.url).deliver(notice(), "k1")
    assert "\x1b" not in str(refused.value)


async def test_loopback_is_refused_unless_it_is_allowed_by_name() -> None:
    settings = SlackSettings(kind="slack", channel="C0123456789", api="http://127.0.0.1:1/api")
    receiver = open_receiver("chat", settings, TOKEN, ManualClock(NOON), OutgoingGuard())
    with pytest.raises(OutgoingRefused, match="this machine itself"):
        await receiver.deliver(Parcel(notice(), "k1"))
    await receiver.close()


async def test_nobody_listens() -> None:
    with pytest.raises(TryLater, match="Slack can't be reached"):
        await Channel("http://127.0.0.1:1").deliver(notice(), "k1")


def test_a_token_that_is_not_set_is_said_with_its_variable() -> None:
    with pytest.raises(UsageError, match=r"notifications.receivers.chat: .* CLOUDOPS_SLACK_TOKEN isn't set"):
        Channel("http://x", environ={})


async def test_an_incoming_webhook_gets_a_message_a_notice() -> None:
    settings = SlackSettings(kind="slack", url_variable="HOOK")
    async with serving(lambda asked: Answer(200, b"ok")) as server:
        receiver = open_receiver(
            "chat", settings, {"HOOK": f"{server.url}/services/T/B/x"}, ManualClock(NOON), OutgoingGuard(["127.0.0.1"])
        )
        await receiver.deliver(Parcel(notice(), "k1"))
        await receiver.close()
    (asked,) = server.asked
    assert asked.path == "/services/T/B/x"
    assert set(asked.json) == {"text", "blocks", "unfurl_links", "unfurl_media"}
