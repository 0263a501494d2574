"""Mails as monitoring tools send them, and as nobody should."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

SENDER = "monitor@alerts.example.org"


def mail(subject: str, text: str = "", sender: str = SENDER, number: str = "1", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = f"Monitor <{sender}>"
    message["Subject"] = subject
    message["Message-ID"] = f"<{number}@alerts.example.org>"
    message["Date"] = "Tue, 10 Mar 2026 14:44:00 +0000"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text or "nothing more")
    return message.as_bytes()


NAGIOS = mail(
    "** PROBLEM Service Alert: till-3/Payments is CRITICAL **",
    "***** Monitor *****\n\nNotification Type: PROBLEM\n\nService: Payments\nHost: till-3\nState: CRITICAL\n"
    "\nAdditional Info:\n\nno answer for 10 s\n",
)
NAGIOS_OVER = mail(
    "** RECOVERY Service Alert: till-3/Payments is OK **", "Service: Payments\nHost: till-3\n", number="2"
)


def ses_notification(raw: bytes, encoding: str = "BASE64", **verdicts: str) -> dict[str, Any]:
    """What SES publishes for a received mail, by its documentation."""
    checks = {"spamVerdict": "PASS", "virusVerdict": "PASS", "dmarcVerdict": "PASS", **verdicts}
    content = base64.b64encode(raw).decode() if encoding == "BASE64" else raw.decode()
    action = {"type": "SNS", "topicArn": "arn:aws:sns:eu-west-1:123456789012:mails", "encoding": encoding}
    receipt = {**{name: {"status": status} for name, status in checks.items()}, "action": action}
    return {"notificationType": "Received", "receipt": receipt, "mail": {"messageId": "o3vr"}, "content": content}
