"""The dependency graph, and how much of the symptom each resource explains by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from primitives.analysis.asking import gaps, incident_window, lookback_window, utc_seconds
from primitives.analysis.graph import Graph, graph_of
from primitives.analysis.history import History, ask_history
from primitives.analysis.large_stores import ask_spans
from primitives.analysis.late_edges import late_edges, without_ways
from primitives.analysis.localisation import Share, pick_metric, shares
from primitives.analysis.more_calls import Multiplied, more_calls, owners_of_calls
from primitives.analysis.peers import known_peers, owners_of_waits, peers_of_operations
from primitives.analysis.shifts import moment_of
from primitives.analysis.span_onset import SpanOnset, parted
from primitives.analysis.symptom import SymptomView, view_symptom
from primitives.analysis.traces import (
    Traces,
    TraceShare,
    columns,
    own_times,
    split,
    trace_shares,
    without_calls,
)
from primitives.analysis.wire import Delay, delays, lost_time, wire_times
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import Dependencies, Location, MoreCalls, OwnShare, SpanShift, WireDelay, locations_of
from primitives.records import Span, Topology, Window
from primitives.telemetry import Answers, Telemetry, TopologyQuery
from primitives.text import safe_line
from primitives.traces.topology import topology_of

_MOST_SHARES: Final = 15
_MOST_CLEARED: Final = 10
_MOST_SPAN_SHIFTS: Final = 20
_MOST_PAIRS: Final = 6
_MOST_CALLS: Final = 6
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
    now, before, onset = _columns(spans.records, view, args)
    own_graph = graph_of(topology.records)
    peers = known_peers(now.spans, own_graph), known_peers(before.spans, own_graph)
    late = delays(wire_times(now), wire_times(before), graph.dependencies("hosts"), lost_time(now, before))
    if onset and not late:
        late = late_edges(now, before, peers, onset.time)
        pairs = {pair for delay in late for pair in delay.late}
        now, before = without_ways(now, peers[0], pairs), without_ways(before, peers[1], pairs)
    pairs = {pair for delay in late for pair in delay.late}
    now, before = without_calls(now, pairs), without_calls(before, pairs)
    multiplied = more_calls(now, before)
    owners = {**owners_of_waits(peers[0]), **owners_of_calls(now, multiplied)}
    for share in _span_shares(trace_shares(now, before, owners, owners_of_waits(peers[1])), spans, args):
        yield share
    for shift in _span_shifts(now, before, peers[0], onset, spans, args):
        yield shift
    for calls in _more_calls(multiplied, spans, args):
        yield calls
    for delay in _wire_delays(late, spans, args):
        yield delay
    for gap in (*history.gaps(args), *gaps((topology, spans), args)):
        yield gap


def _graph(topologies: Sequence[Topology], spans: Sequence[Span]) -> tuple[Graph, bool]:
    graph = graph_of(topologies)
    if graph.edges or not spans:
        return graph, False
    return graph_of((*topologies, topology_of(spans))), True


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


def _columns(spans: Sequence[Span], view: SymptomView, args: Arguments) -> tuple[Traces, Traces, SpanOnset | None]:
    window, baseline = incident_window(args), args.baseline
    if view.onset is None:
        trouble, calm, onset = parted(spans, args, view.resources)
        return columns(trouble), columns(calm), onset
    if baseline is None and view.series is not None and view.series.shift is not None:
        slack = timedelta(seconds=view.series.shift.uncertainty or 0.0)
        window = Window(start=max(view.onset - slack, window.start), end=window.end)
    now, before = split(spans, window, baseline)
    return columns(now), columns(before), None


def _span_shares(shares: Sequence[TraceShare], spans: Answers[Span], args: Arguments) -> list[OwnShare]:
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
        for share in shares[:_MOST_SHARES]
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


def _more_calls(multiplied: Sequence[Multiplied], spans: Answers[Span], args: Arguments) -> list[MoreCalls]:
    return [
        MoreCalls(
            resource=entry.caller[0],
            window=incident_window(args),
            observed_at=args.now,
            source=spans.source,
            answers=spans.digests,
            operation=safe_line(entry.caller[1], limit=200),
            called=entry.called[0],
            called_operation=safe_line(entry.called[1], limit=200),
            baseline=entry.baseline,
            current=entry.current,
            samples=entry.samples,
        )
        for entry in multiplied[:_MOST_CALLS]
    ]


def _span_shifts(
    now: Traces,
    before: Traces,
    peers: Sequence[str],
    onset: SpanOnset | None,
    spans: Answers[Span],
    args: Arguments,
) -> list[SpanShift]:
    shifts = []
    called = peers_of_operations(now.spans, peers)
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
                peer=called.get((operation.resource, operation.operation), ""),
                onset=onset.time if onset else None,
                onset_uncertainty_s=onset.uncertainty if onset else None,
            )
        )
    return shifts[:_MOST_SPAN_SHIFTS]
