"""Trouble that has passed: everything that was felt is as usual again, and has had time to come back.

"Is it still so?" is the first question about an incident (Google SRE book, chapter 12: triage; alerting rules: an alert
resolves when its condition no longer holds). What happened then has its cause too, but nothing is left to cure. Where
somebody changed something since, it didn't pass by itself, and what that cured is the answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from engine.reason.announced_work import DONE, MAINTENANCE, is_back
from engine.reason.fact_index import FactIndex, is_failing
from engine.reason.localise import SYMPTOM_KINDS
from engine.reason.roles import exchanged_roles
from engine.reason.trouble import NOTES, Trouble
from primitives.facts import (
    AlertState,
    ChangeFound,
    LogPattern,
    MetricAtLimit,
    MetricMissing,
    MetricShift,
    ProbeResult,
    WorkloadState,
)
from primitives.identity import base_name
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["passed"]

# Shorter than this a lull between two waves looks the same; retries and caches hide an outage for minutes.
_CALM: Final = timedelta(minutes=20)
# The last samples are from now, give or take how often they are taken.
_FRESH: Final = timedelta(minutes=5)
_CLEAR: Final = 0.5
# What replaces the ill without a person (Amazon EC2 Auto Scaling: health checks; Kubernetes: controllers).
_BY_ITSELF: Final = lazy_pattern(r"(?i)auto-?scal|karpenter|controller|autorepair|auto-?heal|\bsystem:(?:node|kube-)")
# What persons have it do: tools that roll out what is in a repository.
_ROLLS_OUT: Final = lazy_pattern(r"(?i)argo|flux|application-controller|kustomize-controller|helm-controller")
_WORD: Final = lazy_pattern(r"[\w-]+(?:\.[\w-]+)*")
_TAKEN_AWAY: Final = lazy_pattern(r"(?i)terminat|replac|remov|delet|recycl|drain")
_MINOR: Final = ("weakness", "note")


def passed(case: FactIndex, trouble: Trouble) -> str | None:
    """The fact of the worst that was felt and is over; None where something may still be wrong."""
    now = case.opened.now
    if now - case.opened.detected_at < _CALM:
        return None
    # That another member leads now is how it came back, and stays.
    handed_over = exchanged_roles(case)
    worse = [(name, fact) for name, fact in case.present(MetricShift)
             if fact.worse and name not in handed_over and not _is_more_work(fact)]  # fmt: skip
    felt = [(abs(fact.score), name) for name, fact in worse if fact.kind in SYMPTOM_KINDS]
    if not worse:
        return _after_maintenance(case, trouble, now)
    if not felt or not all(_is_back(case, fact, now) for _, fact in worse) or _was_cured(case):
        return None
    return max(felt)[1] if _nothing_else(case, trouble, now) else None


def _after_maintenance(case: FactIndex, trouble: Trouble, now: datetime) -> str | None:
    """The failures of announced work that is over: whatever failed since it began was checked well a while after.

    Without such a check nothing says that it works again, and without the announcement not why it failed.
    """
    errors = [(fact.count, name, fact) for name, fact in case.present(LogPattern) if is_failing(fact)]
    if not errors or not _nothing_else(case, trouble, now):
        return None
    well: dict[str, datetime] = {}
    for _, probe in case.present(ProbeResult):
        for place in {probe.resource, case.checked(probe)} - {None} if probe.healthy else ():
            well[str(place)] = max(probe.observed_at, well.get(str(place), probe.observed_at))
    for _, _, fact in errors:
        checked = well.get(fact.resource or "")
        if checked is None or fact.last_seen is None or checked - fact.last_seen < _CALM or not _worked_on(case, fact):
            return None
    return max(errors, key=lambda error: error[:2])[1]


def _worked_on(case: FactIndex, fact: LogPattern) -> bool:
    """Whether work that was announced for a resource, or for what it depends on, began before it failed."""
    near = {fact.resource, *case.graph.reach([fact.resource or ""])}
    return any(
        change is not None and change.resource in near and MAINTENANCE.search(change.summary)
        and fact.first_seen is not None and change.time <= fact.first_seen + _FRESH
        for change in (known.change for _, known in case.present(ChangeFound))
    )  # fmt: skip


def _was_cured(case: FactIndex) -> bool:
    """Whether what was felt, or what that depends on, was changed after it was detected: what cured it had a cause."""
    felt = {fact.resource for _, fact in case.present(MetricShift) if fact.worse and fact.resource}
    near = {*felt, *case.graph.reach(sorted(felt))}
    return any(
        fact.change is not None and fact.change.time > case.opened.detected_at and fact.change.resource in {None, *near}
        and not _is_platform(fact.change.actor) and not _closes(case, fact.change)
        for _, fact in case.present(ChangeFound)
    )  # fmt: skip


def _is_more_work(fact: MetricShift) -> bool:
    """Whether it is only that more is asked for or done than before: whom that hurts shows in what is felt."""
    return fact.kind == "traffic" and fact.current > fact.baseline


def _closes(case: FactIndex, change: Change) -> bool:
    """Whether it records that announced work is over, which had begun before the alarm: it changes nothing itself."""
    return bool(DONE.search(change.summary)) and any(
        began is not None and began.resource == change.resource and began.time <= case.opened.detected_at
        and MAINTENANCE.search(began.summary)
        for began in (known.change for _, known in case.present(ChangeFound))
    )  # fmt: skip


def _is_replaced(case: FactIndex, fact: MetricShift) -> bool:
    """Whether the platform took away what was ill after that began: it has no samples, and nobody misses it."""
    called = base_name(fact.resource or "")
    return bool(called) and any(
        change is not None and fact.onset is not None and change.time >= fact.onset
        and _is_platform(change.actor) and _TAKEN_AWAY.search(change.summary)
        and called in _WORD.findall(change.summary)
        for change in (known.change for _, known in case.present(ChangeFound))
    )  # fmt: skip


def _is_platform(actor: str | None) -> bool:
    """Whether it is the platform that acted, and no person, nor a tool that does what persons commit."""
    return bool(_BY_ITSELF.search(actor or "")) and not _ROLLS_OUT.search(actor or "")


def _is_back(case: FactIndex, fact: MetricShift, now: datetime) -> bool:
    level = fact.level_now
    if level is None or fact.latest_at is None or now - fact.latest_at > _FRESH:
        return _is_replaced(case, fact)
    return is_back(fact)


def _nothing_else(case: FactIndex, trouble: Trouble, now: datetime) -> bool:
    """Whether nothing else is told to be wrong now: no errors lately, no failed check, no state, nothing full."""
    moved = {(fact.resource, fact.metric) for _, fact in case.of(MetricShift)}
    full = any((fact.resource, fact.metric) not in moved for _, fact in case.present(MetricAtLimit))
    failed = any(not probe.healthy for _, probe in case.present(ProbeResult))
    errors = [fact for _, fact in case.present(LogPattern) if is_failing(fact)]
    lately = any(fact.last_seen is not None and now - fact.last_seen < _CALM for fact in errors)
    silent = any(True for _ in case.present(MetricMissing))
    return not (full or failed or lately or silent or _fires(case, now) or _is_ill(case, trouble))


def _fires(case: FactIndex, now: datetime) -> bool:
    """Whether an alert fires now. What fired when it was opened may have ended since."""
    return any(
        alert.state == "firing" and now - alert.observed_at <= _FRESH and alert.observed_at > case.opened.detected_at
        for _, alert in case.present(AlertState)
    )


def _is_ill(case: FactIndex, trouble: Trouble) -> bool:
    """Whether an object is in a state that says something is wrong with it now."""
    return any(
        state.state not in NOTES and trouble.factors[name][0] > _CLEAR and state.details.get("weight") not in _MINOR
        for name, state in case.present(WorkloadState)
    )
