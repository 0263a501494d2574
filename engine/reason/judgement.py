"""What engineers say about facts and causes: pinned, refuted, excluded, marked as right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Final, TypeVar

from engine.hypotheses import Judgement
from engine.incident import FoundFact, IncidentState
from engine.reason.candidates import Candidate
from engine.reason.catalogue import causes_of_family
from engine.reason.claims import Claim, HypothesisKey, PlaceEvidence, Weighed
from engine.reason.fact_index import FactIndex
from engine.reason.trust import STATEMENT, may_exclude
from primitives.analysis.error_families import family_of
from primitives.dataclass import dataclass
from primitives.facts import Assertion
from primitives.terms import Trust

__all__ = ["Judgements", "excluded", "judgements_of", "statements"]

# A fact that an engineer pinned counts twice, before others that say the same thing.
_PINNED: Final = 2.0
# What an engineer rules out is as good as impossible; what one marks as right must still be able to lose.
_EXCLUDED: Final = -20.0
_HELD: Final = 3.0
_STATED: Final[Mapping[Trust, str]] = {
    "measured": "{source} says so",
    "asserted": "{source} says so",
    "reported": "reported by {source}",
    "proposed": "proposed by {source}",
}

C = TypeVar("C", Claim, PlaceEvidence)


@dataclass(frozen=True, slots=True)
class Judgements:
    """Judgements of facts by their ids. A statement about a cause is a fact itself: an `Assertion`."""

    facts: Mapping[str, Judgement] = field(default_factory=dict)

    def kept(self, facts: Sequence[FoundFact]) -> tuple[FoundFact, ...]:
        """The facts that reasoning may use: without refuted and withdrawn ones; pinned ones count as measured."""
        if not self.facts:
            return tuple(facts)
        return tuple(
            self._as_said(found_fact)
            for found_fact in facts
            if self._verdict(found_fact.id) not in ("refuted", "withdrawn")
        )

    def certain(self, claims: Iterable[C]) -> Iterator[C]:
        """The claims; those of pinned facts weigh double, so they come first in their group."""
        return (self._pinned(claim) for claim in claims) if self.facts else iter(claims)

    def _pinned(self, claim: C) -> C:
        if self._verdict(claim.fact) != "pinned":
            return claim
        by = self.facts[claim.fact].by
        return replace(claim, weight=_PINNED * claim.weight, why=f"{claim.why}; pinned by {by}")

    def _verdict(self, fact: str) -> str:
        judgement = self.facts.get(fact)
        return judgement.verdict if judgement else ""

    def _as_said(self, found_fact: FoundFact) -> FoundFact:
        if self._verdict(found_fact.id) != "pinned" or found_fact.fact.trust == "measured":
            return found_fact
        return replace(found_fact, fact=found_fact.fact.model_copy(update={"trust": "measured"}))


def judgements_of(state: IncidentState) -> Judgements:
    """The judgements of the events so far."""
    return Judgements(state.judgements)


def statements(case: FactIndex) -> Iterator[Claim]:
    """Claims for the causes that a statement names, or that its words support, as the words of a log message do.

    A statement weighs by its trust. Of several statements that no person made, only the first counts in full.
    """
    for name, fact in case.present(Assertion):
        if fact.speaks == "against":
            continue
        why, group = _STATED[fact.trust].format(source=fact.source), _group(name, fact)
        if fact.cause_id is not None:
            key = HypothesisKey(fact.cause_id, fact.resource, fact.change)
            yield Claim(key, name, _HELD * STATEMENT[fact.trust], why, group)
        elif fact.resource is not None and (family := family_of(fact.text)) is not None:
            for cause_id, weight in causes_of_family(family):
                yield Claim(HypothesisKey(cause_id, fact.resource), name, weight * STATEMENT[fact.trust], why, group)


def _group(name: str, fact: Assertion) -> str:
    return f"said {name}" if fact.trust in ("asserted", "measured") else f"said, {fact.trust}"


def excluded(case: FactIndex, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates; those that an engineer ruled out have evidence against them."""
    against = [(name, fact) for name, fact in case.present(Assertion)
               if fact.speaks == "against" and may_exclude(fact.trust)]  # fmt: skip
    if not against:
        return list(candidates)
    return [_excluded(case, candidate, against) for candidate in candidates]


def _excluded(case: FactIndex, candidate: Candidate, against: Sequence[tuple[str, Assertion]]) -> Candidate:
    for name, fact in against:
        if _is_meant(case, candidate, fact):
            why = f"excluded by {fact.source}"
            evidence = (*candidate.evidence, Weighed(name, _EXCLUDED, why, "said"))
            return replace(candidate, evidence=evidence, score=candidate.score + _EXCLUDED)
    return candidate


def _is_meant(case: FactIndex, candidate: Candidate, fact: Assertion) -> bool:
    """Whether the candidate agrees with everything that the assertion names; False if it names nothing."""
    key, kind = candidate.key, case.resources.get(candidate.key.resource or "")
    named = (
        (fact.resource, key.resource), (fact.cause_id, key.cause_id), (fact.cause_class, candidate.cause.cause_class),
        (fact.kind, kind), (fact.change, key.change),
    )  # fmt: skip
    pairs = [(wanted, actual) for wanted, actual in named if wanted is not None]
    return bool(pairs) and all(wanted == actual for wanted, actual in pairs)
