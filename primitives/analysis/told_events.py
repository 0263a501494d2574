"""What a provider or a hypervisor tells of what it runs, where that was collected as an observation.

Status pages (Atlassian Statuspage), health events (AWS Health, Azure Service Health) and events of hypervisors are
words about one component; which kind of fault they tell is read as announcements are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from primitives.analysis.announcements import announced_family
from primitives.patterns import lazy_pattern
from primitives.records import Observation

__all__ = ["told_events"]

_EVENTS: Final = lazy_pattern(
    r"(?i)event|status|health|notice|notification|incident|advis|outage|announce|maintenance|activit"
)
_TEXTS: Final = ("component", "title", "name", "state", "status", "text", "message", "summary", "description", "body",
                 "impact", "eventtypecode", "event_type", "errorcode", "error_code", "reason",
                 "statusreason", "cause")  # fmt: skip
_LONGEST: Final = 1_000


def told_events(observations: Iterable[Observation]) -> Iterator[tuple[Observation, str, str]]:
    """Each observation that tells of an event, its words, and the family of faults that they speak of."""
    for observation in observations:
        if not isinstance(observation.data, Mapping) or not _EVENTS.search(observation.kind):
            continue
        words = ": ".join(_words(observation.data))[:_LONGEST]
        family = announced_family(words)
        if family is not None:
            yield observation, words, family


def _words(data: Mapping[Any, Any]) -> Iterator[str]:
    named = {str(key).casefold(): value for key, value in data.items()}
    return (value for key in _TEXTS if isinstance(value := named.get(key), str) and value)
