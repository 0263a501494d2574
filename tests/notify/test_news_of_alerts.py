"""An alert at the service's listener is told in Slack's fake and by a real SMTP server; so is that nobody takes it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "serve"))  # its running service

from fake_receivers import FakeSlack, serving
from running import TOKEN, Running, alert, settings, started
from test_mail import Mailbox
from test_mail import serving as serving_mail

from cockpit.service_jobs import jobs_of
from cockpit.settings import load_settings
from engine.notify.settings import NotificationSettings, parse_notifications


def configured(slack: str, smtp: int) -> NotificationSettings:
    mail = {"kind": "email", "host": "127.0.0.1", "port": smtp, "security": "none", "sender": "cloudops@example.org"}
    return parse_notifications({
        "allow_hosts": ["127.0.0.1"],
        "receivers": {
            "chat": {"kind": "slack", "channel": "C0123456789", "api": f"{slack}/api"},
            "boss": mail | {"to": ["boss@example.org"]},
            "post": mail | {"to": ["on-call@example.org"]},
        },
        "rules": [
            {"name": "all", "to": ["chat", "post"], "services": ["tickets"],
             "escalate": {"after_minutes": 10, "to": ["boss"]}},
        ],
    })  # fmt: skip


async def tell(service: Running, told: NotificationSettings) -> None:
    """Run the jobs of notifications beside the service, as `cloudops serve` does."""
    own = replace(load_settings(Path("unused.db"), None), notifications=told)
    await service.service.reload(settings(), jobs_of(own))
    while not await (await service.engine.outbox.get()).begun():
        await asyncio.sleep(0.01)


def texts(mailbox: Mailbox) -> list[tuple[str, Any]]:
    """Who got which mail."""
    read = [(to, email.message_from_bytes(raw, policy=email.policy.default)) for to, raw in mailbox.taken]
    return [(to[0], mail) for to, mail in read]


async def test_an_alert_is_told_as_it_is_investigated(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    monkeypatch.setenv("CLOUDOPS_SLACK_TOKEN", "xoxb-made-up")
    slack, mailbox = FakeSlack(), Mailbox()
    async with serving(slack) as chat, serving_mail(mailbox) as smtp, started(short_path) as service:
        await tell(service, configured(chat.url, smtp))
        assert await service.send(alert(service="tickets", severity="critical")) == 202
        assert await service.send(alert("SlowMeals", service="meals")) == 202
        async with asyncio.timeout(120):
            while len(slack.replies) < 1 or len(mailbox.taken) < 2:
                await asyncio.sleep(0.02)
        (root,) = slack.roots
        assert "SlowTickets" in root["text"]
        assert {to for to, _ in texts(mailbox)} == {"on-call@example.org"}
        body = texts(mailbox)[0][1].get_body(("plain",)).get_content()
        assert "Severity: critical" in body
        assert "About: tickets" in body
        # Nobody takes it.
        (group,) = [each for each in service.desk.groups if each.service == "tickets"]
        await service.desk.update(group.id, escalated_at=group.opened_at + timedelta(minutes=12))
        async with asyncio.timeout(120):
            while "boss@example.org" not in {to for to, _ in texts(mailbox)}:
                await asyncio.sleep(0.02)
        said = next(mail for to, mail in texts(mailbox) if to == "boss@example.org").get_body(("plain",)).get_content()
        assert "Nobody has answered: Nobody has taken its alert for 12 minutes." in said
