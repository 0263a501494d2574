"""Structural rules of redaction: where a text says of itself that a credential follows.

A rule finds candidates by a pattern that runs in linear time; a small function then decides and says which part of the
match is the secret. What follows a secret's name is often no secret: `values` says what is left alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final, Literal

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key
from primitives.redact.values import is_code, is_no_secret, is_secret_assignment, stands_out

__all__ = [
    "RULES",
    "Begins",
    "Rule",
    "Span",
    "filled_group",
    "keyed_group",
    "make_rule",
]

Span = tuple[int, int]
Begins = Literal["", "key", "trigger", "mark"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` runs on a text that has one of `triggers`; `secret_of` says which part of a match is the secret.

    In lower case: a trigger of letters and digits is a whole word, `*key` one of any place, and so is anything else.
    The text must also have one of the characters `needs`, if any, and a key that may name a secret if it is `keyed`.
    `begins`: every match begins at a key that names a secret, at one of the triggers, or at a placeholder's mark.
    """

    kind: str
    triggers: tuple[str, ...]
    pattern: re.Pattern[str]
    secret_of: Callable[[re.Match[str]], Span | None]
    needs: str = ""
    keyed: bool = False
    begins: Begins = ""


def _whole_group(match: re.Match[str]) -> Span | None:
    return match.span("secret")


def filled_group(match: re.Match[str]) -> Span | None:
    """The group `secret`, unless it holds what is written in a secret's place."""
    return None if is_no_secret(match["secret"]) else match.span("secret")


def keyed_group(match: re.Match[str]) -> Span | None:
    """The group `secret`, if the group `key` names a secret and this may be one."""
    key, value = match["key"], match["secret"].strip("\"'")
    return match.span("secret") if is_secret_key(key) and is_secret_assignment(key, value) else None


_SCHEME: Final = "(?:Bearer|Basic|Token|ApiKey|Api-Key|Key|Negotiate|NTLM|Splunk|GenieKey|SSWS|Digest)"


def _authorization(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    if is_no_secret(value) or is_code(value):
        return None
    if (match["scheme"] or "").lower() == "digest" and value.endswith("="):
        return None  # the name of its first parameter; `commands` has a rule for the secret one
    if match["scheme"] is None and (len(value) < 8 or not stands_out(value)):
        return None
    return match.span("secret") if len(value) >= 4 else None


def _basic(match: re.Match[str]) -> Span | None:
    """Base64 of a user and a password."""
    value = match["secret"]
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return match.span("secret") if ":" in text and text.isprintable() else None


def _bearer(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    return match.span("secret") if re.search("[0-9]", value) or len(value) >= 32 else None


def make_rule(
    kind: str,
    triggers: tuple[str, ...],
    pattern: str,
    secret_of: Callable[[re.Match[str]], Span | None] = _whole_group,
    *,
    needs: str = "",
    keyed: bool = False,
    begins: Begins = "",
) -> Rule:
    """A rule whose pattern ignores case and is compiled when it is first used."""
    return Rule(
        kind, triggers, lazy_pattern(pattern, re.IGNORECASE), secret_of, needs, keyed or begins == "key", begins
    )


RULES: Final[tuple[Rule, ...]] = (
    make_rule("jwt", ("*eyj",), r"(?<![A-Za-z0-9_-])(?-i:(?P<secret>eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){1,4}))"),
    make_rule(
        "authorization",
        ("*authorization",),
        rf"authorization\\?[\"']?\s{{0,3}}[:=]\s{{0,3}}\[?\\?[\"']?(?:(?P<scheme>{_SCHEME})\s+)?(?P<secret>[^\s,;\"'\\\[\]]+)",
        _authorization,
    ),
    make_rule("authorization", ("basic",), r"\bbasic\s+(?P<secret>[A-Za-z0-9+/]{8,2000}={0,2})(?![\w+/=])", _basic),
    make_rule("bearer", ("*bearer",), r"\bbearer\s+(?P<secret>[A-Za-z0-9._~+/=-]{16,})", _bearer),
    make_rule(
        "cookie",
        ("*cookie",),
        r"\bcookie\\?[\"']?\s{0,2}[:=]\s{0,3}\\?[\"']?(?P<secret>[\w.%!#$&*+^|~-]+=[^\s;\"'\\]{4,}(?:;\s?[^;\"'\\\r\n]+)*)",
    ),
    make_rule(
        "password",
        ("@tcp(", "@unix(", "@udp("),
        r"[\w.-]{1,64}:(?P<secret>[^\s@/\"']{1,128})@(?:tcp|unix|udp)\(",
        filled_group,
    ),
    make_rule("password", ("oracle",), r"jdbc:oracle:\w{1,20}:[^/\s@]{1,128}/(?P<secret>[^@\s]{1,256})@", filled_group),
    make_rule(
        "value",
        ("*value",),
        r"\bname\\?[\"']?:[ ]*\\?[\"']?[\w.-]{0,80}?(?:password|passwd|secret|token|api_?key|access_?key|_pass|_pwd)"
        r"\\?[\"']?(?:,|\s)\s{0,40}\\?[\"']?value\\?[\"']?:[ ]*\\?[\"']?(?P<secret>[^\s\"'\\,}]+)",
        filled_group,
    ),
    make_rule(
        "password",
        ("*pass",),
        r"<(?P<tag>[\w:.-]{0,40}?pass(?:word|wd|phrase)?)>(?P<secret>[^<>\s]+)</",
        filled_group,
        needs="<",
    ),
    make_rule(
        "value",
        ("token>", "secret>", "key>"),
        r"<[\w:.-]{0,40}?(?:token|secret|apikey|api-key|accesskey)>(?P<secret>[^<>\s]{6,})</",
        filled_group,
    ),
)
