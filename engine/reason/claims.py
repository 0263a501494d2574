"""Claims of the rules: a fact counts for or against a cause, or for or against a place of the cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.reason.weights import Weights
from primitives.dataclass import dataclass

__all__ = ["Claim", "HypothesisKey", "PlaceEvidence", "Weighed", "merge_repeated"]

# Of facts that say the same thing the first counts in full, the second by a third, the third by a ninth.
_REPEAT: Final = 1 / 3
_MIN_WEIGHT: Final = 0.05


@dataclass(frozen=True, slots=True, order=True)
class HypothesisKey:
    """What makes a hypothesis: a cause, the resource it is on, the change that it blames."""

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
    """`fact` says that the cause is (or isn't) on `resource`, whatever it is."""

    resource: str
    fact: str
    weight: float
    why: str
    group: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A fact's part of a hypothesis' log-odds, and the group that it was weighed in."""

    fact: str
    weight: float
    why: str
    group: str


def merge_repeated(claims: Iterable[Claim | PlaceEvidence], weights: Weights) -> tuple[Weighed, ...]:
    """The claims as evidence: in each group and direction the strongest in full, the next ones by a third each."""
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
