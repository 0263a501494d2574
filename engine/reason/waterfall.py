"""Why a hypothesis has its confidence: log-odds from the prior, fact by fact, to the stated probability.

The bars add up exactly: everything that is no fact (other hypotheses, consequences, bounds) has a bar of its own kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from engine.hypotheses import Adjustment, AdjustmentKind, Evidence, FactWeight, Hypothesis, Judgement
from engine.reason.odds import log_odds, probability_at
from primitives.dataclass import dataclass

__all__ = ["Bar", "BarKind", "all_adjustments", "waterfall"]

BarKind = AdjustmentKind | Literal["fact", "remainder", "total"]

# Confidences are given to a tenth of a percent.
_ROUNDED: Final = 0.0005 + 1e-9
_PRIOR: Final = "before any fact"
_BOUND: Final = "bounded: other causes share the probability, and nothing is given as certain"
_RAISED: Final = "raised: the alternatives are less likely still"


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: from `start` to `end` in natural log-odds.

    `fact` is the id of its fact, and `parts` are the pieces of evidence that its weight is the sum of; `hypothesis` is
    the id of the other hypothesis that an adjustment comes from.
    """

    kind: BarKind
    label: str
    start: float
    end: float
    fact: str | None = None
    hypothesis: str | None = None
    parts: tuple[Evidence, ...] = ()

    @property
    def weight(self) -> float:
        """Its length; that of the total is the sum of all others."""
        return self.end - self.start


def all_adjustments(hypothesis: Hypothesis) -> tuple[Adjustment, ...]:
    """Everything that is no fact, the prior first."""
    return (Adjustment(kind="prior", label=_PRIOR, weight=hypothesis.prior), *hypothesis.adjustments)


def waterfall(hypothesis: Hypothesis, judgements: Mapping[str, Judgement] | None = None) -> tuple[Bar, ...]:
    """The prior, the facts for it, the facts against it, the adjustments, and the confidence.

    Each bar starts where the one before ended, the first at 0. The total ends at the log-odds of the confidence, which
    is given to a tenth of a percent.
    """
    prior, *adjustments = all_adjustments(hypothesis)
    bars = [Bar("prior", prior.label, 0.0, prior.weight)]
    for item in (*hypothesis.evidence_for, *hypothesis.evidence_against):
        end = bars[-1].end + item.weight
        bars.append(Bar("fact", _label(item, judgements or {}), bars[-1].end, end, item.fact, parts=item.parts))
    for step in adjustments:
        end = bars[-1].end + step.weight
        bars.append(Bar(step.kind, step.label, bars[-1].end, end, hypothesis=step.hypothesis))
    at = bars[-1].end
    if abs(probability_at(at) - hypothesis.confidence) > _ROUNDED:
        end = log_odds(hypothesis.confidence)
        bars.append(Bar("remainder", _BOUND if end < at else _RAISED, at, end))
    return (*bars, Bar("total", f"{100 * hypothesis.confidence:.1f} % confidence", 0.0, bars[-1].end))


def _label(item: FactWeight, judgements: Mapping[str, Judgement]) -> str:
    judgement = judgements.get(item.fact)
    note = f" ({judgement.verdict} by {judgement.by})" if judgement and judgement.by not in item.why else ""
    return f"{item.why}{note}"
