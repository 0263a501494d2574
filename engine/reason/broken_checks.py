"""An alarm that a broken check raises: who checks fails, and what it checks serves its users as ever.

A check from outside sees what users see, and its own network, names and certificates too. Where the users' requests are
measured and are as usual, and the same is reached from somewhere else, the check is what is broken (Google SRE book,
chapter 6: black-box and white-box monitoring; blackbox exporter: `probe_success`). A place from which nobody
gets through is a fault where users come from there: their requests are missing then.
"""

from __future__ import annotations

from typing import Final

from engine.reason.fact_index import FactIndex, is_failing
from primitives.dataclass import dataclass
from primitives.facts import ChangeFound, LogPattern, MetricShift, OwnShare, ProbeResult
from primitives.resolver import host_of

__all__ = ["BrokenCheck", "broken_check"]

_FELT: Final = ("latency", "errors")
# What keeps a caller from asking at all: its names, its list of authorities.
_ON_ITS_SIDE: Final = frozenset({"dns", "certificate"})
# A change of who checks that long before the alarm may have broken it, in seconds.
_LEAD_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class BrokenCheck:
    """`checker` fails; the fact `served` says that users are served as ever, `elsewhere` that others get through.

    `explained` are the facts of its failing.
    """

    checker: str
    served: str
    elsewhere: str
    explained: frozenset[str]


def broken_check(case: FactIndex) -> BrokenCheck | None:
    """The check that is broken, where that explains all that is wrong; else None."""
    failed = [probe for _, probe in case.present(ProbeResult) if not probe.healthy]
    checkers = {probe.resource for probe in failed}
    checker = next(iter(checkers), None)
    if len(checkers) != 1 or checker is None or _is_part(case, checker):
        return None
    served, elsewhere = _served(case), _elsewhere(case, checker, failed)
    if served is None or elsewhere is None or _hurts(case, checker) or not _is_its_own(case, checker, failed):
        return None
    return BrokenCheck(checker, served, elsewhere, frozenset(_explained(case, checker)))


def _is_part(case: FactIndex, checker: str) -> bool:
    """Whether it is among what serves the users: the alarm's resource, what that depends on, or what others call."""
    return checker in case.symptom_resources or checker in case.distance or bool(case.above.get(checker))


def _served(case: FactIndex) -> str | None:
    """The fact that as many requests come as ever, of a resource whose answers are as usual too."""
    calm = {(fact.resource, fact.kind): name for name, fact in case.absent(MetricShift)}
    for resource in case.symptom_resources:
        traffic = calm.get((resource, "traffic"))
        if traffic is not None and any((resource, kind) in calm for kind in _FELT):
            return traffic
    return None


def _elsewhere(case: FactIndex, checker: str, failed: list[ProbeResult]) -> str | None:
    """The fact that somebody else reaches what the alarm is about, or what the checker doesn't reach."""
    missed = {probe.target for probe in failed}
    for name, probe in case.present(ProbeResult):
        late = probe.observed_at >= case.opened.detected_at
        same = probe.target in missed or not {probe.resource, case.checked(probe)}.isdisjoint(case.symptom_resources)
        if probe.healthy and probe.resource != checker and late and same:
            return name
    return None


def _hurts(case: FactIndex, checker: str) -> bool:
    """Whether users feel anything, or anybody else fails: what began after the alarm isn't what raised it."""
    for _, fact in case.present(MetricShift):
        began = fact.onset is None or fact.onset <= case.opened.detected_at or fact.resource in case.symptom_resources
        if fact.worse and fact.kind in (*_FELT, "traffic") and fact.resource != checker and began:
            return True
    return any(is_failing(fact) and fact.resource != checker for _, fact in case.present(LogPattern))


def _is_its_own(case: FactIndex, checker: str, failed: list[ProbeResult]) -> bool:
    """Whether what it fails by is its own: it was changed, it can't ask at all, or it reaches nobody else either."""
    changed = any(
        fact.change is not None and fact.change.resource == checker
        and fact.lead_s is not None and 0 <= fact.lead_s <= _LEAD_S
        for _, fact in case.present(ChangeFound)
    )  # fmt: skip
    cannot_ask = any(
        fact.family in _ON_ITS_SIDE and fact.resource == checker and fact.count for _, fact in case.present(LogPattern)
    )
    reached = {host_of(probe.target or "") for _, probe in case.present(ProbeResult) if probe.healthy}
    others = any(host_of(probe.target or "") not in reached for probe in failed)
    return changed or cannot_ask or others


def _explained(case: FactIndex, checker: str) -> list[str]:
    """The facts of the check itself, and how available its targets seem by it."""
    calm = {fact.resource for _, fact in case.absent(MetricShift) if fact.kind == "traffic"}
    seemed = [
        known.id
        for known in case.facts
        if known.fact.resource in calm
        and (isinstance(known.fact, OwnShare)
             or (isinstance(known.fact, MetricShift) and known.fact.kind == "availability"))
    ]  # fmt: skip
    return [known.id for known in case.facts if known.fact.resource == checker] + seemed
