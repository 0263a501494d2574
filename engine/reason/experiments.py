"""What the comparison of new with old replicas says for or against the change that added them.

A canary is a controlled experiment: both get the same requests at the same time, so a difference is the change's doing
and no difference is evidence against it (Google SRE workbook, chapter 16, Canarying Releases; R. Kohavi et al., 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import ReplicaComparison, ReplicaMeasure

__all__ = ["experiment", "experiments_of"]

# Log-odds. That new replicas fail beside old ones that don't is nearly proof; new ones that take less time or more CPU
# for the same requests only say that something was changed.
_WORSE: Final = 3.2
_SILENT: Final = 2.8
_DIFFERENT: Final = 1.6
# Alike in what was measured: it may still hurt by what it asks of others.
_ALIKE: Final = -1.8
# Requests that a new replica never got have no latency: where it is known to run, it may only be idle.
_PARTLY_SILENT: Final = 0.7


def experiments_of(case: FactIndex) -> Mapping[tuple[str | None, str], tuple[str, ReplicaComparison]]:
    """The comparison of each change, by its resource and its key."""
    return {(fact.resource, fact.change): (name, fact) for name, fact in case.of(ReplicaComparison)}


def experiment(key: HypothesisKey, name: str, fact: ReplicaComparison) -> Iterator[Claim]:
    """The claims of one comparison on the hypothesis that its change is to blame."""
    if fact.polarity == "absent":
        yield Claim(key, name, _ALIKE, "its new replicas are like the old ones", "replicas")
        return
    weights = [(_weight(measure, fact), measure) for measure in fact.measures]
    weight, measure = max(weights, key=lambda pair: pair[0])
    if weight > 0:
        why = {
            "silent": "its new replicas don't serve, the old ones do",
            "worse": "its new replicas are worse than the old ones at the same time",
        }.get(measure.verdict, "its new replicas work otherwise than the old ones")
        yield Claim(key, name, weight, why, "replicas")


def _weight(measure: ReplicaMeasure, fact: ReplicaComparison) -> float:
    match measure.verdict:
        case "worse":
            return _WORSE * measure.strength
        case "silent":
            whole = all(other.verdict == "silent" for other in fact.measures)
            return _SILENT * measure.strength * (1.0 if whole else _PARTLY_SILENT)
        case "different":
            return _DIFFERENT * measure.strength
        case _:
            return 0.0
