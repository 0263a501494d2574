"""How sure the first answer may be: a logistic regression on what its evidence and its rivals are like, and ceilings.

The competition says which answer leads and by how much, if one of the hypotheses is right. Where the truth isn't among
them nothing competes, and one fact reported twice decides: answers like that were 97 % sure and mostly wrong. So
how often answers of this kind turned out right is a step of its own (J. Platt, Probabilistic Outputs for Support Vector
Machines, 1999; C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017), fitted by `make calibration`,
which leaves each system out in turn and writes `fitted_calibration.py`. It never changes the order.

The signs of the coefficients are bounded, so that less evidence never makes an answer surer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from engine.reason.chains import can_cause
from engine.reason.competition import Competition, Scored
from engine.reason.entities import is_behind
from engine.reason.fact_index import FactIndex
from engine.reason.odds import probability_at
from engine.reason.trouble import Trouble
from primitives.dataclass import dataclass
from primitives.facts import MetricShift
from primitives.terms import IncidentClass

__all__ = ["KINDS", "SIGNS", "Calibrated", "Calibration", "Features", "calibrated", "features_of"]

KINDS: Final[Mapping[str, str]] = {
    "metric_shift": "metrics", "metric_at_limit": "metrics", "metric_missing": "metrics", "own_share": "metrics",
    "replica_comparison": "metrics", "workload_state": "states", "log_pattern": "logs",
    "span_errors": "traces", "span_shift": "traces", "wire_delay": "traces", "more_calls": "traces",
    "change": "changes", "configuration_difference": "changes", "setting_conflict": "settings",
    "probe_result": "checks",
    "assertion": "statements", "observation": "statements", "alert": "statements",
}  # fmt: skip
"""The kind of evidence that each type of fact is. Facts of one kind may all be wrong for one reason. A gap and a
dependency say nothing for a cause by themselves."""

SIGNS: Final[Mapping[str, int]] = {
    "strength": 1, "margin": 1, "alternatives": -1, "explained": 1, "kinds": 1, "generic": -1, "outcome": -1,
    "states": 1,
}  # fmt: skip
"""The features, and in which direction each may count."""

# Beyond these the evidence says no more than that it is enough (natural log-odds).
_MOST_STRENGTH: Final = 10.0
_MOST_MARGIN: Final = 6.0
# Evidence that weighs less than this is no kind of its own.
_LEAST_EVIDENCE: Final = 0.5
# An alternative is alive where it has at least this part of the first one's odds.
_ALIVE: Final = 0.02
_MOST_COMPARED: Final = 50
# So many are believed enough for it to matter.
_NEXT: Final = 6
_MOST_KINDS: Final = 4
_ONE_KIND: Final = 0.8
# The alarmed metric is the question: an answer that rests on it alone repeats it.
_QUESTION: Final = 0.5
# From this rank on a cause only says how something failed (it crashes, it is unhealthy) and not why: the place is right
# more often than the cause.
_OUTCOME: Final = 2
# The next one stays this far behind the first.
_BEHIND: Final = 0.98
_LEAST_REST: Final = 0.01


@dataclass(frozen=True, slots=True)
class Features:
    """What the first answer's confidence depends on; `values` are about 0 to 1 each, by the names of `SIGNS`.

    `others` are those of the next ones, by their places, as if they led by nothing.
    """

    values: Mapping[str, float]
    kinds: frozenset[str]
    others: Mapping[int, Features] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted numbers: `intercept` and `coefficients` in log-odds, and the highest confidence by kind of evidence."""

    intercept: float
    coefficients: Mapping[str, float]
    ceilings: Mapping[str, float] = field(default_factory=dict)

    def stated(self, values: Mapping[str, float], kinds: Collection[str]) -> tuple[float, str]:
        """The confidence of an answer with such features, at most the ceilings, and what determined it."""
        odds = self.intercept + sum(weight * values[name] for name, weight in self.coefficients.items())
        confidence, label = probability_at(odds), "calibrated: how often answers like this were right"
        # The most reliable kind decides: were it the heaviest, an answer might gain by losing a fact.
        ceiling, best = max(
            ((self.ceilings.get(kind, _ONE_KIND), kind) for kind in kinds), default=(_ONE_KIND, "little")
        )
        if confidence > ceiling:
            confidence, label = ceiling, f"calibrated: rests on {best}"
        if not kinds and confidence > _QUESTION:
            confidence, label = _QUESTION, "calibrated: rests on the alarm alone"
        if len(kinds) <= 1 and confidence > _ONE_KIND:
            confidence, label = _ONE_KIND, "calibrated: one kind of evidence only"
        return confidence, label


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The confidences, the best first, and what determined that one."""

    confidences: tuple[float, ...]
    label: str


def features_of(case: FactIndex, competition: Competition, trouble: Trouble) -> Features:
    """The features of the first answer, and of the next ones."""
    others = {
        place: _features(case, competition, trouble, place)
        for place, item in enumerate(competition.scored[1:_NEXT], start=1)
        if item.candidate.key.resource is not None
    }
    return replace(_features(case, competition, trouble, 0), others=others)


def _features(case: FactIndex, competition: Competition, trouble: Trouble, place: int) -> Features:
    answer = competition.scored[place]
    strength = answer.own + answer.support
    near = [other for other in competition.scored[:_MOST_COMPARED] if other is not answer]
    rivals = [other.own + other.support for other in near if _is_rival(case, answer, other)]
    margin = strength - max(rivals, default=-math.inf) if place == 0 else 0.0
    alive = sum(rival >= strength + math.log(_ALIVE) for rival in rivals)
    weights = _weights_by_kind(case, answer)
    kinds = frozenset(kind for kind, weight in weights.items() if weight >= _LEAST_EVIDENCE)
    key, cause = answer.candidate.key, answer.candidate.cause
    values = {
        "strength": min(max(strength, 0.0), _MOST_STRENGTH) / _MOST_STRENGTH,
        "margin": min(max(margin, 0.0), _MOST_MARGIN) / _MOST_MARGIN,
        "alternatives": math.log1p(alive),
        "explained": trouble.coverage(key) if key.resource else float(not trouble.weights),
        "kinds": min(len(kinds), _MOST_KINDS) / _MOST_KINDS,
        "generic": float(cause.generic),
        "outcome": float(cause.outcome_rank >= _OUTCOME),
        # What the platform says of its own objects is right more often than what is read from messages and metrics.
        "states": float("states" in kinds),
    }
    return Features(values, kinds)


def _is_rival(case: FactIndex, first: Scored, other: Scored) -> bool:
    """Whether `other` is another story: elsewhere, and neither a cause nor a consequence of the first."""
    leading, key = first.candidate.key, other.candidate.key
    if key.resource is None or key.resource == leading.resource:
        return False
    if key.resource in case.parts.get(leading.resource or "", ()) or leading.resource in case.parts.get(
        key.resource, ()
    ):
        return False
    if leading.resource and (
        is_behind(case, leading.resource, key.resource) or is_behind(case, key.resource, leading.resource)
    ):
        return False
    return not can_cause(case, leading, key)


def _weights_by_kind(case: FactIndex, first: Scored) -> dict[str, float]:
    """How much each kind of evidence speaks for the answer, that of its expected consequence included.

    The alarmed metric itself is no evidence: it moved whatever the cause.
    """
    alarmed = {name for name, shift in case.of(MetricShift) if case.is_symptom(shift.resource, shift.metric)}
    items = [*first.candidate.evidence, *(first.supporter.evidence if first.supporter is not None else ())]
    weights: dict[str, float] = {}
    for item in items:
        kind = KINDS.get(case.types.get(item.fact, ""))
        if kind is not None and item.weight > 0 and item.fact not in alarmed:
            weights[kind] = weights.get(kind, 0.0) + item.weight
    return weights


def calibrated(stated: Sequence[float], scored: Sequence[Scored], features: Features, known: Calibration) -> Calibrated:
    """The confidences in place of the `stated` ones, all in the order of `scored`, which they keep.

    The others never gain, so that nobody acts on one of them because the first is doubted: what the first loses goes to
    "unknown", as far as that doesn't pass the one before it.
    """
    if scored[0].candidate.cause.cause_class is IncidentClass.UNKNOWN:
        return Calibrated(tuple(stated), "")
    first, label = known.stated(features.values, features.kinds)
    # Rules that failed, and trouble that nothing explains: what was never told can't have competed.
    first *= 1.0 - sum(confidence for confidence, item in zip(stated, scored, strict=True)
                       if item.candidate.cause.cause_class is IncidentClass.UNKNOWN)  # fmt: skip
    factor = min(1.0, (1.0 - first) / max(1.0 - stated[0], _LEAST_REST))
    if len(stated) > 1 and stated[1] * factor > _BEHIND * first:
        factor = _BEHIND * first / stated[1]
    confidences = [first]
    for place, (confidence, item) in enumerate(zip(stated[1:], scored[1:], strict=True), start=1):
        now = min(confidence * factor, confidences[-1])
        if place in features.others:
            # Else an answer that is doubted would be believed more for coming second.
            other = features.others[place]
            now = min(now, known.stated(other.values, other.kinds)[0])
        if item.candidate.cause.cause_class is IncidentClass.UNKNOWN:
            now = max(now, min(now + stated[0] - first, _BEHIND * confidences[-1]))
        confidences.append(now)
    return Calibrated(tuple(confidences), label)
