"""How much a state of an object counts, by what it has to do with the trouble of now.

What is past explains nothing; background (no workload is affected by it) explains hardly anything, unless an error's
message names it. What was so before the symptom began, while all was well, is no news either (Google SRE book,
chapter 12).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from engine.reason.fact_index import FactIndex
from primitives.facts import LogPattern, WorkloadState
from primitives.identity import base_name, namespace_of
from primitives.kubernetes.fields import instant
from primitives.terms import FAILURES

__all__ = ["state_factor"]

# The part of its weight that background keeps: one in ten settings that look wrong is read after all.
_BACKGROUND: Final = 0.1
_OLD: Final = 0.2
# Onsets are known to a sample, and a new revision takes its time until it hurts.
_BEFORE: Final = timedelta(minutes=1)
_LEAST_NAME: Final = 4
_ROUTES: Final = ("Ingress", "HTTPRoute", "GRPCRoute")
_OF_ANY: Final = frozenset({"ingress", "route", "routes", "service", "server", "gateway", "public", "internal"})
# Of a container that runs and is ready: what its last end was.
_RESTARTED: Final = ("RestartedRecently", "OOMKilled", "KilledByProbe")
# So many restarts are a workload that keeps failing, however well it is now (`primitives.kubernetes.illness`).
_OFTEN: Final = 3
# Practice: what a start costs the others (cold caches, new connections) is over within so much of being ready.
_SETTLED: Final = timedelta(minutes=2)
# What happens to pods whose workload is well: some that is retried until it works, and some that is borne.
_WELL: Final = 0.35
_OF_PODS: Final = ("pods", "images", "probes")


def state_factor(case: FactIndex, fact: WorkloadState) -> tuple[float, str]:
    """The factor of the state's weight, and what to add to the reason that is shown."""
    if fact.bearing == "past":
        return 0.0, f", past: {fact.bearing_reason}"
    if _ended_before(case, fact):
        return 0.0, ", earlier: it has run and been ready since before the trouble began"
    background = fact.bearing == "standing"
    compared = bool(fact.details.get("by_comparison"))
    old = compared and _is_old(case, fact)
    apart = compared and _is_apart(case, fact)
    if not (background or old or apart) or _is_named(case, fact):
        well = fact.hurt is False and not compared and fact.details.get("family") in _OF_PODS
        return (_WELL, ", though its workload is well") if well else (1.0, "")
    if background:
        return _BACKGROUND, f", background: {fact.bearing_reason}"
    if not old:
        return _BACKGROUND, ", background: what complains lives in other namespaces and doesn't need it"
    return _OLD, ", as it was while all was well"


def _is_old(case: FactIndex, fact: WorkloadState) -> bool:
    return fact.since is not None and case.onset is not None and fact.since < case.onset - _BEFORE


def _ended_before(case: FactIndex, fact: WorkloadState) -> bool:
    """Whether it is the restart of one container that has run and been ready since well before the symptom began.

    A ready pod serves (Kubernetes: Pod Lifecycle, "Pod readiness"): its restart was over, and what begins later has
    another cause. Of several pods only one's times are known, and one that restarts again and again is not over.
    """
    if fact.state not in _RESTARTED or not fact.details.get("running") or fact.count > 1:
        return False
    if fact.since is None or case.onset is None or (fact.restarts or 0) >= _OFTEN:
        return False
    ready = instant(fact.details, "ready_since")
    if ready is None:
        return False
    well = max(fact.since, ready)
    return well + _SETTLED + timedelta(seconds=case.onset_uncertainty_s) < case.onset


def _is_apart(case: FactIndex, fact: WorkloadState) -> bool:
    """Whether all that complains lives in other namespaces, and nothing known joins it to what the fact is about.

    The platform found nobody ill, so the setting looked like the best lead; the logs and checks know better. A
    namespace keeps systems apart (Kubernetes documentation, "Namespaces"); within one, a dependency may be unknown.
    """
    place = fact.resource or fact.object
    asked = case.complaining or frozenset(case.symptom_resources)
    spaces = {namespace_of(name) for name in asked}
    own = namespace_of(place)
    if not own or not spaces or spaces & {own, ""} or fact.hurt or fact.details.get("recent"):
        return False
    about = (place, fact.object, *case.parts.get(place, ()), *case.symptoms_of.get(place, ()))
    joined = {*case.dependents(about), *case.reach(about)}
    # Whom a complaint names is called by its writer, whether or not anybody drew the call.
    named = {pattern.points_at for _, pattern in case.present(LogPattern) if pattern.resource in asked}
    return not joined & asked and named.isdisjoint(about) and place not in case.symptom_resources


def _is_named(case: FactIndex, fact: WorkloadState) -> bool:
    """Whether an error that is logged names what the setting names."""
    named = {str(fact.details[key]).lower() for key in ("host", "name", "claim", "service") if fact.details.get(key)}
    named = {name for name in named if len(name) >= _LEAST_NAME}
    if _is_asked_about(case, fact):
        return True
    return any(
        (pattern.family is not None or pattern.severity in FAILURES)
        and any(name in pattern.template.lower() for name in named)
        for _, pattern in case.present(LogPattern)
        if named
    )


def _is_asked_about(case: FactIndex, fact: WorkloadState) -> bool:
    """Whether it is a route to what isn't there, and the question names it: every request to it fails (Ingress)."""
    if fact.kind not in _ROUTES or not fact.details.get("service"):
        return False
    asked = set(re.findall(r"[a-z]{5,}", case.opened.query.lower()))
    names = f"{base_name(fact.object)} {fact.details['service']}".lower()
    return not asked.isdisjoint(set(re.findall(r"[a-z]{5,}", names)) - _OF_ANY)
