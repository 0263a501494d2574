"""Whoever reads from a copy that is far behind misses what is new: requests fail that only ask for it.

The copy answers in time and without an error, and those between pass on what it says, so that the share of the symptom
is counted as the reader's own (M. Kleppmann, Designing Data-Intensive Applications, chapter 5: reading your
own writes).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from engine.reason.catalogue import causes, causes_of_metric
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.localise import stale_stores, strength
from primitives.facts import MetricShift

__all__ = ["stale_readers"]

_MISSES: Final = 2.4
# The lag comes first; it is measured by another clock, and a minute's samples round.
_EARLIER: Final = timedelta(minutes=2)


def stale_readers(case: FactIndex) -> Iterator[Claim]:
    """Claims for the copy that is behind, by the failures of the alarm's resource that reads from it."""
    failing = [(name, shift) for name, shift in case.present(MetricShift)
               if shift.worse and shift.kind == "errors" and shift.resource in case.symptom_resources]  # fmt: skip
    for store, facts in case.once(stale_stores).items():
        reading = [(name, shift) for name, shift in failing
                   if store in case.behind(shift.resource or "") and store != shift.resource]  # fmt: skip
        for lag in facts.values():
            for name, shift in reading:
                if _came_first(lag.onset, shift.onset):
                    yield from _claims(store, lag, name, shift)


def _claims(store: str, lag: MetricShift, name: str, shift: MetricShift) -> Iterator[Claim]:
    for cause_id in causes_of_metric(lag.metric):
        if causes()[cause_id].answers_stale:
            weight = _MISSES * strength(shift.score)
            yield Claim(HypothesisKey(cause_id, store), name, weight, "who reads from it misses what is new", "stale")


def _came_first(lag: datetime | None, errors: datetime | None) -> bool:
    return lag is None or errors is None or lag <= errors + _EARLIER
