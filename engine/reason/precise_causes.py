"""What went wrong with a setting, where messages or the platform say it: the precise cause takes the change's place.

"A wrong setting" and "lacks a setting that it needs" are one cause in two words. Once something says which, the change
of a setting right before is the evidence of its time, and no other cause.

A job that starts (a backup, a purge, a migration) is load and no setting: what it fills or holds is the cause, and its
start is the evidence of the time (B. Gregg, Systems Performance, 2020, chapter 2: workload characterisation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from engine.reason.catalogue import causes, causes_of_family, causes_of_state
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.stores import is_store
from primitives.facts import ChangeFound, change_key
from primitives.patterns import lazy_pattern
from primitives.terms import IncidentClass

__all__ = ["is_precise", "precise_claims"]

_CLASSES: Final = (IncidentClass.CONFIGURATION_DRIFT, IncidentClass.ACCESS_FAILURE)
# From this weight on, messages or states say which setting it is.
_SAID: Final = 1.0
_LOADS: Final[Mapping[str, str]] = {"job": "a job started", "scaling": "it was scaled"}
_SCHEMA: Final = "the schema was changed"
# Rails, Flyway, Liquibase, Alembic; PostgreSQL and MySQL: ALTER TABLE, VACUUM FULL, REINDEX.
_MIGRATES: Final = lazy_pattern(
    r"(?i)migrat|flyway|liquibase|alembic|alter table|backfill|re-?index|\bvacuum\b|\boptimi[sz]e\b"
)
# To another disk or host: that moves a store, and its schema stays.
_MOVES: Final = lazy_pattern(
    r"(?i)migrat\w{0,4}\b[^\n]{0,40}\b(?:to|onto|from)\b[^\n]{0,40}\b(?:gp\d|io\d|hosts?|nodes?|instances?|servers?|"
    r"storage|volumes?|disks?|clusters?|regions?|zones?|subnets?|vpc)\b"
)
_OF_THE_CHANGE: Final = ("timing", "place")


def is_precise(case: FactIndex, change: HypothesisKey, other: HypothesisKey) -> bool:
    """Whether `other` says precisely what is wrong with the setting, or with the load, that `change` blames."""
    if change.change is None or other.change is not None or change.resource != other.resource:
        return False
    named, precise = causes()[change.cause_id], causes()[other.cause_id]
    if other.cause_id in _of_probes():
        return "configuration" in named.blamed_for and change.change in case.once(_changed_probes)
    load = case.once(_loads).get(change.change)
    if load == _SCHEMA:
        return other.cause_id in {cause_id for cause_id, _ in causes_of_family("deadlock")}
    if load is not None:
        held = precise.waited_for or precise.felt_by_callers
        return held or precise.cause_class is IncidentClass.RESOURCE_SATURATION
    return (
        "configuration" in named.blamed_for
        and change.cause_id != other.cause_id
        and (precise.cause_class in _CLASSES or precise.is_setting)
        and precise.caused_by_change
    )


def _loads(case: FactIndex) -> dict[str, str]:
    """What the changes did that are no settings: those that bring load or take room, and those of a store's schema.

    While a schema is changed that locks what others use; what it leaves behind is new code.
    """
    told: dict[str, str] = {}
    for _, fact in case.present(ChangeFound):
        change = fact.change
        if change is None:
            continue
        if change.kind in _LOADS:
            told[change_key(change)] = _LOADS[change.kind]
        elif change.resource is not None and is_store(case, change.resource) and _changes_schema(change.summary):
            told[change_key(change)] = _SCHEMA
    return told


def _changes_schema(summary: str) -> bool:
    return bool(_MIGRATES.search(summary)) and not _MOVES.search(summary)


def _changed_probes(case: FactIndex) -> frozenset[str]:
    """The changes that say that they are of a probe; another setting may make one fail as well."""
    return frozenset(
        change_key(fact.change)
        for _, fact in case.present(ChangeFound)
        if fact.change is not None
        and "probe" in f"{fact.change.summary} {fact.change.before or ''} {fact.change.after or ''}".lower()
    )


@cache
def _of_probes() -> frozenset[str]:
    states = ("LivenessProbeMisconfigured", "ReadinessProbeMisconfigured", "StartupProbeMisconfigured")
    return frozenset(cause_id for state in states for cause_id, _ in causes_of_state(state))


def precise_claims(case: FactIndex, claims: Iterable[Claim]) -> Iterator[Claim]:
    """The time and place of a changed setting or a started job, as evidence for what is said to be wrong with it."""
    everything = tuple(claims)
    said: dict[HypothesisKey, float] = {}
    for claim in everything:
        if claim.key.change is None and claim.weight > 0:
            said[claim.key] = said.get(claim.key, 0.0) + claim.weight
    for claim in everything:
        if claim.key.change is None or claim.group not in _OF_THE_CHANGE or claim.weight <= 0:
            continue
        for key, weight in said.items():
            if weight >= _SAID and is_precise(case, claim.key, key):
                what = case.once(_loads).get(claim.key.change, "a setting was changed")
                yield Claim(key, claim.fact, claim.weight, f"{what}: {claim.why}", claim.group)
