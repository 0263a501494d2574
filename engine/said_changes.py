"""Reads "connection pool cut from 200 to 100 at 14:20" as a change: when, of what, from what to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from engine.deciders.references import known_resources
from engine.incident import IncidentState
from engine.naming import display_names
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.terms import ChangeKind
from primitives.text import safe_line

__all__ = ["SaidChange", "read_change"]

_LONGEST: Final = 500
"""Characters of a sentence that is read."""

_CLOCK: Final = lazy_pattern(r"\b([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\b")
_AGO: Final = lazy_pattern(
    r"(?i)\b(\d{1,4}) ?(s|sec|seconds?|m|min|minutes?|h|hours?) (ago|before(?: the)? (?:alert|onset))\b"
)
_LEVELS: Final = lazy_pattern(r"(?i)\bfrom (\S{1,80}) to (\S{1,80})|(\S{1,80}) ?(?:→|->) ?(\S{1,80})")
_VERB: Final = lazy_pattern(
    r"(?i)\b(?:add|chang|cut|decreas|delet|deploy|disabl|enabl|fail(?:ed)? over|halv|increas|lower|migrat|mov|rais"
    r"|reduc|releas|remov|renam|replac|restart|roll(?:ed)?[ -]?(?:out|back)|rotat|scal|set|shrunk|switch|toggl|tun|turn"
    r"|updat|upgrad)(?:e|es|ed|d|ing|t|ted|ged|n)?\b"
)
_KINDS: Final[tuple[tuple[re.Pattern[str], ChangeKind], ...]] = (
    (lazy_pattern(r"(?i)\bflag\b|\btoggle"), "feature_flag"),
    (lazy_pattern(r"(?i)\b(?:deploy|releas|roll(?:ed)?[ -]?(?:out|back)|version\b|image\b)"), "deployment"),
    (lazy_pattern(r"(?i)\b(?:scal|replicas?\b|instances?\b|nodes?\b)"), "scaling"),
    (lazy_pattern(r"(?i)\b(?:iam|role|policy|permission|credential|secret|certificate|key)s?\b"), "iam"),
    (
        lazy_pattern(r"(?i)\b(?:security group|subnet|route|dns|firewall|load balancer|failed over|migrat)"),
        "infrastructure",
    ),
    (lazy_pattern(r"(?i)\b(?:job|cron|backfill|batch)\b"), "job"),
)
"""What kind of change words speak of; anything else that was set is configuration."""

_SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class SaidChange:
    """A change as it was read from a person's words. `resource` is None where nothing known is named."""

    time: datetime
    kind: ChangeKind
    summary: str
    resource: str | None = None
    before: str | None = None
    after: str | None = None

    def document(self, onset: datetime | None) -> str:
        """The change as a typed fact in JSON, as `AddFact` takes it; `onset` is when the trouble began."""
        change = {
            "time": self.time.isoformat(), "kind": self.kind, "summary": self.summary, "resource": self.resource,
            "before": self.before, "after": self.after,
        }  # fmt: skip
        fact = {
            "type": "change", "kinds": [self.kind], "resource": self.resource,
            "change": {key: value for key, value in change.items() if value is not None},
            "lead_s": (onset - self.time).total_seconds() if onset is not None else None,
        }  # fmt: skip
        return orjson.dumps({key: value for key, value in fact.items() if value is not None}).decode()


def read_change(state: IncidentState, text: str, about: str | None) -> SaidChange | None:
    """The change that `text` tells of; None where it names no time, or nothing that was changed.

    A time of day is the incident's last one. It is of the known resource that the words name, else of `about`.
    """
    words = safe_line(text, limit=_LONGEST)
    time = _time(state, words)
    levels = _LEVELS.search(words)
    if time is None or (levels is None and _VERB.search(words) is None):
        return None
    before, after = (levels[1] or levels[3], levels[2] or levels[4]) if levels is not None else (None, None)
    kind: ChangeKind = next((kind for pattern, kind in _KINDS if pattern.search(words)), "configuration")
    return SaidChange(time, kind, _without_time(words), _named(state, words) or about, _end(before), _end(after))


def _time(state: IncidentState, words: str) -> datetime | None:
    if state.opened is None:
        return None
    now = state.opened.now.astimezone(UTC)
    if (said := _AGO.search(words)) is not None:
        begin = now if said[3].casefold() == "ago" else state.opened.detected_at
        return begin - timedelta(seconds=int(said[1]) * _SECONDS[said[2][0].casefold()])
    clock = _CLOCK.search(words)
    if clock is None:
        return None
    time = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
    return time if time <= now else time - timedelta(days=1)


def _without_time(words: str) -> str:
    """The words without the time, which the change has: `at 14:20` says nothing more."""
    for pattern in (_CLOCK, _AGO):
        if (said := pattern.search(words)) is not None:
            begin = words[: said.start()].rstrip()
            begin = begin.removesuffix(" at").removesuffix(" since").removesuffix(" around")
            return f"{begin} {words[said.end() :].lstrip(' ,.')}".strip(" ,.") or words
    return words


def _named(state: IncidentState, words: str) -> str | None:
    """The resource whose name stands in the words; of several the longest."""
    names = display_names(state)
    said = f" {words.casefold()} "
    known = [
        (name, resource)
        for resource in known_resources(state)
        for name in {names(resource), resource}
        if _stands(name, said)
    ]
    return max(known, key=lambda each: len(each[0]))[1] if known else None


def _stands(name: str, said: str) -> bool:
    """Whether the name is there as whole words; `said` is in lower case, between blanks."""
    at = said.find(name.casefold())
    if at < 1:
        return False
    around = said[at - 1] + said[at + len(name)]
    return not any(letter.isalnum() or letter in "-_/" for letter in around)


def _end(level: str | None) -> str | None:
    return level.strip(" ,.;") if level else None
