"""Redaction rules for private keys, however they are written: PEM, OpenSSH, PGP, SSH2 (RFC 4716), PuTTY, in base64 again.

The lines of a key may stand in a log or a diff, each behind something, and be separated by newlines, escaped ones,
percent-encoded ones, spaces or commas. A key that is cut off goes as far as it looks like one.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.rules import Rule, Span, make_rule

__all__ = ["PEM_RULES"]

_SPACE: Final = r"(?:[ ]|\+|%20|_|&#32;|\\u0020)"
_LABEL: Final = rf"(?:[A-Z0-9]{{1,12}}{_SPACE}){{0,4}}PRIVATE{_SPACE}KEY(?:{_SPACE}BLOCK)?"
_DASHES: Final = r"(?:-----|---- |%2D%2D%2D%2D%2D|\\u002d\\u002d\\u002d\\u002d\\u002d|&#45;&#45;&#45;&#45;&#45;)"
_BLANK: Final = lazy_pattern(r"(?:\s|\\{1,15}[nrt]|%0[aAdD])*")


def _body(match: re.Match[str]) -> Span | None:
    start, end = match.span("secret")
    return (start, end) if not _BLANK.fullmatch(match.string, start, end) else None


def _encoded(match: re.Match[str]) -> Span | None:
    """Base64 whose text begins a private key."""
    try:
        text = base64.b64decode(match["secret"][:88])
    except (binascii.Error, ValueError):
        return None
    return match.span("secret") if b"PRIVATE KEY" in text else None


PEM_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "private-key",
        ("*private",),
        rf"{_DASHES}BEGIN{_SPACE}{_LABEL}(?:{_DASHES}|[ ]?----)(?P<secret>(?:[^-%&\\]|-(?!---)|%(?!2D%2D%2D)|&(?!#45;&#45;)|\\(?!u002d\\u)){{0,20000}}"
        rf"(?=-----|---- |%2D%2D%2D|\\u002d|&#45;)|(?:\s{{0,4}}(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset):[^\n]{{0,200}}\n){{0,4}}(?:(?:\s|\\{{1,15}}[nrt]|%0[AD])*[A-Za-z0-9+/=]{{16,}})*)",
        _body,
    ),
    make_rule(
        "private-key",
        ("private-lines",),
        r"Private-Lines:\s{0,4}\d{1,4}(?P<secret>(?:(?:\s|\\{1,15}[nr]){1,8}[A-Za-z0-9+/=]{20,200}){1,200})",
        _body,
    ),
    make_rule("private-key", ("private-mac",), r"Private-MAC:\s{0,4}(?P<secret>[0-9a-f]{32,64})"),
    make_rule(
        "private-key",
        ("*ls0tls1crudjti",),
        r"(?<![A-Za-z0-9+/])(?-i:(?P<secret>LS0tLS1CRUdJTi[A-Za-z0-9+/_-]{20,1000000}={0,2}))",
        _encoded,
    ),
)
