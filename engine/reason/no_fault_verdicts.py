"""The hypotheses without a resource: false alarm, recovered, unknown. They are in every ranking.

A false alarm is a positive finding: everything that was asked is calm, and the answers cover it. What still warns,
fails or counts errors forbids it. The cause is unknown as far as trouble is left that the best cause doesn't explain,
and where a source should have answered and didn't; a source that doesn't exist says nothing. Google SRE workbook,
chapter 5 (alerting), and SRE book, chapter 12 (troubleshooting).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.reason.announced_work import announced_work
from engine.reason.backlogs import is_backlog
from engine.reason.broken_checks import broken_check
from engine.reason.candidates import Candidate
from engine.reason.catalogue import causes_of_metric
from engine.reason.causes import verdicts as catalogued
from engine.reason.claims import Claim, HypothesisKey, Weighed
from engine.reason.ended_processes import ended_processes, killed_processes
from engine.reason.fact_index import FactIndex, is_failing
from engine.reason.failed_jobs import failed_jobs
from engine.reason.localise import SYMPTOM_KINDS, is_manifold, magnitude, strength
from engine.reason.planned_work import planned_work
from engine.reason.rescaled import Rescaled
from engine.reason.trouble import NOTES, Trouble
from primitives.facts import (
    AlertState,
    Dependencies,
    FactBase,
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
from primitives.identity import kind_of
from primitives.terms import IncidentClass

__all__ = ["FALSE_ALARM", "RECOVERED", "UNKNOWN", "as_of_now", "doubted", "of_wrong_measure", "verdicts"]

FALSE_ALARM: Final = HypothesisKey(catalogued.FALSE_ALARM)
RECOVERED: Final = HypothesisKey(catalogued.RECOVERED)
UNKNOWN: Final = HypothesisKey(catalogued.UNKNOWN)

# What is well elsewhere says little.
_OTHERS: Final = 0.4
# What the alarm's resource neither depends on nor serves is calm in most incidents.
_ELSEWHERE: Final = 0.2
# A state that is a cause by itself is no false alarm, however calm the rest is; a weakness may be an old one.
_STATES: Final = {"cause": 4.0, "weakness": 0.4, "note": 0.0}
_STATE: Final = 1.8
# Of what is calm: the alarmed metric says most, one that kept clear of its limit nearly as much, the rest little.
_CALM_SYMPTOM: Final = 2.5
_CLEAR_SYMPTOM: Final = 2.2
_CALM: Final = 0.6
_CHECK_PASSED: Final = 0.6
_HEALTHY: Final = 1.5
_HEALTHY_AGAIN: Final = 0.8
# Of these the state of an object tells nothing: it works, slowly or wrongly.
_NOT_SEEN_IN_STATES: Final = (IncidentClass.PERFORMANCE_DEGRADATION, IncidentClass.ERROR_RATE_INCREASE)
# Nobody is behind a Service: who calls it fails, whether or not anybody was seen calling.
_NOBODY_SERVES: Final = "NoEndpoints"
# Every further kind of answer in which nothing is wrong.
_ALL_CALM: Final = 0.5
_LEAST_KINDS: Final = 2
_CALM_KINDS: Final[Mapping[str, tuple[type[FactBase], ...]]] = {
    "metrics": (MetricShift, MetricAtLimit), "states": (WorkloadState,), "logs": (LogPattern,), "spans": (SpanErrors,),
}  # fmt: skip
# Of trouble: a limit is a fact, errors and shares may be old or small.
_AT_LIMIT: Final = 1.2
_FAILING: Final = 1.0
_SAMPLES_MISSING: Final = 0.6
# Each kind of question that a source should have answered and didn't leaves a little more unknown.
_NOT_KNOWN: Final = {"denied": 0.3, "unreachable": 0.3, "partial": 0.2}
# Rules that failed may have found the cause: each leaves a candidate that nobody can draft.
_RULES_FAILED: Final = 0.8
# If the best cause explains nothing of the trouble, another one does.
_UNEXPLAINED: Final = 0.5
_LEAST_UNEXPLAINED: Final = 0.1
# What forbids "no fault": it is there now, and nobody makes it without a reason.
_FORBIDS: Final = 4.0
# A warning that came this often is no remainder of a start.
_RECURRING: Final = 3
# From 0 to 1: this sure it must be that a level moved.
_CLEAR: Final = 0.9
_CLEAR_ENOUGH: Final = 0.4
_HUNDREDFOLD: Final = 100.0
# Fewer samples may all be of one moment.
_ENOUGH: Final = 5
# The platform itself says that it recovered; an ended warning or a resolved alert only hints at it.
_RECOVERED: Final = 4.0
_ALL_BACK: Final = 5.0
_WARNING_ENDED: Final = 1.0
# What explains the past explains nothing that is left: as sure as a measured acquittal can be.
_PASSED: Final = -3.0
# Planned work takes what is free; that nobody is hurt is measured.
_PLANNED: Final = 3.0
_NOT_HURT: Final = 2.0
# Who checks is seen to fail alone, and the users are measured.
_BROKEN_CHECK: Final = 4.0
_SERVED: Final = 3.0
_OTHER_UNIT: Final = 4.0
_ALERT_RESOLVED: Final = 1.2
_ALERT_RESOLVED_SO_FALSE: Final = 0.3
# A dead man's switch fires while all is well, and its silence is the alarm (runbook "Watchdog" of the usual rules).
_ALWAYS_FIRING: Final = ("watchdog", "deadmansswitch", "deadmanssnitch")
_PROVES_PIPELINE: Final = 4.0


def verdicts(case: FactIndex, trouble: Trouble, over: str | None) -> Iterator[Claim]:
    """Claims for and against the verdicts; `over` is the fact that the trouble has passed, if it has."""
    yield from _calm(case)
    yield from _all_calm(case, trouble)
    if over is not None:
        yield Claim(RECOVERED, over, _ALL_BACK, "all that was felt has been as usual for a while", "recovery")
    yield from _trouble(case, trouble, (FALSE_ALARM,) if over else (FALSE_ALARM, RECOVERED))
    yield from _recovery(case)
    yield from _ended(case)
    announced = case.once(announced_work)
    if announced is not None and over is None:
        yield Claim(FALSE_ALARM, announced.work, _PLANNED, "it was announced, and is under way", "planned work")
        yield Claim(FALSE_ALARM, announced.sign, _NOT_HURT, "nobody is hurt beyond the announced work", "not hurt")
    broken = case.once(broken_check)
    if broken is not None and over is None:
        yield Claim(FALSE_ALARM, broken.elsewhere, _BROKEN_CHECK, "the same is reached from elsewhere", "broken check")
        yield Claim(FALSE_ALARM, broken.served, _SERVED, "its users are served as ever", "not hurt")
    for work, calm in planned_work(case):
        yield Claim(FALSE_ALARM, work, _PLANNED, "planned work began just before", "planned work")
        yield Claim(FALSE_ALARM, calm, _NOT_HURT, "who uses it is served as ever", "not hurt")
    for name, gap in case.of(SourceGap):
        if gap.withheld:
            yield Claim(
                UNKNOWN, name, _RULES_FAILED, "rules failed: what they would have found is not known", "rules failed"
            )
            yield Claim(
                FALSE_ALARM, name, -_RULES_FAILED, "rules failed: nothing says that all is well", "rules failed"
            )
        elif weight := _NOT_KNOWN.get(gap.status):
            yield Claim(UNKNOWN, name, weight, f"{gap.question.replace('_', ' ')} are not known", f"gap {gap.question}")


def of_wrong_measure(case: FactIndex, wrong: Rescaled | None) -> Iterator[Claim]:
    """Claims for a false alarm where the alarm is about a measure that changed its unit."""
    if wrong is not None and case.symptom is not None and case.symptom.metric in wrong.metrics:
        why = "all that it measures is worse by the same factor at once: its unit changed"
        yield Claim(FALSE_ALARM, wrong.first, _OTHER_UNIT, why, "wrong measure")
        yield Claim(
            FALSE_ALARM, wrong.other, _NOT_HURT, "another measure of the same says that nothing changed", "calm"
        )


def as_of_now(case: FactIndex, candidates: Sequence[Candidate], over: str | None) -> list[Candidate]:
    """The candidates; where the trouble has passed (the fact `over`), was announced or is a check's, they step back."""
    announced, broken = case.once(announced_work), case.once(broken_check)
    if over is not None:
        past = Weighed(over, _PASSED, "it is over: all that was felt is as usual again", "passed")
    elif broken is not None:
        past = Weighed(broken.elsewhere, _PASSED, "the check is broken, and not what it checks", "broken check")
    elif announced is not None:
        past = Weighed(announced.work, _PASSED, "it was announced: what is down is so on purpose", "planned work")
    else:
        return list(candidates)
    return [
        replace(candidate, evidence=(*candidate.evidence, past), score=candidate.score + _PASSED)
        if candidate.key.resource is not None
        else candidate
        for candidate in candidates
    ]


def doubted(candidates: Sequence[Candidate], trouble: Trouble) -> list[Candidate]:
    """The candidates; "unknown" gains by the share of the trouble that the best cause doesn't explain."""
    best = max((candidate for candidate in candidates if candidate.key.resource is not None),
               key=lambda candidate: candidate.score, default=None)  # fmt: skip
    left = trouble.unexplained(best.key) if best is not None else None
    if left is None or left.fact is None or left.share < _LEAST_UNEXPLAINED:
        return list(candidates)
    why = f"the best cause doesn't explain {left.resources} of {left.of} resources in trouble"
    doubt = Weighed(left.fact, round(_UNEXPLAINED * left.share, 3), why, "unexplained")
    return [
        replace(candidate, evidence=(doubt, *candidate.evidence), score=candidate.score + doubt.weight, direct=True)
        if candidate.key == UNKNOWN
        else candidate
        for candidate in candidates
    ]


def _calm(case: FactIndex) -> Iterator[Claim]:
    """What is calm speaks for a false alarm; what has nothing to do with the alarm's resource hardly does."""
    near = {*case.distance, *case.dependents(case.symptom_resources)}
    known = bool(case.symptom_resources) and any(fact.edges for _, fact in case.of(Dependencies))
    for resource, claim in (*_calm_measured(case), *_calm_states(case)):
        elsewhere = known and resource is not None and resource not in near
        yield replace(claim, weight=_ELSEWHERE * claim.weight) if elsewhere else claim


def _calm_measured(case: FactIndex) -> Iterator[tuple[str | None, Claim]]:
    # An alarm that names no metric is about what users feel of its resource.
    symptom = case.opened.symptom
    unnamed = symptom is not None and symptom.metric is None
    for name, shift in case.absent(MetricShift):
        own = case.is_symptom(shift.resource, shift.metric) or (unnamed and _is_felt(case, shift))
        weight, group = (_CALM_SYMPTOM, "symptom") if own else (_CALM, f"calm {shift.kind}")
        yield shift.resource, Claim(FALSE_ALARM, name, weight, "stayed at its usual level", group)
    for name, limit in case.absent(MetricAtLimit):
        own = case.is_symptom(limit.resource, limit.metric)
        weight = _CLEAR_SYMPTOM if own else _CALM
        yield limit.resource, Claim(FALSE_ALARM, name, weight, "kept clear of its limit", "limits")


def _calm_states(case: FactIndex) -> Iterator[tuple[str | None, Claim]]:
    for name, state in case.absent(WorkloadState):
        own = _answers_question(case, state)
        weight, again = (_HEALTHY, _HEALTHY_AGAIN) if own else (_OTHERS, _OTHERS)
        yield state.resource, Claim(FALSE_ALARM, name, weight, "nothing is wrong with it", "healthy")
        yield state.resource, Claim(RECOVERED, name, again, "nothing is wrong with it any more", "healthy")
    for name, spans in case.absent(SpanErrors):
        yield spans.resource, Claim(FALSE_ALARM, name, _CALM, "no request failed", "no errors")
    for name, pattern in case.absent(LogPattern):
        yield pattern.resource, Claim(FALSE_ALARM, name, _CALM, "nothing unusual was logged", "no messages")
    for name, probe in case.present(ProbeResult):
        if probe.healthy:
            own = not case.symptom_resources or bool({probe.target, probe.resource} & {*case.symptom_resources})
            weight = _CHECK_PASSED if own else _OTHERS
            yield probe.target or probe.resource, Claim(FALSE_ALARM, name, weight, "its check passed", "checks passed")


def _answers_question(case: FactIndex, state: WorkloadState) -> bool:
    """Whether the health of the object is what the question is about.

    A ready Pod is alive, and may be slow or answer with errors; a ready node says nothing of what it carries
    (Kubernetes documentation, "Liveness, Readiness, and Startup Probes"; Google SRE book, chapter 6).
    """
    if case.classification is not None and case.classification.primary_class in _NOT_SEEN_IN_STATES:
        return False
    if not case.symptom_resources:
        return kind_of(state.resource or state.object) != "node"
    return state.resource in case.symptom_resources


def _all_calm(case: FactIndex, trouble: Trouble) -> Iterator[Claim]:
    """Everything that was asked is calm: more kinds of answers leave less room for a fault."""
    if trouble.weights or any(_out_of_all_proportion(shift) for _, shift in case.present(MetricShift)):
        return
    calm: dict[str, str] = {}
    for kind, facts in _CALM_KINDS.items():
        name = next((name for fact in facts for name, _ in case.absent(fact)), None)
        if name is not None:
            calm[kind] = name
    if len(calm) >= _LEAST_KINDS:
        why = f"all that was asked is calm: {', '.join(calm)}"
        yield Claim(FALSE_ALARM, next(iter(calm.values())), _ALL_CALM * (len(calm) - 1), why, "all calm")


def _out_of_all_proportion(shift: MetricShift) -> bool:
    """Whether a metric that names a mechanism got worse by an order of magnitude: no chance makes that of a level."""
    if not shift.worse or not is_manifold(shift) or not causes_of_metric(shift.metric):
        return False
    # What climbs all the time spreads by its climb, so that its shift looks less clear than it is.
    by_far = shift.current > _HUNDREDFOLD * shift.baseline > 0
    return strength(shift.score) >= (_CLEAR_ENOUGH if by_far else _CLEAR)


def _is_felt(case: FactIndex, shift: MetricShift) -> bool:
    return shift.resource in case.symptom_resources and shift.kind in SYMPTOM_KINDS


def _trouble(case: FactIndex, trouble: Trouble, denied: Sequence[HypothesisKey]) -> Iterator[Claim]:
    """What was wrong, by no announced work or broken check, denies a false alarm; and recovery, while it lasts."""
    known = (case.once(announced_work), case.once(broken_check))
    explained = frozenset().union(*(each.explained for each in known if each is not None))
    for name, weight, why, group in _troubles(case, trouble):
        if name in explained:
            continue
        for verdict in denied:
            yield Claim(verdict, name, -weight, why, group)


def _troubles(case: FactIndex, trouble: Trouble) -> Iterator[tuple[str, float, str, str]]:
    yield from _measured(case)
    for name, state in case.present(WorkloadState):
        if state.state not in NOTES:
            often = _FORBIDS if state.count >= _RECURRING else _STATE
            weight = _STATES.get(str(state.details.get("weight")), often) * trouble.factors[name][0]
            if state.state == _NOBODY_SERVES and not case.symptom_resources and state.bearing != "past":
                weight = _FORBIDS
            yield name, weight, f"it is in state {state.state}", "states"
    for name, pattern in case.present(LogPattern):
        if is_failing(pattern):
            yield name, _FAILING, "errors are logged that were not before", "messages"
    for name, errors in case.present(SpanErrors):
        if errors.errors:
            yield name, _FAILING, "requests fail", "no errors"
    for name, probe in case.present(ProbeResult):
        if not probe.healthy:
            checked = case.names(probe.target or probe.resource or "")
            yield name, _FORBIDS, f"the check of {checked} failed", "checks"


def _measured(case: FactIndex) -> Iterator[tuple[str, float, str, str]]:
    for name, shift in case.present(MetricShift):
        if shift.worse:
            felt = (1.0 if shift.kind in SYMPTOM_KINDS else 0.5) * magnitude(shift)
            yield name, felt * (0.5 + 2.0 * strength(shift.score)), "something really got worse", f"shift {shift.kind}"
    for name, shift in case.of(MetricShift):
        asked = not case.symptom_resources or shift.resource in case.symptom_resources
        # Who waits for what is in a queue isn't among its callers, and a queue never grows so by itself.
        felt = asked or (shift.worse and (shift.resource in case.distance or is_backlog(case, shift)))
        if felt and shift.polarity == "present" and _out_of_all_proportion(shift):
            yield name, _FORBIDS, "it is an order of magnitude from its usual level", "out of proportion"
        if asked and shift.kind == "errors" and shift.current > 0 == shift.baseline and shift.samples >= _ENOUGH:
            yield name, _FORBIDS, "errors are counted where there were none", "errors"
    for name, limit in case.present(MetricAtLimit):
        yield name, _AT_LIMIT, f"reached {100 * limit.ratio:.0f} % of its limit", "limits"
    for name, share in case.present(OwnShare):
        yield name, _FAILING, f"{share.resource_name(case.names)} explains the symptom", "own share"
    for name, _ in case.present(MetricMissing):
        yield name, _SAMPLES_MISSING, "samples are missing", "silence"


def _ended(case: FactIndex) -> Iterator[Claim]:
    """A process that was ended, or a job that failed, is no false alarm; it may be over by now."""
    for claim in (*case.once(ended_processes), *case.once(killed_processes), *case.once(failed_jobs)):
        if claim.weight > 0:
            yield Claim(FALSE_ALARM, claim.fact, -_FORBIDS, claim.why, "ended")


def _recovery(case: FactIndex) -> Iterator[Claim]:
    for name, state in case.present(WorkloadState):
        if state.state == "Recovered":
            yield Claim(RECOVERED, name, _RECOVERED, "it restarted, and has been healthy since", "recovery")
        elif state.state == "PastEvent":
            yield Claim(RECOVERED, name, _WARNING_ENDED, "a warning that has ended", "recovery")
    for name, alert in case.present(AlertState):
        if alert.name.lower() in _ALWAYS_FIRING:
            yield Claim(FALSE_ALARM, name, _PROVES_PIPELINE, "it always fires: it proves that alerts arrive", "alert")
        if alert.state == "resolved":
            yield Claim(RECOVERED, name, _ALERT_RESOLVED, "the alert is resolved", "alert")
            yield Claim(FALSE_ALARM, name, _ALERT_RESOLVED_SO_FALSE, "the alert is resolved", "alert")
