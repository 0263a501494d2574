"""The dependency graph, and how much of the symptom each resource explains by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from primitives.analysis.asking import gaps, incident_window, lookback_window, utc_seconds
from primitives.analysis.graph import Graph, graph_of
from primitives.analysis.history import History, ask_history
from primitives.analysis.large_stores import ask_spans
from primitives.analysis.localisation import Share, pick_metric, shares
from primitives.analysis.shifts import moment_of
from primitives.analysis.symptom import SymptomView, view_symptom
from primitives.analysis.traces import (
    Traces,
    call_edges,
    columns,
    own_times,
    split,
    trace_shares,
    without_calls,
)
from primitives.analysis.wire import Delay, delays, lost_time, wire_times
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import Dependencies, Location, OwnShare, SpanShift, WireDelay, locations_of
from primitives.records import Edge, Resource, Span, Topology, Window
from primitives.telemetry import Answers, Telemetry, TopologyQuery
from primitives.text import safe_line

_MOST_SHARES: Final = 15
_MOST_CLEARED: Final = 10
_MOST_SPAN_SHIFTS: Final = 20
_MOST_PAIRS: Final = 6
_LEAST_SHARE: Final = 0.05
_MIN_SPAN_SCORE: Final = 4.0
# Calls a request that at least double or halve: a retry storm, a query for each row, a cache that is gone.
_CALLS_FACTOR: Final = 1.5


@diagnostic(
    "trace_dependencies",
    title="Dependencies",
    why="tells the resource that causes the symptom from those that merely feel it",
    answers=(
        "PERFORMANCE_DEGRADATION", "AVAILABILITY_LOSS", "ERROR_RATE_INCREASE", "DEPENDENCY_FAILURE",
        "NETWORK_FAILURE",
    ),
    questions=("topology", "spans"),
    cost_s=2.0,
)  # fmt: skip
async def trace_dependencies(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Report the dependency graph, each resource's own share of the symptom, and operations whose own time moved.

    The graph is the sources' own, else it is inferred from spans. Shares come from metrics on the graph and, where both
    times have traces, from the spans' own times.
    """
    history = await ask_history(ask, args)
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    spans = await ask_spans(ask, args)
    graph, inferred = _graph(topology.records, spans.records)
    view = view_symptom(args, history.compared(args), graph)

    if graph.resources:
        yield _dependencies(
            graph, spans if inferred else topology, args, locations_of(topology.records), inferred=inferred
        )
    for share in _metric_shares(view, graph, history, args):
        yield share
    now, before = _columns(spans.records, view, args)
    late = delays(wire_times(now), wire_times(before), graph.dependencies("hosts"), lost_time(now, before))
    pairs = {pair for delay in late for pair in delay.late}
    now, before = without_calls(now, pairs), without_calls(before, pairs)
    for share in _span_shares(now, before, spans, args):
        yield share
    for shift in _span_shifts(now, before, spans, args):
        yield shift
    for delay in _wire_delays(late, spans, args):
        yield delay
    for gap in (*history.gaps(args), *gaps((topology, spans), args)):
        yield gap


def _graph(topologies: Sequence[Topology], spans: Sequence[Span]) -> tuple[Graph, bool]:
    graph = graph_of(topologies)
    calls = call_edges(spans)
    if graph.edges or not spans:
        return graph, False
    resources = tuple(Resource(id=name, kind="service") for name in sorted({span.resource for span in spans}))
    edges = tuple(Edge(source=source, target=target, kind="calls") for source, target in calls)
    return graph_of((*topologies, Topology(resources=resources, edges=edges))), True


def _dependencies(
    graph: Graph, answers: Answers[Any], args: Arguments, locations: Mapping[str, Location], *, inferred: bool
) -> Dependencies:
    return Dependencies(
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
        resources=graph.resources,
        edges=graph.edges,
        inferred=inferred,
        locations=locations,
    )


def _metric_shares(view: SymptomView, graph: Graph, history: History, args: Arguments) -> list[OwnShare]:
    if view.series is None:
        return []
    resource = view.series.resource
    metric = pick_metric(view.series.metric, [comparison.metric for comparison in history.of(resource)])
    if metric is None:
        return []
    normal, window = _intervals(view, args)
    found_shares = shares(resource, metric, history.series, graph, normal, window)
    # The resource that an alarm names may be the database itself: where it depends on nothing, nothing is divided.
    if len(found_shares) < 2:
        return []
    near = graph.reach([resource])
    present = [share for share in found_shares if _is_present(share)]
    absent = [share for share in found_shares if not _is_present(share)]
    absent.sort(key=lambda share: (near.get(share.resource, 99), share.resource))
    return [
        OwnShare(
            polarity="present" if _is_present(share) else "absent",
            resource=share.resource,
            window=incident_window(args),
            observed_at=args.now,
            source=history.source,
            answers=history.digests,
            symptom_resource=resource,
            metric=metric.name,
            unit="1" if metric.unit == "1" else metric.unit,
            own_excess=share.excess,
            share=share.share,
            noise=share.noise,
        )
        for share in (*present[:_MOST_SHARES], *absent[:_MOST_CLEARED])
    ]


def _is_present(share: Share) -> bool:
    return share.excess > 0 and share.share >= _LEAST_SHARE


def _intervals(view: SymptomView, args: Arguments) -> tuple[tuple[float, float], tuple[float, float]]:
    """Normal times and the incident, in seconds: the explicit baseline, else all before the onset."""
    start, end = utc_seconds(incident_window(args))
    if view.series is not None and view.series.later and view.series.shift and view.series.shift.onset is not None:
        # What came before the episode that the question is about is no part of it.
        start = max(start, view.series.shift.onset - (view.series.shift.uncertainty or 0.0))
    if args.baseline is not None:
        return (args.baseline.start.timestamp(), min(args.baseline.end.timestamp(), start - 1e-3)), (start, end)
    shift = view.series.shift if view.series else None
    onset = shift.onset if shift and shift.onset is not None else start
    slack = (shift.uncertainty or 0.0) if shift else 0.0
    return (utc_seconds(lookback_window(args))[0], onset - slack - 1e-3), (onset - slack, end)


def _columns(spans: Sequence[Span], view: SymptomView, args: Arguments) -> tuple[Traces, Traces]:
    window, baseline = incident_window(args), args.baseline
    if baseline is None and view.onset is not None and view.series is not None and view.series.shift is not None:
        slack = timedelta(seconds=view.series.shift.uncertainty or 0.0)
        window = Window(start=max(view.onset - slack, window.start), end=window.end)
    now, before = split(spans, window, baseline)
    return columns(now), columns(before)


def _span_shares(now: Traces, before: Traces, spans: Answers[Span], args: Arguments) -> list[OwnShare]:
    return [
        OwnShare(
            resource=share.resource,
            window=incident_window(args),
            observed_at=args.now,
            source=spans.source,
            answers=spans.digests,
            symptom_resource=share.entry,
            metric="span_own_time",
            unit="s",
            own_excess=share.excess,
            share=share.share,
            noise=share.noise,
        )
        for share in trace_shares(now, before)[:_MOST_SHARES]
        if share.excess > 0 and share.share >= _LEAST_SHARE
    ]


def _wire_delays(late: Sequence[Delay], spans: Answers[Span], args: Arguments) -> list[WireDelay]:
    return [
        WireDelay(
            resource=delay.resource,
            window=incident_window(args),
            observed_at=moment_of(delay.since),
            source=spans.source,
            answers=spans.digests,
            side=delay.side,
            baseline=delay.baseline,
            current=delay.current,
            quickest=delay.quickest,
            late=len(delay.late),
            pairs=delay.pairs,
            calls=delay.calls,
            share=delay.share,
            pair_names=delay.late[:_MOST_PAIRS],
        )
        for delay in late
    ]


def _span_shifts(now: Traces, before: Traces, spans: Answers[Span], args: Arguments) -> list[SpanShift]:
    shifts = []
    for operation in own_times(now, before):
        busier = (
            operation.calls is not None
            and operation.baseline_calls
            and not (1 / _CALLS_FACTOR < operation.calls / operation.baseline_calls < _CALLS_FACTOR)
        )
        if abs(operation.score) < _MIN_SPAN_SCORE and not busier:
            continue
        shifts.append(
            SpanShift(
                resource=operation.resource,
                window=incident_window(args),
                observed_at=args.now,
                source=spans.source,
                answers=spans.digests,
                operation=safe_line(operation.operation, limit=200),
                baseline=operation.baseline,
                current=operation.current,
                calls_per_trace=operation.calls,
                baseline_calls_per_trace=operation.baseline_calls,
                score=operation.score,
                samples=operation.samples,
            )
        )
    return shifts[:_MOST_SPAN_SHIFTS]
