"""Log patterns: messages that are new, more frequent or gone, their kind of error, and the resource they blame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from primitives.analysis.asking import LOOKBACK, gaps, incident_window
from primitives.analysis.container_lines import KnownContainers, container_lines, logs_of_now
from primitives.analysis.error_grammar import is_frame
from primitives.analysis.graph import graph_of
from primitives.analysis.history import ask_history
from primitives.analysis.large_stores import CountedMessage, LogAnswers, ask_logs, ask_spans
from primitives.analysis.log_lines import as_counted, as_read, lines_of
from primitives.analysis.log_patterns import Line, Pattern, patterns
from primitives.analysis.log_templates import shapeless
from primitives.analysis.naming import NameFinder
from primitives.analysis.request_logs import counted_in_all, deviations
from primitives.analysis.symptom import SymptomView, view_symptom
from primitives.analysis.traces import split
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import LogPattern, MetricAtLimit, SourceGap, WorkloadState
from primitives.identity import in_scope
from primitives.kubernetes.exported_events import exported_events
from primitives.kubernetes.scopes import clusters_of, topologies_in
from primitives.kubernetes.supervision import Analyzers, failed_analysis
from primitives.records import ContainerLog, KubernetesDump, LogRecord, Topology, Window
from primitives.telemetry import (
    Answers,
    ContainerLogsQuery,
    ObjectsQuery,
    Telemetry,
    TopologyQuery,
)
from primitives.text import safe_line

M = TypeVar("M", LogRecord, CountedMessage)

_MOST_PATTERNS: Final = 40
_MOST_OF_ONE: Final = 12
_MOST_LIMITS: Final = 12
_BETWEEN: Final = timedelta(minutes=1)
# A process can count only its own threads, files and memory, whomever its message names.
_OWN_LIMITS: Final = ("threads_busy", "file_descriptors", "memory_used")


@diagnostic(
    "analyze_logs",
    title="Log patterns",
    why="new messages name the cause more often than numbers do",
    answers=(
        "ERROR_RATE_INCREASE", "AVAILABILITY_LOSS", "WORKLOAD_FAILURE", "DEPENDENCY_FAILURE", "ACCESS_FAILURE",
        "NETWORK_FAILURE", "CONFIGURATION_DRIFT", "RESOURCE_SATURATION", "DEPLOYMENT_REGRESSION", "UNKNOWN",
    ),
    questions=("logs", "container_logs"),
    cost_s=3.0,
)  # fmt: skip
async def analyze_logs(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Report the unusual patterns of log records and of raw container logs, the strongest first."""
    window = incident_window(args)
    logs = await ask_logs(ask, args)
    containers = await ask.container_logs(ContainerLogsQuery(window=window))
    topology = await ask.topology(TopologyQuery(window=window))
    history = await ask_history(ask, args)
    graph = graph_of(topology.records)
    view = view_symptom(args, history.compared(args), graph)
    names = NameFinder(topology.records, logs.resources)

    until = _normal_until(view, args)
    now, before = _split([as_read(record) for record in logs.records if not is_frame(record.body)], until, args)
    counted_now, counted_before = _split(
        [as_counted(entry) for entry in logs.counted if not is_frame(entry.body)], until, args
    )
    by_time = patterns(lines_of(now, counted_now), lines_of(before, counted_before), names, view.onset)
    unusual = await _with_requests(ask, by_time, now, before, names, args)
    limits = _limits(unusual, logs.answers, args)
    # What was written between normal times and the window was not read: what is gone may have been written there last.
    unread = args.baseline is not None and args.baseline.end < until - _BETWEEN
    known_from = until if unread else window.start - (window.end - window.start)
    newest = max([*(record.time for record in now), *(entry.time for entry in counted_now)], default=None)
    told = (_fact(pattern, logs.answers, args, known_from) for pattern in _bounded(unusual))
    facts = [fact.model_copy(update={"read_until": newest}) for fact in told]
    services = Analyzers()
    raw: list[Line] = []
    astray: dict[str, str] = {}
    for scope in sorted({log.scope for log in containers.records}):
        own = [log for log in containers.records if log.scope == scope]
        local = topologies_in(scope, topology.records)
        known = await _objects(ask, scope, own, local, services, args)
        astray |= {in_scope(name, scope): in_scope(front, scope) for name, front in known.misleading.items()}
        current = logs_of_now(own, window, known.running)
        raw += [line for log in current for line in container_lines(log, known, graph.resources, window)]
    written = _bounded(patterns(raw, [], names))
    limits += _limits(written, containers, args)
    facts += [_fact(pattern, containers, args) for pattern in written]
    facts = [fact.model_copy(update={"points_at": astray.get(fact.points_at or "", fact.points_at)}) for fact in facts]
    for fact in facts[:_MOST_PATTERNS]:
        yield fact
    for limit in limits[:_MOST_LIMITS]:
        yield limit
    async for state in _exported_states(ask, logs, topology.records, args):
        yield state
    if not facts and (before or counted_before) and (covering := _covering(logs, window)):
        yield _nothing_unusual(covering, logs.answers, args)
    if shapeless([record.body for record in now]):
        yield _shapeless(logs.answers, args)
    for name, problem in services.failed.items():
        yield _partial(containers, failed_analysis(name, problem), args, fault=True)
    for gap in gaps((logs.answers, containers), args):
        yield gap


async def _exported_states(
    ask: Telemetry, logs: LogAnswers, topologies: Sequence[Topology], args: Arguments
) -> AsyncIterator[WorkloadState]:
    """What Kubernetes' own events say where only a log store has them: the objects, where they are known, say more."""
    records = [record for record in logs.records if record.time <= args.now]
    events = await asyncio.to_thread(exported_events, records)
    if not events or (await ask.objects(ObjectsQuery(window=_objects_window(args)))).records:
        return
    from primitives.kubernetes.inspection import Inspection

    dump = KubernetesDump(time=args.now, kind="events", items=events)
    window = Window(start=min(args.window.start, args.now), end=args.now)
    for known in clusters_of([dump], window, topologies):
        async for fact in Inspection(known.cluster, args, logs.answers).facts(()):
            if isinstance(fact, WorkloadState) and fact.polarity == "present":
                yield fact


def _shapeless(logs: Answers[Any], args: Arguments) -> SourceGap:
    return _partial(logs, "hardly two messages are alike, so that nothing can be said of what is usual", args)


def _partial(answers: Answers[Any], detail: str, args: Arguments, *, fault: bool = False) -> SourceGap:
    return SourceGap(
        question=answers.query.question,
        status="partial",
        detail=detail,
        window=answers.query.window,
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
        fault=fault,
    )


async def _with_requests(
    ask: Telemetry,
    by_time: list[Pattern],
    now: list[LogRecord],
    before: list[LogRecord],
    names: NameFinder,
    args: Arguments,
) -> list[Pattern]:
    """What requests log differently, where spans of both times are known, and then what time alone shows.

    Where messages can be counted by request, more or fewer of them in time say only that there were more or other
    requests; failures are reported all the same, since they are often kept where the rest is sampled.
    """
    if not before or not any("span_id" in record.attributes for record in now):
        return by_time
    spans = await ask_spans(ask, args)
    current, normal = split(spans.records, incident_window(args), args.baseline)
    if not current or not normal:
        return by_time
    by_request = deviations(current, normal, [*before, *now], names)
    counted = {record.resource for record in now if "span_id" in record.attributes}
    selected = {pattern.written_as for pattern in by_request}
    return counted_in_all(by_request[:_MOST_OF_ONE], by_time) + [
        pattern
        for pattern in by_time
        if pattern.resource not in counted
        or (pattern.is_error and pattern.count and pattern.written_as not in selected)
    ]


def _normal_until(view: SymptomView, args: Arguments) -> datetime:
    """When normal times end: at the incident's window, or inside of it shortly before the symptom's onset."""
    start = incident_window(args).start
    shift = view.series.shift if view.series else None
    if args.baseline is not None or view.onset is None or shift is None:
        return start
    return max(start, view.onset - timedelta(seconds=max(2 * (shift.uncertainty or 0.0), 120.0)))


def _split(records: Sequence[M], until: datetime, args: Arguments) -> tuple[list[M], list[M]]:
    now = [record for record in records if record.time >= until]
    base = args.baseline
    if base is None:
        return now, [record for record in records if record.time < until]
    return now, [record for record in records if base.start <= record.time <= base.end and record.time < until]


async def _objects(
    ask: Telemetry,
    scope: str,
    logs: Sequence[ContainerLog],
    topologies: Sequence[Topology],
    services: Analyzers,
    args: Arguments,
) -> KnownContainers:
    """All that is known of what was logged in one scope, by its own names.

    Owners come from ownerReferences where objects are known, else from the topology.
    """
    if not logs:
        return KnownContainers({}, {}, {}, frozenset())
    from primitives.kubernetes.cluster import Cluster
    from primitives.kubernetes.links import misleading_services
    from primitives.kubernetes.owners import workloads_of_pods

    objects = await ask.objects(ObjectsQuery(window=_objects_window(args)))
    of_scope = (dump for dump in objects.records if dump.time <= args.now and dump.scope == scope)
    dumps = sorted(of_scope, key=lambda dump: dump.time)
    workloads = workloads_of_pods(dumps, topologies, {(log.namespace, log.pod) for log in logs})
    window = Window(start=min(args.window.start, args.now), end=args.now)
    if not dumps:
        return KnownContainers(workloads, {}, {}, frozenset())
    cluster = Cluster(dumps, window, topologies, logs)
    astray = await asyncio.to_thread(services.run, "misleading services", lambda: misleading_services(cluster).items())
    addresses = {pod.address: in_scope(pod.resource, scope) for pod in cluster.pods if pod.address}
    running = frozenset(
        (pod.item.namespace, pod.item.name, container.name)
        for pod in cluster.pods for container in pod.containers
        if container.started_at is not None and container.started_at < args.window.start
    )  # fmt: skip
    return KnownContainers(workloads, dict(astray), addresses, running)


def _objects_window(args: Arguments) -> Window:
    """As far back as the inspection of workloads asks, so that both have the same answer."""
    start = min(args.window.start, args.baseline.start if args.baseline else args.window.start) - LOOKBACK
    return Window(start=start, end=args.now)


def _bounded(candidates: list[Pattern]) -> list[Pattern]:
    """The strongest ones, and not too many of one resource, so that it doesn't push out all others.

    What ended a program was written once, and comes before what a busy one repeats.
    """
    counts: dict[str, int] = {}
    chosen = []
    for pattern in sorted(candidates, key=lambda pattern: pattern.severity != "FATAL"):
        counts[pattern.resource] = counts.get(pattern.resource, 0) + 1
        if counts[pattern.resource] <= _MOST_OF_ONE:
            chosen.append(pattern)
    return chosen[:_MOST_PATTERNS]


def _fact(pattern: Pattern, answers: Answers[Any], args: Arguments, known_from: datetime | None = None) -> LogPattern:
    """The fact; of what is gone the last time only where that is not long ago, and nothing later is unread."""
    last = pattern.last
    if not pattern.count and last is not None and known_from is not None and last < known_from:
        last = None
    return LogPattern(
        trust="reported",
        resource=pattern.resource,
        window=incident_window(args),
        observed_at=pattern.first or args.now,
        source=answers.source,
        answers=answers.digests,
        template=safe_line(pattern.template, limit=300),
        severity=pattern.severity,
        family=pattern.family,
        count=pattern.count,
        baseline_count=pattern.expected,
        first_seen=pattern.first,
        last_seen=last,
        points_at=pattern.points_at,
        ongoing=pattern.ongoing,
        announced=pattern.announced,
        example=safe_line(pattern.example, limit=300),
    )


def _limits(candidates: Sequence[Pattern], answers: Answers[Any], args: Arguments) -> list[MetricAtLimit]:
    """What messages say to be at its limit, of their writer or of whom they name. What was usual is no news."""
    return [
        MetricAtLimit(
            trust="reported",
            resource=(None if limit.metric in _OWN_LIMITS else pattern.points_at) or pattern.resource,
            window=incident_window(args),
            observed_at=pattern.first or args.now,
            source=answers.source,
            answers=answers.digests,
            metric=limit.metric,
            unit=limit.unit,
            limit=limit.limit,
            peak=limit.value,
            baseline=limit.value if pattern.expected else None,
            ratio=limit.ratio,
            since=pattern.first,
        )
        for pattern in candidates
        if pattern.count
        for limit in pattern.limits
    ]


def _covering(logs: LogAnswers, window: Window) -> tuple[str, ...]:
    """The sources that answered for the window as far as the newest message: logs end there, not with the window."""
    return logs.answers.covered("logs", Window(start=window.start, end=max(min(window.end, logs.newest), window.start)))


def _nothing_unusual(covering: Sequence[str], logs: Answers[Any], args: Arguments) -> LogPattern:
    return LogPattern(
        polarity="absent",
        window=incident_window(args),
        observed_at=args.now,
        source=", ".join(sorted(set(covering))),
        answers=logs.digests,
        template="",
        severity="INFO",
        count=0,
    )
