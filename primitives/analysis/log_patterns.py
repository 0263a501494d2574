"""Counts of log patterns in the incident against normal times: new, more frequent, vanished."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from primitives.analysis.announcements import announced_family
from primitives.analysis.error_families import family_of
from primitives.analysis.log_templates import cluster, mask
from primitives.analysis.naming import NameFinder
from primitives.analysis.severities import severity_in
from primitives.analysis.stated_limits import StatedLimit, stated_limits
from primitives.dataclass import dataclass
from primitives.statistics import median
from primitives.terms import Severity

__all__ = ["Line", "Pattern", "patterns"]

_RANKS: Final[dict[Severity, int]] = {"TRACE": 0, "DEBUG": 0, "INFO": 1, "WARN": 2, "ERROR": 3, "FATAL": 4}
# A minute with any record in it is a minute that was recorded.
_BUCKET_S: Final = 60.0
# So many resources, or more, and so small a share of the lines: see `_lone`.
_SEVERAL: Final = 3
_FEW: Final = 0.25
_MIN_STRENGTH: Final = 3.0
_MIN_VANISHED: Final = 5.0
# Messages of a pattern that are read for limits that they state.
_SPELLINGS: Final = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One message, or `count` alike in the minute from `time` on.

    `time` is None where the source gives none, `peer` the other side where an attribute names it. `announced` when the
    platform itself wrote it.
    """

    time: datetime | None
    resource: str
    severity: Severity
    body: str
    peer: str | None = None
    count: int = 1
    announced: bool = False


@dataclass(slots=True)
class Pattern:
    """One template of one resource. `expected` is the baseline's count scaled to the window (None: no baseline).

    `ongoing` when it was there at the window's start, so that its onset is unknown. `limits` are what its messages say
    to be at or over a limit.
    """

    resource: str
    severity: Severity
    template: str
    count: int = 0
    expected: float | None = None
    first: datetime | None = None
    last: datetime | None = None
    example: str = ""
    family: str | None = None
    points_at: str | None = None
    strength: float = 0.0
    ongoing: bool = False
    limits: tuple[StatedLimit, ...] = ()
    announced: bool = False
    blamed: Counter[str] = field(default_factory=Counter)

    @property
    def written_as(self) -> tuple[str, Severity, str]:
        """What tells its messages from others, however they were counted."""
        return self.resource, self.severity, mask(self.example)

    @property
    def is_error(self) -> bool:
        """Whether it reports a failure, by its severity or its words, or a limit that is reached."""
        return _RANKS[self.severity] >= 2 or self.family is not None or bool(self.limits)


def patterns(
    now: Sequence[Line], before: Sequence[Line], names: NameFinder, began: datetime | None = None
) -> list[Pattern]:
    """Every unusual pattern, the most telling first. Without normal times, every pattern of a failure.

    `now` may begin before the trouble did, as its onset is known to some minutes only: what was written last before
    `began` is gone.
    """
    masked = {body: mask(body) for body in dict.fromkeys(line.body for line in (*now, *before))}
    templates = cluster(masked.values())
    unlevelled = _unlevelled((*now, *before))
    counted = _counted(now, masked, templates, names, unlevelled)
    if before:
        normal = _counted(before, masked, templates, names, unlevelled)
        usual = Counter({key: pattern.count for key, pattern in normal.items()})
        lone = _lone(before)
        scale = _scaling(counted, usual, _minutes(now, _lone(now)) / max(_minutes(before, lone), 1.0))
        longer = max(_minutes(before, lone), 1.0) / max(_minutes(before, {}), 1.0)
        # What wrote in those minutes was recorded in all of them.
        for key in [key for key in usual if key[0] in lone.values()]:
            usual[key] = normal[key].count = round(usual[key] * longer)
        for key, pattern in counted.items():
            pattern.expected = usual[key] * scale
        counted |= _vanished(normal, counted, scale, began)
    for pattern in counted.values():
        pattern.strength = _strength(pattern)
    telling = [pattern for pattern in counted.values() if _is_unusual(pattern)]
    return sorted(
        telling, key=lambda pattern: (-pattern.strength, pattern.resource, pattern.template, pattern.severity)
    )


_Key = tuple[str, Severity, str]


def _unlevelled(lines: Iterable[Line]) -> frozenset[str]:
    """The resources whose lines all have one calm level: their collector gives no other, and it says nothing."""
    levels: dict[str, set[Severity]] = defaultdict(set)
    for line in lines:
        levels[line.resource].add(line.severity)
    return frozenset(
        resource for resource, own in levels.items() if len(own) == 1 and _RANKS[next(iter(own))] < _RANKS["WARN"]
    )


def _counted(
    lines: Iterable[Line],
    masked: dict[str, str],
    templates: dict[str, str],
    names: NameFinder,
    unlevelled: frozenset[str],
) -> dict[_Key, Pattern]:
    patterns: dict[_Key, Pattern] = {}
    bodies: dict[_Key, Counter[str]] = defaultdict(Counter)
    for line in lines:
        key = (line.resource, line.severity, templates[masked[line.body]])
        pattern = patterns.get(key)
        if pattern is None:
            pattern = patterns[key] = Pattern(*key, first=line.time, example=line.body)
        pattern.count += line.count
        pattern.announced |= line.announced
        if line.time is not None:
            pattern.first = min(pattern.first or line.time, line.time)
            pattern.last = max(pattern.last or line.time, line.time)
        if line.peer:
            pattern.blamed[line.peer] += line.count
        bodies[key][line.body] += line.count
    for key, pattern in patterns.items():
        _describe(pattern, bodies[key], names, key[0] in unlevelled)
    return patterns


def _describe(pattern: Pattern, bodies: Counter[str], names: NameFinder, unlevelled: bool) -> None:
    """Its family, and the resource that its messages blame (a few of its spellings are enough).

    Where levels say nothing the family says that it is severe.
    """
    announced = announced_family(pattern.example) if pattern.announced else None
    pattern.family, pattern.announced = announced or family_of(pattern.example), announced is not None
    if unlevelled and pattern.family is not None and _RANKS[pattern.severity] < _RANKS["WARN"]:
        worded = severity_in(pattern.example)
        pattern.severity = worded if _RANKS[worded] > _RANKS["WARN"] else "WARN"
    spelled = [stated_limits(body) for body, _ in bodies.most_common(_SPELLINGS)]
    pattern.limits = max(spelled, key=lambda limits: max((limit.ratio for limit in limits), default=0.0), default=())
    for body, count in bodies.most_common(20):
        blamed = names.pointed_at(body, pattern.resource)
        if blamed:
            pattern.blamed[blamed] += count
    for peer in [peer for peer in pattern.blamed if peer == pattern.resource]:
        del pattern.blamed[peer]
    if pattern.blamed:
        pattern.points_at = min(pattern.blamed, key=lambda name: (-pattern.blamed[name], name))


def _scaling(counted: dict[_Key, Pattern], usual: Counter[_Key], recorded: float) -> float:
    """What a normal count is multiplied by: the recorded time, and how busy the system is as a whole."""
    ratios = [pattern.count / (usual[key] * recorded) for key, pattern in counted.items() if usual[key] * recorded >= 5]
    busy = float(np.clip(median(np.array(ratios)), 0.25, 4.0)) if len(ratios) >= 5 else 1.0
    return recorded * busy


def _vanished(
    normal: dict[_Key, Pattern], counted: dict[_Key, Pattern], scale: float, began: datetime | None
) -> dict[_Key, Pattern]:
    """Patterns that were expected by now and did not occur at all, or only before it `began`."""
    times = [time for pattern in counted.values() for time in (pattern.first, pattern.last) if time is not None]
    newest = max(times, default=None)
    gone: dict[_Key, Pattern] = {}
    for key, pattern in normal.items():
        expected, now = pattern.count * scale, counted.get(key)
        if now is not None:
            if began is None or newest is None or now.last is None or now.last >= began:
                continue
            expected *= (newest - now.last) / max(newest - min(times), timedelta(seconds=1))
            pattern.last = now.last
        if expected >= _MIN_VANISHED:
            pattern.count, pattern.expected, pattern.first = 0, expected, None
            gone[key] = pattern
    return gone


def _minutes(lines: Sequence[Line], lone: Mapping[float, str]) -> float:
    """The minutes that were recorded, less the lone ones."""
    minutes = {line.time.timestamp() // _BUCKET_S for line in lines if line.time is not None}
    return float(len(minutes - lone.keys()))


def _lone(lines: Sequence[Line]) -> dict[float, str]:
    """The minutes in which one of several resources wrote alone, and which; none where they hold much of the log.

    Logs are often exported for a few minutes only; something that writes on outside them (a cron job, another
    retention) doesn't make the others' silence there a rate. Where lone minutes hold much of the log it is a quiet
    one.
    """
    writers: dict[float, set[str]] = defaultdict(set)
    counts: Counter[float] = Counter()
    for line in lines:
        if line.time is not None:
            minute = line.time.timestamp() // _BUCKET_S
            writers[minute].add(line.resource)
            counts[minute] += line.count
    lone = {minute: min(names) for minute, names in writers.items() if len(names) == 1}
    several = len(set[str]().union(*writers.values())) >= _SEVERAL
    aside = several and sum(counts[minute] for minute in lone) <= _FEW * sum(counts.values())
    return lone if aside else {}


def _strength(pattern: Pattern) -> float:
    """The signed root of the Poisson likelihood ratio, weighted by how grave the message is.

    Half an event stands for zero expected ones, so that a single new message isn't infinitely surprising.
    """
    weight = 1.0 + max(_RANKS[pattern.severity] - 1, 0) * 0.75 + (0.5 if pattern.family else 0.0)
    expected = max(pattern.expected or 0.0, 0.5)
    count = pattern.count
    ratio = 2 * (count * np.log(count / expected) - (count - expected)) if count else 2 * expected
    return float(weight * np.sqrt(max(ratio, 0.0)))


def _is_unusual(pattern: Pattern) -> bool:
    if pattern.expected is None:
        return pattern.is_error
    if pattern.count == 0:
        return pattern.strength >= _MIN_STRENGTH
    if pattern.expected == 0:
        return pattern.is_error or pattern.strength >= _MIN_STRENGTH
    risen = pattern.count >= 1.5 * pattern.expected and pattern.count >= pattern.expected + 3
    fallen = pattern.count <= 0.25 * pattern.expected and pattern.expected >= 2 * _MIN_VANISHED
    return (risen or fallen) and pattern.strength >= _MIN_STRENGTH
