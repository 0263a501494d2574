"""A log message in the few words that a line has room for: without what the line says already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.draw import sanitised
from primitives.patterns import lazy_pattern

if TYPE_CHECKING:
    from primitives.display_names import NameOf
    from primitives.facts import LogPattern

__all__ = ["message_words"]

# A logger's name in brackets, a level, in front of the message itself.
_BRACKETS = lazy_pattern(r"^\[([^\[\]]{1,80})\][:\s-]*")
_LEVEL = lazy_pattern(
    r"(?i)^(?:trace|debug|info|notice|warn|warning|error|err|fatal|critical|panic)(?::\s*|\s+-\s+|\s+(?=[A-Za-z]))"
)


def message_words(fact: LogPattern, names: NameOf) -> str:
    """The message without its resource's name and its level in front, which the line tells."""
    words = sanitised(fact.template)
    said = {sanitised(fact.resource), sanitised(names(fact.resource))} if fact.resource is not None else set()
    in_front = _BRACKETS.match(words)
    if in_front is not None and in_front[1] in said:
        words = words[in_front.end() :]
    level = _LEVEL.match(words)
    return (words[level.end() :] if level is not None else words) or sanitised(fact.template)
