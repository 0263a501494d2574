"""A whole engine with receivers: what it investigates is in Slack's fake and in a real SMTP server's mailbox."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fake_receivers import FakeSlack, serving
from test_mail import Mailbox
from test_mail import serving as serving_mail

from cockpit.service_jobs import jobs_of
from cockpit.settings import load_settings
from engine.engine import Engine
from engine.notify.service import notification_job
from engine.notify.settings import NotificationSettings, parse_notifications
from engine.port import CloseIncident, Investigate
from engine.serve.jobs import Jobs
from primitives.errors import UsageError

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"
ENVIRON = {"CLOUDOPS_SLACK_TOKEN": "xoxb-made-up"}


def configured(slack: str, smtp: int) -> NotificationSettings:
    mail = {"kind": "email", "host": "127.0.0.1", "port": smtp, "security": "none", "sender": "cloudops@example.org"}
    return parse_notifications({
        "allow_hosts": ["127.0.0.1"],
        "receivers": {
            "chat": {"kind": "slack", "channel": "C0123456789", "api": f"{slack}/api"},
            "post": mail | {"to": ["on-call@example.org"]},
        },
        "rules": [{"name": "all", "to": ["chat", "post"], "recorded": True}],
    })  # fmt: skip


@asynccontextmanager
async def telling(engine: Engine, settings: NotificationSettings) -> AsyncIterator[None]:
    """The job of notifications beside the engine, as the service runs it."""
    job = asyncio.create_task(notification_job(settings, ENVIRON)(engine))
    try:
        while not await (await engine.outbox.get()).begun():
            await asyncio.sleep(0.01)
        yield
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


async def told(engine: Engine, notices: int) -> None:
    """Wait until so many notices were taken by both receivers, and nothing waits."""
    while True:
        lines = await engine.deliveries()
        sent = [line for line in lines if line.status == "sent"]
        if len(sent) >= 2 * notices and not any(line.status == "waiting" for line in lines):
            return
        await asyncio.sleep(0.02)


async def test_an_investigation_is_told_as_it_goes_and_after_a_restart(tmp_path: Path) -> None:
    slack, mailbox = FakeSlack(), Mailbox()
    async with serving(slack) as chat, serving_mail(mailbox) as smtp, asyncio.timeout(120):
        settings = configured(chat.url, smtp)
        engine = await Engine.open(tmp_path / "incidents.db")
        async with telling(engine, settings):
            execution = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
            await told(engine, 2)
            while any(summary.running for summary in await engine.incidents()):
                await asyncio.sleep(0.02)
        # What happens while nobody delivers is delivered by the next one.
        await engine.send(execution, CloseIncident(because="the fix is out"))
        await engine.close()
        engine = await Engine.open(tmp_path / "incidents.db")
        async with telling(engine, settings):
            await told(engine, 3)
        lines = await engine.deliveries()
        await engine.close()
    (root,) = slack.roots
    assert root["edits"] == 2
    assert "v2.3.1" in str(root["blocks"])
    assert sorted(line.status for line in lines if line.kind != "plan_waiting") == ["sent"] * 6
    assert not any(line.status == "sent" for line in lines if line.kind == "plan_waiting")
    subjects = {email.message_from_bytes(raw, policy=email.policy.default)["Subject"] for _, raw in mailbox.taken}
    assert len(subjects) == 1
    last = email.message_from_bytes(mailbox.taken[-1][1], policy=email.policy.default)
    text = last.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Incident closed: A person closed it. the fix is out" in text
    assert execution in text


async def test_the_service_runs_notifications_where_they_are_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, mailbox = FakeSlack(), Mailbox()
    settings = load_settings(tmp_path / "incidents.db", None)
    assert jobs_of(settings) == {}
    async with serving(slack) as chat, serving_mail(mailbox) as smtp, asyncio.timeout(120):
        told = replace(settings, notifications=configured(chat.url, smtp))
        with pytest.raises(UsageError, match="CLOUDOPS_SLACK_TOKEN isn't set"):
            jobs_of(told)
        monkeypatch.setenv("CLOUDOPS_SLACK_TOKEN", "xoxb-made-up")
        engine = await Engine.open(tmp_path / "incidents.db")
        running = Jobs(engine)
        await running.start(jobs_of(told))
        while not await (await engine.outbox.get()).begun():
            await asyncio.sleep(0.01)
        await running.start(jobs_of(told))  # the configuration is read again
        await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
        while len(slack.replies) < 1 or len(mailbox.taken) < 2:
            await asyncio.sleep(0.02)
        await running.stop()
        await engine.close()
    assert len(slack.roots) == 1


def test_a_variable_that_is_not_set_is_said_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="CLOUDOPS_SLACK_TOKEN isn't set"):
        notification_job(configured("http://127.0.0.1:1", 25), {})


async def test_a_store_that_nobody_told_of_has_no_outbox(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "incidents.db")
    assert await engine.deliveries() == ()
    assert await engine.retry_deliveries() == 0
    await engine.close()
    assert not (tmp_path / "incidents.db.outbox").exists()
