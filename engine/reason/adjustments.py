"""Changes of a confidence that come from no fact: expected consequences, competing hypotheses, limits.

Prior, facts and adjustments add up to the log-odds of the confidence. The sentences of adjustments are made here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from engine.hypotheses import Adjustment, AdjustmentKind
from engine.reason.claims import HypothesisKey
from engine.reason.competition import Competition, Scored
from engine.reason.odds import log_odds

__all__ = ["Adjuster"]

# In log-odds: a smaller adjustment changes no digit of a confidence.
_LEAST: Final = 0.001
# A competitor is named where it takes at least this much, and at most so many are named.
_LEAST_NAMED: Final = 0.25
_MOST_NAMED: Final = 3
# Less than this is no line of its own: the rest of the others, and the rounding of weights.
_LEAST_LINE: Final = 0.05
_BOUNDED: Final = "bounded: nothing is given as certain"
_RAISED: Final = "bounded: nothing is given as impossible"
_RESCALED: Final = "calibrated with the first hypothesis"
_UNSUPPORTED: Final = "nothing suggests it any more"
_OTHERS: Final = "also explained by other hypotheses"
_LEFT_OUT: Final = "other hypotheses are less likely"


class _Step(NamedTuple):
    """An adjustment that can still change. No model: a ranking makes thousands, and validation takes time."""

    kind: AdjustmentKind
    label: str
    weight: float
    hypothesis: str | None


class Adjuster:
    """Makes the adjustments of all hypotheses of one ranking; `names` maps the keys of listed hypotheses to ids."""

    def __init__(self, competition: Competition, names: Mapping[HypothesisKey, str]) -> None:
        self._scored = competition.scored
        self._total = competition.total
        self._names = names
        self._listed = {names[key]: scored.odds for scored in competition.scored
                        if (key := scored.candidate.key) in names}  # fmt: skip
        leader = max(competition.scored, key=lambda scored: scored.odds, default=None)
        self._leader = names.get(leader.candidate.key) if leader is not None else None

    def adjustments(
        self, scored: Scored, known: float, stated: float, confidence: float, calibrated: str = _RESCALED
    ) -> tuple[Adjustment, ...]:
        """The adjustments of one hypothesis, from `known` (its prior plus its facts) to `confidence`.

        `stated` is the confidence before the calibration, which `calibrated` describes.
        What is too small to be named, and the rounding of weights, is counted as competition of the others.
        """
        others = self._odds_of_others(scored)
        parts = self._shares(scored, others)
        as_root = math.log(scored.odds) - math.log1p(others)
        with_parent = log_odds(scored.with_parent) if scored.with_parent > scored.as_root else as_root
        reached = log_odds(scored.with_second) if scored.with_second > scored.with_parent else with_parent
        steps = [
            *self._support(scored),
            *self._consequence(scored, parts, with_parent - as_root),
            *self._competition(scored, parts, reached - with_parent),
        ]
        if scored.own - known <= -_LEAST_LINE:
            steps.insert(0, _step("bounds", _UNSUPPORTED, scored.own - known))
        target, bound = log_odds(confidence), log_odds(stated)
        reached += scored.own + scored.support - math.log(scored.odds)
        if abs(bound - reached) >= _LEAST_LINE:
            steps.append(_step("bounds", _BOUNDED if bound < reached else _RAISED, bound - reached))
        if abs(target - bound) >= _LEAST_LINE:
            steps.append(_step("calibration", calibrated, target - bound))
        steps = _closed(steps, target - known - sum(step.weight for step in steps))
        return tuple(
            Adjustment(kind=step.kind, label=step.label, weight=step.weight, hypothesis=step.hypothesis)
            for step in steps
        )

    def _odds_of_others(self, scored: Scored) -> float:
        others = self._total - 1.0 - scored.odds
        if others > 1e-3 * self._total:
            return others
        # Next to one that dwarfs them a difference would lose the digits of the others.
        return math.fsum(other.odds for other in self._scored if other is not scored)

    def _shares(self, scored: Scored, others: float) -> dict[str, float]:
        """How much log-odds each other listed hypothesis takes, in proportion to its odds; by id.

        These are the Aumann-Shapley values of the logarithm of the sum of odds (R. Aumann and L. Shapley, Values of
        Non-Atomic Games, 1974): they add up to the whole, and none depends on the order of the others.
        """
        if others <= 0.0:
            return {}
        whole = -math.log1p(others)
        own = self._names[scored.candidate.key]
        return {name: whole * odds / others for name, odds in self._listed.items() if name != own}

    def _support(self, scored: Scored) -> Iterator[_Step]:
        if scored.supporter is not None and scored.support >= _LEAST:
            name = self._names.get(scored.supporter.key)
            label = f"its expected consequence {name} is observed" if name else "an expected consequence is observed"
            yield _step("support", label, scored.support, name)

    def _consequence(self, scored: Scored, parts: dict[str, float], gain: float) -> Iterator[_Step]:
        """What its parent cause takes, less what it keeps as a consequence; the parent is removed from `parts`."""
        if scored.parent is not None:
            name = self._names.get(scored.parent.key)
            weight = parts.pop(name or "", 0.0) + gain
            if abs(weight) >= _LEAST:
                yield _step("consequence", f"may be a consequence of {name or 'another cause'}", weight, name)

    def _competition(self, scored: Scored, parts: Mapping[str, float], gain: float) -> Iterator[_Step]:
        """The strongest competitors by name; if it may be a second fault, the leader takes less."""
        shares = dict(parts)
        if gain and self._leader in shares:
            shares[self._leader] += gain
        large = [name for name, share in shares.items() if abs(share) >= _LEAST_NAMED]
        for name in sorted(large, key=lambda name: (-abs(shares[name]), name))[:_MOST_NAMED]:
            how = "better explained" if self._listed[name] > scored.odds else "also explained"
            beside = ", and may be a second fault beside it" if gain and name == self._leader else ""
            yield _step("competition", f"{how} by {name}{beside}", shares[name], name)


def _closed(steps: list[_Step], rest: float) -> list[_Step]:
    """The steps plus `rest`, as competition of the others; a small rest is added to the last named competitor."""
    if abs(rest) < _LEAST:
        return steps
    if abs(rest) < _LEAST_LINE:
        for place in reversed(range(len(steps))):
            step = steps[place]
            if step.kind in ("competition", "consequence"):
                steps[place] = step._replace(weight=round(step.weight + rest, 3))
                return steps
    return [*steps, _step("competition", _OTHERS if rest < 0 else _LEFT_OUT, rest)]


def _step(kind: AdjustmentKind, label: str, weight: float, hypothesis: str | None = None) -> _Step:
    return _Step(kind, label, round(weight, 3), hypothesis)
