"""Which configuration values differ from what they were in normal times, or from what their peers have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from primitives.analysis.asking import gaps, incident_window, lookback_window
from primitives.analysis.configuration import Difference, Drift, differences, drifts, snapshots_of
from primitives.diagnostics.registry import Arguments, Found, diagnostic
from primitives.facts import ConfigurationDifference
from primitives.records import ConfigurationSnapshot, Window
from primitives.telemetry import Answers, ConfigurationQuery, Telemetry
from primitives.text import safe_line

_MOST_DIFFERENCES: Final = 40
_LONGEST_VALUE: Final = 500


@diagnostic(
    "diff_configuration",
    title="Configuration differences",
    why="a setting may differ from when it worked",
    answers=(
        "CONFIGURATION_DRIFT", "DEPLOYMENT_REGRESSION", "RESOURCE_SATURATION", "SCALING_FAILURE", "ACCESS_FAILURE",
        "NETWORK_FAILURE", "PERFORMANCE_DEGRADATION",
    ),
    questions=("configuration",),
)  # fmt: skip
async def diff_configuration(ask: Telemetry, args: Arguments) -> AsyncIterator[Found]:
    """Compare the newest snapshot of each resource with the last one before the incident, and with its peers.

    Two snapshots that agree yield an absent difference. A single snapshot yields one where its value is another than
    that of all other resources of its kind.
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
    for gap in gaps((answers,), args):
        yield gap


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
