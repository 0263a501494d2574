"""What the symptom's resource does, and whether it or anything that it depends on is full."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from primitives.analysis.asking import gaps, incident_window, lookback_window
from primitives.analysis.graph import graph_of
from primitives.analysis.history import Comparison, History, ask_history
from primitives.analysis.limits import NEAR_LIMIT, LimitsOfResource, Usage, usage_of
from primitives.analysis.shifts import MOST_SHIFTS, missing_facts, shift_fact, strongest, unmoved
from primitives.analysis.symptom import SymptomView, view_symptom
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import MetricAtLimit
from primitives.records import ConfigurationSnapshot
from primitives.telemetry import ConfigurationQuery, Telemetry, TopologyQuery

_MOST_CLEAR: Final = 20


@diagnostic(
    "analyze_utilization",
    title="Symptom and utilization",
    why="shows what changed level, and which resource ran full",
    answers=(
        "PERFORMANCE_DEGRADATION", "AVAILABILITY_LOSS", "RESOURCE_SATURATION", "SCALING_FAILURE", "TRAFFIC_SURGE",
        "DATA_BACKLOG", "NO_FAULT",
    ),
    questions=("series",),
)  # fmt: skip
async def analyze_utilization(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Tell the symptom's own metrics, moved or not, and every saturation metric against its limit.

    Limits come from the metric, its unit, a sibling metric or a configuration snapshot. Looked at are the symptom's
    resource and everything that it depends on; without a symptom, everything.
    """
    history = await ask_history(ask, args)
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    configuration = await ask.configuration(ConfigurationQuery(window=lookback_window(args)))
    compared = history.compared(args)
    graph = graph_of(topology.records)
    view = view_symptom(args, compared, graph)

    own = [comparison for comparison in compared if comparison.resource in view.resources]
    for comparison in _symptom_first(own, view):
        yield shift_fact(comparison, history, args)
    for missing in missing_facts(own, history, args):
        yield missing

    named = args.symptom is not None or bool(args.focus)
    scope = (
        set(graph.reach(view.resources))
        if named and view.resources
        else {comparison.resource for comparison in compared}
    )
    for fact in _limits(
        [comparison for comparison in compared if comparison.resource in scope], configuration.records, history, args
    ):
        yield fact
    for gap in (*history.gaps(args), *gaps((topology, configuration), args)):
        yield gap


def _symptom_first(own: Sequence[Comparison], view: SymptomView) -> list[Comparison]:
    """The alarm's metric, then what moved with it, then what stayed."""
    ordered = [*strongest(own)[:MOST_SHIFTS], *unmoved(own)[:MOST_SHIFTS]]
    return sorted(ordered, key=lambda comparison: comparison is not view.series)


def _limits(
    compared: Sequence[Comparison],
    snapshots: Sequence[ConfigurationSnapshot],
    history: History,
    args: Arguments,
) -> list[MetricAtLimit]:
    siblings: dict[str, list[Comparison]] = {}
    for comparison in compared:
        siblings.setdefault(comparison.resource, []).append(comparison)
    configured: dict[str, dict[str, ConfigurationSnapshot]] = {}
    for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.time):
        configured.setdefault(snapshot.resource, {})[snapshot.kind] = snapshot
    limits = {
        resource: LimitsOfResource(metrics, configured.get(resource, {}).values())
        for resource, metrics in siblings.items()
    }
    usages = [
        usage
        for comparison in compared
        if (usage := usage_of(comparison, limits[comparison.resource]))
        and (usage.ratio >= NEAR_LIMIT or comparison.complete)
    ]
    usages.sort(key=lambda usage: (-usage.ratio, usage.of.resource, usage.of.metric.name))
    full = [usage for usage in usages if usage.ratio >= NEAR_LIMIT][:MOST_SHIFTS]
    clear = [usage for usage in usages if usage.ratio < NEAR_LIMIT][:_MOST_CLEAR]
    return [_fact(usage, history, args) for usage in (*full, *clear)]


def _fact(usage: Usage, history: History, args: Arguments) -> MetricAtLimit:
    comparison, since = usage.of, usage.since
    return MetricAtLimit(
        polarity="present" if usage.ratio >= NEAR_LIMIT else "absent",
        resource=comparison.resource,
        window=incident_window(args),
        observed_at=since or args.now,
        source=history.source,
        answers=history.digests,
        metric=comparison.metric.name,
        unit=comparison.metric.unit,
        limit=usage.limit,
        peak=usage.peak,
        baseline=usage.baseline,
        ratio=usage.ratio,
        since=since,
    )
