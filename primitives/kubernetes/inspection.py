"""One inspection of a cluster: every analyzer's findings as facts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

from primitives.diagnostics.registry import Arguments, DiagnosticOutput, Progress
from primitives.facts import ChangeFound, Dependencies, SourceGap, WorkloadState
from primitives.identity import kubernetes_id, namespace_of, same_name
from primitives.kubernetes.analysis import FAMILIES, healthy, merge, ordered, told_by
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.links import find_links
from primitives.kubernetes.relevance import BY_COMPARISON, judge_relevance
from primitives.kubernetes.rollouts import find_rollouts
from primitives.kubernetes.scalings import find_scalings
from primitives.kubernetes.states import STATES
from primitives.kubernetes.supervision import Analyzers, failed_analysis
from primitives.records import METRICS_ORIGIN, Change
from primitives.telemetry import Answers
from primitives.text import safe_line

__all__ = ["Inspection"]

T = TypeVar("T")

_MOST_HEALTHY: Final = 60
# A pipeline records its deployment within minutes of the rollout that it starts.
_SAME_CHANGE: Final = timedelta(minutes=10)


class Inspection:
    """One pass over a cluster: every analyzer in turn, each at a supervised edge."""

    def __init__(self, cluster: Cluster, args: Arguments, objects: Answers[Any]) -> None:
        self._cluster, self._args, self._objects = cluster, args, objects
        self._analyzers = Analyzers()

    async def facts(self, recorded: Iterable[Change]) -> AsyncIterator[DiagnosticOutput]:
        """Findings, unrecorded rollouts, links, healthy objects, and a gap for each failed analyzer."""
        unmerged: list[Finding] = []
        for done, (name, find) in enumerate(FAMILIES):
            yield Progress(done, len(FAMILIES), name)
            unmerged += await self._run(name, partial(find, self._cluster))
        merged = await self._run("merged findings", partial(merge, self._cluster, unmerged)) or unmerged
        relevance = partial(judge_relevance, self._cluster, merged, self._named())
        findings = ordered(await self._run("the findings' relevance", relevance) or merged)
        for finding in findings:
            yield _fact(finding, self._cluster, self._args, self._objects)
        rollouts = await self._run("rollouts", partial(find_rollouts, self._cluster))
        for change in [*rollouts, *await self._run("scalings", partial(find_scalings, self._cluster))]:
            if not _is_recorded(change, recorded):
                yield _rollout_fact(change, self._args, self._objects)
        for links in await self._run("links", partial(_links_facts, self._cluster, self._args, self._objects)):
            yield links
        for healthy_fact in await self._run("healthy workloads", partial(self._healthy, findings)):
            yield healthy_fact
        for name, problem in self._analyzers.failed.items():
            yield _failed_analyzer(name, problem, self._args, self._objects)

    def _named(self) -> list[str]:
        """What the question or the alarm names."""
        return [*self._args.focus, *([self._args.symptom.resource] if self._args.symptom else [])]

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
        details=_details(finding),
        bearing=finding.bearing,
        bearing_reason=finding.bearing_reason,
        hurt=finding.hurt,
        trust="reported" if finding.reported else "measured",
        window=args.window,
        observed_at=min(cluster.times.get(finding.kind, args.now), args.now),
        source=objects.source,
        answers=objects.digests,
    )


def _details(finding: Finding) -> dict[str, Any]:
    state = STATES[finding.state]
    by_comparison = {"by_comparison": True} if finding.state in BY_COMPARISON else {}
    return {**finding.details, "weight": state.weight, "family": state.family, **by_comparison}


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
        detail=failed_analysis(name, problem), answers=objects.digests, fault=True, withheld=told_by(name),
    )  # fmt: skip


def _is_recorded(rollout: Change, recorded: Iterable[Change]) -> bool:
    """Whether another source recorded the same change: that one knows its version and who made it."""
    name = rollout.resource or ""
    return any(
        change.origin != METRICS_ORIGIN
        and same_name(change.resource or "", name)
        and abs(change.time - rollout.time) <= _SAME_CHANGE
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
