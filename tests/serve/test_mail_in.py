"""What is read from a mail, and what no mail can do."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mails import NAGIOS, NAGIOS_OVER, SENDER, mail, ses_notification

from primitives.alert_payloads.mail import MAIL_BYTES, mail_document, parse, sender_problem
from primitives.alert_payloads.model import IncomingAlert, PayloadProblem
from primitives.alert_payloads.registry import parse_alerts


def read(raw: bytes) -> IncomingAlert:
    (alert,) = parse_alerts(mail_document(raw))
    return alert


def test_the_beginning_and_the_end_of_an_alert_are_the_same_alert() -> None:
    first, last = read(NAGIOS), read(NAGIOS_OVER)
    assert (first.status, last.status) == ("firing", "resolved")
    assert first.fingerprint == last.fingerprint
    assert (first.title, first.service, first.resource) == ("till-3/Payments", "Payments", "Payments")
    assert (first.severity, first.labels["host"], first.labels["from"]) == ("critical", "till-3", SENDER)
    assert first.started_at is not None
    assert first.event_id != last.event_id


@pytest.mark.parametrize(
    ("subject", "title", "status"),
    [
        ("[FIRING:2] SlowTills (shop eu)", "SlowTills (shop eu)", "firing"),
        ("[RESOLVED] SlowTills (shop eu)", "SlowTills (shop eu)", "resolved"),
        ('ALARM: "tills-5xx" in EU (Ireland)', '"tills-5xx" in EU (Ireland)', "firing"),
        ('OK: "tills-5xx" in EU (Ireland)', '"tills-5xx" in EU (Ireland)', "resolved"),
        ("Problem: Disk is full on till-3", "Disk is full on till-3", "firing"),
        ("Resolved in 5m 3s: Disk is full on till-3", "Disk is full on till-3", "resolved"),
        ("Fwd: [EXTERNAL] Re: [FIRING:1] Slow", "Slow", "firing"),
        ("Tills: slow since noon", "Tills: slow since noon", "firing"),
        ("OK", "OK", "firing"),
    ],
)
def test_subjects_of_known_tools(subject: str, title: str, status: str) -> None:
    alert = read(mail(subject))
    assert (alert.title, alert.status) == (title, status)


def test_html_is_read_as_its_words_and_runs_nothing() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = SENDER, "=?utf-8?q?Slow_=1b[31mtills?="
    message.set_content(
        "<html><head><title>x</title><style>a{}</style></head><body><p>service: tills</p><br>"
        "<script>alert('<p>')</script>severity: high &amp; rising<!-- hidden --><img src='http://x'></body></html>",
        subtype="html",
    )
    alert = read(message.as_bytes())
    assert alert.title == "Slow tills" or "\x1b" not in alert.title
    assert alert.service == "tills"
    assert "alert(" not in alert.summary
    assert "hidden" not in alert.summary
    assert "<" not in alert.summary
    assert "& rising" in alert.summary


def test_attachments_are_named_and_not_read() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = SENDER, "Slow"
    message.set_content("service: tills")
    message.add_attachment(b"MZ" + b"\0" * 1_000, maintype="application", subtype="x-dosexec", filename="../../run.exe")
    message.add_attachment("service: other", filename="notes.txt")
    document = mail_document(message.as_bytes())
    assert document["mail"]["attachments"] == ["../../run.exe", "notes.txt"]
    assert "other" not in document["mail"]["text"]
    assert read(message.as_bytes()).service == "tills"


@pytest.mark.parametrize("charset", ["no-such-charset", "punycode", "unicode_escape", "zlib", "utf-7", "\xff", ""])
def test_a_wrong_charset_costs_letters_and_no_more(charset: str) -> None:
    head = f'From: {SENDER}\r\nSubject: Slow\r\nContent-Type: text/plain; charset="{charset}"\r\n'
    alert = read(head.encode("latin-1") + b"Content-Transfer-Encoding: 8bit\r\n\r\nservice: tills \xe9\\x41\r\n")
    assert alert.title == "Slow"
    assert str(alert.service).startswith("tills")
    assert "A" not in str(alert.service), "nothing in a body is an escape"


def test_a_huge_mail_is_read_to_its_limit() -> None:
    huge = mail("Slow", "service: tills\n" + "x" * 20_000_000)
    document = mail_document(huge[: MAIL_BYTES + 1])
    assert document["mail"]["cut"]
    assert len(document["mail"]["text"]) <= 16_000
    assert read(huge).service == "tills"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\r\nSubject: x\r\n" + b"X-A: " + b"(" * 200_000 + b"\r\n\r\n",
        b"From: a@b.example\r\nSubject: " + b"=?utf-8?q?x?= " * 15_000 + b"\r\n\r\n",
        b"From: " + b"<" * 100_000 + b"\r\nSubject: x\r\n\r\n",
        b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n" + b"<!--" * 60_000,
        b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n" + b"<script>" * 30_000,
        b"From: a@b.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n" + b"&" * 200_000,
        b"From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
        + b"--a\r\n\r\n" * 40_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(4_000)),
        b"From: a@b.example\r\nSubject: x\r\n\r\n" + b"service" * 30_000,
        b"From: a@b.example\r\nSubject: x\r\nDate: " + b"1" * 100_000 + b"\r\n\r\n",
    ],
)
def test_no_mail_takes_long(raw: bytes) -> None:
    began = time.process_time()
    try:
        parse(mail_document(raw))
    except PayloadProblem:
        pass
    assert time.process_time() - began < 5.0, "quadratic time would be minutes"


@settings(max_examples=150)
@given(st.binary(max_size=2_000), st.booleans())
def test_any_bytes_are_an_alert_or_a_problem(raw: bytes, headed: bool) -> None:
    try:
        alerts = parse(mail_document((f"From: {SENDER}\r\nSubject: Slow\r\n".encode() if headed else b"") + raw))
    except PayloadProblem:
        return
    assert len(alerts) == 1
    assert alerts[0].labels["from"]


@pytest.mark.parametrize(
    "head",
    [
        "From: monitor@alerts.example.org\r\nFrom: eve@evil.example",
        "From: monitor@alerts.example.org, eve@evil.example",
        "From: Monitor",
        "",
    ],
)
def test_a_mail_that_has_not_one_sender_is_no_alert(head: str) -> None:
    with pytest.raises(PayloadProblem, match="one sender"):
        mail_document(f"{head}\r\nSubject: Slow\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("sender", "trusted"),
    [
        ("monitor@alerts.example.org", True),
        ("MONITOR@Alerts.example.org", True),
        ("any@shop.example", True),
        ("any@evil-shop.example", False),
        ("monitor@alerts.example.org.evil.example", False),
    ],
)
def test_only_named_senders_are_trusted(sender: str, trusted: bool) -> None:
    document = mail_document(mail("Slow", sender=sender))
    problem = sender_problem(read(mail("Slow", sender=sender)), document, (SENDER, "@shop.example"), "")
    assert (problem == "") is trusted


def test_a_body_can_not_name_another_sender() -> None:
    alert = read(mail("Slow", "from: monitor@alerts.example.org", sender="eve@evil.example"))
    assert sender_problem(alert, {}, (SENDER,), "") != ""


@pytest.mark.parametrize(
    ("verdicts", "passed"),
    [
        (("mx.example.org; spf=pass smtp.mailfrom=x; dmarc=pass header.from=alerts.example.org",), True),
        (("mx.example.org; dmarc=fail",), False),
        (("mx.evil.example; dmarc=pass",), False),
        (("mx.example.org; dmarc=fail", "mx.example.org; dmarc=pass"), False),
        ((), False),
    ],
)
def test_the_mail_server_has_to_vouch_for_the_sender(verdicts: tuple[str, ...], passed: bool) -> None:
    head = "".join(f"Authentication-Results: {verdict}\r\n" for verdict in verdicts).encode()
    raw = head + mail("Slow")
    assert (sender_problem(read(raw), mail_document(raw), (SENDER,), "mx.example.org") == "") is passed


@pytest.mark.parametrize("encoding", ["BASE64", "UTF-8"])
def test_a_mail_that_ses_received_is_read(encoding: str) -> None:
    (alert,) = parse_alerts(ses_notification(NAGIOS, encoding))
    assert (alert.provider, alert.service) == ("mail", "Payments")


@pytest.mark.parametrize("verdicts", [{"spamVerdict": "FAIL"}, {"virusVerdict": "FAIL"}, {"dmarcVerdict": "GRAY"}])
def test_a_mail_that_ses_doubts_is_no_alert(verdicts: dict[str, str]) -> None:
    with pytest.raises(PayloadProblem, match="SES says"):
        parse_alerts(ses_notification(NAGIOS, **verdicts))
