"""Marks: while a text is redacted, one character stands for each placeholder, and no rule takes it for anything else.

So a placeholder is not redacted again, whether an earlier rule or an earlier run left it or somebody forged it; nor does it
protect what stands beside it. The characters are of Unicode's private planes 15 and 16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["FIRST_MARK", "MARK", "Marks", "is_one_placeholder", "without_marks"]

MARK: Final = "[\U000f0000-\U0010fffd]"
_FIRST: Final = 0xF0000
FIRST_MARK: Final = chr(_FIRST)
_MOST: Final = 0x10FFFD - _FIRST
_MARK: Final = re.compile(MARK)
_PLACEHOLDER: Final = re.compile(r"\[redacted:(?P<kind>[a-z0-9-]{1,40}):[0-9a-f]{6}\]")


def is_one_placeholder(text: str) -> bool:
    """Whether a text is a placeholder and nothing else."""
    return _PLACEHOLDER.fullmatch(text) is not None


def without_marks(text: str) -> str:
    """A text with a space for each mark."""
    return _MARK.sub(" ", text)


class Marks:
    """The marks in one text, and what they stand for."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._lengths: list[int] = []
        self.is_full = False

    def __bool__(self) -> bool:
        return bool(self._texts)

    def mark(self, placeholder: str, secret: str) -> str:
        """A mark for the `placeholder` of `secret`, in which there may be marks; itself where a text has no more marks."""
        if len(self._texts) >= _MOST:
            self.is_full = True
            return placeholder
        self._texts.append(placeholder)
        inside = () if secret.isascii() else _MARK.findall(secret)
        self._lengths.append(len(secret) + sum(self._length(mark) - 1 for mark in inside))
        return chr(_FIRST + len(self._texts) - 1)

    def kind(self, mark: str) -> str:
        """The kind of secret that the mark stands for."""
        match = _PLACEHOLDER.match(self._texts[ord(mark) - _FIRST])
        return match["kind"] if match else "value"

    def hide(self, text: str) -> str:
        """`text` with its placeholders as marks. Such characters of its own become replacement characters."""
        if not text.isascii():
            text = _MARK.sub("\ufffd", text)
        return _PLACEHOLDER.sub(lambda match: self.mark(match[0], match[0]), text) if "[redacted:" in text else text

    def show(self, text: str) -> str:
        """`text` with placeholders for its marks."""
        if not self._texts or text.isascii():
            return text
        return _MARK.sub(lambda match: self._texts[ord(match[0]) - _FIRST], text)

    def places(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        """What the marks in `text` stand for: the place in the text as it was, the kind, the placeholder."""
        shift = 0
        for match in _MARK.finditer(text):
            start, length = match.start() + shift, self._length(match[0])
            yield start, start + length, self.kind(match[0]), self._texts[ord(match[0]) - _FIRST]
            shift += length - 1

    def _length(self, mark: str) -> int:
        return self._lengths[ord(mark) - _FIRST]
