"""Mail by a real SMTP server: TLS, logins, greylisting, recipients that are refused, servers that never answer."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from made_certificates import certificate
from made_notices import NOON, notice

from engine.notify.receiver import Parcel, RefusedForGood, TryLater
from engine.notify.receivers import mail
from engine.notify.receivers.opening import open_receiver
from engine.notify.settings import EmailSettings
from primitives.clock import ManualClock
from primitives.errors import UsageError
from primitives.outgoing import OutgoingGuard


class Mailbox:
    """Takes mail. `answers` are what recipients are answered, each list to its end; then they are taken."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.taken: list[tuple[list[str], bytes]] = []
        self.data_answers: list[str] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        waiting = self.answers.get(address.partition("@")[0], [])
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answers:
            return self.data_answers.pop(0)
        self.taken.append((list(envelope.rcpt_tos), bytes(envelope.content or b"")))
        return "250 OK"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"bot", b"right"), handled=False)


@asynccontextmanager
async def serving(
    mailbox: Mailbox, tls: ssl.SSLContext | None = None, *, at_once: bool = False, **options: Any
) -> AsyncIterator[int]:
    """The server on loopback; with `tls` by STARTTLS, or from the first byte. Yields its port."""
    loop = asyncio.get_running_loop()

    def made() -> SMTP:
        return SMTP(mailbox, loop=loop, tls_context=None if at_once else tls, hostname="mail.example", **options)

    server = await loop.create_server(made, "127.0.0.1", 0, ssl=tls if at_once else None)
    async with server:
        yield server.sockets[0].getsockname()[1]


def receiver(port: int, environ: dict[str, str] | None = None, **changes: Any) -> Any:
    settings = EmailSettings.model_validate({
        "kind": "email", "host": "127.0.0.1", "port": port, "security": "none", "sender": "cloudops@example.org",
        "to": ["anna@example.org", "ben@example.org"], **changes,
    })  # fmt: skip
    return open_receiver("post", settings, environ or {}, ManualClock(NOON), OutgoingGuard())


async def test_a_mail_has_text_and_html_and_its_thread() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        for key, kind in (("a" * 32, "opened"), ("b" * 32, "concluded")):
            await receiver(port).deliver(Parcel(notice(kind=kind), key))
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for _, raw in mailbox.taken]
    assert [recipients for recipients, _ in mailbox.taken] == [["anna@example.org", "ben@example.org"]] * 2
    assert [mail["Message-ID"] for mail in mails] == [f"<{'a' * 32}@example.org>", f"<{'b' * 32}@example.org>"]
    assert {mail["References"] for mail in mails} == {"<exec-3f9a1c20@example.org>"}
    assert len({mail["Subject"] for mail in mails}) == 1
    text, page = (mails[1].get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for words in ("A cache was emptied (87 %)", "hits fell from 0.97 to 0.02", "cloudops attach exec-3f9a1c20"):
        assert words in text
        assert words in page


async def test_a_greylisted_recipient_is_tried_again_and_the_other_one_has_it_once() -> None:
    mailbox = Mailbox(ben=["451 4.7.1 Greylisted, try again in 5 minutes"])
    async with serving(mailbox) as port:
        parcel = Parcel(notice(), "k" * 32)
        with pytest.raises(TryLater, match=r"451 .*Greylisted.*ben@example.org"):
            await receiver(port).deliver(parcel)
        await receiver(port).deliver(Parcel(notice(), "k" * 32, True, parcel.progress))
    assert [recipients for recipients, _ in mailbox.taken] == [["anna@example.org"], ["ben@example.org"]]


async def test_all_are_greylisted() -> None:
    mailbox = Mailbox(anna=["451 later"], ben=["451 later"])
    async with serving(mailbox) as port:
        with pytest.raises(TryLater, match="451 later"):
            await receiver(port).deliver(Parcel(notice(), "k" * 32))
    assert mailbox.taken == []


async def test_a_recipient_that_is_refused_for_good_is_named_and_the_other_one_has_it() -> None:
    mailbox = Mailbox(ben=["550 5.1.1 No such user"])
    async with serving(mailbox) as port:
        with pytest.raises(RefusedForGood, match=r"550 .*No such user \(ben@example.org\)"):
            await receiver(port).deliver(Parcel(notice(), "k" * 32))
    assert [recipients for recipients, _ in mailbox.taken] == [["anna@example.org"]]


@pytest.mark.parametrize(("answer", "error"), [("452 4.3.1 Disk full", TryLater), ("554 5.7.1 Spam", RefusedForGood)])
async def test_a_mail_that_is_refused_at_its_end(answer: str, error: type[Exception]) -> None:
    mailbox = Mailbox()
    mailbox.data_answers = [answer]
    async with serving(mailbox) as port:
        with pytest.raises(error, match=answer[:3]):
            await receiver(port).deliver(Parcel(notice(), "k" * 32))


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_tls_is_required_and_verified(tmp_path: Path, security: str, trusted: bool) -> None:
    pem, key = certificate(tmp_path, "127.0.0.1")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem, key)
    mailbox = Mailbox()
    given = {"security": security} | ({"ca_file": str(pem)} if trusted else {})
    async with serving(mailbox, served, at_once=security == "tls") as port:
        if trusted:
            await receiver(port, **given).deliver(Parcel(notice(), "k" * 32))
        else:
            with pytest.raises(TryLater, match="certificate"):
                await receiver(port, **given).deliver(Parcel(notice(), "k" * 32))
    assert len(mailbox.taken) == trusted


async def test_a_server_without_starttls_gets_nothing() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        with pytest.raises((TryLater, RefusedForGood)):
            await receiver(port, security="starttls").deliver(Parcel(notice(), "k" * 32))
    assert mailbox.taken == []


@pytest.mark.parametrize("password", ["right", "wrong-password"])
async def test_a_login(tmp_path: Path, password: str) -> None:
    pem, key = certificate(tmp_path, "127.0.0.1")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pem, key)
    mailbox = Mailbox()
    options = {"authenticator": authenticate, "auth_required": True}
    async with serving(mailbox, served, **options) as port:
        own = receiver(port, {"CLOUDOPS_SMTP_PASSWORD": password}, security="starttls", user="bot", ca_file=str(pem))
        if password == "right":
            await own.deliver(Parcel(notice(), "k" * 32))
        else:
            with pytest.raises(RefusedForGood, match="535"):
                await own.deliver(Parcel(notice(), "k" * 32))
    assert len(mailbox.taken) == (password == "right")


async def test_a_server_that_accepts_and_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.3)
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        with pytest.raises(TryLater, match="can't be used"):
            await receiver(server.sockets[0].getsockname()[1]).deliver(Parcel(notice(), "k" * 32))
        gone.set()


async def test_nobody_listens() -> None:
    with pytest.raises(TryLater, match="can't be used"):
        await receiver(1).deliver(Parcel(notice(), "k" * 32))


def test_certificates_that_can_not_be_read_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"notifications.receivers.post.ca_file: no certificates"):
        receiver(25, security="tls", ca_file=str(tmp_path / "missing.pem"))
