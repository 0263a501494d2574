"""Which rules may have something to do in a text, found without running them.

A rule has triggers; most of them are words, and the words of a text are looked up in a table. Only a few are searched
for wherever they may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from primitives.redact.rules import Rule

__all__ = ["Dispatch", "words_of"]

_BETWEEN_WORDS: Final = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))
_ANYWHERE: Final = "*"


def words_of(lower: str) -> list[str]:
    """The words of a text in lower case."""
    return lower.translate(_BETWEEN_WORDS).split()


class Dispatch:
    """Rules by their triggers, in the order in which they are given."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._words: dict[str, list[int]] = {}
        self._pieces: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            for trigger in rule.triggers:
                table = self._words if trigger.isalnum() else self._pieces
                table.setdefault(trigger.removeprefix(_ANYWHERE), []).append(number)
        self._known = frozenset(self._words)

    def due(self, lower: str, words: Iterable[str]) -> Iterable[Rule]:
        """The rules that have a trigger in `lower`, a text in lower case with these words."""
        words = self._known.intersection(words)
        due = [number for word in words for number in self._words[word]]
        for piece, numbers in self._pieces.items():
            if piece in lower:
                due += numbers
        return [self._rules[number] for number in sorted(set(due))] if due else ()
