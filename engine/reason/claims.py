"""Claims of the rules: a fact is evidence for or against a cause, or for or against a resource as its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.reason.weights import Weights
from primitives.dataclass import dataclass

__all__ = ["Claim", "HypothesisKey", "PlaceEvidence", "Weighed", "merge_repeated"]

# Of facts that say the same thing, the first counts in full, the second a third, the third a ninth.
_REPEAT: Final = 1 / 3
_MIN_WEIGHT: Final = 0.05


@dataclass(frozen=True, slots=True, order=True)
class HypothesisKey:
    """What identifies a hypothesis: its cause, its resource, and the change that it blames."""

    cause_id: str
    resource: str | None = None
    change: str | None = None

    def __str__(self) -> str:
        return f"{self.cause_id}|{self.resource or ''}|{self.change or ''}"


@dataclass(frozen=True, slots=True)
class Claim:
    """`fact` moves the hypothesis `key` by `weight` (log-odds). Claims of one `group` say the same thing."""

    key: HypothesisKey
    fact: str
    weight: float
    why: str
    group: str


@dataclass(frozen=True, slots=True)
class PlaceEvidence:
    """`fact` says that the cause is (or, with a negative weight, is not) on `resource`, whatever the cause is."""

    resource: str
    fact: str
    weight: float
    why: str
    group: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A fact's weight on a hypothesis (log-odds), and the group in which it was counted."""

    fact: str
    weight: float
    why: str
    group: str


def merge_repeated(claims: Iterable[Claim | PlaceEvidence], weights: Weights) -> tuple[Weighed, ...]:
    """The claims as evidence. In each group and direction the strongest counts in full, the next a third, and so on."""
    groups: dict[tuple[str, bool], list[Claim | PlaceEvidence]] = {}
    for claim in claims:
        groups.setdefault((claim.group, claim.weight > 0), []).append(claim)
    evidence: list[Weighed] = []
    for (group, _), members in groups.items():
        factor = weights.of(group)
        evidence += _diminished(sorted(members, key=lambda item: (-abs(item.weight), item.fact)), factor)
    return tuple(sorted(evidence, key=lambda item: (-abs(item.weight), item.fact)))


def _diminished(members: Sequence[Claim | PlaceEvidence], factor: float) -> list[Weighed]:
    evidence, seen = [], set()
    for claim in members:
        if claim.fact in seen:
            continue
        seen.add(claim.fact)
        if abs(claim.weight * factor) >= _MIN_WEIGHT:
            evidence.append(Weighed(claim.fact, round(claim.weight * factor, 3), claim.why, claim.group))
        factor *= _REPEAT
    return evidence
