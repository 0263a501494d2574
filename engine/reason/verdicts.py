"""The answers without a resource: a false alarm, recovered, unknown. They are always considered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.case import Case, more_than_usual
from engine.reason.causes import verdicts as catalogued
from engine.reason.claims import Claim, Key
from engine.reason.localise import FELT, magnitude, strength
from primitives.facts import (
    AlertState,
    LogPattern,
    MetricAtLimit,
    MetricMissing,
    MetricShift,
    OwnShare,
    ProbeResult,
    SourceGap,
    SpanErrors,
    WorkloadState,
)
from primitives.terms import FAILURES

__all__ = ["FALSE_ALARM", "RECOVERED", "UNKNOWN", "verdicts"]

FALSE_ALARM: Final = Key(catalogued.FALSE_ALARM)
RECOVERED: Final = Key(catalogued.RECOVERED)
UNKNOWN: Final = Key(catalogued.UNKNOWN)

_NOTES: Final = frozenset(
    ("Recovered", "PastEvent", "TornDown", "RolloutInProgress", "RevisionChanged", "ObjectChanged")
)
# What is well elsewhere says little.
_OTHERS: Final = 0.4
# A state that is a cause by itself is no false alarm, however calm the rest is; a weakness may be an old one.
_STATES: Final = {"cause": 4.0, "weakness": 0.4, "note": 0.0}


def verdicts(case: Case) -> Iterator[Claim]:
    """Claims for and against the verdicts."""
    yield from _calm(case)
    yield from _trouble(case)
    yield from _recovery(case)
    for name, gap in case.of(SourceGap):
        yield Claim(UNKNOWN, name, 0.15, f"{gap.question.replace('_', ' ')} are not known", f"gap {gap.question}")


def _calm(case: Case) -> Iterator[Claim]:
    # An alarm that names no metric is about what users feel of its resource.
    symptom = case.opened.symptom
    unnamed = symptom is not None and symptom.metric is None
    for name, shift in case.absent(MetricShift):
        own = case.is_symptom(shift.resource, shift.metric) or (unnamed and _is_felt(case, shift))
        weight, group = (2.5, "symptom") if own else (0.6, f"calm {shift.kind}")
        yield Claim(FALSE_ALARM, name, weight, "stayed at its usual level", group)
    for name, state in case.absent(WorkloadState):
        own = not case.symptom_resources or state.resource in case.symptom_resources
        yield Claim(FALSE_ALARM, name, 1.5 if own else _OTHERS, "nothing is wrong with it", "healthy")
        yield Claim(RECOVERED, name, 0.8 if own else _OTHERS, "nothing is wrong with it any more", "healthy")
    for name, _ in case.absent(SpanErrors):
        yield Claim(FALSE_ALARM, name, 0.6, "no request failed", "no errors")
    for name, _ in case.absent(LogPattern):
        yield Claim(FALSE_ALARM, name, 0.6, "nothing unusual was logged", "no messages")
    for name, limit in case.absent(MetricAtLimit):
        own = case.is_symptom(limit.resource, limit.metric)
        yield Claim(FALSE_ALARM, name, 2.2 if own else 0.6, "kept clear of its limit", "limits")


def _is_felt(case: Case, shift: MetricShift) -> bool:
    return shift.resource in case.symptom_resources and shift.kind in FELT


def _trouble(case: Case) -> Iterator[Claim]:
    for name, weight, why, group in _troubles(case):
        for verdict in (FALSE_ALARM, RECOVERED):
            yield Claim(verdict, name, -weight, why, group)


def _troubles(case: Case) -> Iterator[tuple[str, float, str, str]]:
    yield from _measured(case)
    for name, state in case.present(WorkloadState):
        if state.state not in _NOTES:
            weight = _STATES.get(str(state.details.get("weight")), 1.8)
            yield name, weight, f"it is in state {state.state}", "states"
    for name, pattern in case.present(LogPattern):
        if pattern.severity in FAILURES and more_than_usual(pattern):
            yield name, 1.0, "errors are logged that were not before", "messages"
    for name, errors in case.present(SpanErrors):
        if errors.errors:
            yield name, 1.0, "requests fail", "no errors"
    for name, probe in case.present(ProbeResult):
        if not probe.healthy:
            checked = case.names(probe.target or probe.resource or "")
            yield name, 1.8, f"the check of {checked} failed", "checks"


def _measured(case: Case) -> Iterator[tuple[str, float, str, str]]:
    for name, shift in case.present(MetricShift):
        if shift.worse:
            felt = (1.0 if shift.kind in FELT else 0.5) * magnitude(shift)
            yield name, felt * (0.5 + 2.0 * strength(shift.score)), "something really got worse", f"shift {shift.kind}"
    for name, limit in case.present(MetricAtLimit):
        yield name, 1.2, f"reached {100 * limit.ratio:.0f} % of its limit", "limits"
    for name, share in case.present(OwnShare):
        yield name, 1.0, f"{share.resource_name(case.names)} explains the symptom", "own share"
    for name, _ in case.present(MetricMissing):
        yield name, 0.6, "samples are missing", "silence"


def _recovery(case: Case) -> Iterator[Claim]:
    for name, state in case.present(WorkloadState):
        if state.state == "Recovered":
            yield Claim(RECOVERED, name, 4.0, "it restarted, and has been healthy since", "recovery")
        elif state.state == "PastEvent":
            yield Claim(RECOVERED, name, 1.0, "a warning that has ended", "recovery")
    for name, alert in case.present(AlertState):
        if alert.state == "resolved":
            yield Claim(RECOVERED, name, 1.2, "the alert is resolved", "alert")
            yield Claim(FALSE_ALARM, name, 0.3, "the alert is resolved", "alert")
