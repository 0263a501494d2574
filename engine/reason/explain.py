"""Why a hypothesis has its confidence: log-odds from the prior, fact by fact, to the probability that is told.

The bars add up exactly: whatever is no fact (the share of other causes, the cap, rounding) is a bar with its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.hypotheses import Hypothesis, Judgement
from engine.reason.odds import log_odds, probability_at

__all__ = ["Bar", "BarKind", "waterfall"]

BarKind = Literal["prior", "fact", "adjustment", "remainder", "total"]

# Confidences are told to a tenth of a percent.
_ROUNDED: Final = 0.0005 + 1e-9
_BOUND: Final = "bounded: other causes share the probability, and nothing is told as certain"
_RAISED: Final = "raised: the alternatives are less likely still"


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: from `start` to `end` in natural log-odds. `fact` is the id of the fact that it stands for, if any."""

    kind: BarKind
    label: str
    start: float
    end: float
    fact: str | None = None

    @property
    def weight(self) -> float:
        """How far it goes; that of the total is the sum of all others."""
        return self.end - self.start


def waterfall(one: Hypothesis, judgements: Mapping[str, Judgement] | None = None) -> tuple[Bar, ...]:
    """The prior, each fact in the order of its weight, what else there is up to the confidence, and the confidence.

    Each bar starts where the one before ended, the first at 0, and the total ends where the last one does: at the
    log-odds of the confidence, to the tenth of a percent that it is told to.
    """
    bars = [Bar("prior", "before any fact", 0.0, one.prior)]
    for item in sorted(one.evidence, key=lambda item: (item.weight < 0, -abs(item.weight), item.fact)):
        said = (judgements or {}).get(item.fact)
        note = f" ({said.verdict} by {said.by})" if said and said.by not in item.why else ""
        bars.append(Bar("fact", f"{item.why}{note}", bars[-1].end, bars[-1].end + item.weight, item.fact))
    bars += _adjustments(one, bars[-1].end)
    at = bars[-1].end
    if abs(probability_at(at) - one.confidence) > _ROUNDED:
        end = log_odds(one.confidence)
        bars.append(Bar("remainder", _BOUND if end < at else _RAISED, at, end))
    return (*bars, Bar("total", f"{100 * one.confidence:.1f} % confidence", 0.0, bars[-1].end))


def _adjustments(one: Hypothesis, start: float) -> list[Bar]:
    bars = []
    for adjustment in one.adjustments:
        bars.append(Bar("adjustment", adjustment.name, start, start + adjustment.weight))
        start += adjustment.weight
    return bars
