"""Which rules may have something to do in a text, found without running them.

A rule has triggers; most of them are words, and the words of a text are looked up in a table. The others are searched
for anywhere in the text. What else a rule needs is checked only after one of its triggers was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from primitives.redact.pieces import Pieces
from primitives.redact.rules import Rule

__all__ = ["Dispatch", "words_of"]

_BETWEEN_WORDS: Final = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))
_ANYWHERE: Final = "*"


def words_of(lower: str) -> list[str]:
    """The runs of letters and digits in a text."""
    return lower.translate(_BETWEEN_WORDS).split()


class Dispatch:
    """Rules by their triggers, in the order in which they are given."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._words: dict[str, list[int]] = {}
        pieces: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            for trigger in rule.triggers:
                table = self._words if trigger.isalnum() else pieces
                table.setdefault(trigger.removeprefix(_ANYWHERE), []).append(number)
        first = [(t.removeprefix(_ANYWHERE), rule.needs) for rule in rules if _is_first(rule) for t in rule.triggers]
        self.first_words = [trigger for trigger, _ in first if trigger in self._words]
        others = [(trigger, needs) for trigger, needs in first if trigger not in self._words]
        self.first_pieces = [trigger for trigger, needs in others if len(needs) != 1]
        self.first_pairs = [(trigger, needs) for trigger, needs in others if len(needs) == 1]
        self._known = frozenset(self._words)
        self._numbers = pieces
        self._pieces = Pieces(pieces)

    def due(self, lower: str, words: Iterable[str], *, hinted: bool) -> Sequence[Rule]:
        """The rules for `lower`, a text in lower case that has these words. `hinted`: a key in it may name a secret."""
        return [rule for _, rule in self.numbered(lower, words, hinted=hinted)]

    def numbered(self, lower: str, words: Iterable[str], *, hinted: bool) -> Sequence[tuple[int, Rule]]:
        """These rules with their numbers in the order in which all were given."""
        due = [number for word in self._known.intersection(words) for number in self._words[word]]
        for piece in self._pieces.of(lower):
            due += self._numbers[piece]
        if not due:
            return ()
        rules = [(number, self._rules[number]) for number in sorted(set(due))]
        return [
            (number, rule)
            for number, rule in rules
            if (hinted or not rule.keyed) and (not rule.needs or _has_one(lower, rule.needs))
        ]


def _is_first(rule: Rule) -> bool:
    """Whether a rule can match in a text that has no key that names a secret and in which nothing is redacted yet."""
    return not rule.keyed and rule.begins != "mark"


def _has_one(lower: str, characters: str) -> bool:
    for character in characters:  # noqa: SIM110 - twice as fast as any()
        if character in lower:
            return True
    return False
