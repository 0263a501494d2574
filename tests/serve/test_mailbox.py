"""Alerts out of a real mailbox (Dovecot), and out of SES by a queue (moto)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from imap_server import PASSWORD, USER, ImapServer, imap_server
from mails import NAGIOS, NAGIOS_OVER, SENDER, mail
from running import settings, started, until

from primitives.backends.mailbox import Mailbox
from primitives.errors import SourceDenied, SourceUnreachable

pytestmark = pytest.mark.parts("dovecot")


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with tempfile.TemporaryDirectory(prefix="co-") as folder:
        Path(folder).chmod(0o755)  # its own users have to get in
        with imap_server(Path(folder)) as running:
            yield running


def pulling(server: ImapServer, **more: Any) -> Any:
    mailbox = {
        "kind": "imap", "host": "127.0.0.1", "port": server.tls_port, "user": USER, "senders": [SENDER],
        "secret_variables": ["MAIL_PASSWORD"], "ca_file": str(server.folder / "c.pem"), "every_s": 0.2, **more,
    }  # fmt: skip
    return settings(listen=None, webhooks={}, pull={"mails": mailbox})


async def test_a_mail_opens_an_incident_and_another_ends_it(
    server: ImapServer, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    server.deliver(NAGIOS)
    server.deliver(mail("Slow", sender="eve@evil.example", number="9"))
    server.deliver(b"no mail at all")
    async with started(short_path, pulling(server)) as service:
        (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
        assert (group.title, group.service, group.provider) == ("till-3/Payments", "Payments", "mail")

        async def both() -> Any:
            kept = await service.engine.quarantined()
            return kept if len(kept) == 2 else None

        problems = {each.problem for each in await until(both)}
        assert problems == {"its sender eve@evil.example is not among `senders`", "the mail doesn't have one sender"}

        async def all_marked() -> bool:
            return server.unseen() == 0

        await until(all_marked)
        server.deliver(NAGIOS_OVER)
        (group,) = await service.groups(lambda groups: not groups[0].open)
        payload = (await service.engine.alert_payloads(group.id))[0]
        assert payload["mail"]["subject"] == "** PROBLEM Service Alert: till-3/Payments is CRITICAL **"
    async with started(short_path, pulling(server)) as service:
        # It goes on where it stopped: what was seen opens nothing.
        server.deliver(NAGIOS)
        (group,) = await service.groups(bool)
        await until(all_marked)
        assert (group.alerts, group.deliveries) == (1, 2)


def mailbox(server: ImapServer, **more: Any) -> Mailbox:
    given = {"port": server.port, "security": "starttls", "user": USER, "password": PASSWORD, "folder": "INBOX"}
    return Mailbox("mails", "127.0.0.1", **{**given, "ca_file": server.folder / "c.pem", **more})


def test_mails_come_again_until_they_are_marked(server: ImapServer) -> None:
    server.deliver(mail("Slow", number="30"))
    box = mailbox(server)
    first = box.unseen()
    box.close()
    box = mailbox(server)
    again = box.unseen()
    assert [each.key for each in first] == [each.key for each in again] != []
    box.mark(again)
    assert box.unseen() == []
    box.close()


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"password": "another one"}, SourceDenied, "check user, password, folder"),
        ({"folder": 'no " such'}, SourceDenied, "check user, password, folder"),
        ({"ca_file": None}, SourceUnreachable, "can't be used"),
        ({"port": 1}, SourceUnreachable, "can't be used"),
    ],
)
def test_what_the_server_refuses_is_said_in_a_line(
    server: ImapServer, more: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        mailbox(server, **more).unseen()
    assert PASSWORD not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pull", "expected"),
    [
        ({"senders": []}, "anybody can send a mail"),
        ({"host": "mail.example.org", "security": "none"}, "on this machine"),
        ({"secret_variables": []}, "needs a token"),
    ],
)
def test_a_mailbox_without_what_it_needs_is_refused(server: ImapServer, pull: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        pulling(server, **pull)
