"""Announced work that raises an alarm: machines that are stopped on purpose, a page that says "maintenance".

What is down because somebody said beforehand that it would be is no fault, as long as nobody outside of the work is
hurt, or whoever comes gets the page that was put up for it: the alarm wasn't silenced (ITIL: change enablement; Google
SRE workbook, chapter 5: precision; Alertmanager: silences). Work that breaks something else, or during which
something breaks in another way, is a change like others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.reason.catalogue import causes_of_family
from engine.reason.fact_index import COMPLAINTS, FactIndex, is_failing
from primitives.analysis.announcements import is_platform
from primitives.dataclass import dataclass
from primitives.facts import ChangeFound, LogPattern, MetricShift, ProbeResult
from primitives.identity import base_name
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["DONE", "MAINTENANCE", "AnnouncedWork", "announced_work", "is_back"]

MAINTENANCE: Final = lazy_pattern(
    r"(?i)\b(?<!un)(?:planned|scheduled|announced|approved)\b[^\n]{0,40}\b(?:maintenance|work|restart|upgrade|patch|"
    r"shutdown|outage|downtime)|"
    r"maintenance (?:window|page|mode)|\bgeplante?\b[^\n]{0,20}wartung|wartungs(?:fenster|arbeit)|entretien planifi|"
    r"\bmaintenance (?:planifi|programm)|mantenimiento (?:programado|planificado)|"
    r"manuten..o (?:programada|planejada)|gepland onderhoud|planlagt vedlikehold|"
    r"manutenzione (?:programmata|pianificata)|"
    r"plan\w{0,8} bak\w?m|planowan\w{1,4} (?:prac|konserwac|przerw)|планов\w{1,4} (?:работ|обслужив)|"
    r"計画(?:メンテ|停止|作業|停電)|定期メンテ|计划(?:内)?(?:维护|停机)|例行维护|정기\s?점검|예정된\s?점검"
)
"""Announced work, as operators of several countries call it."""

# Whoever wrote down that he stops it meant to; only that nobody is hurt says that it was rightly so.
_STOPPED: Final = lazy_pattern(
    r"(?i)\bmaintenance\b|\bdecommission|\bdrain(?:ed|ing)?\b|\bshut(?:ting)? ?down\b|"
    r"\b(?:power|switch)(?:ed|ing)? off\b|"
    r"\bretir(?:e|ed|ing)\b|\bout of (?:service|rotation)\b|\babgeschaltet\b|\bheruntergefahren\b"
)
# It began at most so long before the alarm's metric moved, and may be recorded when it is already under way.
_BEFORE_S: Final = 4 * 3600.0
_AFTER_S: Final = -300.0
DONE: Final = lazy_pattern(r"(?i)\b(?:completed|finished|ended|closed|done|cancelled|canceled|beendet|abgesagt)\b")
"""That work is over, or was called off."""

_UNPLANNED: Final = lazy_pattern(r"(?i)\bunplanned\b|\bunscheduled\b|\bemergency\b")
_PAGE: Final = lazy_pattern(r"(?i)maintenance|wartung|mantenimiento|manuten|entretien|onderhoud|メンテナンス|维护")
_WORD: Final = lazy_pattern(r"[\w.-]*[\w]")
_SPREADS: Final = 4.0
_REST: Final = 0.1
_FELT: Final = ("latency", "errors")
# That fewer of several run is felt by nobody while the others answer; that it doesn't answer is.
_SHARES: Final = ("1", "%")
_STEP: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AnnouncedWork:
    """The fact `work` announced it; `sign` says that it hurts nobody else; `explained` are the facts that it explains.

    `resources` are what the work is on and what stands or falls with it.
    """

    work: str
    sign: str
    resources: frozenset[str]
    explained: frozenset[str]


def announced_work(case: FactIndex) -> AnnouncedWork | None:
    """The work that explains the alarm, if it explains all that is wrong; else None."""
    for name, fact in case.present(ChangeFound):
        change = fact.change
        if change is None or not _is_under_way(case, fact, change):
            continue
        worked_on = _worked_on(case, change)
        own = worked_on.union(*(case.hosted.get(place, ()) for place in worked_on))
        covered = own | case.dependents(sorted(own)) if own else own
        covered |= {queue for place in covered for queue in case.below.get(place, ())
                    if case.resources.get(queue) in ("queue", "topic")}  # fmt: skip
        if not worked_on or covered.isdisjoint(case.symptom_resources):
            continue
        sign = _sign(case, own, covered, has_page=bool(MAINTENANCE.search(change.summary)))
        if sign is not None and not _breaks(case, covered):
            return AnnouncedWork(name, sign, covered, frozenset(_explained(case, change, covered)))
    return None


def is_back(fact: MetricShift) -> bool:
    """Whether the last sample is as usual again: within some spreads, or it took back nine tenths of its move."""
    level = fact.level_now
    if level is None:
        return False
    return abs(level - fact.baseline) <= max(_SPREADS * fact.spread, _REST * abs(fact.current - fact.baseline))


def _is_under_way(case: FactIndex, fact: ChangeFound, change: Change) -> bool:
    if fact.lead_s is None or not _AFTER_S <= fact.lead_s <= _BEFORE_S or change.kind not in ("infrastructure", "job"):
        return False
    by_hand = _STOPPED.search(change.summary) and not is_platform(change.origin or "")
    if not (by_hand or MAINTENANCE.search(change.summary)):
        return False
    if _UNPLANNED.search(change.summary) or DONE.search(change.summary):
        return False
    onset = case.onset or case.opened.detected_at
    return not any(
        other.change is not None and other.change.resource == change.resource and DONE.search(other.change.summary)
        and change.time < other.change.time < onset
        for _, other in case.present(ChangeFound)
    )  # fmt: skip


def _worked_on(case: FactIndex, change: Change) -> frozenset[str]:
    """What the work is on: the resource of its record, and those that its summary names."""
    words = {word.lower() for word in _WORD.findall(change.summary)}
    known = {*case.resources, *case.symptom_resources}
    named = {name for name in known if base_name(name).lower() in words}
    return frozenset(named | ({change.resource} if change.resource else set()))


def _sign(case: FactIndex, own: frozenset[str], covered: frozenset[str], *, has_page: bool) -> str | None:
    """A fact that says that nobody is hurt beyond the work: those around it are well, or get the page put up for it."""
    hurt = [fact for _, fact in case.present(MetricShift) if fact.worse and fact.resource not in own
            and _is_felt(fact) and not is_back(fact)]  # fmt: skip
    if any(fact.resource not in covered for fact in hurt) or (hurt and not has_page):
        return None
    if hurt:
        pages = [name for name, fact in case.present(LogPattern) if fact.count and fact.resource in covered
                 and "503" in (fact.example or fact.template) and _PAGE.search(fact.template)]  # fmt: skip
        return pages[0] if pages else None
    checks = [name for name, probe in case.present(ProbeResult) if probe.healthy and probe.probe == "http_get"]
    calm = [name for name, fact in case.absent(MetricShift) if _is_felt(fact) and fact.resource not in own]
    return next(iter((*checks, *calm)), None)


def _is_felt(fact: MetricShift) -> bool:
    return fact.kind in _FELT or (fact.kind == "availability" and fact.unit in _SHARES)


def _breaks(case: FactIndex, covered: frozenset[str]) -> bool:
    """Whether something fails elsewhere, or in another way than by being down: it crashes, is full, is refused."""
    for _, fact in case.present(LogPattern):
        other = fact.resource not in covered or fact.family not in (None, *COMPLAINTS)
        if other and is_failing(fact) and (fact.family is None or causes_of_family(fact.family)):
            return True
    return any(not probe.healthy and case.checked(probe) not in covered for _, probe in case.present(ProbeResult))


def _explained(case: FactIndex, change: Change, covered: frozenset[str]) -> Iterator[str]:
    """The facts about what the work is on; those that are left take the others' requests meanwhile."""
    for name, fact in ((known.id, known.fact) for known in case.facts):
        if fact.resource in covered:
            yield name
        elif isinstance(fact, MetricShift):
            since = fact.onset is not None and fact.onset >= change.time - _STEP
            if is_back(fact) or (since and not _is_felt(fact) and fact.kind in ("traffic", "availability")):
                yield name
