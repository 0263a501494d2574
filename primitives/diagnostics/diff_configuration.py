"""Which settings differ from what they were in normal times or from their peers', or contradict each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Final

from primitives.analysis.asking import gaps, incident_window, lookback_window
from primitives.analysis.configuration import Difference, Drift, differences, drifts, snapshots_of
from primitives.analysis.graph import graph_of
from primitives.analysis.setting_edges import across_edges
from primitives.analysis.setting_rules import Conflict, in_conflict
from primitives.analysis.setting_values import settings_of
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import ConfigurationDifference, SettingConflict
from primitives.records import ConfigurationSnapshot, Window
from primitives.telemetry import Answers, ConfigurationQuery, Telemetry, TopologyQuery
from primitives.text import safe_line

_MOST_DIFFERENCES: Final = 40
_LONGEST_VALUE: Final = 500
_MOST_CONFLICTS: Final = 20
# Along these a request goes; a host or an owner has settings for other things.
_CALLED: Final = ("calls", "reads", "writes", "depends")


@diagnostic(
    "diff_configuration",
    title="Configuration differences",
    why="a setting may differ from when it worked",
    answers=(
        "CONFIGURATION_DRIFT", "DEPLOYMENT_REGRESSION", "RESOURCE_SATURATION", "SCALING_FAILURE", "ACCESS_FAILURE",
        "NETWORK_FAILURE", "PERFORMANCE_DEGRADATION", "ERROR_RATE_INCREASE", "AVAILABILITY_LOSS", "DATA_BACKLOG",
    ),
    questions=("configuration",),
)  # fmt: skip
async def diff_configuration(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Compare the newest snapshot of each resource with the last one before the incident, and with its peers.

    Two snapshots that agree yield an absent difference. A single snapshot yields one where its value is another than
    that of all other resources of its kind. Settings that contradict each other are reported for the newest snapshots,
    along the topology's edges too.
    """
    answers = await ask.configuration(ConfigurationQuery(window=lookback_window(args)))
    normal_until = incident_window(args).start
    reported = 0
    by_resource = snapshots_of(answers.records)
    for (resource, kind), snapshots in by_resource.items():
        if len(snapshots) < 2:
            continue
        differing = differences(snapshots, normal_until)
        for difference in differing[: max(_MOST_DIFFERENCES - reported, 0)]:
            yield _fact(resource, kind, difference, answers)
        reported += len(differing)
        if not differing:
            yield _same(resource, kind, snapshots, answers)
    for kind in sorted({kind for _, kind in by_resource}):
        latest = {resource: snapshots[-1] for (resource, own), snapshots in by_resource.items() if own == kind}
        for drift in drifts(latest)[: max(_MOST_DIFFERENCES - reported, 0)]:
            if len(by_resource[drift.resource, kind]) < 2:  # else its own past says more
                reported += 1
                yield _drift_fact(kind, drift, answers)
    for conflict in await _conflicts(ask, args, answers):
        yield conflict
    for gap in gaps((answers,), args):
        yield gap


async def _conflicts(ask: Telemetry, args: Arguments, answers: Answers[ConfigurationSnapshot]) -> list[SettingConflict]:
    snapshots = answers.records
    if not snapshots:
        return []
    graph = graph_of((await ask.topology(TopologyQuery(window=incident_window(args)))).records)
    edges = [(source, target) for source, target, kind in graph.edges if kind in _CALLED]
    normal = [snapshot for snapshot in snapshots if snapshot.time <= incident_window(args).start]
    before = {conflict.key for conflict in _contradictions(normal, edges, args.now)}
    newest = {key: records[-1].time for key, records in snapshots_of(snapshots).items()}
    old = {snapshot.resource for snapshot in normal if snapshot.time < newest[snapshot.resource, snapshot.kind]}
    return [
        _conflict_fact(conflict, answers, args, recent=conflict.key not in before if conflict.resource in old else None)
        for conflict in _contradictions(snapshots, edges, args.now)[:_MOST_CONFLICTS]
    ]


def _contradictions(
    snapshots: Iterable[ConfigurationSnapshot], edges: Iterable[tuple[str, str]], now: datetime
) -> list[Conflict]:
    known = settings_of(snapshots)
    within = [conflict for settings in known.values() for conflict in in_conflict(settings, now)]
    return [*within, *across_edges(known, edges)]


def _conflict_fact(
    conflict: Conflict, answers: Answers[ConfigurationSnapshot], args: Arguments, *, recent: bool | None
) -> SettingConflict:
    against = conflict.against
    return SettingConflict(
        resource=conflict.resource,
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
        rule=conflict.rule,
        path=safe_line(conflict.own.path, limit=300),
        value=_short(conflict.own.value),
        other=conflict.other,
        other_path=safe_line(against.path, limit=300) if against else "",
        other_value=_short(against.value) if against else None,
        why=conflict.why,
        basis=conflict.basis,
        recent=recent,
    )


def _fact(
    resource: str, kind: str, difference: Difference, answers: Answers[ConfigurationSnapshot]
) -> ConfigurationDifference:
    between = Window(start=difference.earlier, end=difference.later)
    return ConfigurationDifference(
        resource=resource,
        window=between,
        observed_at=difference.later,
        source=answers.source,
        answers=answers.digests,
        kind=kind,
        path=safe_line(difference.path, limit=300),
        before=_short(difference.before),
        after=_short(difference.after),
        changed_between=between,
    )


def _drift_fact(kind: str, drift: Drift, answers: Answers[ConfigurationSnapshot]) -> ConfigurationDifference:
    return ConfigurationDifference(
        resource=drift.resource,
        observed_at=drift.time,
        source=answers.source,
        answers=answers.digests,
        kind=kind,
        path=safe_line(drift.path, limit=300),
        before=_short(drift.usual),
        after=_short(drift.own),
    )


def _same(
    resource: str, kind: str, snapshots: list[ConfigurationSnapshot], answers: Answers[ConfigurationSnapshot]
) -> ConfigurationDifference:
    return ConfigurationDifference(
        polarity="absent",
        resource=resource,
        window=Window(start=snapshots[0].time, end=snapshots[-1].time),
        observed_at=snapshots[-1].time,
        source=answers.source,
        answers=answers.digests,
        kind=kind,
    )


def _short(value: Any) -> Any:
    return safe_line(value, limit=_LONGEST_VALUE) if isinstance(value, str) else value
