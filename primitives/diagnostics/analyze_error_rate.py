"""Which error and availability metrics moved, and which operations fail by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from primitives.analysis.asking import gaps, incident_window
from primitives.analysis.graph import Graph, graph_of
from primitives.analysis.history import Comparison, History, ask_history
from primitives.analysis.large_stores import ask_spans
from primitives.analysis.peers import known_peers, peers_of_operations
from primitives.analysis.shifts import MOST_SHIFTS, shift_fact, strongest, unmoved
from primitives.analysis.span_onset import parted
from primitives.analysis.symptom import SymptomView, view_symptom
from primitives.analysis.traces import failing, split
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import Observed, SpanErrors
from primitives.records import Span
from primitives.statistics import level_of
from primitives.telemetry import Answers, Telemetry, TopologyQuery
from primitives.text import safe_line

_MOST_OPERATIONS: Final = 20
_MOST_STILL: Final = 20


@diagnostic(
    "analyze_error_rate",
    title="Errors and availability",
    why="shows what fails, and whether it fails by itself",
    answers=(
        "ERROR_RATE_INCREASE", "AVAILABILITY_LOSS", "DEPENDENCY_FAILURE", "ACCESS_FAILURE", "NETWORK_FAILURE",
        "DEPLOYMENT_REGRESSION", "PERFORMANCE_DEGRADATION", "NO_FAULT",
    ),
    questions=("series", "spans"),
)  # fmt: skip
async def analyze_error_rate(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Tell moved error and availability metrics, errors as a share of requests, and the deepest failing operations."""
    history = await ask_history(ask, args)
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    spans = await ask_spans(ask, args)
    compared = history.compared(args)
    graph = graph_of(topology.records)
    view = view_symptom(args, compared, graph)
    failures = [comparison for comparison in compared if comparison.metric.kind in ("errors", "availability")]

    for comparison in strongest(failures)[:MOST_SHIFTS]:
        yield shift_fact(comparison, history, args)
    near = graph.reach(view.resources)
    for comparison in [comparison for comparison in unmoved(failures) if near.get(comparison.resource, 9) <= 1][
        :_MOST_STILL
    ]:
        yield shift_fact(comparison, history, args)
    for ratio in _ratios(compared, history, args):
        yield ratio
    for failed in _span_errors(spans, view, graph, args):
        yield failed
    for gap in (*history.gaps(args), *gaps((spans,), args)):
        yield gap


def _ratios(compared: Sequence[Comparison], history: History, args: Arguments) -> list[Observed]:
    """Counted errors as a share of counted requests, where a resource has both and the errors moved."""
    requests = {
        comparison.resource: comparison
        for comparison in compared
        if _counts(comparison, "traffic") and "request" in comparison.metric.unit
    }
    ratios = []
    for errors in strongest([comparison for comparison in compared if _counts(comparison, "errors")]):
        served = requests.get(errors.resource)
        if served is None or errors.shift is None or not len(served.values) or served.values.sum() <= 0:
            continue
        if errors.metric.unit.partition("}")[2] != served.metric.unit.partition("}")[2]:
            continue
        usual = level_of(served.normal).level if len(served.normal) else 0.0
        baseline = errors.shift.baseline.level / usual if usual > 0 else None
        ratios.append(
            Observed(
                resource=errors.resource,
                window=incident_window(args),
                observed_at=args.now,
                source=history.source,
                answers=history.digests,
                kind="error_ratio",
                subject=f"{errors.metric.name} of {served.metric.name}",
                value=float(errors.shift.current / level_of(served.values).level) if served.values.any() else None,
                unit="1",
                details={"baseline": baseline},
            )
        )
    return ratios[:_MOST_OPERATIONS]


def _counts(comparison: Comparison, kind: str) -> bool:
    return comparison.metric.kind == kind and comparison.metric.unit.startswith("{")


def _span_errors(spans: Answers[Span], view: SymptomView, graph: Graph, args: Arguments) -> list[SpanErrors]:
    window = incident_window(args)
    if view.onset is None:
        now, before, onset = parted(spans.records, args, view.resources)
    else:
        (now, before), onset = split(spans.records, window, args.baseline), None
    called = peers_of_operations(now, known_peers(now, graph))
    failed = [
        SpanErrors(
            resource=failure.resource,
            window=window,
            observed_at=args.now,
            source=spans.source,
            answers=spans.digests,
            operation=safe_line(failure.operation, limit=200),
            errors=failure.errors,
            total=failure.total,
            baseline_ratio=failure.baseline_ratio,
            message=safe_line(failure.message, limit=300),
            peer=called.get((failure.resource, failure.operation), ""),
            onset=onset.time if onset else None,
            onset_uncertainty_s=onset.uncertainty if onset else None,
        )
        for failure in failing(now, before)[:_MOST_OPERATIONS]
    ]
    covering = spans.covered("spans", window)
    if failed or not covering:
        return failed
    return [
        SpanErrors(
            polarity="absent",
            window=window,
            observed_at=args.now,
            source=", ".join(sorted(set(covering))),
            answers=spans.digests,
            operation="",
            errors=0,
            total=len(now),
        )
    ]
