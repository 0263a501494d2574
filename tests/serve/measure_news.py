"""How long an alert of the real Prometheus and Alertmanager takes to the screen, to Slack's fake and to an SMTP server.

    python tests/serve/measure_news.py --rounds 5

By webhook and by pull, in seconds from the moment at which the alert came in (the webhook's arrival, the pull's answer)
to the incident in the list of an attached cockpit, to the message in Slack and to the mail.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), *(str(TESTS / name) for name in ("notify", "integration", "serve"))]

from dataclasses import replace  # noqa: E402

from fake_receivers import FakeSlack, serving  # noqa: E402
from running import TOKEN, Running, settings, started  # noqa: E402
from test_mail import Mailbox  # noqa: E402
from test_mail import serving as serving_mail  # noqa: E402
from test_news_of_alerts import configured  # noqa: E402
from test_real_alertmanager import _HOOK, alertmanager, ask, firing_prometheus  # noqa: E402

from cockpit.service_jobs import jobs_of  # noqa: E402
from cockpit.settings import load_settings  # noqa: E402
from engine.notify.settings import NotificationSettings, parse_notifications  # noqa: E402
from engine.remote import RemoteEngine  # noqa: E402


def all_services(told: NotificationSettings) -> NotificationSettings:
    document = told.model_dump(mode="json", exclude_unset=True)
    document["rules"] = [{"name": "all", "to": ["chat", "post"]}]
    return parse_notifications(document)


async def arrival(folder: Path, service: Running, slack: FakeSlack, mailbox: Mailbox) -> dict[str, float]:
    """When the incident is listed, and when Slack and the mailbox have the news: seconds after the alert came in."""
    seen: dict[str, datetime] = {}
    remote = RemoteEngine(folder / "incidents.db")
    while len(seen) < 3:
        if "screen" not in seen and await remote.incidents():
            seen["screen"] = datetime.now(UTC)
        if slack.roots:
            seen.setdefault("slack", datetime.now(UTC))
        if mailbox.taken:
            seen.setdefault("mail", datetime.now(UTC))
        await asyncio.sleep(0.01)
    (group,) = service.desk.groups
    await remote.close()
    return {name: (at - group.opened_at).total_seconds() for name, at in seen.items()}


async def once(way: str, folder: Path) -> dict[str, float]:
    slack, mailbox = FakeSlack(), Mailbox()
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(serving(slack))
        smtp = await stack.enter_async_context(serving_mail(mailbox))
        chosen: Any = settings()
        manager = ""
        if way == "pull":
            manager = stack.enter_context(alertmanager(folder))
            pull = {"manager": {"kind": "alertmanager", "url": manager, "every_s": 0.5}}
            chosen = settings(listen=None, webhooks={}, pull=pull)
        service = await stack.enter_async_context(started(folder, chosen))
        told = all_services(configured(chat.url, smtp))
        own = replace(load_settings(Path("unused.db"), None), notifications=told)
        await service.service.reload(chosen, jobs_of(own))
        while not await (await service.engine.outbox.get()).begun():
            await asyncio.sleep(0.01)
        if way == "webhook":
            hook = _HOOK.format(url=f"http://127.0.0.1:{service.service.port}", token=TOKEN)
            manager = stack.enter_context(alertmanager(folder, hook))
        metrics = stack.enter_context(firing_prometheus(folder, manager))
        ask(service, metrics)
        async with asyncio.timeout(120):
            return await arrival(folder, service, slack, mailbox)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    os.environ |= {"ALERTS_TOKEN": TOKEN, "CLOUDOPS_SLACK_TOKEN": "xoxb-made-up"}
    slowest = 0.0
    for way in ("webhook", "pull"):
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="co-", ignore_cleanup_errors=True) as folder:
                times = asyncio.run(once(way, Path(folder)))
            slowest = max(slowest, *times.values())
            sys.stdout.write(way + "".join(f"  {name} {value:.2f} s" for name, value in sorted(times.items())) + "\n")
    sys.stdout.write(f"slowest: {slowest:.2f} s\n")
    return 0 if slowest <= 2.0 else 1


if __name__ == "__main__":
    sys.exit(main())
