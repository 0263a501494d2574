"""Inspect Kubernetes objects, events and node checks for the states that explain an incident.

Container logs refine those states; `analyze_logs` reports their messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from primitives.diagnostics.registry import Arguments, Found, Progress, diagnostic
from primitives.facts import ChangeFound, Dependencies, ProbeResult, SourceGap, WorkloadState
from primitives.identity import kubernetes_id, namespace_of, same_name
from primitives.kubernetes.analysis import FAMILIES, MOST_FINDINGS, healthy, merge
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.links import find_links
from primitives.kubernetes.rollouts import find_rollouts
from primitives.kubernetes.scopes import arguments_in, changes_in, clusters_of, scoped_fact
from primitives.kubernetes.states import STATES
from primitives.kubernetes.supervision import Analyzers, failed_analysis
from primitives.records import Change, Probe, Window
from primitives.telemetry import (
    Answers,
    ChangesQuery,
    ContainerLogsQuery,
    ObjectsQuery,
    ProbesQuery,
    Telemetry,
    TopologyQuery,
)
from primitives.text import safe_line

__all__ = ["inspect_workloads"]

T = TypeVar("T")

# Events live for an hour and rollouts take minutes; an earlier dump from the day before still shows what changed.
_LOOK_BACK: Final = timedelta(days=1)
_MOST_HEALTHY: Final = 60
# A pipeline records its deployment within minutes of the rollout that it starts.
_SAME_CHANGE: Final = timedelta(minutes=10)
_MOST_PROBES: Final = 200
_GOOD_RESULTS: Final = frozenset({
    "open", "ok", "active", "running", "success", "succeeded", "resolved", "passed", "healthy", "connected", "up",
    "reachable", "active (running)",
})  # fmt: skip


@diagnostic(
    "inspect_workloads",
    title="Inspect Kubernetes workloads",
    why="Kubernetes says itself what it can't start, schedule or reach",
    answers=(
        "WORKLOAD_FAILURE", "AVAILABILITY_LOSS", "ERROR_RATE_INCREASE", "DEPLOYMENT_REGRESSION", "CONFIGURATION_DRIFT",
        "NETWORK_FAILURE", "INFRASTRUCTURE_FAILURE", "SCALING_FAILURE", "RESOURCE_SATURATION",
        "PERFORMANCE_DEGRADATION", "DEPENDENCY_FAILURE", "ACCESS_FAILURE", "NO_FAULT", "UNKNOWN",
    ),
    questions=("objects", "probes", "container_logs"),
    cost_s=3.0,
)  # fmt: skip
async def inspect_workloads(ask: Telemetry, args: Arguments) -> AsyncIterator[Found]:
    """Yield `ProbeResult` and `WorkloadState` facts, most significant first, then rollouts, then healthy objects."""
    start = min(args.window.start, args.baseline.start if args.baseline else args.window.start) - _LOOK_BACK
    asked = Window(start=start, end=args.now)
    objects, logs, probes, topology, changes = await asyncio.gather(
        ask.objects(ObjectsQuery(window=asked)),
        ask.container_logs(ContainerLogsQuery(window=asked)),
        ask.probes(ProbesQuery(window=asked)),
        ask.topology(TopologyQuery(window=asked)),
        ask.changes(ChangesQuery(window=asked)),
    )
    for probe in _latest(probes.records):
        yield _probe_fact(probe, args, probes)
    dumps = [dump for dump in objects.records if dump.time <= args.now]
    for gap in _gaps(objects, probes, recorded=bool(dumps), now=args.now):
        yield gap
    if not dumps:
        return
    window = Window(start=min(args.window.start, args.now), end=args.now)
    for known in clusters_of(dumps, window, topology.records, logs.records):
        inspection = _Inspection(known.cluster, arguments_in(known.scope, args), objects)
        async for fact in inspection.facts(changes_in(known.scope, changes.records)):
            yield scoped_fact(fact, known.scope)


class _Inspection:
    """One pass over a cluster: every analyzer in turn, each at a supervised edge."""

    def __init__(self, cluster: Cluster, args: Arguments, objects: Answers[Any]) -> None:
        self._cluster, self._args, self._objects = cluster, args, objects
        self._analyzers = Analyzers()

    async def facts(self, recorded: Iterable[Change]) -> AsyncIterator[Found]:
        """Findings, unrecorded rollouts, links, healthy objects, and a gap for each failed analyzer."""
        unmerged: list[Finding] = []
        for done, (name, find) in enumerate(FAMILIES):
            yield Progress(done, len(FAMILIES), name)
            unmerged += await self._run(name, partial(find, self._cluster))
        findings = (
            await self._run("merged findings", partial(merge, self._cluster, unmerged)) or unmerged[:MOST_FINDINGS]
        )
        for finding in findings:
            yield _fact(finding, self._cluster, self._args, self._objects)
        for change in await self._run("rollouts", partial(find_rollouts, self._cluster)):
            if not _is_recorded(change, recorded):
                yield _rollout_fact(change, self._args, self._objects)
        for links in await self._run("links", partial(_links_facts, self._cluster, self._args, self._objects)):
            yield links
        for healthy_fact in await self._run("healthy workloads", partial(self._healthy, findings)):
            yield healthy_fact
        for name, problem in self._analyzers.failed.items():
            yield _failed_analyzer(name, problem, self._args, self._objects)

    async def _run(self, name: str, analyzer: Callable[[], Iterable[T]]) -> list[T]:
        # Thousands of objects take a second: meanwhile the loop serves the others.
        return await asyncio.to_thread(self._analyzers.run, name, analyzer)

    def _healthy(self, findings: Iterable[Finding]) -> Iterator[WorkloadState]:
        near = _neighbourhood(self._cluster, self._args)
        well = [entry for entry in healthy(self._cluster, findings) if near is None or entry[0] in near]
        for resource, kind in well[:_MOST_HEALTHY]:
            yield _healthy_fact(resource, kind, self._cluster, self._args, self._objects)


def _fact(finding: Finding, cluster: Cluster, args: Arguments, objects: Answers[Any]) -> WorkloadState:
    return WorkloadState(
        object=finding.object,
        kind=finding.kind,
        state=finding.state,
        resource=finding.resource,
        container=finding.container,
        message=safe_line(finding.message, limit=400),
        exit_code=finding.exit_code,
        restarts=finding.restarts,
        count=finding.count,
        since=finding.since,
        details={**finding.details, "weight": STATES[finding.state].weight, "family": STATES[finding.state].family},
        trust="reported" if finding.reported else "measured",
        window=args.window,
        observed_at=min(cluster.times.get(finding.kind, args.now), args.now),
        source=objects.source,
        answers=objects.digests,
    )


def _healthy_fact(resource: str, kind: str, cluster: Cluster, args: Arguments, objects: Answers[Any]) -> WorkloadState:
    pods = [pod for pod in cluster.pods_of.get(resource, ()) if pod.live]
    return WorkloadState(
        polarity="absent",
        object=resource,
        kind=kind,
        state="Healthy",
        resource=resource,
        count=max(len(pods), 1),
        window=args.window,
        observed_at=min(cluster.times.get("Node" if kind == "Node" else "Pod", args.now), args.now),
        source=objects.source,
        answers=objects.digests,
    )


def _links_facts(cluster: Cluster, args: Arguments, objects: Answers[Any]) -> Iterator[Dependencies]:
    resources, edges = find_links(cluster)
    if edges:
        yield Dependencies(
            window=args.window, observed_at=args.now, source=objects.source, answers=objects.digests,
            resources=resources, edges=edges,
        )  # fmt: skip


def _failed_analyzer(name: str, problem: str, args: Arguments, objects: Answers[Any]) -> SourceGap:
    """The gap that a failed analyzer leaves."""
    return SourceGap(
        question="objects", status="partial", window=args.window, observed_at=args.now, source=objects.source,
        detail=failed_analysis(name, problem), answers=objects.digests,
    )  # fmt: skip


def _is_recorded(rollout: Change, recorded: Iterable[Change]) -> bool:
    """Whether another source recorded the same change: that one knows its version and who made it."""
    name = rollout.resource or ""
    return any(
        same_name(change.resource or "", name) and abs(change.time - rollout.time) <= _SAME_CHANGE
        for change in recorded
    )


def _rollout_fact(change: Change, args: Arguments, objects: Answers[Any]) -> ChangeFound:
    return ChangeFound(
        resource=change.resource,
        window=args.window,
        observed_at=change.time,
        source=objects.source,
        answers=objects.digests,
        kinds=(change.kind,),
        change=change,
    )


def _latest(probes: Iterable[Probe]) -> list[Probe]:
    """The newest result of each check, failed ones first."""
    newest: dict[tuple[str, str, str], Probe] = {}
    for probe in probes:
        key = (probe.resource, probe.probe, probe.target or "")
        if key not in newest or newest[key].time <= probe.time:
            newest[key] = probe
    ordered = sorted(newest.items(), key=lambda entry: (_is_good(entry[1].result), entry[0]))
    return [probe for _, probe in ordered][:_MOST_PROBES]


def _is_good(result: str) -> bool:
    return result.strip().lower() in _GOOD_RESULTS


def _probe_fact(probe: Probe, args: Arguments, probes: Answers[Any]) -> ProbeResult:
    return ProbeResult(
        resource=safe_line(probe.resource, limit=400),
        probe=probe.probe,
        target=safe_line(probe.target, limit=300) if probe.target else None,
        result=safe_line(probe.result, limit=100),
        healthy=_is_good(probe.result),
        output=safe_line(probe.output or "", limit=400),
        window=args.window,
        observed_at=probe.time,
        source=probes.source,
        answers=probes.digests,
    )


def _gaps(objects: Answers[Any], probes: Answers[Any], *, recorded: bool, now: datetime) -> Iterator[SourceGap]:
    """Sources that refused or failed; and, once, that there is nothing to inspect."""
    for question, answers in (("objects", objects), ("probes", probes)):
        for part in answers.gaps:
            if part.status != "not_recorded":
                detail = part.detail or ("only part of the answer was read" if part.completeness != "complete" else "")
                yield SourceGap.model_validate({
                    "question": question, "status": part.status, "detail": safe_line(detail, limit=400),
                    "observed_at": now, "source": part.source, "answers": (part.digest,) if part.digest else (),
                })  # fmt: skip
    if not recorded and not any(part.status != "not_recorded" for part in objects.gaps):
        yield _gap("objects", objects, now)


def _gap(question: str, answers: Answers[Any], now: datetime) -> SourceGap:
    return SourceGap.model_validate({
        "question": question, "status": "not_recorded", "observed_at": now, "source": answers.source,
        "answers": answers.digests,
    })  # fmt: skip


def _neighbourhood(cluster: Cluster, args: Arguments) -> Collection[str] | None:
    """What stands near the symptom: it, what it calls and is called by, its nodes, its namespace. None: everything."""
    named = {*args.focus, *([args.symptom.resource] if args.symptom else [])}
    seeds = {pod.resource if (pod := cluster.pod_by_id.get(name)) else name for name in named}
    if not seeds:
        return None
    near = set(seeds)
    for topology in cluster.topologies:
        for edge in topology.edges:
            if edge.source in seeds or edge.target in seeds:
                near |= {edge.source, edge.target}
    namespaces = {namespace for seed in seeds if (namespace := namespace_of(seed))}
    near |= {resource for resource in cluster.pods_of if namespace_of(resource) in namespaces}
    near |= {
        kubernetes_id("Node", "", pod.node)
        for resource in seeds
        for pod in cluster.pods_of.get(resource, ())
        if pod.node
    }
    return near
