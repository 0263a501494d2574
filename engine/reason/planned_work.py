"""Planned work that raises an alarm and hurts nobody: a backup, a scrub, a rebuild of an index at its usual hour.

Such work takes what is free. Load or room is a cause of trouble only where somebody who uses the resource is slower or
fails; an alarm on it alone asks for a better alarm (Google SRE book, chapter 6: alert on symptoms; SRE workbook,
chapter 5: precision).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.fact_index import FactIndex, is_failing
from engine.reason.localise import SYMPTOM_KINDS
from engine.reason.trouble import NOTES
from primitives.facts import ChangeFound, LogPattern, MetricShift, ProbeResult, SpanErrors, WorkloadState
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["planned_work"]

# Work that began so long before the alarm's metric moved has nothing to do with it, in seconds.
_LEAD_S: Final = 1800.0
# What goes by the clock, in the words of systemd.timer(5), cron(8), and of those who plan.
_PLANNED: Final = lazy_pattern(
    r"(?i)\bschedul|\btimer\b|\bcron|\b(?:hour|dai|night|week|month|quarter|year)ly\b|\bperiodic|\broutine\b|\bplanned\b"
)
_ONE_OFF: Final = lazy_pattern(r"(?i)\bunplanned\b|\bone[ -]?off\b|\bad[ -]?hoc\b|\bmanual|\bby hand\b|\bre-?run\b")


def planned_work(case: FactIndex) -> Iterator[tuple[str, str]]:
    """The facts of planned work that explains the alarm while nobody is hurt, each with a fact that says so."""
    symptom = case.symptom
    if symptom is None or symptom.metric is None or _hurts(case):
        return
    users = case.dependents((symptom.resource,))
    alarmed = [fact for _, fact in case.present(MetricShift) if case.is_symptom(fact.resource, fact.metric)]
    if not alarmed or any(fact.kind in (*SYMPTOM_KINDS, "traffic") for fact in alarmed):
        return
    # What a host counts of its own errors is felt by nobody yet; how long it takes to answer is.
    calm = [name for name, fact in case.absent(MetricShift) if fact.resource in users
            and fact.kind in (SYMPTOM_KINDS if fact.resource != symptom.resource else ("latency",))]  # fmt: skip
    for name, fact in case.present(ChangeFound):
        change = fact.change
        if not calm or change is None or fact.lead_s is None or not 0 <= fact.lead_s <= _LEAD_S:
            continue
        if change.resource == symptom.resource and _is_planned(change):
            yield name, calm[0]


def _is_planned(change: Change) -> bool:
    return change.kind == "job" and bool(_PLANNED.search(change.summary)) and not _ONE_OFF.search(change.summary)


def _hurts(case: FactIndex) -> bool:
    """Whether anything that users feel is worse, or anything fails."""
    return (
        any(fact.worse and fact.kind in SYMPTOM_KINDS for _, fact in case.present(MetricShift))
        or any(is_failing(fact) for _, fact in case.present(LogPattern))
        or any(fact.errors for _, fact in case.present(SpanErrors))
        or any(not fact.healthy for _, fact in case.present(ProbeResult))
        or any(fact.state not in NOTES and fact.bearing != "past" for _, fact in case.present(WorkloadState))
    )
