"""The places of the secrets that a text's structure tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.structure.argv import secret_arguments
from primitives.redact.structure.brackets import read_brackets
from primitives.redact.structure.decide import secret_values
from primitives.redact.structure.frames import Frame, Span
from primitives.redact.structure.layout import read_layout
from primitives.redact.structure.tables import read_tables
from primitives.redact.structure.xml import read_xml

__all__ = ["secret_spans"]

_BRACKETS: Final = lazy_pattern(
    r"[{\[(]|[\w\"'][ ]?=[ ]?[\"']|\\\"|<<[-~]?[A-Z]|(?i:name|key|setting|option|field|parameter|attribute|property|variable)[\"']?[=:]"
)
_XML: Final = lazy_pattern(r"</?[A-Za-z]|&lt;|\\u003c", re.IGNORECASE)
_IN_SECRET: Final = lazy_pattern(
    r"\b(?:get|patch|edit|create|apply|replace|describe)\s{1,4}secrets?\b|resource\\{0,7}[\"']?[:=]\s?\\{0,7}[\"']?secrets\\{0,7}[\"']?"
    r"|\bsecrets?[ /]\\{0,7}[\"'][\w.-]{1,80}\\{0,7}[\"'][ :]|\bkind\\{0,7}[\"']?[:=][ ]{0,4}\\{0,7}[\"']?Secret\b(?![\w.-])|&(?:v1\.)?Secret\{"
)


def secret_spans(text: str, find: Callable[[str], Iterable[Span]]) -> list[Span]:
    """Places of secrets in `text`, apart from each other and in order. `find` gives those on a command line."""
    frames = list(_frames(text))
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
