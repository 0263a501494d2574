"""Of two resources that run short of the same thing, the one on which the other depends and that did so first leads.

What a dependency lacks makes its callers wait, and they hold more of it themselves (M. Nygard, Release It!: cascading
failures; Google SRE book, chapter 22). Latency and errors are no such thing: every caller has them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from engine.reason.catalogue import causes_of_metric
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import MetricAtLimit, MetricShift

__all__ = ["first_of_two"]

# Natural log-odds: an order in time is a hint, whatever its length.
_LEADS: Final = 0.6
_FOLLOWS: Final = -0.6
# Without an estimate of how well a time is known: the usual step of samples, in seconds.
_STEP_S: Final = 60.0


def first_of_two(case: FactIndex) -> Iterator[Claim]:
    """A claim for the first and one against the second, for each cause that both of an edge's ends show."""
    full: dict[tuple[str, str], tuple[str, datetime, float]] = {}
    doubts = {(fact.resource, fact.metric): fact.onset_uncertainty_s or _STEP_S
              for _, fact in case.present(MetricShift)}  # fmt: skip
    for name, fact in case.present(MetricAtLimit):
        if fact.resource is None or fact.since is None:
            continue
        for cause_id in causes_of_metric(fact.metric):
            known = full.get((fact.resource, cause_id))
            if known is None or fact.since < known[1]:
                doubt = doubts.get((fact.resource, fact.metric), _STEP_S)
                full[fact.resource, cause_id] = (name, fact.since, doubt)
    for (caller, cause_id), (name, since, doubt) in full.items():
        for called in case.below.get(caller, ()):
            first = full.get((called, cause_id))
            if first is not None and (since - first[1]).total_seconds() > doubt + first[2]:
                why = "it ran full first, and what depends on it later"
                yield Claim(HypothesisKey(cause_id, called), first[0], _LEADS, why, "order")
                why = f"{called}, on which it depends, ran full of the same before"
                yield Claim(HypothesisKey(cause_id, caller), name, _FOLLOWS, why, "order")
