"""Evidence against a change that was followed by a calm normal time: it can't be what differs now.

The baseline is what the trouble is compared with, and a change made before the baseline began is part of it (Google SRE
book, chapter 12: what changed between well and ill; J. Pearl, Causality, 2009: a cause is necessary and sufficient).
The change can still be a part of the cause where something came later: more load than its lowered limit allows, a leak
that has filled up, a date on which something expires.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.reason.catalogue import causes_of_metric
from engine.reason.diffs import changed_lines, lowered
from engine.reason.fact_index import FactIndex, is_failing
from primitives.dataclass import dataclass
from primitives.facts import LogPattern, MetricAtLimit, MetricShift, WorkloadState
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["Calm", "calm_after", "needs_time", "stayed_calm"]

# What users notice. Any other metric can be bad without anybody's noticing, so its calm proves little.
_FELT: Final = ("latency", "errors", "availability")
# Fewer samples than this are no normal time.
_LEAST_SAMPLES: Final = 4
_SAME: Final = 0.1
# From this growth on there is more load than the calm tested.
_GROWN: Final = 1.3
# The part of its weight that a change keeps where more load activated it, and where its effect may need time.
_ACTIVATED: Final = 0.5
_NEEDS_TIME: Final = 0.7
# What ends or begins by the clock: validity (RFC 5280), time to live, leases, timetables.
_BY_THE_CLOCK: Final = lazy_pattern(
    r"(?i)expir|certificate|\bcert\b|\bttl\b|rotat|schedul|\bcron|\blease|retention|not_?after|valid_?until"
)


@dataclass(frozen=True, slots=True)
class Calm:
    """The fact whose baseline followed the change, and the part of its weight that the change keeps (0 to 1)."""

    fact: str
    kept: float
    why: str


def calm_after(case: FactIndex, change: Change, resource: str) -> Calm | None:
    """What the baseline says of a change of `resource` made before it; None where it says nothing."""
    normal = case.opened.baseline
    if normal is None or case.onset is None or change.time >= normal.start or case.onset < normal.end:
        return None
    fact = _measured_calm(case, resource)
    if fact is None:
        return None
    if _by_the_clock(change) or _fills_up(case, resource):
        return Calm(fact, _NEEDS_TIME, "all was well after it for a while, but its effect may need time")
    if _filled_by_load(case, change, resource):
        return Calm(fact, _ACTIVATED, "all was well after it until there was more load")
    return Calm(fact, 0.0, "all was well after it, throughout the normal time")


def stayed_calm(case: FactIndex) -> Mapping[str, str]:
    """What answers as late and as often wrong as ever, each resource with the fact that says so; for `case.once`.

    New code that does harm shows in its own latency or errors, or in what it logs (Google SRE workbook, chapter 16).
    """
    calm: dict[str, dict[str, str]] = {}
    ill = set(case.crashing)
    for name, fact in case.of(MetricShift):
        if fact.resource is None or fact.kind not in _FELT:
            continue
        if fact.polarity == "absent" and _is_as_ever(fact):
            calm.setdefault(fact.resource, {})[fact.kind] = name
        elif fact.polarity == "present" and fact.worse:
            ill.add(fact.resource)
    ill |= {pattern.resource for _, pattern in case.present(LogPattern) if pattern.resource and is_failing(pattern)}
    told = {resource: by_kind.get("errors") or by_kind.get("availability") for resource, by_kind in calm.items()
            if "latency" in by_kind and resource not in ill}  # fmt: skip
    return {resource: name for resource, name in told.items() if name}


def _is_as_ever(fact: MetricShift) -> bool:
    """Whether a latency is the same to a tenth; one that is no more than unclear acquits nobody."""
    return fact.kind != "latency" or abs(fact.current - fact.baseline) <= _SAME * fact.baseline


def needs_time(case: FactIndex, change: Change, resource: str) -> str | None:
    """The fact by which the effect of a change may show long after it: it fills something up, or more load came.

    Empty where the change itself says so, since it goes by the clock; None where nothing does.
    """
    if _by_the_clock(change):
        return ""
    if _fills_up(case, resource) or _filled_by_load(case, change, resource):
        return next(iter(_full_by(case, resource)), "")
    return None


def _measured_calm(case: FactIndex, resource: str) -> str | None:
    """A fact that compares the resource with its normal time, else the symptom's."""
    compared = [
        (shift.resource != resource, not case.is_symptom(shift.resource, shift.metric), name)
        for name, shift in case.of(MetricShift)
        if shift.kind in _FELT
        and shift.baseline_samples >= _LEAST_SAMPLES
        and (shift.resource == resource or shift.resource in case.symptom_resources)
    ]
    return min(compared)[-1] if compared else None


def _by_the_clock(change: Change) -> bool:
    lines = "\n".join(changed_lines(change))
    return bool(_BY_THE_CLOCK.search(f"{change.summary}\n{lines}"))


def _load_grew(case: FactIndex, resource: str) -> bool:
    """Whether the resource, or what calls it, gets more requests than in normal times."""
    asking = case.dependents((resource,))
    return any(
        shift.kind == "traffic" and shift.resource in asking and shift.current > _GROWN * shift.baseline
        for _, shift in case.present(MetricShift)
    )


def _filled_by_load(case: FactIndex, change: Change, resource: str) -> bool:
    """A limit that the change lowered is full, and there is more load: the calm didn't test that."""
    limits = {cause_id for setting in lowered(change) for cause_id in causes_of_metric(setting)}
    return bool(limits) and _load_grew(case, resource) and not limits.isdisjoint(_full(case, resource))


def _fills_up(case: FactIndex, resource: str) -> bool:
    """Something of the resource ran full although the load is the same: what leaks takes its time."""
    return bool(_full(case, resource)) and not _load_grew(case, resource)


def _full(case: FactIndex, resource: str) -> set[str]:
    """The causes that something of the resource at its limit speaks for."""
    return {cause_id for metric in _full_by(case, resource).values() for cause_id in causes_of_metric(metric)}


def _full_by(case: FactIndex, resource: str) -> dict[str, str]:
    """The facts that say that something of the resource or of its instances is at its limit, with what that is."""
    own = {resource, *case.parts.get(resource, ())}
    full = {name: fact.metric for name, fact in case.present(MetricAtLimit) if fact.resource in own}
    killed = {name: "memory" for name, state in case.present(WorkloadState)
              if state.resource == resource and state.state == "OOMKilled" and state.bearing == "active"}  # fmt: skip
    return full | killed
