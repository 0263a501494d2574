"""Values of statements that are given apart from their columns: rows of an INSERT, and bound parameters.

`INSERT INTO users (name, password) VALUES ('bob', '...')` and `... SET password = $2 ... parameters: $1 = '7', $2 = '...'`:
which value is a secret is said by the column at the same place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key
from primitives.redact.rules import Span
from primitives.redact.values import filled

__all__ = ["PIECES_OF_PARAMETERS", "has_parameters", "redact_parameters"]

_INSERT: Final = lazy_pattern(
    r"\b(?:insert|replace)\s{1,4}into\s{1,4}\S{1,100}?\s{0,4}\((?P<columns>[^()\n]{1,2000})\)\s{0,4}values\s{0,4}",
    re.IGNORECASE,
)
_ITEM: Final = lazy_pattern(
    r"\s{0,8}(?:[NE]?'(?P<single>(?:[^'\\\n]|\\.|'')*)'|\"(?P<double>(?:[^\"\\\n]|\\.)*)\"|(?P<bare>[^,()'\"\n]{0,300}))"
    r"\s{0,8}(?P<end>[,)\]])"
)
_BETWEEN_ROWS: Final = lazy_pattern(r"\s{0,8},?\s{0,8}\(")
_MARKED: Final = lazy_pattern(
    r"(?P<key>[\w.]{2,60}+)[\"`\]]?\s?(?:=|\blike\b)\s?(?P<mark>\$[0-9]{1,4}|\?|@\w{1,60}|:\w{1,60}|%s)", re.IGNORECASE
)
_MARK: Final = lazy_pattern(r"\$[0-9]{1,4}|\?|@\w{1,60}|:\w{1,60}|%s")
_LIST: Final = lazy_pattern(r"\b(?:parameters|params|binds|args)\]?\s?[:=]\s{0,4}", re.IGNORECASE)
_LIST_ITEM: Final = lazy_pattern(
    r"[\s\[({]{0,8}[\"']?(?P<value>[^\s\"',()\[\]]{1,500})[\"']?(?:\([A-Za-z]{1,30}\))?[\s)\]}]{0,8}(?:,|$|\n)?"
)
_BOUND: Final = lazy_pattern(
    r"binding parameter \[(?P<number>[0-9]{1,4})\] as \[\w{1,40}\] - \[(?P<value>[^\]\n]{1,500})\]"
)
_QUESTION: Final = lazy_pattern(r"\?|%s")


PIECES_OF_PARAMETERS: Final = ("values", "param", "sp_executesql")
"""A text that has such values has one of these, in lower case."""


def has_parameters(lower: str) -> bool:
    """Whether a text in lower case may hold such values."""
    return (" into " in lower and "values" in lower) or "param" in lower or ("@" in lower and "sp_executesql" in lower)


def redact_parameters(text: str, placeholder: Callable[[str, str], str]) -> str:
    """`text` with the values of columns that name a secret replaced by `placeholder("value", value)`."""
    rows = list(_rows(text))
    spans = sorted({span for span in (*rows, *_bound(text, rows)) if _is_secret(text, *span)})
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start >= at:
            parts += text[at:start], placeholder("value", text[start:end])
            at = end
    return "".join((*parts, text[at:])) if parts else text


def _is_secret(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    return end - start >= 4 and filled(value)


def _rows(text: str) -> Iterator[Span]:
    for match in _INSERT.finditer(text):
        columns = [name.strip(' `"[]') for name in match["columns"].split(",")]
        secret = {number for number, name in enumerate(columns) if is_secret_key(name)}
        row = _BETWEEN_ROWS.match(text, match.end()) if secret else None
        while row is not None:
            end = row.end()
            for number, item, after in _items(text, end):
                end = after
                if number in secret:
                    yield item
            row = _BETWEEN_ROWS.match(text, end)


def _items(text: str, at: int) -> Iterator[tuple[int, Span, int]]:
    """The items of a list that begins at `at`: number, span, and where the next begins."""
    number = 0
    while (match := _ITEM.match(text, at)) is not None:
        name = next(name for name in ("single", "double", "bare") if match[name] is not None)
        at = match.end()
        yield number, match.span(name), at
        if match["end"] != ",":
            return
        number += 1


def _bound(text: str, rows: list[Span]) -> Iterator[Span]:
    """The values of marks that stand for a column's, or in one of the rows."""
    positions = set()
    for start, end in (*_marks_of_columns(text), *(span for span in rows if _MARK.fullmatch(text, *span))):
        mark = text[start:end]
        if mark in ("?", "%s"):
            positions.add(sum(1 for _ in _QUESTION.finditer(text[max(start - 10_000, 0) : start])))
        else:
            yield from _of_name(text, mark)
    if positions:
        yield from _of_position(text, positions)


def _marks_of_columns(text: str) -> Iterator[Span]:
    """The marks that stand for the values of columns that name a secret."""
    for match in _MARKED.finditer(text):
        if is_secret_key(match["key"]):
            yield match.span("mark")


def _of_name(text: str, mark: str) -> Iterator[Span]:
    for match in re.finditer(rf"{re.escape(mark)}\s?=\s?[NE]?'([^'\n]{{1,500}})'", text):
        yield match.span(1)


def _of_position(text: str, positions: Iterable[int]) -> Iterator[Span]:
    for match in _BOUND.finditer(text):
        if int(match["number"]) - 1 in positions:
            yield match.span("value")
    for start in _LIST.finditer(text):
        at = start.end()
        for number in range(max(positions) + 1):
            item = _LIST_ITEM.match(text, at)
            if item is None:
                break
            if number in positions:
                yield item.span("value")
            at = item.end()
