"""Texts that a careful look left as they were: others that differ from them in counters, times and addresses need none.

`Failed password for root from 10.0.0.7 port 4711` has the words that secrets stand beside, comes by the thousand, and holds
none. Numbers count as alike when they have as many digits and nothing is glued to them: how long a number is decides
whether it may be a secret, which digits it has does not. What mixes letters and digits must be the same.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["PlainForms"]

_LONGEST: Final = 8_000
_MOST: Final = 20_000
_ADDRESS: Final = lazy_pattern(r"(?<![\w.%:/@=\"'-])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.@-])")
# A digit behind one of these says which: a code of a character, a parameter.
_NUMBER: Final = lazy_pattern(r"(?<![A-Za-z0-9%\\#$?&])(?:[0-9]{2,}+|(?<!:)[0-9])(?![A-Za-z0-9])")


class PlainForms:
    """The forms of texts in which there was nothing to redact."""

    def __init__(self) -> None:
        self._known: set[int] = set()

    def form_of(self, text: str) -> int:
        """The form of a text; 0 of one that is too long to come again."""
        if len(text) > _LONGEST:
            return 0
        return hash(_NUMBER.sub(_noughts, _ADDRESS.sub("\0", text)))

    def has(self, form: int) -> bool:
        """Whether there was nothing to redact in a text of this form."""
        return form in self._known

    def add(self, form: int) -> None:
        """There was nothing to redact in a text of this form."""
        if form:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known.add(form)


def _noughts(match: re.Match[str]) -> str:
    return "0" * len(match[0])
