"""Secrets that a text named, to be found again in other texts where nothing names them, in any usual encoding.

Only what was drawn at random is worth finding again: a password such as `postgres` is also a word and a name. Texts are
searched for the longest run of letters and digits of each encoding, so that many secrets cost no more than one.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.known import encodings_of
from primitives.redact.values import filled, is_object_name, is_uuid

__all__ = ["Learned"]

_MOST: Final = 1_000
_SHORTEST_RUN: Final = 4
_RUN: Final = re.compile(r"[A-Za-z0-9]{4,}")
_WORTH_FINDING: Final = lazy_pattern(r"(?=[^0-9]{0,300}[0-9])(?=[^A-Za-z]{0,300}[A-Za-z])[^\s\"'{}<>\\]{10,300}")
# Times, addresses, versions, and names in parts.
_NAMES: Final = lazy_pattern(r"[0-9].*[.:].*|[\w+.-]{1,40}://.*|.*[\w-]\.(?:com|net|org|io|local|svc|internal)\b.*|/.*")
# Of these kinds only a part is the secret, or the text appears nowhere else.
_OTHER_KINDS: Final = frozenset({"cookie", "community", "private-key", "hash", "known"})


class Learned:
    """What was redacted and is worth finding again."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}
        self._forms: dict[str, dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._values)

    def add(self, kind: str, secret: str) -> None:
        """Remember a secret that was redacted, if it is worth finding again."""
        if len(self._values) >= _MOST or kind in _OTHER_KINDS:
            return
        value = _plain(secret)
        if value in self._values or not _is_worth_finding(value):
            return
        self._values[value] = None
        for form in encodings_of(value):
            run = max(_RUN.findall(form), key=len, default="")
            if len(run) >= _SHORTEST_RUN and len(form) >= len(value):
                self._forms.setdefault(run, {})[form] = value

    def redact(self, text: str, placeholder: Callable[[str, str], str]) -> str:
        """`text` with each of these secrets, in each encoding, replaced by `placeholder("known", secret)`."""
        for run in self._forms.keys() & _RUN.findall(text):
            for form in sorted(self._forms[run], key=len, reverse=True):
                if form in text:
                    text = text.replace(form, placeholder("known", self._forms[run][form]))
        return text


def _plain(secret: str) -> str:
    """The secret without quotes, and what base64 holds where that is a text."""
    value = secret.strip("\"'`")
    if len(value) >= 12 and len(value) % 4 == 0 and value.endswith("="):
        try:
            text = base64.b64decode(value, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            return value
        return text.strip() if text.isprintable() else value
    return value


def _is_worth_finding(value: str) -> bool:
    if not _WORTH_FINDING.fullmatch(value) or not filled(value) or is_uuid(value):
        return False
    is_word = is_object_name(value.lower()) and not (value.isalnum() and len(value) >= 16)
    return not is_word and not _NAMES.fullmatch(value)
