"""At which value a metric's resource is full: from the metric, its unit, a sibling metric, or the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
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

__all__ = ["NEAR_LIMIT", "Usage", "is_left", "usage_of"]

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


def usage_of(
    comparison: Comparison, siblings: Sequence[Comparison], snapshots: Iterable[ConfigurationSnapshot]
) -> Usage | None:
    """How near the metric came to its limit in the window; None where no limit is known or nothing was measured.

    `siblings` are the metrics of its resource, `snapshots` the configuration of its resource.
    """
    metric = comparison.metric
    if not len(comparison.values) or not (metric.kind == "saturation" or (metric.kind == "other" and is_left(metric))):
        return None
    limit = _limit(comparison, siblings, snapshots) or _gone(comparison)
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


def _limit(
    comparison: Comparison, siblings: Sequence[Comparison], snapshots: Iterable[ConfigurationSnapshot]
) -> float | None:
    metric = comparison.metric
    if metric.limit is not None and not is_left(metric):
        return metric.limit
    if metric.unit == "%":
        return 100.0
    if metric.unit == "1" and _PARTS & set(_words(metric.name)) and _is_part(comparison):
        return 1.0
    configured = [(path, value) for snapshot in snapshots for path, value in flatten(snapshot.document).items()]
    return _best(metric, configured) or _sibling(comparison, siblings)


def _is_part(comparison: Comparison) -> bool:
    """Whether the values can be parts of a whole: "usage" may as well count bytes of which nobody said so."""
    return all(
        not len(values) or float(values.max()) <= _MOST_PART for values in (comparison.values, comparison.normal)
    )


def _best(metric: Metric, fields: Iterable[tuple[str, Any]]) -> float | None:
    """The number whose name says that it limits what the metric measures; the one that shares most words with it."""
    about = _subject(metric.name)
    candidates: list[tuple[int, int, str, float]] = []
    for path, value in fields:
        number = parse_limit(value, metric.unit)
        words = set(_words(path))
        shared = about & _subject(path)
        if number is not None and shared and words & _LIMIT_WORDS:
            candidates.append((-len(shared), len(words), path, number))
    return min(candidates)[3] if candidates else None


def _sibling(comparison: Comparison, siblings: Sequence[Comparison]) -> float | None:
    """A metric of the same resource and unit that is the limit itself, such as the size of a pool."""
    fields = [
        (other.metric.name, median(other.values))
        for other in siblings
        if other.metric.name != comparison.metric.name
        and other.metric.unit == comparison.metric.unit
        and len(other.values)
    ]
    return _best(comparison.metric, fields)


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(name)]


def _subject(name: str) -> set[str]:
    """What a name is about: its words in the singular, without those on how it is measured or limited."""
    words = (_SYNONYMS.get(word, word) for word in _words(name) if word not in _FILLER and word not in _LIMIT_WORDS)
    return {word.removesuffix("s") if len(word) > 3 else word for word in words}
