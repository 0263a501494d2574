"""Shapes: texts that differ in nothing but numbers and what was drawn at random lose their secrets at the same places.

A service that logs a password logs it in every line, and a careful look at each of them takes a thousand times as long as a
look at a plain line. So once several texts of a shape have lost the same parts, the next ones lose these without that look.
Every so often one of them gets it all the same, and a shape whose texts differ in what they lose is never used again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.redact.pieces import Pieces
from primitives.redact.rules import Span

__all__ = ["Secret", "Shape", "Shapes"]

_LONGEST: Final = 8_000
_MOST: Final = 5_000
_BEFORE_USE: Final = 3
"""Texts of a shape that must have lost the same parts."""
_CHECKED: Final = 64
"""Of so many texts of a shape, one is looked at carefully."""
_ROUND: Final = 1_000
_PAUSE: Final = 8_000
"""Texts that are not tried after a round of tries in which hardly one had a known shape."""
_DIGITS: Final = str.maketrans("123456789", "000000000")
# `@` before a host, and `%` before what it encodes, are no part of what was drawn.
_SIGN: Final = r"[!#*+^~._-]|@(?![a-z0-9-]{1,63}[.:/])|%(?![0A-Fa-f]{2})"
# With a digit and a letter; digits are noughts by then. A number behind `$` is the name of a value, a letter behind `-` one of a flag.
_DRAWN: Final = lazy_pattern(
    r"(?:(?<![A-Za-z0-9_$%\\])(?<![\s\"']-)|(?<=[\s\"']-[A-Za-z]))(?=[A-Za-z!#*+^~._@%-]{0,60}0)(?=[0!#*+^~._@%-]{0,60}[A-Za-z])"
    rf"[A-Za-z0](?:[A-Za-z0]|{_SIGN}){{4,298}}(?<=[A-Za-z0])"
)
# The name of what follows; a name in parts, each of letters or of digits.
_NAMES: Final = lazy_pattern(r"[\\\"'`\]]{0,8}\s{0,3}(?:[:=]|->)")
_PARTS: Final = lazy_pattern(r"(?:[A-Za-z]+|0+)(?:[_.-](?:[A-Za-z]+|0+))+")
_NUMBERED: Final = lazy_pattern(r"\$[0-9]{1,4}")
_NAME_LIKE: Final = lazy_pattern("[A-Za-z0._-]+")
_PLACEHOLDER: Final = re.compile(r"\[redacted:([a-z0-9-]{1,40}):[0-9a-f]{6}\]")
_MOST_ENDS: Final = 8
# Of more, no two texts have all of the same kind.
_MOST_DRAWN: Final = 30

Place = tuple[int, int]
"""How many drawn parts end before it, and how far behind the last of them it is."""
Secret = tuple[int, int, str]
"""A secret's place in a text, and its kind."""
Lost = tuple[tuple[str, Place, Place], ...]
"""The kind of each secret that was found, and where it begins and ends."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of `text`: `form` is the same for all texts that have it, `spans` are the places of its drawn parts."""

    text: str
    form: str
    spans: tuple[Span, ...]

    def place_of(self, at: int) -> Place | None:
        """A place in the text as one in every text of the shape; None inside a drawn part."""
        number = bisect_right(self.spans, at, key=_end)
        if number < len(self.spans) and self.spans[number][0] < at:
            return None
        return number, at - (self.spans[number - 1][1] if number else 0)


def _end(span: Span) -> int:
    return span[1]


class _Known:
    """What the texts of a shape have lost. `lost` is None where they differ, or it can't be said."""

    __slots__ = ("lost", "seen", "used")

    def __init__(self, lost: Lost | None) -> None:
        self.lost = lost
        self.seen = 1
        self.used = 0


class Shapes:
    """What texts have lost, by their shape. `words`: pieces, in lower case, that a drawn part with a meaning may have."""

    def __init__(self, words: Pieces, placeholder: Callable[[str, str], str]) -> None:
        self._words = words
        self._placeholder = placeholder
        self._known: dict[str, _Known] = {}
        self._tried = self._hits = self._pause = 0

    def shape_of(self, text: str) -> Shape | None:
        """The shape of a text; None where it is not worth a look."""
        if len(text) > _LONGEST or "[redacted:" in text:
            return None
        if self._pause:
            self._pause -= 1
            return None
        spans, parts, at = list[Span](), list[str](), 0
        general = text.translate(_DIGITS)
        for match in _DRAWN.finditer(general):
            drawn = match[0]
            if self._words.are_in(drawn.lower()) or _PARTS.fullmatch(drawn) or _NAMES.match(general, match.end()):
                continue
            if len(spans) == _MOST_DRAWN:
                self._count()
                return None
            spans.append(match.span())
            parts += general[at : match.start()], _class_of(drawn)
            at = match.end()
        form = "".join((*parts, general[at:]))
        if "$" in text:
            form += "\0" + " ".join(_NUMBERED.findall(text))
        return Shape(text, form, tuple(spans))

    def lost_by(self, shape: Shape) -> list[Secret] | None:
        """What its text loses, in order; None where it has to be looked at."""
        self._count()
        known = self._known.get(shape.form)
        if known is None or known.lost is None or known.seen < _BEFORE_USE:
            return None
        known.used += 1
        if known.used % _CHECKED == 0:
            return None
        self._hits += 1
        ends = [0, *(end for _, end in shape.spans)]
        return [
            (ends[first] + after_first, ends[last] + after_last, kind)
            for kind, (first, after_first), (last, after_last) in known.lost
        ]

    def learn(self, shape: Shape, redacted: str) -> None:
        """Remember that a careful look left `redacted` of a text of this shape."""
        known = self._known.get(shape.form)
        if known is not None and known.lost is None:
            return
        lost = self._lost(shape, redacted)
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[shape.form] = _Known(lost)
        elif known.lost == lost:
            known.seen += 1
        else:
            known.lost = None

    def _count(self) -> None:
        self._tried += 1
        if self._tried >= _ROUND:
            if self._hits * 10 < self._tried:
                self._pause = _PAUSE
            self._tried = self._hits = 0

    def _lost(self, shape: Shape, redacted: str) -> Lost | None:
        """What the text has lost; None for nothing, or where no part of it alone gives the placeholder."""
        before, *rest = _PLACEHOLDER.split(redacted)
        text, at = shape.text, len(before)
        if not rest or not text.startswith(before):
            return None
        lost = []
        for number in range(0, len(rest), 2):
            kind, after = rest[number], rest[number + 1]
            end = self._end_of(text, at, kind, after, redacted, is_last=number + 2 == len(rest))
            if end is None:
                return None
            begins, ends = shape.place_of(at), shape.place_of(end)
            if begins is None or ends is None:
                return None
            lost.append((kind, begins, ends))
            at = end + len(after)
        return tuple(lost)

    def _end_of(self, text: str, at: int, kind: str, after: str, redacted: str, *, is_last: bool) -> int | None:
        """Where the secret ends that begins at `at`, with `after` behind it."""
        if is_last:
            end = len(text) - len(after)
            return end if end > at and text.endswith(after) and self._is_hidden(text[at:end], kind, redacted) else None
        end = at
        for _ in range(_MOST_ENDS if after else 0):
            end = text.find(after, end + 1)
            if end < 0:
                return None
            if self._is_hidden(text[at:end], kind, redacted):
                return end
        return None

    def _is_hidden(self, secret: str, kind: str, redacted: str) -> bool:
        return self._placeholder(kind, secret) in redacted


def _class_of(drawn: str) -> str:
    """What the rules may tell from a part that was drawn at random: its letters, its signs, about how long it is."""
    case = "a" if drawn.islower() else "A" if drawn.isupper() else "b"
    if case == "a" and not drawn.strip("0abcdef-"):
        case = "u" if len(drawn) == 36 and drawn[8] == drawn[13] == "-" else "h"
    signs = "" if drawn.isalnum() else "-" if _NAME_LIKE.fullmatch(drawn) else "!"
    length = len(drawn)
    about = length // 2 if length < 12 else 4 + length // 4 if length < 40 else 12 + length // 16
    return f"\0{case}{signs}{about}\0"
