"""Which part of a message decides: where a narrow line cuts it, that part must stay."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from primitives.analysis.error_families import pattern_of
from primitives.patterns import lazy_pattern

__all__ = ["deciding_span", "serves_nobody"]

_BEHIND: Final = 40
_LONGEST: Final = 500
"""Characters that are looked through: a line of a screen tells of no more."""

# A server that takes no work at all: what its users feel, whatever the reason.
_SERVES_NOBODY: Final = lazy_pattern(
    r"\bno (?:new |more |further )?(?:connections?|requests?|sessions?|logins?) (?:(?:is|are|will be|can be) )?"
    r"(?:accepted|allowed|possible|served)"
    r"|\b(?:not|no longer|stopped) (?:currently )?(?:accept|serv)(?:ing|e) (?:any |new )*(?:connections?|requests?)"
    r"|\brefus(?:es|ing) all (?:connections?|requests?)"
)
# What is thrown, with its name and what it says first.
_THROWN: Final = lazy_pattern(
    r"(?:\bthrew exception\b|\b[\w.]*(?:exception|error)(?=:)|\bpanic:|\btraceback\b)[^\n]{0,24}"
)
# What befell something, as most messages say it.
_BEFELL: Final = lazy_pattern(
    r"\b(?:refused|rejected|denied|fail(?:ed|ure|s)?|unable to|can(?:not|'t)|could(?: not|n't)|not (?:found|allowed|"
    r"available|permitted|ready)|no longer|timed? ?out|expired|exceed(?:ed|s)|ran out|exhausted|insufficient|lost|"
    r"behind|killed|missing|invalid|wrong|unavailable|unreachable|closed|reset|too many|no such)\b[^\n]{0,16}"
)


def serves_nobody(message: str) -> bool:
    """Whether a message says that its writer takes no connections or requests at all."""
    return _SERVES_NOBODY.search(message[:_LONGEST].lower()) is not None


@lru_cache(maxsize=2048)
def deciding_span(message: str, family: str | None = None, room: int = _LONGEST) -> tuple[int, int] | None:
    """From where to where the deciding words of a message stand: an outage, what its family says, what was thrown.

    In less than `room` letters only what befell the writer is given, without the matter that its family names. None
    where nothing in it decides, or its case can't be told letter by letter.
    """
    text = message[:_LONGEST].lower()
    if len(text) != len(message[:_LONGEST]):
        return None  # some letters get longer in lower case
    known = pattern_of(family) if family is not None else None
    for pattern in (_SERVES_NOBODY, known, _THROWN, _BEFELL):
        if pattern is not None and (match := pattern.search(text)) is not None and match.end() > match.start():
            # A family's words often name the matter alone: what befell it stands right behind.
            after = _BEFELL.search(text, match.end(), match.end() + _BEHIND) if pattern is known else None
            if after is None:
                return match.start(), match.end()
            return (match.start() if after.end() - match.start() <= room else after.start()), after.end()
    return None
