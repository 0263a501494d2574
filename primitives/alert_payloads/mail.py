"""Alerts by e-mail: a message as a document of bounded size, and the alert that its subject and body state.

What tools write into subjects: Alertmanager and Grafana ("[FIRING:1] name", "[RESOLVED] name"), CloudWatch ("ALARM:",
"OK:"), Nagios ("** PROBLEM Service Alert: host/name is CRITICAL **", "** RECOVERY ... is OK **"), Zabbix ("Problem:
name", "Resolved in 5m: name"). Lines such as "severity: high" or "service = shop" in the body become labels.
"""

from __future__ import annotations

import codecs
import html
from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from typing import Any, Final

from primitives.alert_payloads.fields import (
    labels_of,
    list_of,
    mapping_of,
    resource_of,
    service_of,
    severity_of,
    text_of,
)
from primitives.alert_payloads.model import AlertStatus, IncomingAlert, PayloadProblem, digest_of
from primitives.alert_times import time_of
from primitives.patterns import lazy_pattern
from primitives.text import safe_line, safe_text

__all__ = ["MAIL_BYTES", "mail_document", "parse", "sender_problem", "ses_document"]

MAIL_BYTES: Final = 256 * 1024
"""Of a message so much is read; attachments come after the words."""
_TEXT: Final = 16_000
_HEADER: Final = 2_000
_PARTS: Final = 50
_NAMES: Final = 20
_LINES: Final = 200
_LABELS: Final = 40
_TOKEN: Final = 40
_ENDED: Final = frozenset({"resolved", "ok", "recovery", "recovered", "closed", "cleared", "normal", "up"})
_NOISE: Final = frozenset(
    {
        "firing",
        "alarm",
        "alert",
        "alerting",
        "problem",
        "external",
        "re",
        "fw",
        "fwd",
        "aw",
        "wg",
        "warning",
        "critical",
    }
)
_STATES: Final = ("critical", "warning", "unknown", "down", "ok", "up")
_ADDRESS: Final = lazy_pattern(r"[^\s<>@,;:\"()\\]{1,64}@[A-Za-z0-9.-]{1,253}")
_LABEL: Final = lazy_pattern(r"[ \t*-]{0,8}([A-Za-z][A-Za-z0-9_ -]{0,39}?)[ \t]{0,8}[:=][ \t]{0,8}(\S[^\n]{0,200})")
# Others (punycode, say) take long or are no charsets at all.
_CHARSET: Final = lazy_pattern(
    r"(?:utf-?8|ascii|iso8859|cp125|koi8|gb|big5|shift_jis|euc_|iso2022|latin|utf-?16)[\w-]{0,20}"
)


def mail_document(raw: bytes) -> dict[str, Any]:
    """A message (RFC 5322) as a document. Raises `PayloadProblem` for one that can't be taken apart."""
    try:
        message = message_from_bytes(raw[:MAIL_BYTES])
        return {"mail": _fields(message, cut=len(raw) > MAIL_BYTES)}
    except PayloadProblem:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MessageError) as error:
        raise PayloadProblem(f"the mail can't be taken apart ({type(error).__name__})") from None


def parse(document: Any) -> tuple[IncomingAlert, ...]:
    """The alert of a mail's document. Raises `PayloadProblem`."""
    mail = mapping_of(document, "mail")
    if problem := text_of(mail, "problem"):
        raise PayloadProblem(problem)
    subject, sender = text_of(mail, "subject"), text_of(mail, "from")
    if not subject:
        raise PayloadProblem("a mail without a subject says nothing")
    text = mail.get("text")
    words = text if isinstance(text, str) else ""
    title, status, state = _subject(subject)
    labels = labels_of(dict(islice(_labels(words), _LABELS)), {"from": sender})
    return (
        IncomingAlert(
            provider="mail",
            fingerprint=digest_of((sender.casefold(), title.casefold())),
            event_id=digest_of((sender, text_of(mail, "id", limit=_HEADER))) if mail.get("id") else "",
            status=status,
            title=title,
            summary=safe_line(words, limit=500).strip(),
            severity=severity_of(labels.get("severity", ""), labels.get("priority", ""), state),
            service=service_of(labels),
            resource=resource_of(labels),
            labels=labels,
            started_at=time_of(mail.get("date")),
        ),
    )


def sender_problem(alert: IncomingAlert, document: Any, senders: Iterable[str], authenticated_by: str) -> str:
    """Why a mail's sender isn't trusted; empty where it is. `senders` are addresses, or `@example.org` for all of it.

    `authenticated_by` is the mail server whose Authentication-Results (RFC 8601) have to say that DMARC passed.
    """
    mail, sender = mapping_of(document, "mail"), alert.labels.get("from", "").casefold()
    known = (each.casefold() for each in senders)
    if not any(sender == each or (each.startswith("@") and sender.endswith(each)) for each in known):
        return f"its sender {sender or '(none)'} is not among `senders`"
    if not authenticated_by:
        return ""
    for verdict in list_of(mail, "authentication"):
        server, _, results = str(verdict).partition(";")
        if server.split()[:1] == [authenticated_by]:
            passed = any(result.split()[:1] == ["dmarc=pass"] for result in results.split(";"))
            return "" if passed else f"{authenticated_by} doesn't say that it is from its sender (dmarc=pass)"
    return f"{authenticated_by} has not checked it"


def _fields(message: Message, *, cut: bool) -> dict[str, Any]:
    senders = getaddresses([str(value)[:_HEADER] for value in message.get_all("From", [])][:2])
    if len(senders) != 1 or not _ADDRESS.fullmatch(senders[0][1]):
        raise PayloadProblem("the mail doesn't have one sender")
    plain, markup, names = _words(message)
    verdicts = [safe_line(str(value), limit=_HEADER) for value in message.get_all("Authentication-Results", [])]
    return {
        "id": safe_line(str(message.get("Message-ID", "")), limit=_HEADER).strip(),
        "from": senders[0][1].casefold(),
        "subject": _decoded(str(message.get("Subject", ""))[:_HEADER]),
        "date": _date(str(message.get("Date", ""))[:100]),
        "text": plain or _text_of_html(markup),
        "attachments": names,
        "authentication": verdicts[:5],
        "cut": cut,
    }


def _words(message: Message) -> tuple[str, str, list[str]]:
    """The first text, the first HTML, and the names of everything else."""
    texts = {"text/plain": "", "text/html": ""}
    names: list[str] = []
    for number, part in enumerate(message.walk()):
        if number >= _PARTS:
            break
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if kind in texts and not texts[kind] and part.get_content_disposition() != "attachment":
            texts[kind] = _body(part)
        elif len(names) < _NAMES:
            names.append(safe_line(str(part.get_filename() or kind), limit=100))
    return texts["text/plain"], texts["text/html"], names


def _body(part: Message) -> str:
    data = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    return safe_text(_decode(data, charset), limit=_TEXT * 4)[:_TEXT] if isinstance(data, bytes) else ""


def _decode(data: bytes, charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = "utf-8"
    return data.decode(name if _CHARSET.fullmatch(name) else "utf-8", "replace")


def _decoded(header: str) -> str:
    """A header whose words may be encoded (RFC 2047)."""
    pieces = [
        piece if isinstance(piece, str) else _decode(piece, charset or "utf-8")
        for piece, charset in decode_header(header)
    ]
    return safe_line("".join(pieces), limit=300).strip()


def _date(text: str) -> str | None:
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _text_of_html(markup: str) -> str:
    """The words of HTML in one pass: html.parser takes quadratic time for what no browser would write."""
    words: list[str] = []
    lowered, at = markup.lower(), 0
    while at < len(markup):
        begin = markup.find("<", at)
        words.append(markup[at : begin if begin >= 0 else len(markup)])
        if begin < 0:
            break
        hidden = next((end for start, end in _HIDDEN if lowered.startswith(start, begin)), ">")
        end = lowered.find(hidden, begin)
        if end < 0:
            break
        words.append("\n" if lowered.startswith(_BREAKS, begin) else " ")
        at = end + len(hidden)
    return safe_text(html.unescape("".join(words)), limit=_TEXT).strip()


_HIDDEN: Final = (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"), ("<title", "</title>"))
_BREAKS: Final = ("<br", "</p", "</tr", "</div", "</li", "</h")


def _subject(subject: str) -> tuple[str, AlertStatus, str]:
    """The title without what changes from the alert's beginning to its end, its status, and its state's word."""
    title, status, state = subject.strip(" *"), "firing", ""
    for _ in range(6):
        token, rest = _token(title)
        word = token.split(" ")[0].split(":")[0].strip().casefold()
        if not rest or word not in _ENDED | _NOISE:
            break
        status = "resolved" if word in _ENDED else status
        state = state or word
        title = rest
    before, _, last = title.rpartition(" is ")
    if before and last.casefold() in _STATES:
        title, state = before, last
        status = "resolved" if last.casefold() in _ENDED else status
    return title, ("resolved" if status == "resolved" else "firing"), state


def _token(title: str) -> tuple[str, str]:
    """What stands before the title itself: in brackets, before a colon, or Nagios' first word; and the rest."""
    if title.startswith("[") and (end := title.find("]", 0, _TOKEN)) > 0:
        return title[1:end], title[end + 1 :].strip(" *")
    colon = title.find(":", 0, _TOKEN)
    if (
        colon > 0
        and title[:colon].split(" ", maxsplit=1)[0].casefold() in _ENDED | _NOISE
        and title[:colon].count(" ") <= 4
    ):
        return title[:colon], title[colon + 1 :].strip(" *")
    first, _, rest = title.partition(" ")
    return (first, rest.strip()) if first in ("PROBLEM", "RECOVERY") else ("", "")


def _labels(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a body that name something."""
    for line in text.splitlines()[:_LINES]:
        if match := _LABEL.fullmatch(line.rstrip()[:300]):
            yield match[1].strip().casefold().replace(" ", "_"), match[2]


def ses_document(notification: Mapping[str, Any]) -> dict[str, Any]:
    """The mail that Amazon SES received and published with its content. Raises `PayloadProblem` for one that it doubts.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
    """
    import base64
    import binascii

    receipt, content = mapping_of(notification, "receipt"), notification.get("content")
    for check, wanted in (("spamVerdict", None), ("virusVerdict", None), ("dmarcVerdict", "PASS")):
        verdict = text_of(mapping_of(receipt, check), "status").upper()
        if verdict == "FAIL" or (wanted and verdict != wanted):
            raise PayloadProblem(f"SES says {verdict or 'nothing'} for its {check}")
    if not isinstance(content, str):
        raise PayloadProblem("SES sent no content: publish mails to SNS with their content (up to 150 KB)")
    raw = content.encode("utf-8", "replace")
    if text_of(mapping_of(receipt, "action"), "encoding").casefold() == "base64":
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise PayloadProblem("SES' content is no Base64") from None
    return mail_document(raw)
