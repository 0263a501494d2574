"""Which of all series moved away from their baseline, in which direction, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from primitives.analysis.asking import gaps, incident_window
from primitives.analysis.first_requests import first_requests
from primitives.analysis.graph import Graph, graph_of
from primitives.analysis.history import Comparison, History, ask_history
from primitives.analysis.shifts import MOST_SHIFTS, missing_facts, shift_fact, strongest, unmoved
from primitives.analysis.symptom import SymptomView, view_symptom
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import SourceGap
from primitives.telemetry import Question, Telemetry, TopologyQuery
from primitives.text import safe_line

_MOST_MISSING: Final = 20
_MOST_STILL: Final = 20
_MUCH_SLOWER: Final = 4.0
# What callers feel, and what is called and can be felt.
_FELT: Final = ("latency", "errors", "availability")
_ANSWERING: Final = ("service", "workload", "function", "database", "cache", "queue", "storage", "gateway", "external")


@diagnostic(
    "compare_baseline",
    title="Comparison with normal times",
    why="tells unusual from usual, and when it began",
    answers=(
        "PERFORMANCE_DEGRADATION", "AVAILABILITY_LOSS", "ERROR_RATE_INCREASE", "TRAFFIC_SURGE", "DEPENDENCY_FAILURE",
        "DATA_BACKLOG", "INFRASTRUCTURE_FAILURE", "NETWORK_FAILURE", "NO_FAULT",
    ),
    questions=("series",),
    cost_s=2.0,
)  # fmt: skip
async def compare_baseline(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Report shifts on every resource but the symptom's own (see `analyze_utilization`), and metrics that stopped.

    Resources that are called for the first time, and fail each time, are reported as what nothing compares with. Of
    metrics that did not move, those of direct dependencies are reported, since they rule the dependency out; and where
    the alarm is about a resource's load or room, what those who depend on it feel: whether it hurts anybody.
    """
    history = await ask_history(ask, args)
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    compared = history.compared(args)
    graph = graph_of(topology.records)
    view = view_symptom(args, compared, graph)
    others = [comparison for comparison in compared if comparison.resource not in view.resources]

    selected = strongest(others)[:MOST_SHIFTS]
    for comparison in (*selected, *_work_of_the_slow(others, selected)):
        yield shift_fact(comparison, history, args)
    for called in first_requests(history, args):
        yield called
    for missing in missing_facts(others, history, args)[:_MOST_MISSING]:
        yield missing
    near = graph.reach(view.resources)
    neighbours = [comparison for comparison in unmoved(others) if near.get(comparison.resource, 9) <= 1]
    for comparison in neighbours[:_MOST_STILL]:
        yield shift_fact(comparison, history, args)
    for comparison in _unhurt(others, view, graph)[:_MOST_STILL]:
        yield shift_fact(comparison, history, args)
    if (
        compared
        and graph.resources
        and graph.resources.keys().isdisjoint(comparison.resource for comparison in compared)
    ):
        yield _partial("topology", "it names none of the resources that have metrics", history, args)
    if unmeasured := _unmeasured(view, compared, near, graph):
        yield _partial("series", unmeasured, history, args)
    for gap in (*history.gaps(args), *gaps((topology,), args)):
        yield gap


def _unhurt(others: Sequence[Comparison], view: SymptomView, graph: Graph) -> list[Comparison]:
    """What did not move of all that is felt by those who depend on a resource whose load or room raised the alarm.

    High load is no trouble by itself: what counts is whether anybody is slower or fails (B. Gregg, Systems
    Performance, 2020, 2.3.11; R. Ewaschuk, My Philosophy on Alerting).
    """
    if view.series is None or view.series.metric.kind in (*_FELT, "traffic"):
        return []
    users = graph.users(view.resources)
    return [comparison for comparison in unmoved(others)
            if comparison.resource in users and comparison.metric.kind in _FELT]  # fmt: skip


def _work_of_the_slow(compared: Sequence[Comparison], selected: Sequence[Comparison]) -> list[Comparison]:
    """The CPU use of resources that are much slower, where it is none of the strongest shifts: do they work or wait?"""
    slow = {
        comparison.resource
        for comparison in selected
        if comparison.worse
        and comparison.metric.kind == "latency"
        and comparison.shift
        and comparison.shift.current > _MUCH_SLOWER * comparison.shift.baseline.level
    }
    known = {id(comparison) for comparison in selected}
    work = [
        comparison
        for comparison in compared
        if comparison.resource in slow
        and comparison.metric.kind == "saturation"
        and "cpu" in comparison.metric.name.lower()
        and id(comparison) not in known
        and comparison.shift
        and comparison.shift.baseline.samples
        and (comparison.shift.moved or comparison.complete)
    ]
    return work[:_MOST_STILL]


def _unmeasured(view: SymptomView, compared: Sequence[Comparison], near: Mapping[str, int], graph: Graph) -> str | None:
    """What the symptom depends on without its kind of metric: whether the cause is there is unknown."""
    if view.series is None or view.series.metric.kind not in _FELT:
        return None
    kind = view.series.metric.kind
    measured = {comparison.resource for comparison in compared if comparison.metric.kind == kind}
    blind = [name for name in near if name not in measured and graph.resources.get(name) in _ANSWERING]
    if not blind:
        return None
    more = f" and {len(blind) - 1} more of its dependencies" if len(blind) > 1 else ""
    return f"no {kind} was measured of {blind[0]}{more}"


def _partial(question: Question, detail: str, history: History, args: Arguments) -> SourceGap:
    return SourceGap(
        question=question,
        status="partial",
        detail=safe_line(detail),
        window=incident_window(args),
        observed_at=args.now,
        source=history.source,
        answers=history.digests,
    )
