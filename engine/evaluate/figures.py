"""Averages over cases, and how reliable stated confidences are.

Brier score: G. W. Brier, Verification of Forecasts (1950). ECE over ten bins of equal width: M. P. Naeini et al.,
Obtaining Well Calibrated Probabilities Using Bayesian Binning (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import fmean
from typing import Final

from engine.evaluate.cases import Case
from engine.evaluate.parts import Part

__all__ = ["BINS", "Averages", "CalibrationBin", "Scores", "Sure", "bin_of", "calibration", "scores", "sure", "wilson"]

BINS: Final = 10
SURE: Final = 0.9
_Z95: Final = 1.959964


class Averages(Part):
    """Averages over cases; null where no case asks for it. Durations are in seconds."""

    n: int
    top1: float | None
    top3: float | None
    top5: float | None
    mrr: float | None
    resource_top1: float | None
    resource_top3: float | None
    macro_top1: float | None
    brier: float | None
    ece: float | None
    duration_p50_s: float | None
    duration_p95_s: float | None


class Scores(Averages):
    """The averages of a group of cases, with the processor time of an investigation in seconds."""

    cpu_p50_s: float | None
    cpu_p95_s: float | None


class CalibrationBin(Part):
    """The cases whose first confidence lies from `low` to below `high` (the last bin holds 1 too).

    `stated` is their mean confidence, `right` the share of them that is right; null where there is none.
    """

    low: float
    high: float
    n: int
    stated: float | None
    right: float | None


class Sure(Part):
    """The cases whose first confidence is 0.9 or more, and how many of them are right."""

    n: int
    right: int


def sure(cases: Sequence[Case]) -> Sure:
    """How many of the surest answers are right."""
    members = [case for case in cases if case.stated >= SURE]
    return Sure(n=len(members), right=sum(case.right for case in members))


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `n` (E. B. Wilson, Probable Inference, 1927); from 0 to 1 where there is none."""
    if not n:
        return 0.0, 1.0
    share, spread = right / n, _Z95**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def scores(cases: Sequence[Case]) -> Scores:
    """The averages over `cases`."""
    asking = [case for case in cases if case.asks_resource]
    durations = sorted(case.duration_s for case in cases)
    processor = sorted(case.cpu_s for case in cases)
    return Scores(
        n=len(cases),
        top1=_within([case.rank for case in cases], 1),
        top3=_within([case.rank for case in cases], 3),
        top5=_within([case.rank for case in cases], 5),
        mrr=_mean([1 / case.rank if case.rank else 0.0 for case in cases]),
        resource_top1=_within([case.resource_rank for case in asking], 1),
        resource_top3=_within([case.resource_rank for case in asking], 3),
        macro_top1=_macro(cases),
        brier=_mean([(case.stated - case.right) ** 2 for case in cases]),
        ece=_ece(cases),
        duration_p50_s=_percentile(durations, 0.5),
        duration_p95_s=_percentile(durations, 0.95),
        cpu_p50_s=_percentile(processor, 0.5),
        cpu_p95_s=_percentile(processor, 0.95),
    )


def bin_of(confidence: float) -> int:
    """The place of its bin, from 0."""
    return min(int(confidence * BINS), BINS - 1)


def calibration(cases: Sequence[Case]) -> tuple[CalibrationBin, ...]:
    """Stated confidence against the share that was right, in ten bins: the data of the reliability diagram."""
    bins: tuple[list[Case], ...] = tuple([] for _ in range(BINS))
    for case in cases:
        bins[bin_of(case.stated)].append(case)
    return tuple(
        CalibrationBin(
            low=place / BINS,
            high=(place + 1) / BINS,
            n=len(members),
            stated=_mean([case.stated for case in members]),
            right=_mean([float(case.right) for case in members]),
        )
        for place, members in enumerate(bins)
    )


def _within(ranks: Sequence[int | None], limit: int) -> float | None:
    return _mean([float(rank is not None and rank <= limit) for rank in ranks])


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), 4) if values else None


def _macro(cases: Sequence[Case]) -> float | None:
    labels = sorted({case.truth for case in cases})
    return _mean([fmean(case.right for case in cases if case.truth == label) for label in labels])


def _ece(cases: Sequence[Case]) -> float | None:
    """The expected calibration error: each bin's distance between stated and right, weighted by its share of cases."""
    if not cases:
        return None
    excess = [0.0] * BINS
    for case in cases:
        excess[bin_of(case.stated)] += case.stated - case.right
    return round(sum(map(abs, excess)) / len(cases), 4)


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all don't exceed (nearest rank)."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None
