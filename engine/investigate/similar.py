"""Names that are spelt alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from primitives.identity import spoken_name

__all__ = ["similar_names"]

_LEAST: Final = 86.0
"""Of 100: one slip in seven letters, or a part that is left out."""
_TIE: Final = 3.0


def similar_names(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Those of `known` whose own names are most like the own name of `name`; empty where none is near."""
    from rapidfuzz import fuzz, process

    spoken = {resource: spoken_name(resource).casefold() for resource in known}
    near = process.extract(spoken_name(name).casefold(), spoken, scorer=fuzz.ratio, score_cutoff=_LEAST, limit=None)
    best = max((score for _, score, _ in near), default=0.0)
    return tuple(sorted(resource for _, score, resource in near if score >= best - _TIE))
