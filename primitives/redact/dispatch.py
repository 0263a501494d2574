"""Which rules may have something to do in a text, found without running them.

A rule has triggers; most of them are words, and the words of a text are looked up in a table. The others are searched
for wherever they may be, if the text has their rarest character.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from primitives.redact.rules import Rule

__all__ = ["Dispatch"]

_BETWEEN_WORDS: Final = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))
_ANYWHERE: Final = "*"
_COMMON: Final = " .,:/-=\"'()[]_\n"


class Dispatch:
    """Rules by their triggers, in the order in which they are given."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._words: dict[str, list[int]] = {}
        self._pieces: dict[str, dict[str, list[int]]] = {}
        for number, rule in enumerate(rules):
            for trigger in rule.triggers:
                if trigger.isalnum():
                    self._words.setdefault(trigger, []).append(number)
                else:
                    piece = trigger.removeprefix(_ANYWHERE)
                    self._pieces.setdefault(_rarest(piece), {}).setdefault(piece, []).append(number)
        self._known = frozenset(self._words)
        self._marks = frozenset(self._pieces)

    def due(self, lower: str) -> Iterable[Rule]:
        """The rules that have a trigger in `lower`, a text in lower case."""
        words = self._known.intersection(lower.translate(_BETWEEN_WORDS).split())
        due = [number for word in words for number in self._words[word]]
        for mark in self._marks.intersection(lower):
            for piece, numbers in self._pieces[mark].items():
                if piece in lower:
                    due += numbers
        return [self._rules[number] for number in sorted(set(due))] if due else ()


def _rarest(piece: str) -> str:
    """The character of a trigger that the fewest texts have: a sign, then a rare sign, then any letter."""
    signs = [character for character in piece if not character.isalnum()]
    return next(
        (sign for sign in signs if sign not in _COMMON),
        signs[0] if signs else max(piece, key="etaoinsrhldcumfpgwybvkxjqz".find),
    )
