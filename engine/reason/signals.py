"""Claims of a signal, for every cause that the catalogue says it supports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import Signal, causes_of_signal
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.localise import is_manifold, magnitude, strength
from primitives.facts import MetricShift

__all__ = ["manifold_weight", "signal", "telling"]

# A percentage says all it can from here on.
_BUSY: Final = 80.0
# What is ten times as much as usual, or a tenth, is hardly chance or a busier day.
_MANIFOLD: Final = 0.8


def signal(name: Signal, resource: str | None, fact: str, strength: float, why: str, group: str) -> Iterator[Claim]:
    """A claim for each cause that the signal supports, its weight scaled by `strength`."""
    for cause_id, weight in causes_of_signal(name):
        yield Claim(HypothesisKey(cause_id, resource), fact, weight * strength, why, group)


def telling(fact: MetricShift) -> float:
    """How much a shift says, from 0 to 1: how clear and how large it is, and of a share how much of the whole."""
    clear = strength(fact.score) * magnitude(fact)
    if fact.unit == "%" and fact.current > fact.baseline:
        return clear * min(1.0, fact.current / _BUSY)
    return clear


def manifold_weight(fact: MetricShift) -> float:
    """What a level adds by being an order of magnitude from its usual one, in natural log-odds."""
    return _MANIFOLD * telling(fact) if is_manifold(fact) else 0.0
