"""Measurements in messages: a named thing at or over the limit that the same message states.

A message is one only with both numbers and a word for the bound ("lag 120000 (threshold 1000)", "took 4.2 s (limit
1 s)"), or with a part of a whole of something that is handed out and comes back: connections, threads, slots. A part of
work that is done ("100/100 items", "retry 3/5", "page 2 of 10") states no limit. Forms: HikariCP's pool statistics,
StackExchange.Redis' thread pool statistics (busy above the minimum: new threads come slowly), SQLAlchemy's QueuePool,
Kafka's and RabbitMQ's thresholds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import parse_measured

__all__ = ["StatedLimit", "stated_limits"]

_LONGEST: Final = 1_000
# From this share of a limit on a thing is full; a threshold must be reached.
_FULL: Final = 0.95
# The metric that each thing is reported as, by its words; the specific before the general.
_THINGS: Final = (
    ("replication_lag", r"replica\w{0,6} lag|replication (?:lag|delay)|seconds behind"),
    ("consumer_lag", r"lag"),
    ("queue_depth", r"(?:queue|backlog|mailbox|inbox|buffer)(?: depth| length| size)?|depth"),
    ("file_descriptors", r"open files|file (?:descriptors?|handles?)|fds?"),
    ("threads_busy", r"threads?|workers?(?: processes)?|thread ?pool"),
    ("connections", r"connections?|conns?|sessions?|clients|pool(?: slots)?|slots"),
    ("memory_used", r"heap|memory|mem|rss"),
    ("disk_used", r"disk|volume|file ?system|storage|inodes|table ?space"),
    ("in_flight", r"in.?flight(?: requests)?|concurren\w{1,8}(?: requests| executions)?"),
    ("query_duration", r"(?:query|statement|sql) (?:took|duration|latency|time)"),
    ("duration", r"took|duration|latency|elapsed|response time|lasted"),
)
_WORDS: Final = "|".join(words for _, words in _THINGS)
_KNOWN: Final = tuple((name, lazy_pattern(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _THINGS)
_NUMBER: Final = r"(\d{1,15}(?:\.\d{1,6})?)"
_UNIT: Final = r" ?(ns|us|µs|ms|s|secs?|seconds?|min|minutes?|h|[kmgt]i?b?|bytes?|%)?(?![\w.])"
_BOUND: Final = r"(?:limit|max(?:imum)?(?: size)?|threshold|quota|capacity|allowed|ceiling)"
# Without any of these nothing is looked for.
_HINT: Final = lazy_pattern(
    r"limit|max|threshold|quota|capacity|allowed|ceiling|\d ?(?:/|%|of |out of )|busy|active|in_?use", re.IGNORECASE
)
# A thing, its value, and behind a word for the bound the bound.
_STATED: Final = lazy_pattern(
    rf"\b({_WORDS})\b(?: (?:is|of|usage|used|now|count|time|at|reached|total|in use)){{0,2}}[ :=]{{0,2}}"
    rf"{_NUMBER}{_UNIT}"
    rf"[ ,;(\[]{{0,3}}(?:(?:which )?(?:exceeds|exceeded|exceeding|over|above|reached|>=?|of|is over|is above) )?"
    rf"(?:the |its |a )?(?:configured |allowed |soft |hard )?{_BOUND}(?: of| is)?[ :=]{{0,2}}{_NUMBER}{_UNIT}",
    re.IGNORECASE,
)
# A part of a whole of what is handed out: "100/100 connections in use", "threads busy 200 of 200".
_PART: Final = lazy_pattern(
    rf"(?<![\w./-]){_NUMBER} ?(?:/| of | out of ) ?{_NUMBER} (?:\w{{1,12}} )?(connections?|conns|sessions|clients|"
    r"slots|threads|workers|file descriptors|fds|file handles)\b",
    re.IGNORECASE,
)
_PART_AFTER: Final = lazy_pattern(
    r"\b(connections?|sessions|clients|slots|pool|threads|workers|file descriptors|fds)"
    rf"(?: (?:in use|used|busy|active|open))?[ :=]{{1,2}}{_NUMBER} ?(?:/| of | out of ) ?{_NUMBER}(?![\w./])",
    re.IGNORECASE,
)
# Words beside a part that say that work is done or members are there, not that they are used up.
_DONE_BEFORE: Final = lazy_pattern(
    r"\b(?!used|reached|exhausted|allocated|occupied)\w{1,20}(?:ed|ing)(?: all)? ?$", re.IGNORECASE
)
_DONE_AFTER: Final = lazy_pattern(
    r" ?(?:are |is |were |now )?(?:ready|healthy|available|idle|free|done|up|running|complete\w{0,2}|started|closed|"
    r"restored|drained|stopped|left|remaining)\b",
    re.IGNORECASE,
)
# "used 98% of 20GB": of a size, so it is memory or a disk.
_SHARE: Final = lazy_pattern(
    rf"(?<![\w.]){_NUMBER} ?%(?: used| full)? of (?:its |the )?{_NUMBER} ?([kmgt]i?b)\b",
    re.IGNORECASE,
)
# Pools that list their numbers by name.
_BUSY: Final = lazy_pattern(r"\b(?:busy|active|in_?use)[=:] ?(\d{1,9})\b", re.IGNORECASE)
_MOST: Final = lazy_pattern(r"\b(min|max|total|size)[=:] ?(\d{1,9})\b", re.IGNORECASE)
_WAITING: Final = lazy_pattern(r"\b(?:waiting|pending|queued)[=:] ?([1-9]\d{0,8})\b", re.IGNORECASE)
# A pool's numbers in brackets, and so many characters before them for its name.
_GROUP: Final = lazy_pattern(r"\([^()]{1,200}\)")
_POOL_NAME: Final = 16
_THREADS: Final = lazy_pattern(r"\b(?:worker|iocp|thread)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A metric's value and limit in `unit` (UCUM), as a message states them; the limit is reached."""

    metric: str
    unit: str
    value: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.value / self.limit


def stated_limits(message: str) -> tuple[StatedLimit, ...]:
    """What the message says to be at or over a limit that it states, each metric once."""
    text = message[:_LONGEST]
    if not _HINT.search(text):
        return ()
    reached = [*_in_words(text), *_parts(text), *_shares(text), *_pools(text)]
    return tuple({limit.metric: limit for limit in reversed(reached) if limit.limit > 0}.values())


def _in_words(text: str) -> Iterator[StatedLimit]:
    for match in _STATED.finditer(text):
        thing, number, unit, bound, bound_unit = match.groups()
        value, kind = parse_measured(float(number), unit or bound_unit or "")
        limit, limit_kind = parse_measured(float(bound), bound_unit or unit or "")
        if kind == limit_kind and value >= limit:
            yield StatedLimit(_metric(thing), kind, value, limit)


def _parts(text: str) -> Iterator[StatedLimit]:
    matches = [(match, match[3], match[1], match[2]) for match in _PART.finditer(text)]
    matches += [(match, match[1], match[2], match[3]) for match in _PART_AFTER.finditer(text)]
    for match, thing, number, whole in matches:
        before = text[max(match.start() - 24, 0) : match.start()]
        done = _DONE_BEFORE.search(before) or _DONE_AFTER.match(text, match.end())
        if not done and float(number) >= _FULL * float(whole):
            yield StatedLimit(_metric(thing), "1", float(number), float(whole))


def _shares(text: str) -> Iterator[StatedLimit]:
    for match in _SHARE.finditer(text):
        share, (whole, unit) = float(match[1]) / 100, parse_measured(float(match[2]), match[3])
        if share >= _FULL:
            memory = re.search(r"\b(?:heap|memory|rss)\b", text, re.IGNORECASE)
            yield StatedLimit("memory_used" if memory else "disk_used", unit, share * whole, whole)


def _pools(text: str) -> Iterator[StatedLimit]:
    """Busy members against the most (or, of thread pools, against the number from which new ones come slowly).

    A message that lists several pools, each in its own brackets, states each pool's numbers.
    """
    groups = [
        f"{text[max(match.start() - _POOL_NAME, 0) : match.start()]}{match[0]}" for match in _GROUP.finditer(text)
    ]
    for part in [group for group in groups if _BUSY.search(group)] or [text]:
        yield from _pool(part)


def _pool(text: str) -> Iterator[StatedLimit]:
    busy = _BUSY.search(text)
    if busy is None:
        return
    bounds = {name.lower(): float(number) for name, number in _MOST.findall(text)}
    threads = _THREADS.search(text)
    names = ("min",) if threads and "min" in bounds else ("max", "size", "total")
    limit = next((bounds[name] for name in names if name in bounds), 0.0)
    # A pool that only lists its present size is at its limit where somebody waits.
    known = "max" in bounds or names == ("min",) or _WAITING.search(text)
    if limit and known and float(busy[1]) >= limit:
        yield StatedLimit("threads_busy" if threads else "connections", "1", float(busy[1]), limit)


def _metric(thing: str) -> str:
    return next(name for name, pattern in _KNOWN if pattern.search(thing))
