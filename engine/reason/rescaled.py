"""A measure that changed its unit: many resources are worse by the same factor at once, and a second measure is not.

No fault multiplies every resource's time by one number in one minute. A new histogram in milliseconds, a ratio that is
now in percent, a rule that counts twice do (OpenMetrics: base units; practice: recording rules). Where
another measure of the same thing, which agreed before, stayed as it was, the first one is wrong now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from engine.reason.fact_index import FactIndex
from primitives.dataclass import dataclass
from primitives.facts import MetricShift, OwnShare

__all__ = ["Rescaled", "rescaled"]

# At least so many resources, by at least this factor, the same within a tenth, in samples next to each other.
_SEVERAL: Final = 3
_BY: Final = 10.0
_ALIKE: Final = 0.15
_AT_ONCE: Final = timedelta(minutes=2)
# Two measures of one thing agree so far in normal times.
_AGREES: Final = 0.2


@dataclass(frozen=True, slots=True)
class Rescaled:
    """The facts of the measure that changed its unit; `first` is one of them, `other` says that nothing did change."""

    metrics: frozenset[str]
    facts: frozenset[str]
    first: str
    other: str


def rescaled(case: FactIndex) -> Rescaled | None:
    """The measure that changed its unit, up or down, while another one of the same stayed; None where there is none."""
    by_metric: dict[str, list[tuple[str, MetricShift]]] = {}
    for name, fact in case.present(MetricShift):
        if fact.worse and fact.onset is not None and fact.baseline > 0:
            by_metric.setdefault(fact.metric, []).append((name, fact))
    for metric, shifts in by_metric.items():
        if len({fact.resource for _, fact in shifts}) < _SEVERAL or not _by_one_factor([fact for _, fact in shifts]):
            continue
        calm = [name for _, fact in shifts for name in _second_measures(case, fact)[:1]]
        if len(calm) >= _SEVERAL:
            shares = {name for name, share in case.of(OwnShare) if share.metric == metric}
            return Rescaled(
                frozenset({metric}), frozenset({name for name, _ in shifts} | shares), shifts[0][0], calm[0]
            )
    return None


def _by_one_factor(shifts: Sequence[MetricShift]) -> bool:
    factors = [fact.current / fact.baseline for fact in shifts]
    onsets = [fact.onset for fact in shifts if fact.onset is not None]
    return (
        (min(factors) >= _BY or max(factors) <= 1.0 / _BY)
        and max(factors) <= (1.0 + _ALIKE) * min(factors)
        and max(onsets) - min(onsets) <= _AT_ONCE
    )


def _second_measures(case: FactIndex, moved: MetricShift) -> list[str]:
    """The facts that another metric of the resource, of its kind, statistic and usual level, stayed or is back."""
    return [
        name for name, fact in case.of(MetricShift)
        if fact.resource == moved.resource and fact.metric != moved.metric and fact.kind == moved.kind
        and abs(fact.baseline - moved.baseline) <= _AGREES * moved.baseline
        and 2.0 / _BY * fact.baseline < fact.current < _BY / 2.0 * fact.baseline
    ]  # fmt: skip
