"""What settings that contradict each other say about the trouble of now.

A contradiction is true as long as the settings are. It is background unless one of its ends is in trouble or it is
new, as `primitives.kubernetes.relevance` has it for Kubernetes (Google SRE book, chapter 12: what changed, and what
differs from what works). Where nobody is known to be in trouble it is the best lead that there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes_of_setting
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex, is_failing
from engine.reason.trouble import Trouble
from primitives.facts import LogPattern, MetricShift, ProbeResult, SettingConflict, SpanErrors

__all__ = ["conflicting_settings"]

# The part of its weight that it keeps: where it hurts nobody, where it was so while all was well, and where the
# trouble is of another kind than it makes.
_BACKGROUND: Final = 0.1
_OLD: Final = 0.5
_OTHERWISE: Final = 0.4
# These hurt only under load or by the calendar: that they were so before says nothing.
_LATENT: Final = (
    "keep_alive_too_short",
    "pools_over_connections",
    "certificate_past",
    "token_past",
    "at_most",
    "scaling_suspended",
    "at_quota",
)
# Requests fail of these; they make nothing slow.
_FAILS: Final = (
    "keep_alive_too_short", "checked_elsewhere", "port_closed", "gives_up_first", "certificate_past", "token_past",
    "under_maintenance", "none_to_run", "no_concurrency",
)  # fmt: skip


def conflicting_settings(case: FactIndex, trouble: Trouble) -> Iterator[Claim]:
    """A claim of each contradiction for its cause, weighed by what it has to do with the trouble."""
    conflicts = list(case.present(SettingConflict))
    if not conflicts:
        return
    felt = trouble.weights
    hurt, failing = {*felt, *case.symptom_resources}, _failing(case) if felt else None
    for name, fact in conflicts:
        factor, why = _relevance(fact, hurt, failing)
        for cause_id, weight in causes_of_setting(fact.rule):
            key = HypothesisKey(cause_id, fact.resource)
            yield Claim(key, name, weight * factor, f"{fact.why}{why}", "settings")


def _relevance(fact: SettingConflict, hurt: set[str], failing: set[str] | None) -> tuple[float, str]:
    ends = {end for end in (fact.resource, fact.other) if end is not None}
    if fact.recent:
        return 1.0, ", since lately"
    if hurt and not ends & hurt:
        return _BACKGROUND, ", background: what it concerns is healthy"
    if fact.recent is False and fact.rule not in _LATENT:
        return _OLD, ", as it was while all was well"
    if fact.rule in _FAILS and failing is not None and not ends & failing:
        return _OTHERWISE, ", though nothing fails there"
    return 1.0, ""


def _failing(case: FactIndex) -> set[str]:
    """The resources whose requests fail, by what they measure, log or answer."""
    failing = {fact.resource for _, fact in case.present(MetricShift)
               if fact.worse and fact.kind in ("errors", "availability")}  # fmt: skip
    failing |= {fact.resource for _, fact in case.present(SpanErrors) if fact.errors}
    failing |= {fact.target or fact.resource for _, fact in case.present(ProbeResult) if not fact.healthy}
    failing |= {fact.resource for _, fact in case.present(LogPattern) if is_failing(fact)}
    return {resource for resource in failing if resource}
