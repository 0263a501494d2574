"""From claims to drafts: what speaks for and against each hypothesis, before they compete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.reason.case import Case
from engine.reason.catalogue import Cause, causes
from engine.reason.claims import Claim, Key, Location, Weighed, weighed
from engine.reason.weights import Weights

__all__ = ["Draft", "drafts_of", "verdict_draft"]

# From this weight of evidence a resource is in trouble even where nothing says what its trouble is.
_IN_PLACE: Final = 0.5
# A mechanism that hardly anything speaks for must not live on being in the right place: of what speaks for the place it
# gets at most this many times what speaks for itself.
_RIDE: Final = 2.0
_MIN_WEIGHT: Final = 0.05
# What a known mechanism takes from the general explanation of the same trouble, and how much must speak for it.
_EXPLAINED: Final = -1.2
_MECHANISM: Final = 1.2
# What fell silent is not slow: of these groups a slow resource gets nothing.
_NOT_SLOW: Final = ("silence", "stopped")


@dataclass(frozen=True, slots=True)
class Draft:
    """A hypothesis before the competition; `direct` where a fact speaks for it, `score` in the rules' log-odds."""

    key: Key
    cause: Cause
    evidence: tuple[Weighed, ...]
    direct: bool
    score: float


def drafts_of(
    case: Case, claims: Mapping[Key, list[Claim]], places: Mapping[str, list[Location]], weights: Weights
) -> list[Draft]:
    """Every hypothesis that some claim speaks for, or that an engineer would ask about though none does."""
    told = {**claims, **{key: [] for key in _unexplained(case, claims, places, weights)}}
    drafts = [_draft(case, key, found, places, weights) for key, found in told.items()
              if not found or any(one.weight > 0 for one in found)]  # fmt: skip
    drafts = _one_generic(drafts)
    drafts = _less_general(case, drafts, claims, weights)
    return drafts + _alternatives(case, {draft.key for draft in drafts}, places, weights)


def verdict_draft(key: Key, claims: Sequence[Claim], weights: Weights) -> Draft:
    """A hypothesis without a place, or one that was named before and that nothing speaks for now."""
    return _of_evidence(key, weighed(claims, weights))


def _of_evidence(key: Key, evidence: Sequence[Weighed]) -> Draft:
    cause = causes()[key.cause_id]
    ordered = tuple(sorted(evidence, key=lambda one: (-abs(one.weight), one.fact)))
    score = cause.prior + sum(one.weight for one in ordered)
    return Draft(key, cause, ordered, any(one.weight > 0 for one in ordered), score)


def _draft(
    case: Case, key: Key, claims: Sequence[Claim], places: Mapping[str, list[Location]], weights: Weights
) -> Draft:
    cause = causes()[key.cause_id]
    where = places.get(key.resource or "", [])
    if cause.id == "dependency_slow":
        where = [one for one in where if one.group not in _NOT_SLOW]
    if cause.felt_by_callers:
        where = [one for one in where if one.group != "own share" or one.weight > 0]
        where += _waiting(case, key.resource, places)
    direct = weighed(claims, weights)
    placed = weighed(where, weights)
    if not cause.generic and key.change is None:
        placed = _bounded(placed, _RIDE * sum(one.weight for one in direct if one.weight > 0))
    return _of_evidence(key, (*direct, *placed))


def _bounded(evidence: tuple[Weighed, ...], limit: float) -> tuple[Weighed, ...]:
    """The same evidence with its positive part brought down to `limit` in all."""
    support = sum(one.weight for one in evidence if one.weight > 0)
    if support <= limit:
        return evidence
    share = limit / support
    return tuple(
        replace(one, weight=round(one.weight * share, 3)) if one.weight > 0 else one
        for one in evidence
        if one.weight < 0 or one.weight * share >= _MIN_WEIGHT
    )


def _waiting(case: Case, resource: str | None, places: Mapping[str, list[Location]]) -> list[Location]:
    """What its callers suffer by themselves: waiting for a full pool is spent in the caller."""
    return [
        Location(name, one.fact, 0.5 * one.weight, "its caller waits", one.group)
        for name in case.above.get(resource or "", ())
        for one in places.get(name, ())
        if one.weight > 0 and one.group in ("own share", "span time")
    ]


def _one_generic(drafts: Sequence[Draft]) -> list[Draft]:
    """Of the general explanations of one resource the likeliest alone; the others say the same in other words."""
    best: dict[str | None, Draft] = {}
    for draft in drafts:
        if draft.cause.generic:
            known = best.get(draft.key.resource)
            if known is None or (draft.score, str(known.key)) > (known.score, str(draft.key)):
                best[draft.key.resource] = draft
    return [draft for draft in drafts if not draft.cause.generic or best[draft.key.resource] is draft]


def _less_general(
    case: Case, drafts: Sequence[Draft], claims: Mapping[Key, list[Claim]], weights: Weights
) -> list[Draft]:
    """A general explanation steps back where a mechanism is known on its resource, or on what it waits for."""
    known: dict[str, list[tuple[bool, Weighed]]] = {}
    blamed: dict[str, Draft] = {}
    for draft in drafts:
        resource = draft.key.resource
        if draft.cause.generic or resource is None:
            continue
        if draft.key.change is not None:
            best = blamed.get(resource)
            if best is None or (draft.score, str(best.key)) > (best.score, str(draft.key)):
                blamed[resource] = draft
            continue
        strong = [one for one in weighed(claims[draft.key], weights) if one.weight >= _MECHANISM]
        known.setdefault(resource, []).extend((draft.cause.felt_by_callers, one) for one in strong)
    return [_stepped_back(case, draft, known, blamed, claims) if draft.cause.generic else draft for draft in drafts]


def _stepped_back(
    case: Case,
    draft: Draft,
    known: Mapping[str, list[tuple[bool, Weighed]]],
    blamed: Mapping[str, Draft],
    claims: Mapping[Key, list[Claim]],
) -> Draft:
    resource = draft.key.resource
    if resource is None:
        return draft
    near = [one for _, one in known.get(resource, ())]
    near += [one for name in case.below.get(resource, ()) for felt, one in known.get(name, ()) if felt]
    told = []
    if near:
        best = max(near, key=lambda one: (one.weight, one.fact))
        told.append(Weighed(best.fact, _EXPLAINED, "a known mechanism explains it", "explained"))
    change = blamed.get(resource)
    if change is not None and change.score > draft.score:
        fact = claims[change.key][0].fact
        told.append(Weighed(fact, _EXPLAINED, "a change of it explains it", "explained"))
    return replace(_of_evidence(draft.key, (*draft.evidence, *told)), direct=draft.direct) if told else draft


def _unexplained(
    case: Case, claims: Mapping[Key, list[Claim]], places: Mapping[str, list[Location]], weights: Weights
) -> list[Key]:
    """Where the trouble is though nothing says what it is: then it is slow, or fails, by itself."""
    named = {key.resource for key in claims if causes()[key.cause_id].generic}
    cause_id = "dependency_slow" if case.effect == "slower" else "application_error"
    return [Key(cause_id, name) for name, found in places.items()
            if name not in named and sum(one.weight for one in weighed(found, weights)) >= _IN_PLACE]  # fmt: skip


def _alternatives(case: Case, drafted: set[Key], places: Mapping[str, list[Location]], weights: Weights) -> list[Draft]:
    """What an engineer would ask about though no fact suggests it: the dependencies of what shows the symptom."""
    blamed = {key.resource for key in drafted}
    near = [name for name, far in case.distance.items() if far == 1 and name not in blamed
            and case.resources.get(name) not in ("pod", "node")]  # fmt: skip
    keys = [Key("dependency_slow", name) for name in sorted(near)[:3]]
    return [_draft(case, key, (), places, weights) for key in keys]
