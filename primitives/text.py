"""Safe text: the only way for text from outside to reach a screen, a file or a model.

The result has no control or format character except the newline, so it can neither drive a terminal (colours,
links, the clipboard, cursor movement) nor show a person something else than a program reads (bidi overrides,
zero-width and tag characters). It is not escaped for any markup: that is the renderer's part. Nothing is normalised,
because identifiers must stay equal to the provider's own.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["ELLIPSIS", "NEWLINE_SIGN", "TAB_WIDTH", "safe_json", "safe_line", "safe_text", "words_apart"]

ELLIPSIS: Final = "…"
NEWLINE_SIGN: Final = " ⏎ "
TAB_WIDTH: Final = 4

# Escape sequences of ECMA-48 in their 7-bit and 8-bit forms. A string sequence (OSC, DCS, ...) that isn't closed on
# its line loses its introducer only: swallowing what follows would let a log line hide its neighbours.
_ESCAPE: Final = lazy_pattern(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI
    "|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c\r\n]*(?:\x07|\x1b\\\\|\x9c)"  # OSC: titles, links (8), clipboard (52)
    "|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\r\n]*(?:\x1b\\\\|\x9c)"  # DCS, SOS, PM, APC
    "|\x1b[ -/]*[0-~]"  # every other escape sequence
)
# All of the Unicode categories Cc (but tab and line breaks), Cf and Cs, the variation selectors and the other
# characters that Unicode declares ignorable: text can be hidden in each of them. A test compares with `unicodedata`.
_HIDDEN_CLASS: Final = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_HIDDEN: Final = lazy_pattern(f"[{_HIDDEN_CLASS}]+")
_LINE_BREAK: Final = lazy_pattern("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Runs of combining marks paint over the lines above and below; no script in use stacks more than four.
_MARK_CLASS: Final = "[\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED_MARKS: Final = lazy_pattern(f"({_MARK_CLASS}{{4}}){_MARK_CLASS}+")
_SUSPECT: Final = lazy_pattern(f"[\t\r\x0b\x0c\x85\u2028\u2029{_HIDDEN_CLASS}]|{_MARK_CLASS}{{5}}")
_UNSAFE_IN_JSON: Final = lazy_pattern(f"[\x85\u2028\u2029{_HIDDEN_CLASS.replace(chr(0) + '-' + chr(8), '')}]")
# A capital after a small letter begins a word, and so does the last capital before two small ones: CPUThrottlingHigh,
# but not APIs.
_WORD_BEGINS: Final = lazy_pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
# Removed characters don't count towards a limit, but text that is nearly all removable isn't worth reading whole.
_READ_AHEAD: Final = 4


def safe_text(value: str, *, limit: int = 20_000) -> str:
    r"""`value` without anything that drives a terminal or hides text, at most `limit` characters.

    Newlines stay (every kind of line break becomes `\n`), tabs become spaces, what is cut ends in `…`.
    Applying it twice changes nothing.
    """
    if len(value) <= limit and _is_plain(value):
        return value
    cut = len(value) > limit * _READ_AHEAD
    text = _clean(value[: limit * _READ_AHEAD] if cut else value)
    return _truncate(text, limit, force=cut)


def safe_line(value: str, *, limit: int = 500) -> str:
    """`safe_text` on one line: newlines at the ends are dropped, the others become ` ⏎ `."""
    if len(value) <= limit and value.isascii() and value.isprintable():
        return value
    cut = len(value) > limit * _READ_AHEAD
    text = _clean(value[: limit * _READ_AHEAD] if cut else value)
    return _truncate(text.strip("\n").replace("\n", NEWLINE_SIGN), limit, force=cut)


def words_apart(name: str) -> str:
    """A name in CamelCase with spaces between its words: `CPUThrottlingHigh` → `CPU Throttling High`."""
    return _WORD_BEGINS.sub(" ", name)


def safe_json(text: str) -> str:
    """The JSON document `text` with escapes for what is hidden or drives a terminal: it says the same."""
    return text if text.isascii() and "\x7f" not in text else _UNSAFE_IN_JSON.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _is_plain(value: str) -> bool:
    if value.isascii():
        return value.isprintable() or value.replace("\n", "").isprintable()
    return _SUSPECT.search(value) is None


def _clean(value: str) -> str:
    text = _ESCAPE.sub("", value)
    text = _HIDDEN.sub("", text)
    text = _LINE_BREAK.sub("\n", text)
    text = _STACKED_MARKS.sub(r"\1", text)
    return text.replace("\t", " " * TAB_WIDTH)


def _truncate(text: str, limit: int, *, force: bool) -> str:
    if len(text) <= limit and not force:
        return text
    return text[: max(limit - 1, 0)] + ELLIPSIS[:limit]
