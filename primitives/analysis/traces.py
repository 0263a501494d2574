"""Traces: where spans spend their own time, how often operations are called, and which failures are an operation's own.

A span's own time is its duration less the time in which its children run (the union of their intervals, so that calls
side by side are not taken away twice), as in Dapper (Sigelman et al., 2010).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.calls import call_spans
from primitives.analysis.error_families import family_of
from primitives.dataclass import dataclass
from primitives.records import Span, Window
from primitives.statistics import level_of, median

__all__ = [
    "Failing",
    "OwnTime",
    "TraceShare",
    "Traces",
    "call_edges",
    "columns",
    "divided",
    "failing",
    "own_times",
    "split",
    "trace_shares",
    "without_calls",
]

# An operation seen less often says nothing about its usual time.
_MIN_SPANS: Final = 5
_MIN_TRACES: Final = 5
_TIME_FLOOR_S: Final = 0.0005
_MESSAGE_KEYS: Final = (
    "exception.message", "error.message", "error", "message", "otel.status_description", "status.message",
    "status_description", "status_message", "grpc.error_message", "exception.type", "error.type",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Spans as columns: own seconds of each, the place of its parent (-1: none), and its trace's number.

    `calls` are the places of spans that are nothing but a call, each with the place of the span that handles it.
    """

    spans: Sequence[Span]
    own: NDArray[np.float64]
    parents: Sequence[int]
    traces: Mapping[str, int]
    calls: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OwnTime:
    """One operation of one resource: own seconds a span (median) and calls a trace, before and now.

    `score` is the shift of the own time in spreads of normal times.
    """

    resource: str
    operation: str
    baseline: float
    current: float
    score: float
    calls: float | None
    baseline_calls: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class Failing:
    """One operation of one resource that fails by itself: `errors` of `total` spans, and one of its messages."""

    resource: str
    operation: str
    errors: int
    total: int
    baseline_ratio: float | None
    message: str


@dataclass(frozen=True, slots=True)
class TraceShare:
    """A resource's own seconds in a request that it explains beyond normal, and their noise."""

    entry: str
    resource: str
    excess: float
    share: float
    noise: float


def split(spans: Sequence[Span], window: Window, baseline: Window | None) -> tuple[list[Span], list[Span]]:
    """The spans of the window and of normal times (the baseline, else all before the window)."""
    now = [span for span in spans if window.start <= span.start <= window.end]
    if baseline is None:
        return now, [span for span in spans if span.start < window.start]
    return now, [span for span in spans if baseline.start <= span.start <= baseline.end and span.start < window.start]


def divided(spans: Sequence[Span], onset: datetime) -> tuple[list[Span], list[Span]]:
    """The spans from `onset` on and those before it."""
    return [span for span in spans if span.start >= onset], [span for span in spans if span.start < onset]


def columns(spans: Sequence[Span]) -> Traces:
    """Own times and parents of spans, in their order."""
    index = {(span.trace_id, span.span_id): position for position, span in enumerate(spans)}
    parents = [
        index.get((span.trace_id, span.parent_span_id), -1) if span.parent_span_id is not None else -1 for span in spans
    ]
    children: dict[int, list[int]] = defaultdict(list)
    for position, parent in enumerate(parents):
        if parent >= 0 and parent != position:
            children[parent].append(position)
    starts = [span.start.timestamp() for span in spans]
    own = np.array([span.duration_s for span in spans], dtype=np.float64)
    for parent, below in children.items():
        own[parent] -= _covered(starts, spans, parent, below)
    traces: dict[str, int] = {}
    for span in spans:
        traces.setdefault(span.trace_id, len(traces))
    calls = call_spans(spans, parents)
    return Traces(spans, np.maximum(own, 0.0), parents, traces, calls)


def without_calls(traces: Traces, pairs: Collection[tuple[str, str]]) -> Traces:
    """The same, but calls of these pairs of resources have no own time: what is late on its way is nobody's work."""
    own = traces.own.copy()
    for parent, child in traces.calls:
        if (traces.spans[parent].resource, traces.spans[child].resource) in pairs:
            own[parent] = 0.0
    return replace(traces, own=own)


def _covered(starts: list[float], spans: Sequence[Span], parent: int, below: list[int]) -> float:
    """How much of the parent's interval its children's intervals cover together."""
    first, last = starts[parent], starts[parent] + spans[parent].duration_s
    if len(below) == 1:
        only = below[0]
        return max(min(starts[only] + spans[only].duration_s, last) - max(starts[only], first), 0.0)
    total, reached = 0.0, first
    for child in sorted(below, key=starts.__getitem__):
        start, end = max(starts[child], reached), min(starts[child] + spans[child].duration_s, last)
        if end > start:
            total += end - start
            reached = end
    return total


def own_times(now: Traces, before: Traces) -> list[OwnTime]:
    """Every operation that both times have often enough, by the strength of its own time's shift."""
    current, normal = _by_operation(now), _by_operation(before)
    calls, usual = _calls(now, current), _calls(before, normal)
    times = []
    for key in sorted(current):
        values, earlier = current[key], normal.get(key)
        if len(values) < _MIN_SPANS or earlier is None or len(earlier) < _MIN_SPANS:
            continue
        level = level_of(earlier, floor=_TIME_FLOOR_S)
        own = median(values)
        # The error of both medians (1.2533 σ/√n), so that many spans count for more than few.
        spread = level.spread * 1.2533 * float(np.sqrt(1 / len(values) + 1 / len(earlier)))
        score = (own - level.level) / max(spread, _TIME_FLOOR_S)
        times.append(OwnTime(*key, level.level, own, score, calls.get(key), usual.get(key), len(values)))
    return sorted(times, key=lambda own: (-abs(own.score), own.resource, own.operation))


def _by_operation(traces: Traces) -> dict[tuple[str, str], NDArray[np.float64]]:
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, span in enumerate(traces.spans):
        groups[span.resource, span.name].append(position)
    return {key: traces.own[positions] for key, positions in groups.items()}


def _calls(traces: Traces, groups: Mapping[tuple[str, str], NDArray[np.float64]]) -> dict[tuple[str, str], float]:
    """Calls of an operation in each of the traces that have any of its resource's kind of root."""
    roots: dict[str, str] = {}
    for span, parent in zip(traces.spans, traces.parents, strict=True):
        if parent < 0:
            roots.setdefault(span.trace_id, f"{span.resource} {span.name}")
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    for span in traces.spans:
        kinds[span.resource, span.name].add(roots.get(span.trace_id, ""))
    sizes = Counter(roots.values())
    return {key: len(values) / max(sum(sizes[root] for root in kinds[key]), 1) for key, values in groups.items()}


def failing(now: Sequence[Span], before: Sequence[Span]) -> list[Failing]:
    """The deepest failing operations: failed spans none of whose children failed, most failures first.

    A span that ended because its caller gave up is no failure of its own.
    """
    errors, messages = _own_errors(now)
    totals = Counter((span.resource, span.name) for span in now)
    earlier, _ = _own_errors(before)
    usual = Counter((span.resource, span.name) for span in before)
    failing = []
    for key, count in errors.items():
        ratio = earlier[key] / usual[key] if usual[key] else None
        message = messages[key].most_common(1)[0][0] if messages[key] else ""
        failing.append(Failing(*key, count, totals[key], ratio, message))
    return sorted(failing, key=lambda entry: (-_surprise(entry), -entry.errors, entry.resource, entry.operation))


def _surprise(failing: Failing) -> float:
    return failing.errors - (failing.baseline_ratio or 0.0) * failing.total


def _own_errors(spans: Sequence[Span]) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], Counter[str]]]:
    broken = [span for span in spans if span.status == "error" and not _given_up(span)]
    failed = {(span.trace_id, span.span_id) for span in broken}
    blamed = {(span.trace_id, span.parent_span_id) for span in broken if span.parent_span_id is not None}
    errors: Counter[tuple[str, str]] = Counter()
    messages: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for span in spans:
        identity = (span.trace_id, span.span_id)
        if identity in failed and identity not in blamed:
            errors[span.resource, span.name] += 1
            message = _message(span.attributes)
            if message:
                messages[span.resource, span.name][message] += 1
    return errors, messages


def _given_up(span: Span) -> bool:
    """Whether its caller cancelled it: gRPC status 1 (CANCELLED), nginx' status 499, or its message says so."""
    attributes = span.attributes
    return (
        attributes.get("rpc.grpc.status_code", attributes.get("rpc.response.status_code")) in (1, "1", "CANCELLED")
        or str(attributes.get("http.response.status_code", attributes.get("http.status_code"))) == "499"
        or family_of(_message(attributes)) == "cancelled"
    )


def _message(attributes: Mapping[str, Any]) -> str:
    for key in _MESSAGE_KEYS:
        value = attributes.get(key)
        if isinstance(value, str) and value and value.casefold() not in ("true", "false"):
            return value
    return ""


def trace_shares(
    now: Traces,
    before: Traces,
    owners: Mapping[int, tuple[str, float]] = MappingProxyType({}),
    earlier_owners: Mapping[int, tuple[str, float]] = MappingProxyType({}),
) -> list[TraceShare]:
    """How many own seconds of each resource a request of the same entry operation takes beyond normal.

    Summed over the entry operations by how many requests each has in the window. `owners` are other resources that
    answer for a part (0 to 1) of a span's own time, by the span's place.
    """
    weights: Counter[str] = Counter()
    excess: dict[str, float] = defaultdict(float)
    noise: dict[str, float] = defaultdict(float)
    entries: Counter[str] = Counter()
    current, normal = _per_request(now, owners), _per_request(before, earlier_owners)
    for kind, (entry, requests) in current.items():
        earlier = normal.get(kind, (entry, []))[1]
        if len(requests) < _MIN_TRACES or len(earlier) < _MIN_TRACES:
            continue
        weights[kind] = len(requests)
        entries[entry] += len(requests)
        for resource in sorted({name for request in (*requests, *earlier) for name in request}):
            mean, usual, error = _means(requests, earlier, resource)
            excess[resource] += (mean - usual) * len(requests)
            noise[resource] += error * len(requests)
    count = sum(weights.values())
    if not count:
        return []
    entry = min(entries, key=lambda name: (-entries[name], name))
    total = sum(value for value in excess.values() if value > 0) / count
    shares = [
        TraceShare(entry, name, value / count - noise[name] / count, value / count / total, noise[name] / count)
        for name, value in excess.items()
        if total > 0
    ]
    return sorted(shares, key=lambda share: (-share.excess, share.resource))


def _per_request(
    traces: Traces, owners: Mapping[int, tuple[str, float]]
) -> dict[str, tuple[str, list[dict[str, float]]]]:
    """Own seconds by resource for each trace, the traces grouped by their root operation."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    roots: dict[str, Span] = {}
    for place, (span, own, parent) in enumerate(zip(traces.spans, traces.own.tolist(), traces.parents, strict=True)):
        if not span.trace_id:
            continue  # nobody knows which request it belongs to
        owner, part = owners.get(place, (span.resource, 0.0))
        sums[span.trace_id][span.resource] += own * (1.0 - part)
        sums[span.trace_id][owner] += own * part
        if parent < 0:
            known = roots.get(span.trace_id)
            if known is None or span.start < known.start:
                roots[span.trace_id] = span
    grouped: dict[str, tuple[str, list[dict[str, float]]]] = {}
    for trace in sorted(roots):
        root = roots[trace]
        grouped.setdefault(f"{root.resource} {root.name}", (root.resource, []))[1].append(dict(sums[trace]))
    return grouped


def _means(now: list[dict[str, float]], before: list[dict[str, float]], resource: str) -> tuple[float, float, float]:
    """Means of both times, the outermost tenth cut off each side, and twice the standard error of their difference."""
    current = _trimmed(np.array([request.get(resource, 0.0) for request in now]))
    normal = _trimmed(np.array([request.get(resource, 0.0) for request in before]))
    error = float(np.sqrt(current.var() / len(current) + normal.var() / len(normal)))
    return float(current.mean()), float(normal.mean()), 2 * error


def _trimmed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    cut = len(values) // 10
    return np.sort(values)[cut : len(values) - cut]


def call_edges(spans: Sequence[Span]) -> dict[tuple[str, str], int]:
    """Calls between resources and how often, from parent and child spans."""
    owners = {(span.trace_id, span.span_id): span.resource for span in spans}
    edges: Counter[tuple[str, str]] = Counter()
    for span in spans:
        if span.parent_span_id is None:
            continue
        caller = owners.get((span.trace_id, span.parent_span_id))
        if caller is not None and caller != span.resource:
            edges[caller, span.resource] += 1
    return dict(sorted(edges.items()))
