"""Fits the reasoner's weights to incidents with a known answer, with or without some of them.

The loss is the mean of two logarithmic scores: of the first hypothesis' confidence, and of the right one's. Each data
set counts as the square root of its size. Weights are pulled towards their initial values, as by a normal distribution
of their logarithms, and changed one at a time while that helps: eleven numbers and no gradient.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Final

from engine.evaluate.cases import agrees
from engine.evaluate.investigating import Investigated
from engine.events import IncidentOpened
from engine.hypotheses import Classification, Hypothesis
from engine.incident import FoundFact
from engine.reason import rank_facts
from engine.reason.calibration import Calibration
from engine.reason.weights import Weights
from primitives.bundle.truth import Truth
from primitives.dataclass import dataclass

__all__ = ["Example", "Outcome", "Scorer", "example_of", "fit", "left_out"]

# How far each may be from what was argued, as a standard deviation of its logarithm.
_SPREAD: Final[Mapping[str, float]] = {
    "sharpness": 0.3, "none": 0.8, "link": 0.5, "support": 0.3, "parent": 0.3,
    "second": 0.3, "metrics": 0.25, "spans": 0.25, "logs": 0.25, "states": 0.25, "changes": 0.25,
}  # fmt: skip
_SHARES: Final = ("parent", "link", "second")
_STEPS: Final = (0.25, 0.1)
_ROUNDS: Final = 4
_LEAST: Final = 0.005
_SURE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Example:
    """What was found in an incident, and its known answer. `system` is equal for incidents of one system."""

    name: str
    dataset: str
    system: str
    facts: tuple[FoundFact, ...]
    opened: IncidentOpened
    classification: Classification | None
    truth: Truth


def example_of(investigated: Investigated) -> Example:
    """The example that an investigation is. The incident's labels say which system it is of, or else its folder."""
    state = investigated.state
    assert state.opened is not None
    labels = state.opened.labels
    system = labels.get("application") or labels.get("system") or investigated.dataset
    return Example(
        name=state.incident_id,
        dataset=investigated.dataset,
        system=system,
        facts=state.current_facts,
        opened=state.opened,
        classification=state.classification,
        truth=investigated.truth,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an incident is ranked: whether the first hypothesis and its resource are right, and the confidences."""

    right: bool
    right_resource: bool | None
    confidence: float
    confidence_of_right: float

    @property
    def loss(self) -> float:
        """The mean of both logarithmic scores."""
        stated = min(max(self.confidence, _SURE), 1.0 - _SURE)
        first = -math.log(stated if self.right else 1.0 - stated)
        return 0.5 * (first - math.log(max(self.confidence_of_right, _LEAST)))


class Scorer:
    """Ranks examples under given weights and caches the result: fits that leave out little try the same weights."""

    def __init__(self, examples: Sequence[Example], calibration: Calibration | None = None) -> None:
        self.examples = tuple(examples)
        # Weights are fitted to what the competition says; the calibration is fitted after them.
        self.calibration = calibration
        self.outcome: Callable[[int, Weights], Outcome] = cache(self._outcome)

    def _outcome(self, place: int, weights: Weights) -> Outcome:
        example = self.examples[place]
        about = (example.facts, example.opened, example.classification)
        ranking = rank_facts(*about, weights=weights, calibration=self.calibration)
        ordered = sorted(ranking.hypotheses, key=lambda hypothesis: -hypothesis.confidence)
        return _judged(ordered, example.truth)

    def loss(self, places: Sequence[int], weights: Weights) -> float:
        """The mean loss over some examples, and the pull towards the argued weights."""
        sizes = Counter(self.examples[place].dataset for place in places)
        shares = [sizes[self.examples[place].dataset] ** -0.5 for place in places]
        total = sum(share * self.outcome(place, weights).loss for share, place in zip(shares, places, strict=True))
        argued = asdict(Weights())
        pull = sum((math.log(value / argued[name]) / _SPREAD[name]) ** 2 / 2 for name, value in asdict(weights).items())
        return float(total / sum(shares) + pull / len(places))


def _judged(ordered: Sequence[Hypothesis], truth: Truth) -> Outcome:
    right = [hypothesis for hypothesis in ordered if any(agrees(hypothesis, entry) for entry in truth.root_causes)]
    asked = [entry for entry in truth.root_causes if "resource" in entry.model_fields_set]
    first = ordered[0]
    return Outcome(
        right=first in right,
        right_resource=any(agrees(first, entry, ("resource",)) for entry in asked) if asked else None,
        confidence=first.confidence,
        confidence_of_right=right[0].confidence if right else 0.0,
    )


def fit(scorer: Scorer, places: Sequence[int], start: Weights) -> Weights:
    """The weights that do best on some examples, found from `start`."""
    best, least = start, scorer.loss(places, start)
    for step in _STEPS:
        for _ in range(_ROUNDS):
            before = least
            for name in _SPREAD:
                for factor in (math.exp(step), math.exp(-step)):
                    value = getattr(best, name) * factor
                    tried = replace(best, **{name: min(value, 0.95) if name in _SHARES else value})
                    loss = scorer.loss(places, tried)
                    if loss < least - 1e-5:
                        best, least = tried, loss
                        break
            if least == before:
                break
    return best


def left_out(scorer: Scorer, group_of: Callable[[Example], str], start: Weights) -> dict[int, Outcome]:
    """The outcome of every example under weights that were fitted from `start` without its group."""
    groups: dict[str, list[int]] = {}
    for place, example in enumerate(scorer.examples):
        groups.setdefault(group_of(example), []).append(place)
    outcomes: dict[int, Outcome] = {}
    for members in groups.values():
        rest = [place for place in range(len(scorer.examples)) if place not in members]
        weights = fit(scorer, rest, start)
        outcomes.update((place, scorer.outcome(place, weights)) for place in members)
    return outcomes
