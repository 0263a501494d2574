"""Which kind of fault the facts point to: each fact supports the causes that the catalogue declares for it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from engine.reason.alert_words import alert_words
from engine.reason.catalogue import (
    Signal,
    causes,
    causes_of_family,
    causes_of_metric,
)
from engine.reason.checks_compared import checks_compared
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.clients_gone import is_of_client
from engine.reason.closed_paths import closed_paths, closed_to_one
from engine.reason.complaints import (
    accused,
    alone_accused,
    is_of_target,
    refuses_caller,
    refuses_certificate,
)
from engine.reason.crashes import crash_reasons
from engine.reason.diffs import setting_traits
from engine.reason.ended_processes import ended_processes, is_of_killed, killed_processes
from engine.reason.fact_index import COMPLAINTS, FactIndex
from engine.reason.failed_jobs import failed_jobs
from engine.reason.failover_restarts import failover_restarts
from engine.reason.first_of_two import first_of_two
from engine.reason.held_volumes import held_claims
from engine.reason.last_words import (
    causes_of_words,
    explained_by_themselves,
    is_own_reason,
    own_reasons,
    speaking_for_themselves,
)
from engine.reason.localise import SYMPTOM_KINDS, magnitude
from engine.reason.lost_names import lost_names, names_taken_away
from engine.reason.moved_addresses import moved_addresses
from engine.reason.network_signs import network_signs
from engine.reason.observations import ANNOUNCED, observations
from engine.reason.outside_hosts import ASKED_TOO_MUCH, blamed_outside, outside_host
from engine.reason.refined_states import REFINED, causes_of_bad_state
from engine.reason.roles import lost_roles, made_read_only, takes_writes_again
from engine.reason.setting_conflicts import conflicting_settings
from engine.reason.shared_pools import shared_pools
from engine.reason.signals import manifold_weight, signal, telling
from engine.reason.span_signs import FROM_OUTSIDE, span_signs
from engine.reason.speakers import subject_of
from engine.reason.stalled_readers import stalled_readers
from engine.reason.store_refusals import says_of_itself
from engine.reason.traffic import more_traffic
from engine.reason.trouble import Trouble
from engine.reason.trust import TEXT
from engine.reason.victims import FAILS_INSTEAD, newly_failing, silent, still_asked
from engine.reason.waits import waits
from primitives.analysis.announcements import announced_family, is_platform
from primitives.analysis.cancellation import gave_up
from primitives.analysis.configuration import weight_of
from primitives.analysis.rate_limits import limiter_of
from primitives.facts import (
    ChangeFound,
    ConfigurationDifference,
    LogPattern,
    MetricAtLimit,
    MetricShift,
    ProbeResult,
    WorkloadState,
)
from primitives.patterns import lazy_pattern
from primitives.terms import FAILURES

__all__ = ["mechanisms"]

# Natural log-odds, by judgement (B. Gregg, Systems Performance, 2020, chapter 2: utilisation, saturation, errors). A
# resource at its limit is a mechanism; one that is busier than usual may only be busy.
_AT_LIMIT: Final = 2.6
_MOVED: Final = 1.3
_CLEAR: Final = -1.0
# What moved little is less sure to have moved at all; a little movement may still be the beginning.
_UNCLEAR: Final = 0.4
_SMALL: Final = 0.3
# What always was near its limit keeps this part.
_ALWAYS_FULL: Final = 0.3
# That a level stayed says half as much against a shortage as a limit that was kept clear of.
_STAYED: Final = 0.5
_MOST_CLEAR: Final = 2.0
# Share of a limit that is free: with this much free, the resource is not short of it.
_ROOM: Final = 0.3
# The alarm's own metric is the question; that it moved says little of why, but somebody chose it to be watched.
_ALARMED: Final = 0.9
# A setting that differs is a possible cause, and most differences are harmless.
_DIFFERS: Final = 0.6
# A message that came once may be chance; eight times as many as usual are all news.
_ONCE: Final = 0.4
_DOUBLINGS: Final = 3
_UNANSWERED: Final = 0.4
_NO_CONNECTION: Final = ("unreachable", "connection_refused", "connection_reset")
_ERRORS: Final = (*FAILURES, "WARN")
# A line of a known family counts whatever its level; beside others that are called errors, a calm level says something.
_BY_LEVEL: Final[Mapping[str, float]] = {"TRACE": 0.2, "DEBUG": 0.2, "INFO": 0.4, "FATAL": 1.25}
# PostgreSQL, `log_min_messages`: LOG ranks above ERROR; collectors call it INFO.
_ABOVE_ERRORS: Final = lazy_pattern(r"\bLOG:  ?")
# A complaint about a resource that is measured to answer: some requests reach it.
_CONTRADICTED: Final = 0.5
# Its latency and its own part of the symptom are measured as usual: that beats what another says of it.
_HEALTHY: Final = 0.3
# Cap: a line that came with each of a dozen requests counts as much as one that came with thousands.
_MOST_STOPPED: Final = 4.0
# Seconds after which an announced event is over: a failover takes one to two minutes (Amazon RDS User Guide, Multi-AZ).
_PASSED_BY: Final = 900.0
# What the state of a component that is down keeps, where its own words say why.
_EXPLAINED: Final = 0.3
# Log-odds: a check of a service of a node names what it checked.
_SERVICE_DOWN: Final = 4.2


def mechanisms(case: FactIndex, trouble: Trouble) -> Iterator[Claim]:
    """Every claim of a fact for or against a cause on its resource."""
    yield from _states(case, trouble)
    yield from crash_reasons(case, trouble)
    yield from _limits(case)
    yield from _shifts(case)
    yield from _log_families(case)
    yield from alert_words(case)
    yield from case.once(ended_processes)
    yield from case.once(killed_processes)
    yield from case.once(failed_jobs)
    yield from stalled_readers(case)
    yield from span_signs(case)
    yield from network_signs(case)
    yield from _probes(case)
    yield from observations(case)
    yield from waits(case)
    yield from _configuration(case)
    yield from conflicting_settings(case, trouble)
    yield from first_of_two(case)
    yield from _silences(case)
    yield from _announced_changes(case)
    yield from _roles(case)
    yield from failover_restarts(case)
    yield from closed_paths(case)
    yield from held_claims(case)
    yield from checks_compared(case)
    yield from names_taken_away(case)
    yield from moved_addresses(case)
    yield from shared_pools(case)


def _states(case: FactIndex, trouble: Trouble) -> Iterator[Claim]:
    by_probe = {fact.resource for _, fact in case.present(WorkloadState) if fact.state == "KilledByProbe"}
    explained = case.once(explained_by_themselves)
    for name, fact in case.present(WorkloadState):
        if fact.state == "KilledWithoutReason" and fact.resource in by_probe:
            continue  # the reason is known
        factor, why = trouble.factors[name]
        for cause_id, weight in causes_of_bad_state(fact):
            # That it is down is what its own words explain.
            down = fact.resource in explained and fact.state in causes()[cause_id].location_states
            weighed = weight * TEXT[fact.trust] * factor * (_EXPLAINED if down else 1.0)
            key = HypothesisKey(cause_id, _meant(case, fact))
            yield Claim(key, name, weighed, f"state {fact.state}{why}", "state")


def _meant(case: FactIndex, fact: WorkloadState) -> str:
    """Whose state it is: of one that waits for what doesn't answer, what it alone complains of."""
    place = fact.resource or fact.object
    if fact.state != "DependencyUnanswered":
        return place
    return alone_accused(case, place, COMPLAINTS) or place


def _announced_changes(case: FactIndex) -> Iterator[Claim]:
    """What a platform did to a resource, where it is recorded as a change: its own event says which cause it is."""
    for name, fact in case.present(ChangeFound):
        change = fact.change
        if change is None or change.resource is None or not is_platform(change.origin or ""):
            continue
        if fact.lead_s is not None and fact.lead_s > _PASSED_BY:
            continue
        family = announced_family(change.summary)
        for cause_id, weight in causes_of_family(family) if family else ():
            key = HypothesisKey(cause_id, change.resource)
            yield Claim(key, name, weight * ANNOUNCED, "its platform says so", "messages")


def _limits(case: FactIndex) -> Iterator[Claim]:
    full = {HypothesisKey(cause_id, fact.resource)
            for _, fact in case.present(MetricAtLimit) for cause_id in causes_of_metric(fact.metric)}  # fmt: skip
    for name, fact in case.of(MetricAtLimit):
        for cause_id in causes_of_metric(fact.metric):
            key = HypothesisKey(cause_id, fact.resource)
            if fact.polarity == "absent":
                # One that is full is short, whatever room another of the same kind has left.
                if key in full:
                    continue
                clear = min(_MOST_CLEAR, (1.0 - min(fact.ratio, 1.0)) / _ROOM)
                yield Claim(key, name, _CLEAR * clear, "kept clear of its limit", "level")
                continue
            usual = fact.baseline / fact.limit if fact.baseline is not None and fact.limit else 0.0
            # What was always near its limit explains less of what is new.
            new = 1.0 - (1.0 - _ALWAYS_FULL) * min(max(usual, 0.0) / max(fact.ratio, 1e-9), 1.0)
            # What a message states is part of what that message says by its words.
            group = "level" if fact.trust == "measured" else "messages"
            weight = _AT_LIMIT * new * TEXT[fact.trust]
            yield Claim(key, name, weight, f"reached {100 * fact.ratio:.0f} % of its limit", group)


def _shifts(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.of(MetricShift):
        if fact.resource is None:
            continue
        for cause_id in causes_of_metric(fact.metric):
            key = HypothesisKey(cause_id, fact.resource)
            if fact.polarity == "absent":
                yield Claim(key, name, _STAYED * _CLEAR, "stayed at its usual level", "level")
            elif fact.worse and not takes_writes_again(fact):
                clearness = _UNCLEAR + (1.0 - _UNCLEAR) * telling(fact)
                weight = _MOVED * clearness * (_SMALL + (1.0 - _SMALL) * magnitude(fact))
                yield Claim(key, name, weight + manifold_weight(fact), "moved the way that hurts", "level")
                if case.is_symptom(fact.resource, fact.metric):
                    yield Claim(key, name, _ALARMED, "it is what raised the alarm", "alarm")
        if fact.polarity == "present" and fact.kind == "traffic" and fact.current > fact.baseline:
            yield from more_traffic(case, name, fact)
        if fact.polarity == "present" and fact.worse and fact.kind in SYMPTOM_KINDS and not gave_up(fact.metric):
            yield from _felt(case, name, fact)


def _felt(case: FactIndex, name: str, fact: MetricShift) -> Iterator[Claim]:
    """A resource that is slow or fails, and no fact names a mechanism: the general causes get this evidence."""
    own = fact.resource in case.symptom_resources and not case.below.get(fact.resource or "")
    if fact.kind == "latency":
        yield from signal("slow at the end" if own else "slow", fact.resource, name, 1.0, "it is slow", "felt")
    else:
        yield from signal("failing", fact.resource, name, 1.0, "it fails", "felt")


def _log_families(case: FactIndex) -> Iterator[Claim]:
    ill = case.once(speaking_for_themselves)
    for name, fact in case.present(LogPattern):
        if fact.resource and fact.baseline_count and not fact.count and fact.severity not in _ERRORS:
            usual = min(math.log2(fact.baseline_count + 1), _MOST_STOPPED) * still_asked(case)
            usual *= FAILS_INSTEAD if fact.resource in case.once(newly_failing) else 1.0
            why = "it leaves its usual path"
            yield from signal("messages stopped", fact.resource, name, usual, why, "stopped")
        if fact.resource and not fact.family and fact.severity in FAILURES and fact.count and not fact.points_at:
            news = max(_news(fact), 0.0)
            yield from signal("failures logged", fact.resource, name, news, "it logs failures", "messages")
        if fact.family is None or not fact.count or is_of_killed(case, fact) or is_of_client(fact):
            continue
        level = 1.0 if _ABOVE_ERRORS.search(fact.example or fact.template) else _BY_LEVEL.get(fact.severity, 1.0)
        news = ANNOUNCED if fact.announced else _news(fact) * level
        if news <= 0:
            continue
        if is_own_reason(fact, ill):
            yield from own_reasons(name, fact)
            continue
        limiter = limiter_of(fact.example or fact.template) if fact.family in ASKED_TOO_MUCH else None
        if limiter == "callers":
            why = "it refuses requests of its callers, which are too many"
            yield from signal("refuses its callers", fact.resource, name, news * TEXT[fact.trust], why, "messages")
            continue
        of_target = (is_of_target(fact.family) and limiter != "own") or refuses_caller(fact)
        of_target = of_target and not says_of_itself(case, fact)
        where = fact.points_at if fact.points_at and of_target else fact.resource
        where = _pool_of(case, where, fact.family) if fact.family == "too_many_connections" else where
        trust = TEXT[fact.trust]
        # Who is told that he asks too much isn't failed by who says so (RFC 6585, section 4).
        host = outside_host(case, fact) if fact.family not in ASKED_TOO_MUCH else None
        if host and host not in case.resources:
            why = f"its errors come from {host}"
            yield from signal("outside blamed", blamed_outside(case, fact), name, news * trust, why, "outside")
            continue
        # That a process ends is what its state says too: a message of it is an echo, no second finding.
        group = "state" if fact.family == "crash" else "messages"
        for place, share in _blamed(case, fact, where):
            if fact.family in FROM_OUTSIDE and case.resources.get(place or "") == "external":
                why = "its callers' errors name it"
                # An answer is theirs; one that is missing may be lost on the way.
                clear = _UNANSWERED if fact.family in _NO_CONNECTION else 1.0
                yield from signal("outside blamed", place, name, news * trust * share * clear, why, "outside")
                continue
            for cause_id, weight in causes_of_words(fact):
                why = f"messages of {fact.family.replace('_', ' ')}"
                yield Claim(HypothesisKey(cause_id, place), name, weight * news * trust * share, why, group)


def _blamed(case: FactIndex, fact: LogPattern, where: str | None) -> Iterator[tuple[str | None, float]]:
    """The resources that a message speaks of, each with the part of its weight. A complaint is about others."""
    subject = subject_of(case, fact)
    targets = (subject,) if subject else accused(case, fact) or (where,)
    for target in targets:
        share = 1.0 / len(targets)
        if fact.family in COMPLAINTS and target != fact.resource:
            share *= _HEALTHY if target in case.measured_healthy else _CONTRADICTED if target in case.answering else 1.0
        # That no name is resolved, however many say so, is what a name server's last words explain.
        if fact.family == "dns" and target != fact.resource and target in case.once(explained_by_themselves):
            share *= _EXPLAINED
        yield target, share


def _news(fact: LogPattern) -> float:
    """How new the messages are, from 0 to 1: a message that was never logged before counts as new even once."""
    if not fact.baseline_count:
        return 1.0 - _ONCE / fact.count
    return min(1.0, math.log2((fact.count + 1) / (fact.baseline_count + 1)) / _DOUBLINGS)


def _pool_of(case: FactIndex, resource: str | None, family: str) -> str | None:
    """Whose connections ran out: those of the one dependency that is at its limit, else those of the resource."""
    exhausted = {cause_id for cause_id, _ in causes_of_family(family)}
    full = {fact.resource for _, fact in case.present(MetricAtLimit)
            if not exhausted.isdisjoint(causes_of_metric(fact.metric))}  # fmt: skip
    below = [name for name in case.below.get(resource or "", ()) if name in full]
    return below[0] if len(below) == 1 and resource not in full else resource


_FAILED: Final[Mapping[str, Signal]] = {
    "dns_lookup": "dns_lookup failed", "tcp_connect": "tcp_connect failed", "http_get": "http_get failed",
}  # fmt: skip


def _probes(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.present(ProbeResult):
        if fact.healthy:
            continue
        where = case.checked(fact)
        if fact.probe == "dns_lookup" and (lost := case.once(lost_names).get((fact.target or "").lower())):
            where = lost[1]
        if fact.probe != "node_service":
            # What answers another is up.
            clear = _CONTRADICTED if name in case.once(closed_to_one) else 1.0
            if refuses_certificate(fact):
                clear = _CONTRADICTED  # it answers, with a certificate that isn't valid
                for cause_id, weight in causes_of_family("certificate"):
                    why = "its check says that its certificate isn't valid"
                    yield Claim(HypothesisKey(cause_id, where), name, weight * REFINED, why, "messages")
            yield from signal(_FAILED[fact.probe], where, name, clear, f"{fact.probe} failed", "probe")
            continue
        for cause in causes().values():
            if cause.services and re.search(cause.services, fact.target or "", re.IGNORECASE):
                why = f"{fact.target} is {fact.result}"
                yield Claim(HypothesisKey(cause.id, fact.resource), name, _SERVICE_DOWN, why, "probe")


def _roles(case: FactIndex) -> Iterator[Claim]:
    """That a member lost its role speaks for a failover away from it; that it was set so, for taking no writes."""
    for resource, name in case.once(lost_roles).items():
        yield from signal("lost its role", resource, name, 1.0, "it isn't the primary or leader any more", "role")
    for resource, name in case.once(made_read_only).items():
        yield from signal("set read-only", resource, name, 1.0, "it was set to take no writes", "configuration")


def _configuration(case: FactIndex) -> Iterator[Claim]:
    """A setting that differs from before or from its peers', by what the difference does."""
    for name, fact in case.present(ConfigurationDifference):
        if not fact.resource or not weight_of(fact.path):
            continue
        weight = _DIFFERS * weight_of(fact.path)
        yield from signal("setting differs", fact.resource, name, weight, "a setting differs", "configuration")
        for trait in setting_traits(fact.path, fact.before, fact.after):
            yield from signal("setting differs", fact.resource, name, trait.weight, trait.why, "risk")


def _silences(case: FactIndex) -> Iterator[Claim]:
    """A resource whose data ended while that of others continues has probably stopped or can't be reached."""
    for resource, name in case.once(silent).items():
        yield from signal("fell silent", resource, name, 1.0, "it fell silent", "silence")
