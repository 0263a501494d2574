"""The texts under which a known secret may appear: as it is, URL-encoded, in JSON, in base64, in hexadecimal."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

__all__ = ["alternation", "encodings_of", "known_forms"]

_SHORTEST_ENCODED = 6


def encodings_of(value: str) -> set[str]:
    """Every form of `value` worth searching for, itself included."""
    from html import escape

    raw = value.encode("utf-8", "surrogatepass")
    forms = {value, escape(value), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        forms |= {encoded, encoded.replace("%", "%25"), _lower_escapes(encoded)}
    if len(raw) >= _SHORTEST_ENCODED:
        forms |= {raw.hex(), raw.hex().upper()}
        forms |= _base64_forms(raw)
    return forms


def _lower_escapes(encoded: str) -> str:
    parts = encoded.split("%")
    return parts[0] + "".join(f"%{part[:2].lower()}{part[2:]}" for part in parts[1:])


def _base64_forms(raw: bytes) -> set[str]:
    """Base64 of `raw` alone, and of `raw` inside something longer (`user:raw`), which depends on where it starts.

    Inside something longer the first and last characters also encode the neighbours' bits and are left out.
    """
    forms = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        forms |= {whole, whole.rstrip("=")}
        for offset in range(3):
            text = encode(b"\0" * offset + raw).decode().rstrip("=")
            start = (0, 2, 3)[offset]
            end = len(text) - (1 if (offset + len(raw)) % 3 else 0)
            forms.add(text[start:end])
    return forms


def known_forms(known: Iterable[str]) -> dict[str, str]:
    """Each text under which a known value may appear, and the value."""
    forms: dict[str, str] = {}
    for value in sorted(set(known)):
        if len(value) >= 4:
            for form in encodings_of(value):
                forms.setdefault(form, value)
    return forms


def alternation(forms: Mapping[str, str]) -> re.Pattern[str] | None:
    """The pattern of any of these texts, the longest first; None of none."""
    if not forms:
        return None
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
