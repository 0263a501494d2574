"""A first look at a text: whether any rule may have something to do in it.

Every rule needs some piece of text. Pieces with three letters in a row are looked for in the text's runs of letters, and
runs that hold none are remembered: log lines are made of the same words over and over. Other pieces are searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from primitives.redact.pieces import Pieces

__all__ = ["FirstLook"]

_LETTERS: Final = "".join(chr(code) if chr(code).isalpha() else " " for code in range(128))
_RUN: Final = re.compile("[a-z]+")
_COMMON_ENDS: Final = frozenset({"app", "lin", "dor", "dos", "doo", "ico", "ops", "pul", "pha", "phs", "ghs"})
_SIGNS: Final = frozenset("._-")
_SHORTEST: Final = 3
_MOST: Final = 20_000
_LONGEST: Final = 40


class FirstLook:
    """Looks for pieces of text, in lower case: `words` have no letter or digit beside them, `starts` none before them.

    The first letters of one of `endings` are the last ones of a run of letters. Both pieces of one of `pairs` are there.
    Texts are ASCII, and so are the pieces that count.
    """

    def __init__(
        self,
        words: Iterable[str],
        starts: Iterable[str],
        endings: Iterable[str],
        pieces: Iterable[str],
        pairs: Iterable[tuple[str, str]],
    ) -> None:
        self._whole: set[str] = set()
        self._parts: set[str] = set()
        self._anywhere: set[str] = set()
        self._pairs = sorted(set(pairs))
        for word in words:
            # Parts of hexadecimal numbers look like short words.
            self._anywhere.add(f"{word} ") if len(word) < _SHORTEST else self._add_word(word)
        for start in starts:
            self._add(start, bounded=True)
        for piece in pieces:
            self._add(piece, bounded=False)
        runs = [(match[0], ending) for ending in endings if (match := _RUN.match(ending))]
        ended = {f"{run} " for run, _ in runs if not _is_common(run)}
        self._anywhere |= {ending for run, ending in runs if _is_common(run)}
        self._any_piece = Pieces(sorted(_shortest(self._anywhere)))
        self._any_part = Pieces(sorted(_shortest(self._parts | ended)))
        self._dull: set[str] = set()

    def _add_word(self, word: str) -> None:
        (self._whole if word.isalpha() else self._anywhere).add(word)

    def _add(self, piece: str, *, bounded: bool) -> None:
        run = max(_RUN.finditer(piece), key=lambda match: len(match[0]), default=None)
        if bounded and run is not None and run.start() == 0 and piece[run.end() :][:1] in _SIGNS:
            self._whole.add(run[0])
        elif run is None or len(run[0]) < _SHORTEST or any(sign in piece for sign in "/ =") or _is_short_name(piece):
            self._anywhere.add(piece)
        elif (bounded or run.start() > 0) and run.end() < len(piece):
            self._whole.add(run[0])
        else:
            self._parts.add(run[0])

    def is_dull(self, lower: str) -> bool:
        """Whether a text in lower case has none of them."""
        runs = lower.translate(_LETTERS).split()
        if not self._dull.issuperset(runs) and self._are_lively(set(runs) - self._dull):
            return False
        if self._any_piece.are_in(lower):
            return False
        for piece, other in self._pairs:  # noqa: SIM110 - twice as fast as any()
            if piece in lower and other in lower:
                return False
        return True

    def _are_lively(self, runs: set[str]) -> bool:
        """Whether one of these runs of letters is or holds a piece; else they are remembered."""
        # The parts have three letters and more, so a shorter run has none; all runs are searched at once.
        if not self._whole.isdisjoint(runs) or self._any_part.are_in(f"{' '.join(runs)} "):
            return True
        if len(self._dull) >= _MOST:
            self._dull.clear()
        self._dull.update(run for run in runs if len(run) <= _LONGEST)
        return False


def _is_common(run: str) -> bool:
    """Whether many a word ends so."""
    return len(run) < _SHORTEST or run in _COMMON_ENDS


def _is_short_name(piece: str) -> bool:
    return "_" in piece and len(piece) == _SHORTEST + 1


def _shortest(pieces: set[str]) -> set[str]:
    """Without those that hold another one."""
    return {piece for piece in pieces if piece.isascii() and not any(other in piece for other in pieces - {piece})}
