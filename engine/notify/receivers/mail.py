"""Mail by SMTP: text and HTML. The mails of an incident form a thread, and each has a Message-ID of its key.

A recipient that is refused for now (greylisting answers 451) is tried again, one that is refused for good is named;
those that have the mail don't get it twice.
"""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Final

from engine.notify.notice import Notice
from engine.notify.receiver import Parcel, RefusedForGood, TryLater
from engine.notify.settings import EmailSettings
from engine.notify.wording import Line, lines_of, plain_text, subject
from primitives.clock import Clock
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["Mail", "html", "message"]

TIMEOUT_S: Final = 20.0
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_LONGEST_SUBJECT: Final = 200
_STYLE: Final = "font-family:sans-serif;font-size:14px"


class Mail:
    """See the module. Raises `UsageError` for certificates that can't be read."""

    def __init__(self, settings: EmailSettings, password: str | None, clock: Clock, *, place: str) -> None:
        self.secrets = (password,) if password else ()
        self._settings = settings
        self._password = password
        self._clock = clock
        self._tls = _context(settings, place) if settings.security != "none" else None

    async def deliver(self, parcel: Parcel) -> None:
        import aiosmtplib

        done: list[str] = parcel.progress.setdefault("done", [])
        waiting = [address for address in self._settings.to if address not in done]
        if not waiting:
            return
        try:
            refused = await self._send(parcel, waiting)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = {each.recipient: (each.code, each.message) for each in error.recipients}
        except aiosmtplib.SMTPResponseException as error:
            raise _meaning(error.code, error.message) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TryLater(f"the mail server can't be used ({safe_line(str(error), limit=160)})") from None
        done += [address for address in waiting if address not in refused]
        await parcel.save()
        if refused:
            raise _refusals(refused)

    def preview(self, notice: Notice, key: str) -> str:
        return message(notice, key, self._settings, self._clock).as_string()

    async def close(self) -> None:
        """Each delivery has a connection of its own."""

    async def _send(self, parcel: Parcel, recipients: list[str]) -> dict[str, tuple[int, str]]:
        """Send to `recipients`; those that were refused, with the server's code and words."""
        import aiosmtplib

        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port or _PORTS[settings.security],
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            timeout=TIMEOUT_S,
        )
        async with client:
            if settings.user is not None:
                await client.login(settings.user, self._password or "")
            mail = message(parcel.notice, parcel.key, settings, self._clock).as_bytes(policy=SMTP)
            refused, _ = await client.sendmail(settings.sender, recipients, mail)
        return {address: (answer.code, answer.message) for address, answer in refused.items()}


def message(notice: Notice, key: str, settings: EmailSettings, clock: Clock) -> EmailMessage:
    """The mail. Its Message-ID comes from the key, its References from the incident."""
    domain = settings.sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP.clone(max_line_length=78))
    mail["Subject"] = safe_line(subject(notice), limit=_LONGEST_SUBJECT)
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.to)
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{key}@{domain}>"
    # No mail has this id itself, yet all mails of the incident refer to it: that is what makes a thread.
    root = f"<{notice.execution_id}@{domain}>"
    mail["In-Reply-To"] = root
    mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-CloudOps-Key"] = key
    mail.set_content(plain_text(notice))
    mail.add_alternative(html(notice), subtype="html")
    return mail


def html(notice: Notice) -> str:
    """The notice as HTML; everything from outside is escaped."""
    rows = "\n".join(_row(line) for line in lines_of(notice))
    return (
        f'<!DOCTYPE html>\n<html><body style="{_STYLE}">\n<h3>{escape(notice.title)}</h3>\n'
        f"<table>\n{rows}\n</table>\n</body></html>\n"
    )


def _row(line: Line) -> str:
    text = escape(line.text)
    if line.label == "Link":
        text = f'<a href="{text}">Open the incident</a>'
    elif line.code:
        text = f"<code>{text}</code>"
    return f'<tr><td valign="top"><b>{escape(line.label)}</b></td><td>{text}</td></tr>'


def _context(settings: EmailSettings, place: str) -> ssl.SSLContext:
    path = str(Path(settings.ca_file).expanduser()) if settings.ca_file else None
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        raise UsageError(f"{place}.ca_file: no certificates can be read from it; give a file in PEM format") from None


def _refusals(refused: dict[str, tuple[int, str]]) -> TryLater | RefusedForGood:
    """What refused recipients mean: as long as one may take it later, it is tried again."""
    later = [(code, words) for code, words in refused.values() if 400 <= code < 500]
    code, words = later[0] if later else next(iter(refused.values()))
    named = ", ".join(sorted(refused))
    return _meaning(code, f"{words} ({named})")


def _meaning(code: int, words: str) -> TryLater | RefusedForGood:
    said = f"the mail server answered {code} {safe_line(words, limit=160)}"
    return TryLater(said) if 400 <= code < 500 else RefusedForGood(said)
