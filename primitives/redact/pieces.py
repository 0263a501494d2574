"""Many pieces of text looked for at once: one pass over a text, however many there are (Aho and Corasick, 1975)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ahocorasick_rs import AhoCorasick

__all__ = ["Pieces"]

# Characters that are looked at in one go: every place is kept until then.
_GO: Final = 4_096
_HALF: Final = re.compile("[\ud800-\udfff]")


class Pieces:
    """Pieces of text, of which a text may have some."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces: Sequence[str] = list(dict.fromkeys(pieces))
        self._overlap = max(map(len, self._pieces), default=1) - 1
        self._places = AhoCorasick(self._pieces).find_matches_as_indexes

    def are_in(self, text: str) -> bool:
        """Whether `text`, of ASCII alone, has one of the pieces."""
        if len(text) <= _GO:
            return bool(self._places(text))
        return any(self._places(text[at : at + _GO + self._overlap]) for at in range(0, len(text), _GO))

    def of(self, text: str) -> list[str]:
        """The pieces that are in `text`, in their order."""
        if len(text) <= _GO and _is_unicode(text):
            numbers = {number for number, _, _ in self._places(text, overlapping=True)}
            return [self._pieces[number] for number in sorted(numbers)]
        return [piece for piece in self._pieces if piece in text]

    def starts(self, text: str) -> list[int]:
        """Where they begin in `text`, in order."""
        if len(text) <= _GO and _is_unicode(text):
            return sorted({start for _, start, _ in self._places(text, overlapping=True)})
        return sorted({start for piece in self._pieces for start in _starts_of(piece, text)})


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair: the library takes none."""
    return text.isascii() or _HALF.search(text) is None


def _starts_of(piece: str, text: str) -> Iterator[int]:
    start = text.find(piece)
    while start >= 0:
        yield start
        start = text.find(piece, start + 1)
