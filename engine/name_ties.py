"""What was tied across sources, in words: which name of which source means which resource, and by which rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.events import NameTie
from engine.incident import IncidentState
from primitives.resolver import RULE_WORDS

__all__ = ["tie_lines", "tie_reason", "ties_of"]


def ties_of(state: IncidentState, resource: str | None) -> tuple[NameTie, ...]:
    """The ties of that resource."""
    return tuple(tie for tie in state.watch.ties if resource is not None and tie.resource == resource)


def tie_reason(tie: NameTie) -> str:
    """Why the name means its resource, or why it was left alone."""
    if tie.rule is not None:
        return RULE_WORDS[tie.rule]
    return f"left alone: it may mean {' or '.join(tie.candidates)}; say which under `names` in the configuration"


def tie_lines(ties: Iterable[NameTie], first: Iterable[str | None] = ()) -> Iterator[str]:
    """A line each, such as `desk (metrics) = ward/deployment/desk: its own name`; those of `first` come first."""
    place = {resource: number for number, resource in enumerate(dict.fromkeys(first))}
    for tie in sorted(ties, key=lambda tie: place.get(tie.resource, len(place))):
        more = f" and {tie.more} more" if tie.more else ""
        meant = f" = {tie.resource}" if tie.resource is not None else ""
        yield f"{tie.name}{more} ({tie.source}){meant}: {tie_reason(tie)}"
