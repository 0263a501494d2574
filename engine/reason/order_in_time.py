"""A consequence doesn't begin before its cause: what filled or slowed before a change isn't that change's doing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from engine.reason.candidates import Candidate
from engine.reason.catalogue import causes_of_metric
from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import ChangeFound, MetricAtLimit, MetricShift, change_key

__all__ = ["OrderInTime"]

# The clocks of sources differ, and the beginning of a climb is known to some samples.
_SLACK: Final = timedelta(minutes=3)


class OrderInTime:
    """When changes were made, and when what is measured of a cause began; both found once."""

    def __init__(self, case: FactIndex) -> None:
        self._made: dict[str, datetime] = {}
        for _, fact in case.present(ChangeFound):
            if fact.change is not None:
                self._made[change_key(fact.change)] = fact.change.time
        self._measured: Mapping[str, MetricShift | MetricAtLimit] = {
            **dict(case.present(MetricShift)), **dict(case.present(MetricAtLimit)),
        }  # fmt: skip

    def is_too_early(self, cause: HypothesisKey, consequence: Candidate) -> bool:
        """Whether the earliest measured fact of the consequence is clearly older than the change to blame."""
        made = self._made.get(cause.change or "")
        if made is None:
            return False
        began = self._began(consequence)
        return began is not None and began < made - _SLACK

    def _began(self, candidate: Candidate) -> datetime | None:
        times = []
        for item in candidate.evidence:
            fact = self._measured.get(item.fact)
            if fact is None or item.weight <= 0 or candidate.key.cause_id not in causes_of_metric(fact.metric):
                continue
            since = fact.onset if isinstance(fact, MetricShift) else fact.since
            give_or_take = (fact.onset_uncertainty_s or 0.0) if isinstance(fact, MetricShift) else 0.0
            if since is not None:
                times.append(since + timedelta(seconds=give_or_take))
        return min(times, default=None)
