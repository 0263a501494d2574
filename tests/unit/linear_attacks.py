"""Texts on which a pattern that backtracks takes longest, derived from the pattern itself.

Backtracking takes more than linear time where something repeats: a search that starts anew at each character of a long
run, or two repeats that can share one run between them (J. Kirrage et al., "Static Analysis for Regular Expression
Denial-of-Service Attacks", 2013). So each repeat of a pattern gives texts: what leads to it, then what it repeats, many
times, then something that ends the run without a match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_LONG = 50
_CATEGORIES = {
    c.CATEGORY_DIGIT: ("1", r"\d"), c.CATEGORY_NOT_DIGIT: ("a", r"\D"), c.CATEGORY_SPACE: (" ", r"\s"),
    c.CATEGORY_NOT_SPACE: ("a", r"\S"), c.CATEGORY_WORD: ("a", r"\w"), c.CATEGORY_NOT_WORD: ("-", r"\W"),
}  # fmt: skip


def attacks(pattern: str, flags: int, size: int) -> Iterator[str]:
    """Texts of about `size` characters."""
    repeats: list[tuple[str, str]] = []
    whole = _example(parser.parse(pattern, flags), repeats, "")
    pieces = {(lead, body) for lead, body in repeats if body}
    pieces |= {("", lead + body) for lead, body in pieces} | {("", body) for _, body in pieces}
    for lead, body in sorted(pieces | {("", whole), ("", whole[:-1])} - {("", "")}):
        run = lead + body * max(1, size // len(body))
        yield run
        yield run + "\0"


def _example(tree: Any, repeats: list[tuple[str, str]], lead: str) -> str:
    """A text that `tree` matches, more or less; its long repeats are added to `repeats` with what leads to them."""
    text = ""
    for operator, value in tree:
        text += _piece(operator, value, repeats, lead + text)
    return text


def _piece(operator: Any, value: Any, repeats: list[tuple[str, str]], lead: str) -> str:
    if operator is c.LITERAL:
        return chr(value)
    if operator is c.NOT_LITERAL:
        return "b" if chr(value) == "a" else "a"
    if operator is c.ANY:
        return "a"
    if operator is c.IN:
        return _member(value)
    if operator in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        least, most, inner = value
        body = _example(inner, repeats, lead)
        if most is c.MAXREPEAT or most > _LONG:
            repeats.append((lead, body))
        return body * max(least, 1 if most else 0)
    if operator in (c.SUBPATTERN, c.ATOMIC_GROUP):
        return _example(value[3] if operator is c.SUBPATTERN else value, repeats, lead)
    if operator is c.BRANCH:
        first, *_ = [_example(branch, repeats, lead) for branch in value[1]]
        return first
    if operator in (c.ASSERT, c.ASSERT_NOT) and value[0] > 0:
        _example(value[1], repeats, lead)
    return ""


def _member(items: Any) -> str:
    """A character of a set."""
    if items[0][0] is c.NEGATE:
        return next((char for char in "a1 -.:/=\"'_,AZ\n" if not any(_holds(item, char) for item in items[1:])), "a")
    operator, value = items[0]
    if operator is c.CATEGORY:
        return _CATEGORIES[value][0]
    return chr(value if operator is c.LITERAL else value[0])


def _holds(item: tuple[Any, Any], char: str) -> bool:
    operator, value = item
    if operator is c.CATEGORY:
        return re.match(_CATEGORIES[value][1], char) is not None
    low, high = value if operator is c.RANGE else (value, value)
    return bool(low <= ord(char) <= high)
