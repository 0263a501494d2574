"""Weight of a statement, depending on who made it. All these numbers are here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from primitives.terms import Trust

__all__ = ["STATEMENT", "TEXT", "may_exclude"]

TEXT: Final[Mapping[Trust, float]] = {
    "measured": 1.0,
    # A person answers for what they say with their name.
    "asserted": 1.0,
    # An outsider may have written it (a log body, an annotation); four in five such texts are honest.
    "reported": 0.8,
    # A model's word is no evidence. It is listed with its hypothesis, and settles an exact tie at most.
    "proposed": 0.02,
}
"""Factor of what a text says by itself: a log message, or a state that was read from text."""

STATEMENT: Final[Mapping[Trust, float]] = {
    "measured": 1.0,
    "asserted": 1.0,
    # Whoever names a cause from outside has seen less than the engineers, and may want to mislead them.
    "reported": 0.25,
    "proposed": 0.02,
}
"""Factor of a statement that names a cause, compared with an engineer's."""

_MAY_EXCLUDE: Final[frozenset[Trust]] = frozenset({"measured", "asserted"})


def may_exclude(trust: Trust) -> bool:
    """Whether a statement of that trust may rule a cause out: only a person's statement or a measurement may."""
    return trust in _MAY_EXCLUDE
