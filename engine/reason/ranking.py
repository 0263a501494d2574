"""Facts → hypotheses: their claims, their competition, their order and their names."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.events import IncidentOpened
from engine.hypotheses import Classification, Evidence, Hypothesis
from engine.incident import FoundFact, IncidentState
from engine.reason.attribution import attributions
from engine.reason.case import Case
from engine.reason.claims import Claim, Key, Location
from engine.reason.competition import Ranked, compete
from engine.reason.drafts import Draft, drafts_of, verdict_draft
from engine.reason.judgement import Judgements, judgements_of, ruled, said
from engine.reason.localise import locations
from engine.reason.mechanisms import mechanisms
from engine.reason.odds import probability_at
from engine.reason.verdicts import FALSE_ALARM, RECOVERED, UNKNOWN, verdicts
from engine.reason.wanted import would_change
from engine.reason.weights import WEIGHTS, Weights
from primitives.terms import IncidentClass
from primitives.text import safe_line
from primitives.units import short_id

__all__ = ["Ranking", "rank", "rank_facts"]

_MAX_HYPOTHESES: Final = 12
# What was told as surest was right in 45 of 45 development incidents, and in 21 of 22 where text said so: that is what
# Laplace's rule of succession makes of it, and a little less.
_MAX_CONFIDENCE: Final = 0.97
_MAX_REPORTED: Final = 0.9
_TOLD: Final = 0.05
_NO_EVIDENCE: Final = "No direct evidence found"
_VERDICTS: Final = (FALSE_ALARM, RECOVERED, UNKNOWN)
_NONE_JUDGED: Final = Judgements()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first, and the facts not yet known that would separate the first two."""

    hypotheses: tuple[Hypothesis, ...]
    would_change: tuple[str, ...] = ()


def rank(state: IncidentState) -> Ranking:
    """Rank what the facts so far suggest; identifiers of hypotheses in `state` are kept. Needs an opened incident."""
    assert state.opened is not None
    known = {_key_of(one): one.id for one in state.hypotheses}
    facts, judgements = tuple(state.facts.values()), judgements_of(state)
    return rank_facts(facts, state.opened, state.classification, known=known, judgements=judgements)


def rank_facts(
    facts: Sequence[FoundFact],
    opened: IncidentOpened,
    classification: Classification | None = None,
    *,
    known: Mapping[Key, str] | None = None,
    weights: Weights = WEIGHTS,
    judgements: Judgements = _NONE_JUDGED,
) -> Ranking:
    """Rank what `facts` suggest, as far as engineers let them by their `judgements`.

    `known` maps keys to identifiers given before: those are kept, however little speaks for them now.
    """
    case = Case(opened, classification, judgements.kept(facts))
    drafts = ruled(case, _drafts(case, set(known or ()), weights, judgements))
    ranked = compete(case, drafts, weights)
    hypotheses = _named(case, ranked, known or {}, weights)
    return Ranking(hypotheses, would_change(case, hypotheses))


def _drafts(case: Case, known: set[Key], weights: Weights, judgements: Judgements) -> list[Draft]:
    places: dict[str, list[Location]] = defaultdict(list)
    for place in judgements.certain(locations(case)):
        places[place.resource].append(place)
    claims: dict[Key, list[Claim]] = defaultdict(list)
    for claim in (*judgements.certain((*mechanisms(case), *attributions(case, places))), *said(case)):
        claims[claim.key].append(claim)
    drafts = drafts_of(case, claims, places, weights)
    told: dict[Key, list[Claim]] = defaultdict(list)
    for claim in judgements.certain(verdicts(case)):
        told[claim.key].append(claim)
    drafts += [verdict_draft(key, told[key], weights) for key in _VERDICTS]
    drafted = {draft.key for draft in drafts}
    return drafts + [verdict_draft(key, (), weights) for key in sorted(known - drafted, key=str)]


def _named(case: Case, ranked: Sequence[Ranked], known: Mapping[Key, str], weights: Weights) -> tuple[Hypothesis, ...]:
    kept = [one for place, one in enumerate(ranked)
            if place < _MAX_HYPOTHESES or one.draft.key in known or one.draft.key in _VERDICTS]  # fmt: skip
    named = [one.draft for one in kept if one.draft.key not in _VERDICTS and one.draft.evidence]
    trust = {found.id: found.fact.trust for found in case.facts}
    number = max((int(one.removeprefix("H")) for one in known.values() if one[1:].isdigit()), default=0)
    found: list[Hypothesis] = []
    for one in kept:
        name = known.get(one.draft.key)
        if name is None:
            number += 1
            name = f"H{number}"
        rival = next((other for other in named if other is not one.draft), None)
        found.append(_hypothesis(case, one, name, rival, trust, weights))
    return tuple(found)


def _hypothesis(
    case: Case, one: Ranked, name: str, rival: Draft | None, trust: Mapping[str, str], weights: Weights
) -> Hypothesis:
    draft = one.draft
    evidence = [Evidence(fact=item.fact, weight=round(weights.sharpness * item.weight, 3), why=item.why)
                for item in draft.evidence]  # fmt: skip
    if abs(one.company) >= _TOLD and draft.evidence:
        why = "what it would bring about is seen as well"
        evidence.append(Evidence(fact=draft.evidence[0].fact, weight=round(one.company, 3), why=why))
    if abs(one.rivalry) >= _TOLD and rival is not None:
        why = "another cause explains this too" if one.final > 0 else "another cause explains this better"
        if one.bringer is not None and one.bringer.evidence:
            rival, why = one.bringer, "another cause may have brought it about"
        evidence.append(Evidence(fact=rival.evidence[0].fact, weight=round(one.rivalry, 3), why=why))
    return Hypothesis(
        id=name,
        cause=_sentence(case, draft),
        cause_id=draft.key.cause_id,
        cause_class=draft.cause.cause_class,
        resource=draft.key.resource,
        change=draft.key.change,
        prior=round(weights.sharpness * draft.cause.prior - math.log(weights.none), 3),
        evidence=tuple(evidence),
        confidence=round(min(probability_at(one.final), _cap(draft, trust)), 3),
        note="" if draft.direct else _NO_EVIDENCE,
    )


def _cap(draft: Draft, trust: Mapping[str, str]) -> float:
    """Text that an outsider may have written can't make anything as good as certain."""
    measured = any(one.weight > 0 and trust.get(one.fact) in ("measured", "asserted") for one in draft.evidence)
    return _MAX_CONFIDENCE if measured or draft.cause.cause_class is IncidentClass.UNKNOWN else _MAX_REPORTED


def _sentence(case: Case, draft: Draft) -> str:
    change = draft.key.change or "A change"
    if draft.key.change and draft.cause.id == "deployment_regression":
        change = f"Deployment {short_id(draft.key.change)}"
    if not draft.direct and draft.cause.id == "dependency_slow":
        return safe_line(f"Downstream {draft.key.resource} degraded")
    sentence = draft.cause.sentence.format(
        resource=draft.key.resource or "it", change=short_id(change), effect=case.effect
    )
    if draft.key.change and "{change}" not in draft.cause.sentence:
        sentence += f" ({short_id(draft.key.change)})"
    return safe_line(sentence)


def _key_of(one: Hypothesis) -> Key:
    return Key(one.cause_id, one.resource, one.change)
