"""Hypotheses compete for being the root cause; a consequence of the root cause may be true as well.

The probability that comes out (`Scored.final`) is bounded in `engine.reason.ranking`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from engine.reason.candidates import Candidate
from engine.reason.chains import can_cause, explains_many, explains_outcomes, is_outcome, reachable_resources
from engine.reason.fact_index import FactIndex
from engine.reason.odds import log_odds, probability_at
from engine.reason.order_in_time import OrderInTime
from engine.reason.ties import TieBreaker
from engine.reason.trouble import Trouble
from engine.reason.weights import Weights
from primitives.dataclass import dataclass

__all__ = ["Competition", "Scored", "causes_first", "compete"]

# No probability comes nearer to 1 than this, whatever the evidence: log-odds of 13.8.
_CERTAIN: Final = 1e-6
# Odds are cut at this exponent, so that sums of them keep their precision.
_MOST_LOG_ODDS: Final = 30.0
# An outcome is explained by any particular cause better than a full resource is by a change beside it.
_OUTCOME: Final = 1.7
# The weight of a change's time from which on nothing speaks against it, and what stays where no time is known.
_AT_THE_RIGHT_TIME: Final = 0.8
_TIME_UNKNOWN: Final = 0.7
# A start of what ran before brings out what was wrong already.
_OF_A_RESTART: Final = 0.3
# Groups of evidence that compare what has the change with what hasn't.
_COMPARED: Final = ("replicas",)
# One is less than twice as likely as the other, in log-odds.
_ABOUT_AS_LIKELY: Final = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its final log-odds.

    `own` comes from its prior and evidence, `support` from its strongest consequence (`supporter`). `odds` are those
    that it is the root cause, against "none of these". `as_root` is its probability of being the root cause, among all
    alternatives. `with_parent` adds what it keeps as a consequence of others (`parent` is the likeliest of these);
    `with_second` adds what it keeps as a second fault, next to the leading one.
    """

    candidate: Candidate
    own: float
    support: float
    supporter: Candidate | None
    odds: float
    as_root: float
    with_parent: float
    with_second: float
    parent: Candidate | None

    @property
    def final(self) -> float:
        """Natural log-odds."""
        # Summed in this order, since the ranking of exact ties depends on the last digit.
        competition = log_odds(min(self.with_second, 1.0 - _CERTAIN)) - self.own - self.support
        return self.own + self.support + competition


@dataclass(frozen=True, slots=True)
class Competition:
    """Every candidate scored, best first; `total` is the sum of the odds of all alternatives and of "none of these"."""

    scored: tuple[Scored, ...]
    total: float


def compete(case: FactIndex, candidates: Sequence[Candidate], weights: Weights, trouble: Trouble) -> Competition:
    """Score the candidates against each other, best first; exact ties are broken by what they explain (`ties`).

    Each candidate is an alternative in which it is the root cause; odds are against "none of these" (`weights.none`).
    The alternatives share the probability in proportion to their odds.

    A change explains its consequences too, so the strongest of them supports it, limited by `weights.link` (how often a
    cause has that consequence) and `weights.support` (the most it may add). A candidate is right where it is the root
    cause, partly (`1 - weights.parent`) where it is a consequence of the root cause, and up to `weights.second` where
    it is a second fault beside the leading one; it never becomes likelier than that by being so.
    """
    own = [weights.sharpness * candidate.score - math.log(weights.none) for candidate in candidates]
    follows = _consequences(case, candidates)
    supports = [_support(candidate, [candidates[other] for other in follows[place]], weights)
                for place, candidate in enumerate(candidates)]  # fmt: skip
    odds = [math.exp(min(mine + support, _MOST_LOG_ODDS)) for mine, (support, _) in zip(own, supports, strict=True)]
    total = 1.0 + sum(odds)
    as_root = [alternative / total for alternative in odds]
    with_parent, parents = _as_consequences(candidates, follows, own, odds, weights)
    ties = TieBreaker(case, trouble)
    leading = ties.first(candidates, odds)
    second = _second_faults(candidates, own, follows, leading)
    scored = []
    for place, candidate in enumerate(candidates):
        kept = with_parent[place]
        if place in second:
            beside = weights.second * second[place] * as_root[leading] * (1.0 - kept)
            kept = max(kept, min(kept + beside, with_parent[leading]))
        parent = candidates[parents[place]] if place in parents else None
        support, supporter = supports[place]
        scored.append(Scored(
            candidate, own[place], support, supporter, odds[place], as_root[place], with_parent[place], kept, parent,
        ))  # fmt: skip
    return Competition(causes_first(ties.ordered(scored)), total)


def causes_first(ordered: tuple[Scored, ...]) -> tuple[Scored, ...]:
    """A first answer and its own cause on the same resource that are about as likely change places.

    What a change did to its resource is known from measurements, the change only from its time; so the consequence
    has more facts, although a cure has to undo the change (B. Beyer et al., Site Reliability Engineering, chapter 12).
    """
    if len(ordered) < 2:
        return ordered
    first, second, *others = ordered
    # More load shows on what it loads, wherever that is.
    near = first.candidate.key.resource == second.candidate.key.resource or second.candidate.cause.reach == "behind"
    if (
        near
        and first.parent is not None
        and first.parent.key == second.candidate.key
        and first.final - second.final < _ABOUT_AS_LIKELY
    ):
        return (second, first, *others)
    return ordered


def _as_consequences(
    candidates: Sequence[Candidate],
    follows: Sequence[Sequence[int]],
    own: Sequence[float],
    odds: Sequence[float],
    weights: Weights,
) -> tuple[list[float], dict[int, int]]:
    """Each one's probability as the root or a consequence of it, and the place of its likeliest parent cause."""
    total = 1.0 + sum(odds)
    kept, parents = [alternative / total for alternative in odds], dict[int, int]()
    for place, consequences in enumerate(follows):
        for other in consequences:
            if candidates[other].cause.generic:
                continue  # It says of its parent's trouble only that there is some.
            kept[other] += odds[place] / total * (1.0 - weights.parent) * probability_at(own[other])
            if other not in parents or odds[place] > odds[parents[other]]:
                parents[other] = place
    return kept, parents


def _second_faults(
    candidates: Sequence[Candidate], own: Sequence[float], follows: Sequence[Sequence[int]], leading: int
) -> Mapping[int, float]:
    """The probability of those that would be believed alone: on other resources, by other facts than the leader."""
    first = candidates[leading]
    used = {item.fact for item in first.evidence if item.weight > 0}
    return {
        place: probability_at(own[place])
        for place, candidate in enumerate(candidates)
        if candidate.key.resource not in (None, first.key.resource)
        and candidate.key.change is None
        and own[place] > 0
        and place not in follows[leading]
        and not any(item.fact in used for item in candidate.evidence if item.weight > 0)
    }


def _support(
    candidate: Candidate, consequences: Sequence[Candidate], weights: Weights
) -> tuple[float, Candidate | None]:
    """The evidence of the cause's strongest consequence that the cause doesn't have itself, and that consequence."""
    counted = {(item.fact, item.why) for item in candidate.evidence}
    most = weights.support * _in_time(candidate)
    if not explains_many(candidate.key):
        if not explains_outcomes(candidate.key):
            return 0.0, None
        # Two full resources explain each other equally well; outcomes alone support their cause.
        most *= _OUTCOME
        consequences = [other for other in consequences if is_outcome(candidate.key, other.key)]
    best, supporter = 0.0, None
    for other in consequences:
        # What speaks against the consequence speaks against having seen it.
        new = sum(item.weight for item in other.evidence if (item.fact, item.why) not in counted)
        support = min(weights.sharpness * new + math.log(weights.link), most)
        if support > best:
            best, supporter = support, other
    return best, supporter


def _in_time(candidate: Candidate) -> float:
    """The part of its consequences' support that a change may have, by its own time (0 to 1).

    What is seen now speaks for a change as far as it could show now: after a long calm it is somebody else's doing.
    """
    if candidate.key.change is None or any(item.group in _COMPARED and item.weight > 0 for item in candidate.evidence):
        return 1.0
    times = [item.weight for item in candidate.evidence if item.group in ("timing", "late")]
    part = min(max(sum(times) / _AT_THE_RIGHT_TIME, 0.0), 1.0) if times else _TIME_UNKNOWN
    return part * _OF_A_RESTART if any(item.group == "restart" for item in candidate.evidence) else part


def _consequences(case: FactIndex, candidates: Sequence[Candidate]) -> list[list[int]]:
    """For each candidate, the places of those that it can cause."""
    order = OrderInTime(case)
    at: dict[str, list[int]] = {}
    for place, candidate in enumerate(candidates):
        if candidate.key.resource is not None:
            at.setdefault(candidate.key.resource, []).append(place)
    return [
        [other for name in reachable_resources(case, candidate.key) for other in at.get(name, ())
         if can_cause(case, candidate.key, candidates[other].key)
         and not order.is_too_early(candidate.key, candidates[other])]
        for candidate in candidates
    ]  # fmt: skip
