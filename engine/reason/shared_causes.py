"""Many resources with exactly the same trouble: what they share is likelier the cause than each by itself.

H. Reichenbach, The Direction of Time (1956), chapter 19: coincidences that are improbable by themselves have a common
cause. In practice: when five workloads begin to fail with one message, ask what changed for all five.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.reason.candidates import Candidate
from engine.reason.claims import Weighed
from engine.reason.fact_index import FactIndex
from primitives.quantities import counted

__all__ = ["with_shared_causes"]

# Two may have the same fault by chance or by copying; three that came at once hardly do.
_SEVERAL: Final = 3
# For each factor e in their number: a dozen equal hypotheses lose one (natural log-odds, before sharpness).
_EACH: Final = -0.4
# What all of them depend on gains; it needs a fact of its own to be a candidate at all.
_SHARED: Final = 0.6
# The intersection of so many is that of all.
_MOST_COMPARED: Final = 20
_DIGITS: Final = 2


def with_shared_causes(case: FactIndex, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates; those of one kind that are equal on many resources step back behind what these share."""
    alike: dict[tuple[str, float], dict[str, Candidate]] = {}
    for candidate in candidates:
        key = candidate.key
        if key.resource is not None and key.change is None and candidate.direct and not candidate.cause.generic:
            alike.setdefault((key.cause_id, round(candidate.score, _DIGITS)), {})[key.resource] = candidate
    groups = [group for group in alike.values() if len(group) >= _SEVERAL]
    if not groups:
        return list(candidates)
    against = {
        candidate.key: _same_elsewhere(candidate, len(group)) for group in groups for candidate in group.values()
    }
    shared = _shared(case, groups)
    return [_moved(candidate, against.get(candidate.key), shared) for candidate in candidates]


def _same_elsewhere(candidate: Candidate, number: int) -> Weighed:
    fact = max(candidate.evidence, key=lambda item: item.weight).fact
    others = number - 1
    why = f"{counted(others, 'other resource')} {'shows' if others == 1 else 'show'} just the same"
    return Weighed(fact, round(_EACH * math.log(number), 3), why, "alike")


def _shared(case: FactIndex, groups: Iterable[Mapping[str, Candidate]]) -> dict[str, Weighed]:
    """For each resource that all of a group depend on, the evidence for it."""
    shared: dict[str, Weighed] = {}
    for group in groups:
        compared = list(group)[:_MOST_COMPARED]
        common = (
            set(case.behind(compared[0])).intersection(*(case.behind(name) for name in compared[1:])) - group.keys()
        )
        fact = max(next(iter(group.values())).evidence, key=lambda item: item.weight).fact
        why = f"{len(group)} resources with the same trouble depend on it"
        shared.update((name, Weighed(fact, _SHARED, why, "shared")) for name in common)
    return shared


def _moved(candidate: Candidate, against: Weighed | None, shared: Mapping[str, Weighed]) -> Candidate:
    item = against
    if item is None and candidate.direct:
        item = shared.get(candidate.key.resource or "")
    if item is None:
        return candidate
    return replace(candidate, evidence=(*candidate.evidence, item), score=candidate.score + item.weight)
