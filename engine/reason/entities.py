"""Several objects, one entity: a Service, the workload behind it, its replicas, pods and claims, and what refuses them.

A check that fails, endpoints that are missing and pods that aren't ready are symptoms of the whole entity. They speak
for the cause behind them and are no root cause while one is known (Kubernetes documentation, "Debug Services": first
the Service, then its endpoints, then the pods behind them and why they don't run).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from engine.reason.catalogue import causes
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import WorkloadState
from primitives.identity import kind_of

__all__ = ["is_behind", "is_only_felt", "speak_for_causes"]

# From this weight (log-odds) the claims of a cause are a cause behind a symptom, not one more guess.
_KNOWN: Final = 1.8
# Of a symptom's weight its own hypothesis keeps a tenth where a cause behind it is known: it may be a second fault.
_KEPT: Final = 0.1
# The part that goes to what is behind it, and the most: that something is felt says where to look, not what it is.
_PASSED: Final = 0.5
_MOST_PASSED: Final = 1.5
_FELT: Final = "felt by its entity"
_SYMPTOM_GROUPS: Final = ("probe", "state", "silence", "messages")


def is_behind(case: FactIndex, cause: str, symptom: str) -> bool:
    """Whether a fault of `cause` shows on `symptom`, because they are parts of one entity."""
    return cause in case.behind_symptoms.get(symptom, ())


def is_only_felt(case: FactIndex, key: HypothesisKey) -> bool:
    """Whether a cause says only what others notice of a resource that doesn't itself complain of what it calls.

    That nobody can connect to it is then what its crash looks like from outside, and doesn't say why it crashes.
    """
    return causes()[key.cause_id].shows_on_entity and key.change is None and key.resource not in case.unanswered


def speak_for_causes(case: FactIndex, claims: Mapping[HypothesisKey, list[Claim]]) -> dict[HypothesisKey, list[Claim]]:
    """The claims; those of symptoms support the cause behind them, where one is known, more than themselves."""
    known = _known_causes(claims)
    spoken: dict[HypothesisKey, list[Claim]] = {key: list(own) for key, own in claims.items()}
    for key, own in claims.items():
        behind = [
            other for place in _places(case, key) for other in known.get(place, ()) if _explains(case, other, key)
        ]
        symptoms = [claim for claim in own if claim.weight > 0 and claim.group in _SYMPTOM_GROUPS]
        if not behind or not symptoms:
            continue
        spoken[key] = [replace(claim, weight=_KEPT * claim.weight) if claim in symptoms else claim for claim in own]
        strongest = max(symptoms, key=lambda claim: (claim.weight, claim.fact))
        passed = min(_PASSED * strongest.weight, _MOST_PASSED)
        # On one object a symptom says nothing of which of its causes it is.
        for other in (other for other in behind if other.resource != key.resource):
            spoken[other].append(Claim(other, strongest.fact, passed, f"it is felt: {strongest.why}", _FELT))
    _support_cause_locations(case, spoken)
    return spoken


def _support_cause_locations(case: FactIndex, spoken: dict[HypothesisKey, list[Claim]]) -> None:
    """What suffers from a component that is known to be down speaks for it, wherever the suffering is."""
    states = {name: fact.state for name, fact in case.present(WorkloadState)}
    by_cause: dict[str, list[HypothesisKey]] = defaultdict(list)
    for key in spoken:
        if causes()[key.cause_id].location_states and key.resource is not None and key.change is None:
            by_cause[key.cause_id].append(key)
    for keys in by_cause.values():
        locations = [key for key in keys if any(_is_cause_location(key, claim, states) for claim in spoken[key])]
        victims = [key for key in keys if key not in locations]
        if not locations or not victims:
            continue
        for key in victims:
            strongest = max(spoken[key], key=lambda claim: (claim.weight, claim.fact), default=None)
            spoken[key] = [replace(claim, weight=_KEPT * claim.weight) if claim.weight > 0 else claim
                           for claim in spoken[key]]  # fmt: skip
            if strongest is not None and strongest.weight > 0:
                passed = min(_PASSED * strongest.weight, _MOST_PASSED)
                for location in locations:
                    spoken[location].append(Claim(location, strongest.fact, passed, "what it serves suffers", _FELT))


def _is_cause_location(key: HypothesisKey, claim: Claim, states: Mapping[str, str]) -> bool:
    """Whether a claim is about the component itself: its own state, or the check of its service on a node."""
    cause = causes()[key.cause_id]
    if claim.weight <= 0:
        return False
    if claim.group == "state":
        return states.get(claim.fact) in cause.location_states
    return claim.group == "probe" and bool(cause.services) and kind_of(key.resource or "") == "node"


def _places(case: FactIndex, key: HypothesisKey) -> Iterator[str]:
    if key.resource is not None and key.change is None and causes()[key.cause_id].shows_on_entity:
        yield from sorted({key.resource, *case.behind_symptoms.get(key.resource, ())})


def _explains(case: FactIndex, cause: HypothesisKey, symptom: HypothesisKey) -> bool:
    """Whether `cause` says why: on the symptom's own object only what isn't itself an outcome does."""
    if cause.resource != symptom.resource or is_only_felt(case, symptom):
        return True
    return causes()[cause.cause_id].outcome_rank < causes()[symptom.cause_id].outcome_rank


def _known_causes(claims: Mapping[HypothesisKey, list[Claim]]) -> dict[str, list[HypothesisKey]]:
    """The causes that objects' states support, by their object."""
    known: dict[str, list[HypothesisKey]] = defaultdict(list)
    for key, own in claims.items():
        cause = causes()[key.cause_id]
        if key.resource is None or key.change is not None or cause.generic or cause.shows_on_entity:
            continue
        if max((claim.weight for claim in own if claim.group == "state"), default=0.0) >= _KNOWN:
            known[key.resource].append(key)
    return known
