"""Finds the places of the secrets in a structured text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.key_pieces import ANY_KEY_PIECE, KEY_PIECES
from primitives.redact.keys import is_secret_key
from primitives.redact.marks import FIRST_MARK, without_marks
from primitives.redact.structure.argv import secret_arguments
from primitives.redact.structure.brackets import read_brackets
from primitives.redact.structure.decide import is_whole_key, secret_values
from primitives.redact.structure.frames import Frame, Span
from primitives.redact.structure.layout import read_layout
from primitives.redact.structure.tables import read_tables
from primitives.redact.structure.xml import read_xml

__all__ = [
    "PIECES_OF_STRUCTURE",
    "hints_at_a_secret",
    "may_have_structure",
    "may_hold_arguments",
    "secret_names",
    "secret_spans",
    "spans_of_frames",
]

_BRACKETS: Final = lazy_pattern(
    r"[{\[(]|[\w\"'][ ]?=[ ]?[\"']|\\\"|<<[-~]?[A-Z]|(?i:name|key|setting|option|field|parameter|attribute|property|variable)[\"']?[=:]"
)
_XML: Final = lazy_pattern(r"</?[A-Za-z]|&lt;|\\u003c", re.IGNORECASE)
_IN_SECRET: Final = lazy_pattern(
    r"\b(?:get|patch|edit|create|apply|replace|describe)\s{1,4}secrets?\b|resource\\{0,7}[\"']?[:=]\s?\\{0,7}[\"']?secrets\\{0,7}[\"']?"
    r"|\bsecrets?[ /]\\{0,7}[\"'][\w.-]{1,80}\\{0,7}[\"'][ :]|\bsecrets?/[\w.-]{1,253}[ ]|\bkind\\{0,7}[\"']?[:=][ ]{0,4}\\{0,7}[\"']?Secret\b(?![\w.-])|&(?:v1\.)?Secret\{"
)


_ARGUMENTS: Final = ("'-", '"-', ", -", "[-", ",-", "- -", "\\x00-")
# "- -" is an item of a list on a line of its own.
PIECES_OF_STRUCTURE: Final = (*KEY_PIECES, *("\n" if piece == "- -" else piece for piece in _ARGUMENTS))
"""A text that has structure with a secret has one of these, in lower case."""
_FLAGS: Final = lazy_pattern(
    r"(?:[\"'][, ]|\[|\n[ ]*-|x00|[,(])[ ]?\\{0,15}[\"']?--?[a-z][\w-]{0,80}(?:[\"',\\]|$|\n|[a-z0-9._!-]{4})"
)
_QUOTES: Final = (
    '":', '",', '"]', '")', '"}', "':", "',", "']", "')", "'}", '("', '= "', "= '", ": [", ': "', "\n", '\\"', '" =', '"=', "' =", "'=",
    "{", "\\n", "&lt;", "&quot;", "\\u003", "</", "/>", "[-", ", -", "[/", '">', "map[",
)  # fmt: skip
_PAIRED: Final = (
    "name=",
    "key=",
    "setting=",
    "option=",
    "field=",
    "parameter=",
    "attribute=",
    "property=",
    "variable=",
)
_WORD_CHARACTERS: Final = "".join(
    chr(code) if chr(code).isalnum() or chr(code) in "_.-" else " " for code in range(128)
)
_NUMERIC: Final = "0123456789.-"
_NO_WORD: Final = lazy_pattern("[^a-z0-9]+")
_SENSITIVE_KINDS: Final = frozenset(
    {
        "secret",
        "secrets",
        "securestring",
        "sensitive",
        "private",
        "chpasswd",
        "secretgenerator",
        "rsakeyvalue",
        "kty",
        "login",
        "key",
        "keys",
    }
)


def hints_at_a_secret(lower: str) -> bool:
    """Whether a key may be in a text in lower case that names a secret, or whatever holds some: a quick look."""
    return not lower.isascii() or _has_any(lower, KEY_PIECES)


def secret_names(text: str) -> list[str]:
    """The words of `text` that name a secret, or whatever holds some, in lower case."""
    spaced = (text if text.isascii() else without_marks(text)).translate(_WORD_CHARACTERS)
    words = set(spaced.split() if not spaced.isascii() else _words_with_a_piece(spaced))
    return [word.lower() for word in words if _is_word(word) and _tells(word)]


def _words_with_a_piece(spaced: str) -> Iterator[str]:
    """The words, set apart by spaces, in which one of the pieces begins."""
    end = 0
    for start in ANY_KEY_PIECE.starts(spaced.lower()):
        if start >= end:
            begin, end = spaced.rfind(" ", 0, start) + 1, spaced.find(" ", start)
            end = end if end >= 0 else len(spaced)
            yield spaced[begin:end]


def may_have_structure(lower: str, *, named: bool) -> bool:
    """Whether a text may have structure that says which values are secret. `named`: a word of it names one."""
    if named:
        return _has_any(lower, _QUOTES) or _has_any(lower, _PAIRED)
    return _has_any(lower, _ARGUMENTS) and _FLAGS.search(lower) is not None


def may_hold_arguments(lower: str) -> bool:
    """Whether a list of arguments may be in a text in lower case: a quick look."""
    return _has_any(lower, _ARGUMENTS)


def _has_any(text: str, pieces: tuple[str, ...]) -> bool:
    for piece in pieces:  # noqa: SIM110 - twice as fast as any()
        if piece in text:
            return True
    return False


def _is_word(word: str) -> bool:
    """Whether a word is worth keeping in the cache: numbers and marks differ in every text."""
    return word.strip(_NUMERIC) != "" if word.isascii() else len(word) > 1 or word < FIRST_MARK


@lru_cache(maxsize=16384)
def _tells(word: str) -> bool:
    if word.isascii() and not ANY_KEY_PIECE.are_in(word.lower()):
        return False
    return is_secret_key(word) or is_whole_key(word) or not _SENSITIVE_KINDS.isdisjoint(_NO_WORD.split(word.lower()))


def secret_spans(text: str, find: Callable[[str], Iterable[Span]]) -> list[Span]:
    """Places of secrets in `text`, in order and without overlaps. `find` gives those on a command line."""
    return spans_of_frames(list(_frames(text)), text, find)


def spans_of_frames(frames: list[Frame], text: str, find: Callable[[str], Iterable[Span]]) -> list[Span]:
    """Places of secrets in these frames of `text`."""
    in_secret = _IN_SECRET.search(text) is not None
    places = [*secret_values(frames, text, in_secret=in_secret), *secret_arguments(frames, text, find)]
    return _merged(places)


def _frames(text: str) -> Iterator[Frame]:
    if _BRACKETS.search(text):
        frames, strings = read_brackets(text)
        yield from frames
        for start, end in strings:
            if text.find("\\n", start, end) >= 0:
                yield from read_layout(text, start, end)
    if _XML.search(text):
        yield from read_xml(text)
    if "\n" in text:
        yield from read_tables(text)
    if "\n" in text or "\\n" in text:
        yield from read_layout(text)


def _merged(places: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(places):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
