"""Marks: while a text is redacted, one character stands for each placeholder, and no rule takes it for anything else.

So a placeholder is not redacted again, whether an earlier rule or an earlier run left it or somebody forged it; nor does it
protect what stands beside it. The characters are of Unicode's private planes 15 and 16.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MARK", "Marks"]

MARK: Final = "[\U000f0000-\U0010fffd]"
_FIRST: Final = 0xF0000
_MOST: Final = 0x10FFFD - _FIRST
_MARK: Final = re.compile(MARK)
_PLACEHOLDER: Final = re.compile(r"\[redacted:(?P<kind>[a-z0-9-]{1,40}):[0-9a-f]{6}\]")


class Marks:
    """The marks in one text, and what they stand for."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._texts)

    def mark(self, placeholder: str) -> str:
        """A mark for `placeholder`; itself where a text has more than there are marks for."""
        if len(self._texts) >= _MOST:
            return placeholder
        self._texts.append(placeholder)
        return chr(_FIRST + len(self._texts) - 1)

    def kind(self, mark: str) -> str:
        """The kind of secret that the mark stands for."""
        match = _PLACEHOLDER.match(self._texts[ord(mark) - _FIRST])
        return match["kind"] if match else "value"

    def hide(self, text: str) -> str:
        """`text` with its placeholders as marks. Such characters of its own become replacement characters."""
        if not text.isascii():
            text = _MARK.sub("\ufffd", text)
        return _PLACEHOLDER.sub(lambda match: self.mark(match[0]), text) if "[redacted:" in text else text

    def show(self, text: str) -> str:
        """`text` with placeholders for its marks."""
        return _MARK.sub(lambda match: self._texts[ord(match[0]) - _FIRST], text) if self._texts else text
