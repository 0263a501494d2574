"""At which value a metric's resource is full: from the metric, its unit, a sibling metric, or the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.configuration import flatten
from primitives.analysis.history import Comparison
from primitives.analysis.shifts import moment_of
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import parse_limit
from primitives.records import ConfigurationSnapshot, Metric
from primitives.statistics import median, quantile

__all__ = ["NEAR_LIMIT", "LimitsOfResource", "Usage", "is_left", "usage_of"]

NEAR_LIMIT: Final = 0.9
"""From this share of the limit on a resource counts as full: queueing makes the last tenth unusable."""

_LIMIT_WORDS: Final = frozenset(
    {"max", "maximum", "limit", "limits", "allocated", "quota", "capacity", "provisioned", "reserved", "total", "size"}
)
# Words that say how something is measured, not what.
_FILLER: Final = frozenset(
    {"database", "db", "aws", "current", "used", "use", "usage", "in", "count", "number", "num", "free", "freeable",
     "available", "space", "active", "open", "average", "sum", "by", "bytes", "of", "per", "the", "pct", "percent",
     "utilization", "spec", "resources", "value", "data", "gb", "gib", "mb", "mib"}
)  # fmt: skip
# Shares of a CPU's time (proc(5): cpu): what waits for a disk or for the hypervisor has no full state of its own.
_TIME_LOST: Final = lazy_pattern(r"(?i)io[ _-]?wait|steal|stolen")
_LEFT: Final = frozenset({"free", "freeable", "remaining", "left", "headroom", "available", "balance", "credits"})
# What is counted as available because it works, not because there is room.
_COUNTED: Final = frozenset(
    {"replica", "replicas", "pod", "pods", "host", "hosts", "node", "nodes", "endpoint", "endpoints", "target",
     "targets", "instance", "instances", "backend", "backends", "broker", "brokers", "load"}
)  # fmt: skip
# Hardly anything is left; that is unusual when more than this is left in all but one normal sample in twenty.
_HARDLY: Final = 0.02
_SOME: Final = 0.1
_SELDOM: Final = 0.05
_SYNONYMS: Final[Mapping[str, str]] = {"conn": "connection", "conns": "connection", "mem": "memory", "disk": "storage"}
# Of the fields about one thing, those that are looked at: with more of them, none says which is meant.
_MOST_OF_WORD: Final = 500
_WORD: Final = lazy_pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


_PARTS: Final = frozenset(("use", "used", "utilization", "utilisation", "usage", "ratio", "saturation"))
# A part of a whole, with what measuring it at two moments may add: CPU time over the time that was asked for.
_MOST_PART: Final = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """How near a metric came to its limit; `peak` and `baseline` are what is used, in the metric's unit."""

    of: Comparison
    limit: float
    peak: float

    @property
    def ratio(self) -> float:
        """Peak over limit."""
        return self.peak / self.limit

    @property
    def baseline(self) -> float | None:
        """What is used in normal times; None where nothing is known of them."""
        normal = self.of.normal
        return median(_used(self.of, normal, self.limit)) if len(normal) else None

    @property
    def since(self) -> datetime | None:
        """When the resource was first full; None when it never was."""
        near = np.flatnonzero(_used(self.of, self.of.values, self.limit) >= NEAR_LIMIT * self.limit)
        return moment_of(float(self.of.times[near[0]])) if len(near) else None


class LimitsOfResource:
    """What may say the limits of a resource's metrics: its other metrics, and its configuration.

    Their names are read once, not for each metric: a resource can have thousands of both.
    """

    def __init__(self, metrics: Iterable[Comparison], snapshots: Iterable[ConfigurationSnapshot] = ()) -> None:
        self._snapshots = snapshots
        by_unit: dict[str, list[tuple[str, float]]] = {}
        for entry in metrics:
            if len(entry.values) and _LIMIT_WORDS.intersection(_words(entry.metric.name)):
                by_unit.setdefault(entry.metric.unit, []).append((entry.metric.name, median(entry.values)))
        self._siblings = {unit: _NamedNumbers(fields) for unit, fields in by_unit.items()}

    def of(self, metric: Metric) -> float | None:
        """The limit that the configuration names, else a metric of the same unit, such as the size of a pool."""
        siblings = self._siblings.get(metric.unit)
        return self._configured.best(metric) or (siblings.best(metric, but=metric.name) if siblings else None)

    @cached_property
    def _configured(self) -> _NamedNumbers:
        return _NamedNumbers(
            (path, value) for snapshot in self._snapshots for path, value in flatten(snapshot.document).items()
        )


def usage_of(comparison: Comparison, limits: LimitsOfResource) -> Usage | None:
    """How near the metric came to its limit in the window; None where no limit is known or nothing was measured."""
    metric = comparison.metric
    if not len(comparison.values) or not (metric.kind == "saturation" or (metric.kind == "other" and is_left(metric))):
        return None
    limit = _limit(comparison, limits) or _gone(comparison)
    if limit is None or limit <= 0:
        return None
    asked = _of_the_question(comparison)
    return Usage(asked, limit, float(_used(asked, asked.values, limit).max())) if len(asked.values) else None


def _of_the_question(comparison: Comparison) -> Comparison:
    """The comparison with those samples only that an earlier episode has no part in."""
    shift = comparison.shift
    if shift is None or not (comparison.past or comparison.later):
        return comparison
    since = shift.until if comparison.past else shift.onset
    if since is None:
        return comparison
    first = int(np.searchsorted(comparison.times, since, side="right" if comparison.past else "left"))
    return replace(comparison, times=comparison.times[first:], values=comparison.values[first:])


def _used(comparison: Comparison, values: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """A metric that falls while the resource fills up measures what is left."""
    return limit - values if is_left(comparison.metric) else values


def is_left(metric: Metric) -> bool:
    """Whether a metric measures what is left of something that can run out, and not what is used of it."""
    if metric.worse == "higher":
        return False
    words = set(_words(metric.name))
    return (metric.worse == "lower" and metric.kind == "saturation") or (bool(words & _LEFT) and not words & _COUNTED)


def _gone(comparison: Comparison) -> float | None:
    """What used to be left, where hardly anything is left now and that is not usual.

    Then what was free is the limit: however large the whole is, it has run out.
    """
    if not is_left(comparison.metric):
        return None
    normal, now = comparison.normal, _of_the_question(comparison).values
    known = normal if len(normal) else comparison.values
    usual = median(known)
    if usual <= 0 or not len(now) or now.min() > _HARDLY * usual:
        return None
    return usual if not len(normal) or quantile(normal, _SELDOM) > _SOME * usual else None


def _limit(comparison: Comparison, limits: LimitsOfResource) -> float | None:
    metric = comparison.metric
    if metric.limit is not None and not is_left(metric):
        return metric.limit
    if _TIME_LOST.search(metric.name):
        return None
    if metric.unit == "%":
        return 100.0
    if metric.unit == "1" and _PARTS & set(_words(metric.name)) and _is_part(comparison):
        return 1.0
    return limits.of(metric)


def _is_part(comparison: Comparison) -> bool:
    """Whether the values can be parts of a whole: "usage" may as well count bytes of which nobody said so."""
    return all(
        not len(values) or float(values.max()) <= _MOST_PART for values in (comparison.values, comparison.normal)
    )


@dataclass(frozen=True, slots=True)
class _NamedNumber:
    """A field whose name says that it limits something: what it limits, and of how many words the name is."""

    name: str
    subject: frozenset[str]
    words: int
    value: Any


class _NamedNumbers:
    """Fields whose names say that they limit something, by the words that say what."""

    def __init__(self, fields: Iterable[tuple[str, Any]]) -> None:
        self._by_word: dict[str, list[_NamedNumber]] = {}
        for name, value in fields:
            words = set(_words(name))
            if words & _LIMIT_WORDS:
                subject = _subject(name)
                field = _NamedNumber(name, subject, len(words), value)
                for word in subject:
                    known = self._by_word.setdefault(word, [])
                    if len(known) < _MOST_OF_WORD:
                        known.append(field)

    def best(self, metric: Metric, *, but: str | None = None) -> float | None:
        """The number that limits what the metric measures; the one whose name shares most words with its name.

        The field called `but` is left out.
        """
        about = _subject(metric.name)
        fields = {id(field): field for word in about for field in self._by_word.get(word, ())}
        candidates = [
            (-len(about & field.subject), field.words, field.name, number)
            for field in fields.values()
            if field.name != but and (number := parse_limit(field.value, metric.unit)) is not None
        ]
        return min(candidates)[3] if candidates else None


@lru_cache(maxsize=8_192)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _WORD.findall(name))


def _subject(name: str) -> frozenset[str]:
    """What a name is about: its words in the singular, without those on how it is measured or limited."""
    words = (_SYNONYMS.get(word, word) for word in _words(name) if word not in _FILLER and word not in _LIMIT_WORDS)
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in words)
