"""A mailbox that alerts are mailed to, by IMAP (RFC 3501). Blocking: call it in a thread; `abort` ends a call.

Mails are read without marking them; those that are on our disk are then marked as seen. So what was not marked comes
again, and is known.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

from primitives.alert_payloads.mail import MAIL_BYTES
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from primitives.text import safe_line

__all__ = ["Mailbox", "MailboxMail", "Security"]

Security = Literal["tls", "starttls", "none"]

_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}
_TIMEOUT_S: Final = 15.0
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class MailboxMail:
    """A mail as it lies there, cut after `MAIL_BYTES`. `key` is the same for as long as the folder lives."""

    key: str
    number: str
    raw: bytes


class Mailbox:
    """One folder of a mailbox. Every method but `abort` raises `SourceError`."""

    def __init__(
        self, name: str, host: str, *, port: int | None, security: Security, user: str, password: str, folder: str,
        ca_file: Path | None = None,
    ) -> None:  # fmt: skip
        self._name, self._host, self._port = name, host, port or _PORTS[security]
        self._security, self._user, self._password, self._folder = security, user, password, folder
        self._ca_file = ca_file
        self._imap: imaplib.IMAP4 | None = None
        self._generation = ""

    def unseen(self) -> list[MailboxMail]:
        """The oldest mails that are not marked as seen."""
        with _Explained(self):
            imap = self._opened()
            _ok(imap.noop(), "NOOP")
            (numbers,) = _ok(imap.uid("SEARCH", "UNSEEN"), "SEARCH")
            return [self._fetched(imap, number.decode("ascii")) for number in (numbers or b"").split()[:_AT_ONCE]]

    def mark(self, mails: list[MailboxMail]) -> None:
        """Mark mails that are stored elsewhere by now."""
        if mails:
            with _Explained(self):
                numbers = ",".join(mail.number for mail in mails)
                _ok(self._opened().uid("STORE", numbers, "+FLAGS.SILENT", r"(\Seen)"), "STORE")

    def close(self) -> None:
        """Log out."""
        imap, self._imap = self._imap, None
        if imap is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                imap.logout()

    def abort(self) -> None:
        """Break the connection off, from another thread: what waits for an answer ends."""
        imap, self._imap = self._imap, None
        if imap is not None:
            with suppress(OSError):
                imap.shutdown()

    @property
    def place(self) -> tuple[str, str]:
        """What messages call it: its name, and its host."""
        return self._name, self._host

    def _opened(self) -> imaplib.IMAP4:
        if self._imap is None:
            imap = self._imap = self._connected()
            _ok(imap.login(self._user, self._password), "LOGIN")
            # Quoted by us: imaplib sends a name as it is.
            _ok(imap.select('"' + self._folder.replace("\\", "\\\\").replace('"', '\\"') + '"'), "SELECT")
            (generation,) = imap.response("UIDVALIDITY")[1] or [None]
            self._generation = generation.decode("ascii", "replace") if isinstance(generation, bytes) else ""
        return self._imap

    def _connected(self) -> imaplib.IMAP4:
        if self._security == "tls":
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=self._tls(), timeout=_TIMEOUT_S)
        imap = imaplib.IMAP4(self._host, self._port, timeout=_TIMEOUT_S)
        if self._security == "starttls":
            imap.starttls(self._tls())
        return imap

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._ca_file.expanduser()) if self._ca_file else None)

    def _fetched(self, imap: imaplib.IMAP4, number: str) -> MailboxMail:
        parts = _ok(imap.uid("FETCH", number, f"(BODY.PEEK[]<0.{MAIL_BYTES + 1}>)"), "FETCH")
        raw = next((part[1] for part in parts if isinstance(part, tuple) and len(part) > 1), b"")
        return MailboxMail(f"imap:{self._folder}:{self._generation}:{number}", number, raw)


class _Explained:
    """Turns what goes wrong into our errors; the next call connects again."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            return
        self._mailbox.abort()
        name, host = self._mailbox.place
        words = safe_line(re.sub(r"[\r\n]", " ", str(error)), limit=160)
        if isinstance(error, TimeoutError):
            raise SourceTimeout(name, f"the mail server {host} gave no answer within {_TIMEOUT_S:g} s") from None
        if isinstance(error, imaplib.IMAP4.abort | OSError):
            raise SourceUnreachable(name, f"the mail server {host} can't be used ({words})") from None
        if isinstance(error, imaplib.IMAP4.error):
            raise SourceDenied(
                name, f"the mail server {host} refused ({words}): check user, password, folder"
            ) from None
        if isinstance(error, ValueError | LookupError | TypeError):
            raise SourceError(name, f"the mail server {host} answered what can't be read ({words})") from None


def _ok(answer: tuple[str, list[Any]], command: str) -> list[Any]:
    status, data = answer
    if status != "OK":
        first = data[0] if data else b""
        words = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
        raise imaplib.IMAP4.error(f"{command}: {words}")
    return data
