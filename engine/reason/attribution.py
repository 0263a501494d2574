"""Which recorded change is to blame: weighs each by target, time and text.

A change that affects no failing resource gets a low weight, even just before the onset. Most outages follow a change
(Google SRE book, chapter 1), and most changes are followed by none, so neither its time nor its text decides alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.reason.calm import calm_after, stayed_calm
from engine.reason.catalogue import cause_of_change, causes_of_state
from engine.reason.change_timing import Timing, timing_of
from engine.reason.claims import Claim, HypothesisKey, PlaceEvidence
from engine.reason.deaths import died_after
from engine.reason.diffs import bumped, changed_lines, traits
from engine.reason.emptied_caches import emptied_caches
from engine.reason.experiments import experiment, experiments_of
from engine.reason.fact_index import FactIndex, more_than_usual
from engine.reason.outside_hosts import outside_host
from engine.reason.reach_of_changes import left_without, ran_full, readers, takes_the_last
from engine.reason.traffic import came_from_outside
from primitives.dataclass import dataclass
from primitives.facts import ChangeFound, LogPattern, MetricAtLimit, MetricShift, SpanErrors, SpanShift, change_key
from primitives.identity import base_name
from primitives.patterns import lazy_pattern
from primitives.records import Change
from primitives.terms import FAILURES, ChangeKind

__all__ = ["attributions"]

# Shared words: the most that they say, and the score at which they have said two thirds of it (rare words count more,
# as in document search: K. Sparck Jones, A statistical interpretation of term specificity, 1972).
_CONTENT: Final = 1.2
_CONTENT_SCORE: Final = 1.5
_ONLY_CHANGE: Final = 0.7
# What was so in normal times explains nothing new: as sure as a measured acquittal can be.
_TESTED: Final = -3.0
_CODE: Final = ("deployment", "feature_flag", "code")
_UNMOVED: Final = -1.8
# By the resource that a change affects: timing alone must never outweigh "has nothing to do with the symptom".
_ON_SYMPTOM: Final = 1.0
_ON_FAILING_RESOURCE: Final = 0.5
_ON_ILL: Final = 0.5
_PER_ILLNESS: Final = 0.25
_ON_QUIET_DEPENDENCY: Final = -0.2
_NEAR: Final = 2
_ON_QUIET_NEIGHBOUR: Final = -0.4
_ELSEWHERE: Final = -1.6
# A resource that was inferred from names and files may be another.
_INFERRED: Final = 0.7
_MOST_INFERRED: Final = 3
_LEAST_WORD: Final = 3
# A commit is to blame only once it runs: less sure without a recorded deployment.
_CARRIED: Final = -0.4
_NOT_CARRIED: Final = -0.7
# An error that names the very library that was updated (the first thing to bisect: git-bisect's manual).
_LIBRARY_NAMED: Final = 1.0
# Each request costs more than before: work per request is a property of the code (B. Gregg, Systems Performance).
_MORE_WORK: Final = 0.8
# From this growth on there is more load; below it is the noise of traffic.
_MORE_LOAD: Final = 1.15
# What more work for each request fills is full within this time.
_FULL_SOON_S: Final = 900.0
_FELT: Final = ("latency", "errors", "availability")
# Somebody else's failure, or the calendar (RFC 5280: validity ends by itself).
_FROM_OUTSIDE: Final = -1.2
# Users send more of their own accord, whatever was changed behind the entry (SRE book, chapter 21); later by this much.
_LOAD_FROM_OUTSIDE: Final = -1.2
_WELL_BEFORE_S: Final = 60.0
_NO_CHANGE: Final = -1.0
# The weight of a word by where it occurs: messages name what failed, metrics and queries are general.
_IN_MESSAGES: Final = 1.0
_IN_OPERATIONS: Final = 0.8
_IN_METRICS: Final = 0.6
_IN_QUERY: Final = 0.5
_PER_REQUEST: Final = lazy_pattern(r"per[_ ](?:request|call|transaction|operation)|calls?[_ ]per", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Suspect:
    name: str
    fact: ChangeFound
    change: Change
    resources: tuple[str, ...]
    words: frozenset[str]


def attributions(case: FactIndex, places: Mapping[str, list[PlaceEvidence]]) -> Iterator[Claim]:
    """Claims for and against each change; `places` is what is known of where the cause is."""
    suspects = [_suspect(case, name, fact) for name, fact in case.present(ChangeFound) if fact.change]
    ill = _illness(case)
    common = _document_frequency(suspects)
    strengths = {name: sum(max(location.weight, 0.0) for location in locations) for name, locations in places.items()}
    carriers = [suspect for suspect in suspects if suspect.change.kind == "deployment" and suspect.change.resource]
    for suspect in suspects:
        yield from _of_change(case, suspect, strengths, ill, common, suspects, carriers)
    yield from _without_changes(case)


def _suspect(case: FactIndex, name: str, fact: ChangeFound) -> _Suspect:
    change = fact.change
    assert change is not None
    text = _text(change)
    resources = (change.resource,) if change.resource else _inferred(case, text)
    return _Suspect(name, fact, change, resources, _words(text))


def _of_change(
    case: FactIndex,
    suspect: _Suspect,
    strengths: Mapping[str, float],
    ill: Mapping[str, float],
    common: Mapping[str, int],
    suspects: Sequence[_Suspect],
    carriers: Sequence[_Suspect],
) -> Iterator[Claim]:
    cause_id = cause_of_change(suspect.change.kind)
    change_id = change_key(suspect.change)
    share = 1.0 if suspect.change.resource else _INFERRED
    if not suspect.resources:
        return
    relevance = _relevance(suspect.words, ill, common, len(suspects))
    done = traits(suspect.change)
    experiments = experiments_of(case)
    named = any(ill.get(word, 0.0) >= _IN_MESSAGES for line in bumped(suspect.change) for word in _words(line))
    for resource in suspect.resources:
        key = HypothesisKey(cause_id, resource, change_id)
        if takes_the_last(suspect.change):
            # The platform's own state of such a workload speaks for the same cause.
            key = HypothesisKey(causes_of_state("ScaledToZero")[0][0], resource)
        carrier = _carrier(suspect, resource, carriers) if suspect.change.kind == "code" else None
        calm = calm_after(case, (carrier or suspect).change, resource)
        kept = calm.kept if calm else 1.0
        if calm is not None:
            yield Claim(key, calm.fact, _TESTED * (1.0 - kept), calm.why, "calm")
        changes = [other.change for other in suspects]
        timing = timing_of(case, suspect.fact, resource, changes, carrier.fact if carrier else None)
        yield from _of_time(key, suspect.name, timing, kept)
        place, where = _place(case, resource, strengths)
        compared = experiments.get((resource, change_id))
        # A few new replicas among old ones hardly show in what all of them answer.
        yield from experiment(key, *compared) if compared is not None else _unmoved(case, key, suspect.change.kind)
        if compared is None or compared[1].polarity == "absent" or place > 0:
            yield Claim(key, suspect.name, place * (share if place > 0 else 1.0), where, "place")
        if relevance > 0:
            yield Claim(key, suspect.name, relevance, "its text names what went wrong", "content")
        for trait in done:
            weight = trait.weight * kept if trait.weight > 0 else trait.weight
            yield Claim(key, suspect.name, weight, trait.why, trait.group)
        if named:
            yield Claim(key, suspect.name, _LIBRARY_NAMED, "what went wrong names the library that it changes", "risk")
        yield from _more_work(case, key, suspect)
        yield from _full_without_load(case, key, suspect)
        yield from _more_came_in(case, key, suspect)
        if kept:
            yield from ran_full(case, key, suspect.name, suspect.change)
            yield from emptied_caches(case, key, suspect.name, suspect.change)
            yield from left_without(case, key, suspect.name, suspect.change)
        touching = [other.change for other in suspects if resource in other.resources]
        yield from died_after(case, key, suspect.change, touching)
        yield from _outside(case, key)
        if suspect.change.kind == "code":
            weight, by = (_CARRIED, "a later deployment") if carrier else (_NOT_CARRIED, "no recorded deployment")
            yield Claim(key, suspect.name, weight, f"a commit that {by} carried", "carried")


def _unmoved(case: FactIndex, key: HypothesisKey, kind: ChangeKind) -> Iterator[Claim]:
    if kind in _CODE and (unmoved := case.once(stayed_calm).get(key.resource or "")):
        yield Claim(key, unmoved, _UNMOVED, "what it changed answers as fast and as well as ever", "stayed calm")


def _of_time(key: HypothesisKey, name: str, timing: Timing, kept: float) -> Iterator[Claim]:
    yield Claim(key, name, timing.weight * (kept if timing.weight > 0 else 1.0), timing.why, "timing")
    if timing.late is not None:
        fact, weight = timing.late
        yield Claim(key, fact, weight * kept, "what it fills up takes its time", "late")


def _carrier(suspect: _Suspect, resource: str, carriers: Sequence[_Suspect]) -> _Suspect | None:
    """The first deployment of the resource after a commit: it carries what was committed until then."""
    later = [
        other for other in carriers if other.change.resource == resource and other.change.time >= suspect.change.time
    ]
    return min(later, key=lambda other: (other.change.time, other.name), default=None)


def _more_work(case: FactIndex, key: HypothesisKey, suspect: _Suspect) -> Iterator[Claim]:
    """Requests that cost more than before are the work of new code, not of more requests."""
    if suspect.change.kind not in _CODE:
        return
    for name, shift in case.present(MetricShift):
        if shift.resource == key.resource and shift.current > shift.baseline and _PER_REQUEST.search(shift.metric):
            yield Claim(key, name, _MORE_WORK, "each request costs more than before", "work")


def _full_without_load(case: FactIndex, key: HypothesisKey, suspect: _Suspect) -> Iterator[Claim]:
    """What ran full right after new code, with no more requests and no slower dependencies, is the new code's doing.

    By Little's law (J. Little, 1961) as much is in use as comes in times how long each holds it. Where no more comes
    in and what is called answers as ever, each request holds it longer: by itself.
    """
    if suspect.change.kind not in _CODE:
        return
    felt = [shift for _, shift in case.of(MetricShift) if shift.resource == key.resource and shift.kind == "traffic"]
    if not felt or any(shift.current > _MORE_LOAD * shift.baseline for shift in felt):
        return
    below = case.below.get(key.resource or "", ())
    slower = {shift.resource for _, shift in case.present(MetricShift) if shift.worse and shift.kind in _FELT}
    if not slower.isdisjoint(below):
        return
    for name, limit in case.present(MetricAtLimit):
        if limit.resource != key.resource or limit.since is None:
            continue
        after = (limit.since - suspect.change.time).total_seconds()
        if -case.onset_uncertainty_s <= after <= _FULL_SOON_S:
            yield Claim(key, name, _MORE_WORK, "it ran full right after it, with no more requests", "work")
            return


def _more_came_in(case: FactIndex, key: HypothesisKey, suspect: _Suspect) -> Iterator[Claim]:
    """What got slow when its users began to send more, well after the change, is overloaded by them."""
    if case.onset is None or key.resource is None or suspect.change.kind not in (*_CODE, "configuration"):
        return
    for name, shift in came_from_outside(case, key.resource):
        if shift.onset is None or (case.onset - shift.onset).total_seconds() < -case.onset_uncertainty_s:
            continue
        since = (shift.onset - suspect.change.time).total_seconds() - (shift.onset_uncertainty_s or 0.0)
        if since >= _WELL_BEFORE_S:
            yield Claim(key, name, _LOAD_FROM_OUTSIDE, "more requests came in from then on, long after it", "load")
            return


def _outside(case: FactIndex, key: HypothesisKey) -> Iterator[Claim]:
    """Errors that come from outside, or from the calendar, are no change's doing."""
    for name, pattern in case.present(LogPattern):
        # A level says nothing where everything is logged at one; the messages' words do, when they are new.
        if pattern.resource != key.resource or not (pattern.severity in FAILURES or more_than_usual(pattern)):
            continue
        if host := outside_host(case, pattern):
            yield Claim(key, name, _FROM_OUTSIDE, f"the errors come from {host}", "outside")
        elif pattern.family == "certificate" and "expired" in f"{pattern.template} {pattern.example}":
            yield Claim(key, name, _FROM_OUTSIDE, "certificates expire by themselves", "outside")


def _place(case: FactIndex, resource: str, strengths: Mapping[str, float]) -> tuple[float, str]:
    own = strengths.get(resource, 0.0)
    near = case.distance.get(resource)
    if resource in case.symptom_resources:
        return _ON_SYMPTOM, "on the resource that shows the symptom"
    if own >= _ON_FAILING_RESOURCE:
        return min(_ON_SYMPTOM, _ON_ILL + _PER_ILLNESS * own), "on a resource that is ill itself"
    if resource in case.crashing:
        return _ON_ILL, "on a workload whose pods crash"
    reached = readers(case, resource)
    if any(strengths.get(name, 0.0) >= _ON_FAILING_RESOURCE or name in case.symptom_resources for name in reached):
        return _ON_ILL, "on what an ill resource is made or configured by"
    if near is not None and near <= _NEAR:
        return _ON_QUIET_DEPENDENCY, "on a dependency that shows nothing itself"
    if near is not None:
        return _ON_QUIET_NEIGHBOUR, "on a far dependency that shows nothing itself"
    if any(resource in case.below.get(name, ()) or name in case.below.get(resource, ())
           for name in case.symptom_resources):  # fmt: skip
        return _ON_QUIET_NEIGHBOUR, "on a neighbour that shows nothing itself"
    return _ELSEWHERE, "on a resource that has nothing to do with the symptom"


def _illness(case: FactIndex) -> dict[str, float]:
    """The words of what went wrong, with the weight of each."""
    telling: dict[str, float] = {}
    # A resource's name tells where, which counts as the place; it tells nothing of what.
    names = " ".join({*case.resources, *(found_fact.fact.resource or "" for found_fact in case.facts)}).lower()

    def take(text: str, weight: float) -> None:
        for word in _words(text):
            if word in names:
                continue
            telling[word] = max(telling.get(word, 0.0), weight)

    for _, shift in case.present(MetricShift):
        if shift.worse:
            take(shift.metric, _IN_METRICS)
    for _, pattern in case.present(LogPattern):
        if pattern.severity in (*FAILURES, "WARN") and pattern.count > (pattern.baseline_count or 0.0):
            take(pattern.template, _IN_MESSAGES)
    for _, errors in case.present(SpanErrors):
        take(f"{errors.operation} {errors.message}", _IN_OPERATIONS)
    for _, span in case.present(SpanShift):
        take(span.operation, _IN_OPERATIONS)
    take(case.opened.query, _IN_QUERY)
    return telling


def _relevance(words: frozenset[str], ill: Mapping[str, float], common: Mapping[str, int], total: int) -> float:
    """Shared words, each by how telling it is there and how rare among the changes; near 1.6 at most."""
    score = 0.0
    for word in words & ill.keys():
        rarity = math.log((total + 1) / common.get(word, 1)) / math.log(total + 1) if total > 1 else _ONLY_CHANGE
        score += ill[word] * max(rarity, 0.0)
    return round(_CONTENT * (1.0 - math.exp(-score / _CONTENT_SCORE)), 3)


def _inferred(case: FactIndex, text: str) -> tuple[str, ...]:
    """The resources that a change without one most likely touches: those that its files or text name."""
    words = _words(text)
    resources = []
    for name in case.resources:
        called = base_name(name)
        parts = _words(called)
        core = {part for part in parts if len(part) >= _LEAST_WORD}
        stem = re.sub(r"(?:service|svc|server|-?db)$", "", called.lower()).strip("-_")
        if name.lower() in text.lower() or (core and core <= words) or (len(stem) > _LEAST_WORD and stem in words):
            resources.append(name)
    return tuple(resources[:_MOST_INFERRED])


def _without_changes(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.absent(ChangeFound):
        for kind in fact.kinds:
            for resource in case.symptom_resources[:1]:
                yield Claim(
                    HypothesisKey(cause_of_change(kind), resource),
                    name,
                    _NO_CHANGE,
                    f"no {kind} change was made",
                    "no change",
                )


def _text(change: Change) -> str:
    """What a change says that it does; of a diff only the lines that it changes, not those around them."""
    after: Any = change.after
    if not isinstance(after, dict):
        return f"{change.id or ''} {change.summary} {after or ''}"
    stated = [str(value) for key, value in after.items() if key != "diff"]
    return " ".join((change.id or "", change.summary, *stated, *changed_lines(change)))


_STOP: Final = frozenset(
    """
    the and for with from that this not was are has have had but all any can its per new old add set get use into out
    http https www com org func return string int err error errors true false null none nil self var const let type def
    class import public private static void final package main test service services server app code value values name
    data status start end version commit files diff off out time context request response call calls
    """.split()  # noqa: SIM905 - a list of words reads as words
)


def _words(text: str) -> frozenset[str]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text[:20_000])
    return frozenset(word for word in re.findall(r"[a-z]{3,}", apart.lower().replace("_", " ")) if word not in _STOP)


def _document_frequency(suspects: list[_Suspect]) -> dict[str, int]:
    frequency: dict[str, int] = {}
    for suspect in suspects:
        for word in suspect.words:
            frequency[word] = frequency.get(word, 0) + 1
    return frequency
