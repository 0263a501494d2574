"""Texts on which a pattern that backtracks takes longest, derived from the pattern itself.

Backtracking takes more than linear time where something repeats: a search that starts anew at each character of a long
run, or two repeats that can share one run between them (J. Kirrage et al., "Static Analysis for Regular Expression
Denial-of-Service Attacks", 2013). So each repeat of a pattern gives texts: what leads to it, then what it repeats, many
times, then something that ends the run without a match.

Words are repeated too, each by itself: a search that starts anew at each of them may run on to the end of the text each
time. A repeat behind a lookahead is only reached by a text for which that holds, so what it looks for stands before the
run, after it, or makes the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_LONG = 50
# Of a pattern's alternatives: so many are tried as words, and those of so many characters.
_MOST_WORDS = 40
_LEAST_WORD = 3
# So many stand in one text: each of them comes often enough in it.
_TOGETHER = 8
_CATEGORIES = {
    c.CATEGORY_DIGIT: ("1", r"\d"), c.CATEGORY_NOT_DIGIT: ("a", r"\D"), c.CATEGORY_SPACE: (" ", r"\s"),
    c.CATEGORY_NOT_SPACE: ("a", r"\S"), c.CATEGORY_WORD: ("a", r"\w"), c.CATEGORY_NOT_WORD: ("-", r"\W"),
}  # fmt: skip


class _Repeat(NamedTuple):
    """What a long repeat repeats, what leads to it, and what a lookahead before it looks for."""

    lead: str
    body: str
    ahead: str


@dataclass
class _Found:
    repeats: list[_Repeat] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def attacks(pattern: str, flags: int, size: int) -> Iterator[str]:
    """Texts of about `size` characters."""
    found = _Found()
    whole = _example(parser.parse(pattern, flags), found, "")
    runs = {("", whole, ""), ("", whole[:-1], "")}
    words: set[str] = set()
    for lead, body, ahead in found.repeats:
        runs |= {(lead, body, ""), ("", lead + body, ""), ("", body, "")}
        words |= {f"{lead} ", f"{lead}\n", f"{lead} {body} "} if lead else set()
        if ahead:
            runs |= {(lead, ahead, ""), (lead + ahead, body, ""), (lead, body, ahead)}
            words.add(f"{lead}{ahead}{body} ")
    if found.repeats:
        several = found.words[:_MOST_WORDS]
        words |= {
            "".join(f"{word} " for word in several[place : place + _TOGETHER])
            for place in range(0, len(several), _TOGETHER)
        }
    for lead, body, end in sorted(run for run in runs if run[1]):
        run = lead + body * max(1, size // len(body)) + end
        yield run
        yield run + "\0"
    yield from (word * (size // len(word)) for word in sorted(words))


def _example(tree: Any, found: _Found, lead: str, ahead: str = "") -> str:
    """A text that `tree` matches, more or less; its long repeats are added to `found` with what leads to them."""
    text = ""
    for operator, value in tree:
        if operator is c.ASSERT and value[0] > 0:
            ahead = _example(value[1], found, lead + text)
        else:
            text += _piece(operator, value, found, lead + text, ahead)
    return text


def _piece(operator: Any, value: Any, found: _Found, lead: str, ahead: str) -> str:
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
        body = _example(inner, found, lead, ahead)
        if most is c.MAXREPEAT or most > _LONG:
            found.repeats.append(_Repeat(lead, body, ahead))
        return body * max(least, 1 if most else 0)
    if operator in (c.SUBPATTERN, c.ATOMIC_GROUP):
        return _example(value[3] if operator is c.SUBPATTERN else value, found, lead, ahead)
    if operator is c.BRANCH:
        branches = [_example(branch, found, lead, ahead) for branch in value[1]]
        found.words.extend(word for word in branches if len(word) >= _LEAST_WORD)
        return branches[0]
    if operator is c.ASSERT_NOT and value[0] > 0:
        _example(value[1], found, lead)
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
