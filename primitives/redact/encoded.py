"""Redaction rules for secrets inside an encoding: base64 of a document that names one, arguments set apart by NUL.

A document in base64 is redacted whole: what in it is secret can't be taken out of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key
from primitives.redact.rules import Rule, Span, make_rule
from primitives.redact.values import filled

__all__ = ["ENCODED_RULES"]

_LONGEST: Final = 200_000
_NAMES_A_SECRET: Final = lazy_pattern(
    r"pass(?:word|wd|phrase)|secret|token|api_?key|\"auths?\"|private.key|credential", re.IGNORECASE
)


def _document(match: re.Match[str]) -> Span | None:
    secret = match["secret"]
    padded = secret[:_LONGEST].rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        text = base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None
    return match.span("secret") if _NAMES_A_SECRET.search(text) else None


def _argument(match: re.Match[str]) -> Span | None:
    return match.span("secret") if is_secret_key(match["key"]) and filled(match["secret"]) else None


ENCODED_RULES: Final[tuple[Rule, ...]] = (
    # `{"`, `{\n`, `#!/`, `#cloud`, `---`, `apiVersion:`, `kind:` in base64.
    make_rule(
        "value",
        ("*eyj", "*ewo", "*iyev", "*i2nsb3vk", "*ls0tc", "*yxbpvmvyc2lvbj", "*a2luzd"),
        r"(?<![\w+/.-])(?-i:(?P<secret>(?:eyJ|ewo|IyEv|I2Nsb3Vk|LS0tC|YXBpVmVyc2lvbj|a2luZD)[A-Za-z0-9+/_-]{16,1000000}={0,2}))(?![\w.+/-])",
        _document,
    ),
    make_rule(
        "value",
        ("\\x00", "\x00", "\\u0000", "\\0"),
        r"(?:(?<![\w-])|(?<=\\x00)|(?<=u0000))--?(?P<key>[A-Za-z][\w.-]{0,80})(?:\\x00|\\u0000|\\0|\x00)(?P<secret>[^\x00\\\s\"']{4,500})",
        _argument,
    ),
)
