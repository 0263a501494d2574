"""Applies a rule to a text: at the few places where a match can begin, if they are known, else anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from primitives.redact.pieces import Pieces
from primitives.redact.rules import Rule, Span

__all__ = ["Hide", "Unchanged", "apply_all", "without_secrets", "without_spans"]

Hide = Callable[[str, str], str]
"""Gives what stands for a secret, from its kind and itself."""

# In a longer text there are too many places: one scan is quicker, and takes linear time.
_LONGEST: Final = 2_000
_FEW: Final = 4
_SHORTEST: Final = 2


class Unchanged:
    """The texts in which a rule has found nothing, so that it isn't applied to the same one in the next pass."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}
        self._names: frozenset[str] = frozenset()

    def begin(self, names: Sequence[str]) -> None:
        """A pass begins over a text with these names: with fewer names, no rule finds more."""
        if not self._names.issuperset(names):
            self._texts.clear()
        self._names = frozenset(names)

    def is_known(self, rule: Rule, text: str) -> bool:
        """Whether the rule has found nothing in this text."""
        return self._texts.get(id(rule)) == text

    def note(self, rule: Rule, text: str) -> None:
        """The rule, one of those that live as long as the program, has found nothing in this text."""
        self._texts[id(rule)] = text


def apply_all(rules: Iterable[Rule], text: str, hide: Hide, names: Sequence[str], unchanged: Unchanged) -> str:
    """`text` without what the rules find. `names`: the words in it that name a secret, in lower case."""
    keys: tuple[str, list[int] | None] | None = None
    for rule in rules:
        if unchanged.is_known(rule, text):
            continue
        before = text
        if rule.begins == "key" and len(text) <= _LONGEST:
            if keys is None or keys[0] is not text:
                keys = text, _places(text, tuple(set(names)))
            text = _apply_at(keys[1], rule, text, hide)
        elif rule.begins == "trigger" and len(text) <= _LONGEST:
            text = _apply_at(_places(text, _plain(rule.triggers)), rule, text, hide)
        elif rule.begins != "mark" or not text.isascii():
            text = rule.pattern.sub(_replacer(rule, hide), text)
        if text == before:
            unchanged.note(rule, before)
    return text


def _apply_at(places: list[int] | None, rule: Rule, text: str, hide: Hide) -> str:
    """`text` without what a rule finds at these places; anywhere, where they are not known."""
    if places is None:
        return rule.pattern.sub(_replacer(rule, hide), text)
    parts: list[str] = []
    at = 0
    for place in places:
        match = rule.pattern.match(text, place) if place >= at else None
        if match is not None:
            parts += text[at:place], _replacer(rule, hide)(match)
            at = match.end()
    return "".join((*parts, text[at:])) if parts else text


@lru_cache(maxsize=256)
def _plain(triggers: tuple[str, ...]) -> tuple[str, ...]:
    """The triggers as they stand in a text."""
    return tuple(trigger.removeprefix("*") for trigger in triggers)


def _places(text: str, words: tuple[str, ...]) -> list[int] | None:
    """Where these words in lower case begin; None where lower case has other places."""
    lower = text.lower()
    if len(lower) != len(text):
        return None
    if len(words) <= _FEW:
        # The names of a text's keys are seldom those of another one: it isn't worth to prepare a search.
        return sorted({place for word in words for place in _starts_of(word, lower)})
    return _pieces(words).starts(lower)


def _starts_of(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


@lru_cache(maxsize=1_024)
def _pieces(words: tuple[str, ...]) -> Pieces:
    return Pieces(words)


def _replacer(rule: Rule, hide: Hide) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        span = rule.secret_of(match)
        if span is None:
            return match[0]
        start, end = span
        before = match.string[match.start() : start]
        return before + hide(rule.kind, match.string[start:end]) + match.string[end : match.end()]

    return replace


def without_spans(text: str, spans: Iterable[Span], hide: Hide) -> str:
    """`text` without the values at these places; a value of one character is none."""
    return without_secrets(text, ((start, end, "value") for start, end in spans if end - start >= _SHORTEST), hide)


def without_secrets(text: str, secrets: Iterable[tuple[int, int, str]], hide: Hide) -> str:
    """`text` without these secrets: places, and the kind of each."""
    parts, at = list[str](), 0
    for start, end, kind in secrets:
        parts += text[at:start], hide(kind, text[start:end])
        at = end
    return "".join((*parts, text[at:]))
