"""The difference of each score between two runs, and whether it is more than noise.

The incidents of both runs are compared in pairs. Two questions are asked of each difference: in which range it
would lie had other incidents of the same kind been drawn (percentile bootstrap over the pairs: B. Efron and
R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13), and how probable one so large would be were both
runs alike. For means over incidents that is the exact two-sided sign test of the pairs that moved (for shares of right
answers it is McNemar's: Q. McNemar, Note on the Sampling Error of the Difference Between Correlated Proportions, 1947),
for the others a randomisation test that swaps the runs of pairs at random (E. Edgington and P. Onghena, Randomization
Tests, 2007). A difference counts as one only when both tests say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from statistics import fmean
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.cases import Case
from engine.evaluate.earlier import EarlierCase
from engine.evaluate.figures import BINS, bin_of
from engine.evaluate.parts import Part
from primitives.dataclass import dataclass

__all__ = ["Difference", "Pair", "Verdict", "differences", "sign_test"]

SIGNIFICANT: Final = 0.05
_RESAMPLES: Final = 4_000
_EXACT: Final = 1e-9
_LOWER_IS_BETTER: Final = ("brier", "ece", "cpu_s", "duration_s")
_ORDER: Final = (
    "top1", "top3", "top5", "mrr", "resource_top1", "resource_top3", "macro_top1", "brier", "ece", "duration_s",
    "cpu_s",
)  # fmt: skip
Verdict = Literal["better", "worse", "noise", "same"]
Matrix = NDArray[np.float64]
_Figure = Callable[[Case | EarlierCase], float]


@dataclass(frozen=True, slots=True)
class Pair:
    """One incident in both runs."""

    before: EarlierCase
    after: Case


class Difference(Part):
    """One score of both runs over the shared incidents.

    `low` and `high` hold 95 of 100 bootstrap resamples' differences; `p` is the probability of one so large by chance.
    `better` and `worse` count the pairs that moved (null for what is no mean over incidents). `verdict` is noise where
    a difference may be chance, and null where that can't be known: how long something takes depends on what else the
    machine does.
    """

    before: float | None
    after: float | None
    difference: float | None
    low: float | None
    high: float | None
    better: int | None
    worse: int | None
    p: float | None
    verdict: Verdict | None


def sign_test(better: int, worse: int) -> float:
    """How probable so uneven a split of `better` + `worse` is when both are alike (exact, two-sided); 1 for none."""
    n = better + worse
    tail = sum(comb(n, k) for k in range(min(better, worse) + 1))
    return min(2 * tail / (1 << n), 1.0)


def differences(pairs: Sequence[Pair]) -> dict[str, Difference]:
    """Each score's difference over `pairs`, of which there is at least one."""
    asked = np.array([pair.after.asks_resource for pair in pairs], dtype=bool)
    every = np.ones(len(pairs), dtype=bool)
    labels = np.array([pair.after.truth for pair in pairs])
    means: dict[str, tuple[_Figure, NDArray[np.bool_]]] = {
        "top1": (_within("rank", 1), every),
        "top3": (_within("rank", 3), every),
        "top5": (_within("rank", 5), every),
        "mrr": (lambda case: 1 / case.rank if case.rank else 0.0, every),
        "resource_top1": (_within("resource_rank", 1), asked),
        "resource_top3": (_within("resource_rank", 3), asked),
        "brier": (lambda case: (case.stated - case.right) ** 2, every),
    }
    if all(pair.before.cpu_s is not None for pair in pairs):
        means["cpu_s"] = (lambda case: case.cpu_s or 0.0, every)
    weights = _resamples(len(pairs))
    differences = {
        name: _mean_difference(name, pairs, figure, chosen, weights) for name, (figure, chosen) in means.items()
    }
    before, after = [pair.before for pair in pairs], [pair.after for pair in pairs]
    stacked: list[Case | EarlierCase] = [*after, *before]
    differences["macro_top1"] = _whole_difference("macro_top1", _macro(stacked, np.tile(labels, 2)), weights)
    differences["ece"] = _whole_difference("ece", _ece(stacked), weights)
    differences["duration_s"] = _unjudged([case.duration_s for case in before], [case.duration_s for case in after])
    return {name: differences[name] for name in _ORDER if name in differences}


def _within(rank: str, limit: int) -> _Figure:
    return lambda case: float((getattr(case, rank) or limit + 1) <= limit)


def _resamples(n: int) -> Matrix:
    """How often each pair was drawn, a row a resample; the first row is the pairs as they are."""
    drawn = np.random.default_rng(n).multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    return np.vstack([np.ones((1, n)), drawn]).astype(np.float64)


def _mean_difference(
    name: str,
    pairs: Sequence[Pair],
    figure: _Figure,
    chosen: NDArray[np.bool_],
    weights: Matrix,
) -> Difference:
    """Of a score that is a mean over incidents."""
    before = np.array([figure(pair.before) for pair in pairs])[chosen]
    after = np.array([figure(pair.after) for pair in pairs])[chosen]
    if not len(after):
        return _NOTHING
    gains = (before - after) if name in _LOWER_IS_BETTER else (after - before)
    better, worse = int(np.sum(gains > 0)), int(np.sum(gains < 0))
    drawn = weights[1:, chosen]
    with np.errstate(invalid="ignore"):
        spread = (drawn @ (after - before)) / drawn.sum(axis=1)
    return _difference(
        name, float(before.mean()), float(after.mean()), _interval(spread), (better, worse), sign_test(better, worse)
    )


def _whole_difference(name: str, figure: Callable[[Matrix], Matrix], weights: Matrix) -> Difference:
    """Of a score that is no mean over incidents: resampled, and with its pairs swapped, as a whole.

    `figure` takes how often each case counts, this run's before the earlier one's.
    """
    n = weights.shape[1]
    nobody = np.zeros_like(weights)
    after, before = figure(np.hstack([weights, nobody])), figure(np.hstack([nobody, weights]))
    swapped = np.random.default_rng(n).integers(0, 2, size=(_RESAMPLES, n)).astype(np.float64)
    chance = figure(np.hstack([1 - swapped, swapped])) - figure(np.hstack([swapped, 1 - swapped]))
    spread = after - before
    as_far = int(np.sum(np.abs(chance) >= abs(spread[0]) - _EXACT))
    p = (1 + as_far) / (1 + _RESAMPLES)
    return _difference(name, float(before[0]), float(after[0]), _interval(spread[1:]), None, p)


def _macro(cases: Sequence[Case | EarlierCase], labels: NDArray[Any]) -> Callable[[Matrix], Matrix]:
    """`top1` averaged over the causes that are counted."""
    right = np.array([case.right for case in cases], dtype=np.float64)
    kinds = np.array([labels == label for label in sorted(set(labels))], dtype=np.float64)

    def figure(weights: Matrix) -> Matrix:
        with np.errstate(invalid="ignore"):
            shares = (weights @ (kinds * right).T) / (weights @ kinds.T)
        mean: Matrix = np.nanmean(shares, axis=1)
        return mean

    return figure


def _ece(cases: Sequence[Case | EarlierCase]) -> Callable[[Matrix], Matrix]:
    excess = np.array([case.stated - case.right for case in cases])
    places = np.array([bin_of(case.stated) for case in cases])
    bins = np.array([places == place for place in range(BINS)], dtype=np.float64)

    def figure(weights: Matrix) -> Matrix:
        total: Matrix = np.abs(weights @ (bins * excess).T).sum(axis=1) / weights.sum(axis=1)
        return total

    return figure


def _interval(spread: Matrix) -> tuple[float, float]:
    low, high = np.nanquantile(spread, [0.025, 0.975])
    return float(low), float(high)


def _difference(
    name: str,
    before: float,
    after: float,
    interval: tuple[float, float],
    split: tuple[int, int] | None,
    p: float,
) -> Difference:
    difference = after - before
    low, high = interval
    surely = p < SIGNIFICANT and (low > 0 or high < 0)
    verdict: Verdict = "same" if abs(difference) < _EXACT else "noise"
    if verdict == "noise" and surely:
        verdict = "better" if (difference < 0) == (name in _LOWER_IS_BETTER) else "worse"
    return Difference(
        before=round(before, 4),
        after=round(after, 4),
        difference=round(difference, 4),
        low=round(low, 4),
        high=round(high, 4),
        better=split[0] if split else None,
        worse=split[1] if split else None,
        p=round(p, 4),
        verdict=verdict,
    )


def _unjudged(before: Sequence[float], after: Sequence[float]) -> Difference:
    means = fmean(before), fmean(after)
    return _NOTHING.model_copy(
        update={"before": round(means[0], 4), "after": round(means[1], 4), "difference": round(means[1] - means[0], 4)}
    )


_NOTHING: Final = Difference(before=None, after=None, difference=None, low=None, high=None, better=None, worse=None,
                             p=None, verdict=None)  # fmt: skip
