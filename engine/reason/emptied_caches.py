"""A change that keeps less, or keeps it for a shorter time, and a cache that hits less since.

What a cache no longer answers falls on what is behind it, which was made for the rest (Google SRE book, chapter 22:
caching, cold caches; M. Nygard, Release It!: self-denial). So what is behind it shows the load, and the change is why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.reason.claims import Claim, HypothesisKey
from engine.reason.diffs import lowered
from engine.reason.fact_index import FactIndex
from primitives.facts import MetricShift
from primitives.metric_names import metric_words
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["emptied_caches"]

_KEPT: Final = lazy_pattern(
    r"ttl|expir|max[-_. ]?age|s-?maxage|lifetime|time[-_. ]?to[-_. ]?live|retention|cache|max[-_. ]?memory",
    re.IGNORECASE,
)
_HITS: Final = lazy_pattern(r"\bhits? (?:ratio|rate|percent\w*)\b|\bcache ?hits?\b")
_MISSES: Final = lazy_pattern(r"\bmiss(?:es)? (?:ratio|rate|percent\w*)\b|\bcache ?miss(?:es)?\b")
# Log-odds: the setting and the measure are of one kind, on one cache, in this order.
_EMPTIED: Final = 2.2
# What is there already lives on for the time that it was given; most settings hold for new entries.
_SOON: Final = timedelta(hours=2)
_STEP: Final = timedelta(minutes=1)
# A ratio that moved by a tenth is another working day.
_CLEARLY: Final = 0.25


def emptied_caches(case: FactIndex, key: HypothesisKey, name: str, change: Change) -> Iterator[Claim]:
    """A claim for a change that lowered what its cache keeps, where that cache hits clearly less since."""
    if not any(_KEPT.search(setting) for setting in lowered(change)):
        return
    resource = key.resource or ""
    near = {resource, *case.below.get(resource, ()), *case.above.get(resource, ())}
    for _, fact in case.present(MetricShift):
        after = fact.onset - change.time if fact.onset is not None else None
        if fact.resource in near and after is not None and -_STEP <= after <= _SOON and _hits_less(fact):
            yield Claim(key, name, _EMPTIED, "the cache that it cuts hits less since", "full")
            return


def _hits_less(fact: MetricShift) -> bool:
    words = metric_words(fact.metric)
    if _HITS.search(words):
        return fact.current < (1.0 - _CLEARLY) * fact.baseline
    return bool(_MISSES.search(words)) and fact.current > (1.0 + _CLEARLY) * fact.baseline
