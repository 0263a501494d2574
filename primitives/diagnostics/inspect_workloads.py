"""Inspect Kubernetes objects, events and node checks for the states that explain an incident.

Container logs refine those states; `analyze_logs` reports their messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.analysis.check_results import is_good
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import ProbeResult, SourceGap
from primitives.records import Probe, Window
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

# Events live for an hour and rollouts take minutes; an earlier dump from the day before still shows what changed.
_LOOK_BACK: Final = timedelta(days=1)
_MOST_PROBES: Final = 200


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
async def inspect_workloads(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
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
    latest = _latest(probes.records)
    for probe in latest:
        yield _probe_fact(probe, args, probes)
    dumps = [dump for dump in objects.records if dump.time <= args.now]
    for gap in _gaps(objects, probes, recorded=bool(dumps), now=args.now):
        yield gap
    if not dumps:
        return
    # Loaded where there are objects: there are some forty modules on what they mean.
    from primitives.kubernetes.cluster import Check
    from primitives.kubernetes.inspection import Inspection
    from primitives.kubernetes.scopes import arguments_in, changes_in, clusters_of, scoped_fact

    window = Window(start=min(args.window.start, args.now), end=args.now)
    checks = [Check(probe.resource, probe.probe, probe.target or "", is_good(probe.result)) for probe in latest]
    for known in clusters_of(dumps, window, topology.records, logs.records, checks):
        inspection = Inspection(known.cluster, arguments_in(known.scope, args), objects)
        async for fact in inspection.facts(changes_in(known.scope, changes.records)):
            yield scoped_fact(fact, known.scope)


def _latest(probes: Iterable[Probe]) -> list[Probe]:
    """The newest result of each check, failed ones first."""
    newest: dict[tuple[str, str, str], Probe] = {}
    for probe in probes:
        key = (probe.resource, probe.probe, probe.target or "")
        if key not in newest or newest[key].time <= probe.time:
            newest[key] = probe
    ordered = sorted(newest.items(), key=lambda entry: (is_good(entry[1].result), entry[0]))
    return [probe for _, probe in ordered][:_MOST_PROBES]


def _probe_fact(probe: Probe, args: Arguments, probes: Answers[Any]) -> ProbeResult:
    return ProbeResult(
        resource=safe_line(probe.resource, limit=400),
        probe=probe.probe,
        target=safe_line(probe.target, limit=300) if probe.target else None,
        result=safe_line(probe.result, limit=100),
        healthy=is_good(probe.result),
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
