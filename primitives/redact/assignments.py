"""A key that names a secret and its value: `KEY=value`, `KEY: value`, `"KEY": "value"`, `KEY => value` and so on.

Keys are found first, whatever they are, in one pass; only behind one that names a secret is a value looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import KeyKind, key_kind
from primitives.redact.marks import FIRST_MARK
from primitives.redact.values import is_code, is_secret_assignment, stands_out

__all__ = ["redact_assignments"]

_PAIR: Final = lazy_pattern(
    r"(?<![\w.-])(?P<key>[\w.-]{1,200}+)"
    r"(?P<sep>\\{0,7}[\"'`]?\]?[ \t]{0,40}(?:=>|:=|=(?!=)|->|:(?!:)|::(?=[ ])|：|%3[dDaA])[ \t]{0,12}(?:!!?[a-z][a-z-]{0,24}[ ](?=[\"']?[^\s\"']{6,300}[\"']?[ \t]{0,9}(?:\n|$)))?)"
)
_BARE: Final = r"(?:[^\s&;,\"'`<>(){}\[\]\\]++|&(?![\w.%-]{1,100}=)|[)\]}](?![\s,;.)\]}\"']|$))"
_VALUE: Final = lazy_pattern(
    r"\\{1,7}\"(?P<escaped>(?:[^\"\\\n]|\\(?!\"))*)\\\""
    r"|(?:[NEbBuU]|[bB]?r)?\"(?P<double>(?:[^\"\\\n]|\\.)*)\""
    r"|(?:[NEbBuU]|[bB]?r)?'(?P<single>(?:[^'\\\n]|\\.)*)'"
    r"|\{(?P<braced>[^{}\s;]{1,200})\}(?=;)"
    rf"|[\"'`]?(?P<bare>\[redacted:[\w:.!-]{{0,80}}\]?(?:{_BARE})*|{_BARE}(?:{_BARE}|[({{\[])*)"
)
# No bare value goes on with one of these; a text may end as well.
_ENDS: Final = ("", " ", "\n", "\t", ";", ",", '"', "'")
# git's word diff ends so what was taken out, or put in.
_WORD_DIFF: Final = lazy_pattern(r"-\]|\+\}")
_HEADER: Final = lazy_pattern(r"(?:x|ocp-apim)-[\w-]{0,80}$", re.IGNORECASE)
_LINE_START: Final = lazy_pattern(r"(?:^|\n)[+<>-]?[ \t]*(?:- +|export +|set +)?[\\\"']{0,2}$", re.IGNORECASE)
_REST_OF_LINE: Final = lazy_pattern(r"[\"',;\s]*(?:#.*)?(?:\n|$)")
_WORDS_BEFORE: Final = lazy_pattern(r"(?:[^\W_]{2,12}[ ]){1,3}$")
# Last words of names that are written with spaces: `API key: ...`, `mot de passe : ...`.
_LAST_WORDS: Final = frozenset(
    {"key", "passe", "sandi", "khẩu", "token", "phrase", "seed", "chiave", "clave", "secreta", "cle", "clé"}
)


def redact_assignments(text: str, placeholder: Callable[[str, str], str]) -> str:
    """`text` with the value behind each key that names a secret replaced by `placeholder("value", value)`."""
    parts: list[str] = []
    at = 0
    for match in _PAIR.finditer(text):
        key, start = match["key"], match.start()
        if start < at:
            continue
        if text.startswith("%", start - 1 if start else 0):
            key = key[2:]
        kind = key_kind(key)
        if key.lower() in _LAST_WORDS:
            key = _spoken_name(text, start, key)
            kind = key_kind(key)
        if kind is None or kind == "header" or text.endswith(("checksum/",), 0, start):
            continue
        if _is_marked(text, match.end()):
            continue
        value = _VALUE.match(text, match.end())
        span = _secret(match, value, key, kind) if value is not None else None
        if span is not None:
            parts += text[at : span[0]], placeholder("value", text[span[0] : span[1]])
            at = span[1]
    return "".join((*parts, text[at:])) if parts else text


def _is_marked(text: str, at: int) -> bool:
    """Whether the value at this place is a placeholder's mark and nothing else: a quick look."""
    return text[at : at + 1] >= FIRST_MARK and text[at + 1 : at + 2] in _ENDS


def _spoken_name(text: str, start: int, key: str) -> str:
    """The name with the words before it, as it may be written with spaces."""
    before = _WORDS_BEFORE.search(text[max(start - 39, 0) : start])
    return before[0].replace(" ", "_") + key if before else key


def _secret(pair: re.Match[str], match: re.Match[str], key: str, kind: KeyKind) -> tuple[int, int] | None:
    group = match.lastgroup or "bare"
    value = match[group]
    if group == "bare" and (close := _WORD_DIFF.search(value)) is not None:
        value = value[: close.start()]
    if not is_secret_assignment(key, value, kind):
        return None
    if group == "bare" and not _is_plain_secret(pair, match, value):
        return None
    start = match.start(group)
    return start, start + len(value)


def _is_plain_secret(pair: re.Match[str], match: re.Match[str], value: str) -> bool:
    """Whether a value without quotes is one, and no expression or word of a sentence."""
    if is_code(value):
        return False
    separator = pair["sep"]
    if "=" in separator or ":" not in separator or not separator[-1:].isspace():
        return not (separator == ":" and not _HEADER.match(pair["key"]) and _is_tag(pair, value))
    prefix = pair.string[max(pair.start() - 60, 0) : pair.start()]
    is_line = _LINE_START.search(prefix) is not None and _REST_OF_LINE.match(match.string, match.end()) is not None
    is_changed = prefix.endswith("{+") or (prefix.endswith("[") and pair["key"].startswith("-"))
    return is_line or is_changed or _HEADER.match(pair["key"]) is not None or stands_out(value)


_VERSION: Final = lazy_pattern(r"v?[0-9]+(?:\.[0-9]+){0,3}(?:[-+@][\w.:-]*)?|latest\b.*|[0-9a-f]{7,40}(?:@sha256.*)?")


def _is_tag(pair: re.Match[str], value: str) -> bool:
    """Whether it is the tag of an image, a line of a source file, a key of a cache or part of a name."""
    start = pair.start()
    if pair.string.endswith("pam_unix(", 0, start) or "arn:" in pair.string[max(start - 60, 0) : start]:
        return True
    before = pair.string[max(start - 1, 0) : start]
    return (
        before in ("/", '"', "'", "") and _VERSION.fullmatch(value) is not None and key_kind(pair["key"]) != "password"
    )
