"""From claims to candidates: the evidence for and against each hypothesis, before the competition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.reason.catalogue import Cause, causes, fallback_cause
from engine.reason.claims import Claim, HypothesisKey, PlaceEvidence, Weighed, merge_repeated
from engine.reason.fact_index import FactIndex
from engine.reason.full_hosts import newly_full_hosts
from engine.reason.localise import stale_stores
from engine.reason.places import cause_of_place, says_itself
from engine.reason.weights import Weights
from primitives.dataclass import dataclass

__all__ = ["Candidate", "candidates_of", "unsupported_candidate", "verdict_candidate"]

# From this weight of evidence a resource is in trouble even where nothing says what its trouble is.
_IN_PLACE: Final = 0.5
# A mechanism with hardly any evidence of its own must not live on being in the right place: the evidence for the place
# counts at most this many times its own.
_RIDE: Final = 2.0
_MIN_WEIGHT: Final = 0.05
# What a known mechanism takes from the general explanation of the same trouble, and how much must support it.
_EXPLAINED: Final = -1.2
_MECHANISM: Final = 1.2
# Half of the evidence that a caller waits counts for what it waits for: it may wait for something else.
_WAITING: Final = 0.5
# Dependencies of the symptom's resource that are listed though no fact speaks for them.
_MOST_ALTERNATIVES: Final = 3
# What an earlier ranking drafted and no fact suggests now is kept for its id. It takes nothing from the others: else a
# confidence would depend on the order in which the facts came.
_UNSUPPORTED: Final = -12.0
# What fell silent is not slow: of these groups a slow resource gets nothing.
_NOT_SLOW: Final = ("silence", "stopped")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hypothesis before the competition; `direct` where a fact supports it, `score` in the rules' log-odds."""

    key: HypothesisKey
    cause: Cause
    evidence: tuple[Weighed, ...]
    direct: bool
    score: float


def candidates_of(
    case: FactIndex,
    claims: Mapping[HypothesisKey, list[Claim]],
    places: Mapping[str, list[PlaceEvidence]],
    weights: Weights,
) -> list[Candidate]:
    """Every hypothesis that a claim supports, and those that an engineer would ask about although none does."""
    unexplained = _unexplained(case, claims, places, weights)
    claimed = {**claims, **{key: [] for key in unexplained if key not in claims}}
    candidates = [_candidate(case, key, own, places, weights) for key, own in claimed.items()
                  if not own or any(claim.weight > 0 for claim in own)]  # fmt: skip
    candidates = _one_generic(candidates)
    candidates = _less_general(case, candidates, claims, weights)
    return candidates + _alternatives(case, {candidate.key for candidate in candidates}, places, weights)


def verdict_candidate(key: HypothesisKey, claims: Sequence[Claim], weights: Weights) -> Candidate:
    """A hypothesis without a resource."""
    return _of_evidence(key, merge_repeated(claims, weights))


def unsupported_candidate(key: HypothesisKey) -> Candidate:
    """A hypothesis of an earlier ranking that nothing suggests any more."""
    cause = causes()[key.cause_id]
    return Candidate(key, cause, (), direct=False, score=cause.prior + _UNSUPPORTED)


def _of_evidence(key: HypothesisKey, evidence: Sequence[Weighed]) -> Candidate:
    cause = causes()[key.cause_id]
    ordered = tuple(sorted(evidence, key=lambda item: (-abs(item.weight), item.fact)))
    score = cause.prior + sum(item.weight for item in ordered)
    return Candidate(key, cause, ordered, any(item.weight > 0 for item in ordered), score)


def _candidate(
    case: FactIndex,
    key: HypothesisKey,
    claims: Sequence[Claim],
    places: Mapping[str, list[PlaceEvidence]],
    weights: Weights,
) -> Candidate:
    cause = causes()[key.cause_id]
    where = places.get(key.resource or "", [])
    if cause.slowness:
        where = [location for location in where if location.group not in _NOT_SLOW]
    if cause.felt_by_callers:
        where = [location for location in where if location.group != "own share" or location.weight > 0]
        where += _waiting(case, key.resource, places)
    if cause.reach == "behind":
        where += _landing(case, key.resource, places)
    direct = merge_repeated(claims, weights)
    placed = merge_repeated(where, weights)
    if not cause.generic and key.change is None and not says_itself(case, key):
        placed = _bounded(placed, _RIDE * sum(item.weight for item in direct if item.weight > 0))
    return _of_evidence(key, (*direct, *placed))


def _bounded(evidence: tuple[Weighed, ...], limit: float) -> tuple[Weighed, ...]:
    """The same evidence with its positive part scaled down to `limit` in all."""
    support = sum(item.weight for item in evidence if item.weight > 0)
    if support <= limit:
        return evidence
    share = limit / support
    return tuple(
        replace(item, weight=round(item.weight * share, 3)) if item.weight > 0 else item
        for item in evidence
        if item.weight < 0 or item.weight * share >= _MIN_WEIGHT
    )


def _waiting(case: FactIndex, resource: str | None, places: Mapping[str, list[PlaceEvidence]]) -> list[PlaceEvidence]:
    """What its callers suffer: waiting for a full pool is counted in the caller's own time."""
    return [
        PlaceEvidence(name, location.fact, _WAITING * location.weight, "its caller waits", location.group)
        for name in case.above.get(resource or "", ())
        for location in places.get(name, ())
        if location.weight > 0 and location.group in ("own share", "span time")
    ]


def _landing(case: FactIndex, resource: str | None, places: Mapping[str, list[PlaceEvidence]]) -> list[PlaceEvidence]:
    """Where too much load shows: on the resources behind it that take longer by themselves."""
    return [
        PlaceEvidence(name, location.fact, location.weight, "what it loads bears the symptom", location.group)
        for name in case.behind(resource or "")
        if name != resource
        for location in places.get(name, ())
        if location.weight > 0 and location.group == "own share"
    ]


def _one_generic(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of the general explanations of one resource only the likeliest; the others say the same in other words."""
    best: dict[str | None, Candidate] = {}
    for candidate in candidates:
        if candidate.cause.generic:
            known = best.get(candidate.key.resource)
            if known is None or (candidate.score, str(known.key)) > (known.score, str(candidate.key)):
                best[candidate.key.resource] = candidate
    return [candidate for candidate in candidates
            if not candidate.cause.generic or best[candidate.key.resource] is candidate]  # fmt: skip


def _less_general(
    case: FactIndex, candidates: Sequence[Candidate], claims: Mapping[HypothesisKey, list[Claim]], weights: Weights
) -> list[Candidate]:
    """A general explanation loses weight where a mechanism is known on its resource, its host, or what it waits for.

    So it does where it reads from a store that answers with what is old.
    """
    mechanisms: dict[str, list[tuple[bool, Weighed]]] = {}
    blamed: dict[str, Candidate] = {}
    for candidate in candidates:
        resource = candidate.key.resource
        if candidate.cause.generic or resource is None:
            continue
        if candidate.key.change is not None:
            best = blamed.get(resource)
            if best is None or (candidate.score, str(best.key)) > (best.score, str(candidate.key)):
                blamed[resource] = candidate
            continue
        strong = [item for item in merge_repeated(claims.get(candidate.key, ()), weights) if item.weight >= _MECHANISM]
        mechanisms.setdefault(resource, []).extend((candidate.cause.felt_by_callers, item) for item in strong)
    full = case.once(newly_full_hosts)
    return [_stepped_back(case, candidate, mechanisms, blamed, claims, full) if candidate.cause.generic else candidate
            for candidate in candidates]  # fmt: skip


def _stepped_back(
    case: FactIndex,
    candidate: Candidate,
    mechanisms: Mapping[str, list[tuple[bool, Weighed]]],
    blamed: Mapping[str, Candidate],
    claims: Mapping[HypothesisKey, list[Claim]],
    full: Mapping[str, tuple[str, Sequence[str]]],
) -> Candidate:
    resource = candidate.key.resource
    if resource is None:
        return candidate
    near = [item for _, item in mechanisms.get(resource, ())]
    near += [item for name in case.below.get(resource, ()) for felt, item in mechanisms.get(name, ())
             if felt or resource in full.get(name, ("", ()))[1]]  # fmt: skip
    # However far away: those between pass on what is old as it is.
    near += [item for name in case.behind(resource) if name in case.once(stale_stores)
             for _, item in mechanisms.get(name, ()) if item.fact in case.once(stale_stores)[name]]  # fmt: skip
    against = []
    if near:
        best = max(near, key=lambda item: (item.weight, item.fact))
        against.append(Weighed(best.fact, _EXPLAINED, "a known mechanism explains it", "explained"))
    change = blamed.get(resource)
    if change is not None and change.score > candidate.score:
        fact = claims[change.key][0].fact
        against.append(Weighed(fact, _EXPLAINED, "a change of it explains it", "explained"))
    if not against:
        return candidate
    return replace(_of_evidence(candidate.key, (*candidate.evidence, *against)), direct=candidate.direct)


def _unexplained(
    case: FactIndex,
    claims: Mapping[HypothesisKey, list[Claim]],
    places: Mapping[str, list[PlaceEvidence]],
    weights: Weights,
) -> list[HypothesisKey]:
    """Resources in trouble of which no fact says the kind: the fallback cause (slow, or fails) is used."""
    named = {key.resource for key in claims if causes()[key.cause_id].generic or says_itself(case, key)}
    cause_id = fallback_cause(case.effect)
    return [
        HypothesisKey(cause_of_place(case, name) or cause_id, name)
        for name, own in places.items()
        if name not in named and sum(item.weight for item in merge_repeated(own, weights)) >= _IN_PLACE
    ]


def _alternatives(
    case: FactIndex, proposed: set[HypothesisKey], places: Mapping[str, list[PlaceEvidence]], weights: Weights
) -> list[Candidate]:
    """What an engineer would ask about though no fact suggests it: the dependencies of what shows the symptom."""
    blamed = {key.resource for key in proposed}
    near = [name for name, far in case.distance.items() if far == 1 and name not in blamed
            and case.resources.get(name) not in ("pod", "node")]  # fmt: skip
    asked = [cause.id for cause in causes().values() if cause.asked_of_dependencies]
    keys = [HypothesisKey(cause_id, name) for name in sorted(near)[:_MOST_ALTERNATIVES] for cause_id in asked]
    return [_candidate(case, key, (), places, weights) for key in keys]
