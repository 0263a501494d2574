"""Hypotheses from claims: their log-odds, their competition, their order and their names."""

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
from engine.reason.catalogue import Cause, causes
from engine.reason.claims import Claim, Key, Location, weighed
from engine.reason.localise import locations
from engine.reason.mechanisms import mechanisms
from engine.reason.verdicts import FALSE_ALARM, RECOVERED, UNKNOWN, verdicts
from engine.reason.wanted import would_change
from primitives.terms import IncidentClass
from primitives.text import safe_line

__all__ = ["Ranking", "rank", "rank_facts"]

_MAX_HYPOTHESES: Final = 12
_MAX_CONFIDENCE: Final = 0.95
_MAX_REPORTED: Final = 0.85
# The rules' weights are stated cautiously and leave much unsaid; this factor, fitted on the development incidents,
# makes probabilities of them.
_SHARPNESS: Final = 1.5
# Share of a rival's odds that counts against a hypothesis which may be true together with it, as a change and what it
# exhausted may. Of all other pairs one at most is true.
_COMPATIBLE: Final = 0.05
# From this weight of evidence a resource is in trouble even where nothing says what its trouble is.
_IN_PLACE: Final = 0.5
# A mechanism that hardly anything speaks for must not live on being in the right place: of what speaks for the place it
# gets at most this many times what speaks for itself.
_RIDE: Final = 2.0
_MIN_WEIGHT: Final = 0.05
# What a known mechanism takes from the general explanation of the same trouble, and how much must speak for it.
_EXPLAINED: Final = -1.2
_MECHANISM: Final = 1.2
_NO_EVIDENCE: Final = "No direct evidence found"
_VERDICTS: Final = (FALSE_ALARM, RECOVERED, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first, and the facts not yet known that would separate the first two."""

    hypotheses: tuple[Hypothesis, ...]
    would_change: tuple[str, ...] = ()


def rank(state: IncidentState) -> Ranking:
    """Rank what the facts so far suggest; identifiers of hypotheses in `state` are kept. Needs an opened incident."""
    assert state.opened is not None
    known = {_key_of(one): one.id for one in state.hypotheses}
    return rank_facts(tuple(state.facts.values()), state.opened, state.classification, known=known)


def rank_facts(
    facts: Sequence[FoundFact],
    opened: IncidentOpened,
    classification: Classification | None = None,
    *,
    known: Mapping[Key, str] | None = None,
) -> Ranking:
    """Rank what `facts` suggest.

    `known` maps keys to identifiers given before: those are kept, however little speaks for them now.
    """
    case = Case(opened, classification, facts)
    places: dict[str, list[Location]] = defaultdict(list)
    for place in locations(case):
        places[place.resource].append(place)
    claims: dict[Key, list[Claim]] = defaultdict(list)
    for claim in (*mechanisms(case), *attributions(case, places)):
        claims[claim.key].append(claim)
    for key in _unexplained(case, claims, places):
        claims.setdefault(key, [])
    drafts = [_draft(case, key, found, places) for key, found in claims.items()
              if not found or any(one.weight > 0 for one in found)]  # fmt: skip
    drafts = _one_generic(drafts)
    drafts = [_less_general(case, draft, drafts, claims) for draft in drafts]
    drafts += _alternatives(case, {draft.key for draft in drafts}, places)
    told: dict[Key, list[Claim]] = defaultdict(list)
    for claim in verdicts(case):
        told[claim.key].append(claim)
    drafts += [_draft(case, key, told[key], {}) for key in _VERDICTS]
    drafted = {draft.key for draft in drafts}
    drafts += [_draft(case, key, (), {}) for key in sorted(set(known or ()) - drafted, key=str)]
    hypotheses = _named(case, _compete(case, drafts), known or {})
    return Ranking(hypotheses, would_change(case, hypotheses))


@dataclass(frozen=True, slots=True)
class _Draft:
    key: Key
    cause: Cause
    evidence: tuple[Evidence, ...]
    direct: bool

    @property
    def score(self) -> float:
        return _SHARPNESS * (self.cause.prior + sum(one.weight for one in self.evidence))


def _draft(case: Case, key: Key, claims: Sequence[Claim], places: Mapping[str, list[Location]]) -> _Draft:
    cause = causes()[key.cause_id]
    where = places.get(key.resource or "", [])
    if cause.felt_by_callers:
        where = [one for one in where if one.group != "own share" or one.weight > 0]
        where += _waiting(case, key.resource, places)
    direct = weighed(claims)
    placed = weighed(where)
    if not cause.generic and key.change is None:
        placed = _bounded(placed, _RIDE * sum(one.weight for one in direct if one.weight > 0))
    evidence = tuple(sorted((*direct, *placed), key=lambda one: (-abs(one.weight), one.fact)))
    return _Draft(key, cause, evidence, any(one.weight > 0 for one in evidence))


def _bounded(evidence: tuple[Evidence, ...], limit: float) -> tuple[Evidence, ...]:
    """The same evidence with its positive part brought down to `limit` in all."""
    support = sum(one.weight for one in evidence if one.weight > 0)
    if support <= limit:
        return evidence
    share = limit / support
    return tuple(
        one.model_copy(update={"weight": round(one.weight * share, 3)}) if one.weight > 0 else one
        for one in evidence
        if one.weight < 0 or one.weight * share >= _MIN_WEIGHT
    )


def _waiting(case: Case, resource: str | None, places: Mapping[str, list[Location]]) -> list[Location]:
    """What its callers suffer by themselves: waiting for a full pool is spent in the caller."""
    callers = [name for name, below in case.below.items() if resource in below]
    return [
        Location(name, one.fact, 0.5 * one.weight, "its caller waits", one.group)
        for name in callers
        for one in places.get(name, ())
        if one.weight > 0 and one.group in ("own share", "span time")
    ]


def _one_generic(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Of the general explanations of one resource the likeliest alone; the others say the same in other words."""
    best: dict[str | None, _Draft] = {}
    for draft in drafts:
        if draft.cause.generic:
            known = best.get(draft.key.resource)
            if known is None or (draft.score, str(known.key)) > (known.score, str(draft.key)):
                best[draft.key.resource] = draft
    return [draft for draft in drafts if not draft.cause.generic or best[draft.key.resource] is draft]


def _less_general(case: Case, draft: _Draft, drafts: Sequence[_Draft], claims: Mapping[Key, list[Claim]]) -> _Draft:
    """A general explanation steps back where a mechanism is known on its resource, or on what it waits for."""
    if not draft.cause.generic or draft.key.resource is None:
        return draft
    near = (draft.key.resource, *case.below.get(draft.key.resource, ()))
    known = [one for other in drafts if not other.cause.generic and other.key.change is None
             and other.key.resource in near and (other.key.resource == near[0] or other.cause.felt_by_callers)
             for one in weighed(claims[other.key]) if one.weight >= _MECHANISM]  # fmt: skip
    told = []
    if known:
        best = max(known, key=lambda one: (one.weight, one.fact))
        told.append(Evidence(fact=best.fact, weight=_EXPLAINED, why="a known mechanism explains it"))
    changes = [other for other in drafts if other.key.change is not None and other.key.resource == draft.key.resource]
    blamed = max(changes, key=lambda other: (other.score, str(other.key)), default=None)
    if blamed is not None and blamed.score > draft.score:
        fact = claims[blamed.key][0].fact
        told.append(Evidence(fact=fact, weight=_EXPLAINED, why="a change of it explains it"))
    return _Draft(draft.key, draft.cause, (*draft.evidence, *told), draft.direct)


def _unexplained(case: Case, claims: Mapping[Key, list[Claim]], places: Mapping[str, list[Location]]) -> list[Key]:
    """Where the trouble is though nothing says what it is: then it is slow, or fails, by itself."""
    named = {key.resource for key in claims if causes()[key.cause_id].generic}
    cause_id = "dependency_slow" if case.effect == "slower" else "application_error"
    return [Key(cause_id, name) for name, found in places.items()
            if name not in named and sum(one.weight for one in weighed(found)) >= _IN_PLACE]  # fmt: skip


def _alternatives(case: Case, drafted: set[Key], places: Mapping[str, list[Location]]) -> list[_Draft]:
    """What an engineer would ask about though no fact suggests it: the dependencies of what shows the symptom."""
    blamed = {key.resource for key in drafted}
    near = [name for name, far in case.distance.items() if far == 1 and name not in blamed
            and case.resources.get(name) not in ("pod", "node")]  # fmt: skip
    keys = [Key("dependency_slow", name) for name in sorted(near)[:3]]
    return [_draft(case, key, (), places) for key in keys]


def _compete(case: Case, drafts: Sequence[_Draft]) -> list[tuple[_Draft, float]]:
    """Each draft with its final log-odds, best first: `score - ln(1 + sum of its rivals' odds)`.

    That is the posterior of a choice between the drafts and none of them; a rival that may be true together with the
    draft counts for a twentieth.
    """
    odds = [math.exp(min(draft.score, 30.0)) for draft in drafts]
    total = sum(odds)
    final: list[tuple[_Draft, float]] = []
    for draft, own in zip(drafts, odds, strict=True):
        spared = sum(odd for other, odd in zip(drafts, odds, strict=True) if _may_both_hold(case, draft.key, other.key))
        rivals = max(total - own - (1.0 - _COMPATIBLE) * spared, 0.0)
        final.append((draft, draft.score - math.log1p(rivals)))
    return sorted(final, key=lambda pair: (-pair[1], str(pair[0].key)))


def _may_both_hold(case: Case, one: Key, other: Key) -> bool:
    """A change and its consequence: one blames a change, the other none, on the same resource or a dependency."""
    if one.resource is None or other.resource is None or (one.change is None) == (other.change is None):
        return False
    blamed, consequence = (one, other) if one.change is not None else (other, one)
    assert blamed.resource is not None
    return consequence.resource in (blamed.resource, *case.below.get(blamed.resource, ()))


def _named(case: Case, ranked: Sequence[tuple[_Draft, float]], known: Mapping[Key, str]) -> tuple[Hypothesis, ...]:
    kept = [(draft, score) for place, (draft, score) in enumerate(ranked)
            if place < _MAX_HYPOTHESES or draft.key in known or draft.key in _VERDICTS]  # fmt: skip
    named = [draft for draft, _ in kept if draft.key not in _VERDICTS and draft.evidence]
    number = max((int(one.removeprefix("H")) for one in known.values() if one[1:].isdigit()), default=0)
    found: list[Hypothesis] = []
    for draft, score in kept:
        name = known.get(draft.key)
        if name is None:
            number += 1
            name = f"H{number}"
        found.append(_hypothesis(case, draft, score, name, next((one for one in named if one is not draft), None)))
    return tuple(found)


def _hypothesis(case: Case, draft: _Draft, score: float, name: str, best: _Draft | None) -> Hypothesis:
    evidence = tuple(one.model_copy(update={"weight": round(_SHARPNESS * one.weight, 3)}) for one in draft.evidence)
    competition = score - draft.score
    if competition < -0.05 and best is not None:
        why = "another cause explains this too" if score > 0 else "another cause explains this better"
        evidence = (*evidence, Evidence(fact=best.evidence[0].fact, weight=round(competition, 3), why=why))
    confidence = 1.0 / (1.0 + math.exp(-score))
    return Hypothesis(
        id=name,
        cause=_sentence(case, draft),
        cause_id=draft.key.cause_id,
        cause_class=draft.cause.cause_class,
        resource=draft.key.resource,
        change=draft.key.change,
        prior=round(_SHARPNESS * draft.cause.prior, 3),
        evidence=evidence,
        confidence=round(min(confidence, _cap(case, draft)), 3),
        note="" if draft.direct else _NO_EVIDENCE,
    )


def _cap(case: Case, draft: _Draft) -> float:
    """Text that an outsider may have written can't make anything as good as certain."""
    trust = {found.id: found.fact.trust for found in case.facts}
    measured = any(one.weight > 0 and trust.get(one.fact) in ("measured", "asserted") for one in draft.evidence)
    return _MAX_CONFIDENCE if measured or draft.cause.cause_class is IncidentClass.UNKNOWN else _MAX_REPORTED


def _sentence(case: Case, draft: _Draft) -> str:
    change = draft.key.change or "A change"
    if draft.key.change and draft.cause.id == "deployment_regression":
        change = f"Deployment {_short(draft.key.change)}"
    if not draft.direct and draft.cause.id == "dependency_slow":
        return safe_line(f"Downstream {draft.key.resource} degraded")
    sentence = draft.cause.sentence.format(
        resource=draft.key.resource or "it", change=_short(change), effect=case.effect
    )
    if draft.key.change and "{change}" not in draft.cause.sentence:
        sentence += f" ({_short(draft.key.change)})"
    return safe_line(sentence)


def _short(change: str) -> str:
    """A commit by its first twelve digits, as git shows them."""
    is_hash = len(change) == 40 and all(letter in "0123456789abcdef" for letter in change)
    return change[:12] if is_hash else change


def _key_of(one: Hypothesis) -> Key:
    return Key(one.cause_id, one.resource, one.change)
