"""Applies a rule to a text: at the few places where a match can begin, if they are known, else anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from primitives.redact.rules import Rule

__all__ = ["Hide", "apply_all"]

Hide = Callable[[str, str], str]
"""Gives what stands for a secret, from its kind and itself."""

# In a longer text there are too many places: one scan is quicker, and takes linear time.
_LONGEST: Final = 2_000


def apply_all(rules: Iterable[Rule], text: str, hide: Hide, names: Sequence[str]) -> str:
    """`text` without what the rules find. `names`: the words in it that name a secret, in lower case."""
    for rule in rules:
        text = _apply(rule, text, _replacer(rule, hide), names)
    return text


def _apply(rule: Rule, text: str, replace: Callable[[re.Match[str]], str], names: Sequence[str]) -> str:
    if rule.begins == "mark" and text.isascii():
        return text
    if rule.begins in ("", "mark") or len(text) > _LONGEST:
        return rule.pattern.sub(replace, text)
    lower = text.lower()
    if len(lower) != len(text):
        return rule.pattern.sub(replace, text)
    parts: list[str] = []
    at = 0
    for place in _places(lower, names if rule.begins == "key" else rule.triggers):
        match = rule.pattern.match(text, place) if place >= at else None
        if match is not None:
            parts += text[at:place], replace(match)
            at = match.end()
    return "".join((*parts, text[at:])) if parts else text


def _places(lower: str, words: Iterable[str]) -> list[int]:
    places = set()
    for word in words:
        place = lower.find(word)
        while place >= 0:
            places.add(place)
            place = lower.find(word, place + 1)
    return sorted(places)


def _replacer(rule: Rule, hide: Hide) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        span = rule.secret_of(match)
        if span is None:
            return match[0]
        start, end = span
        before = match.string[match.start() : start]
        return before + hide(rule.kind, match.string[start:end]) + match.string[end : match.end()]

    return replace
