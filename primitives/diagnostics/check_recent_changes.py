"""The changes in the day before the onset.

Also which kinds of change can be ruled out, because the source answered for the whole window.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final, get_args

from pydantic import Field

from primitives.analysis.asking import LOOKBACK, before, gaps, incident_window
from primitives.analysis.graph import graph_of
from primitives.analysis.history import History, ask_history
from primitives.analysis.replicas import ReplicaVerdicts, compare_replicas
from primitives.analysis.symptom import view_symptom
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import ChangeFound, ReplicaComparison, change_key
from primitives.identity import same_name
from primitives.records import METRICS_ORIGIN, Change, Window
from primitives.telemetry import AlertsQuery, Answers, ChangesQuery, Telemetry, TopologyQuery
from primitives.terms import ChangeKind

_SAME_CHANGE: Final = timedelta(minutes=2)
"""Metrics show a change within a few scrapes of it."""
_MOST_CHANGES: Final = 60
_MOST_COMPARED: Final = 40
_MOST_NAMED: Final = 5
# An onset is only known give or take a sample; a change this little after it may still be its cause.
_SLACK_S: Final = 120.0
# Absence is stated for the time that a source covers, provided that this is most of what was asked for.
_LEAST_COVERED: Final = 0.5


class RecentChanges(Arguments):
    """How far back to look: from `lookback_days` before the onset; only at what is `older_than_days`, where given."""

    lookback_days: float = Field(default=1.0, gt=0.0, le=90.0)
    older_than_days: float = Field(default=0.0, ge=0.0, le=90.0)


@diagnostic(
    "check_recent_changes",
    title="Recent changes",
    why="most incidents follow a change",
    answers=(
        "PERFORMANCE_DEGRADATION", "AVAILABILITY_LOSS", "ERROR_RATE_INCREASE", "DEPLOYMENT_REGRESSION",
        "CONFIGURATION_DRIFT", "ACCESS_FAILURE", "INFRASTRUCTURE_FAILURE", "SCALING_FAILURE", "WORKLOAD_FAILURE",
        "NETWORK_FAILURE",
    ),
    questions=("changes",),
    arguments=RecentChanges,
)  # fmt: skip
async def check_recent_changes(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Tell every change from a day before the onset to now, the likeliest to matter first, and what kinds had none.

    Where a change added replicas beside old ones, tell how the new ones compare with the old ones at the same time.

    The onset is that of the symptom's series, else the alert's start, else the start of the incident's window. A
    further look, at older changes only, tells what there was and not what there wasn't.
    """
    window = incident_window(args)
    history = await ask_history(ask, args)
    topology = await ask.topology(TopologyQuery(window=window))
    graph = graph_of(topology.records)
    view = view_symptom(args, history.compared(args), graph)
    onset = view.onset or await _alerted_at(ask, window)
    far = RecentChanges.model_validate(args, from_attributes=True)
    # An onset later than the window's start doesn't narrow the question: it can be asked before the onset is known.
    asked = before(window, min(onset or window.start, window.start), timedelta(days=far.lookback_days))
    if far.older_than_days:
        until = (onset or window.start) - timedelta(days=far.older_than_days)
        asked = Window(start=min(asked.start, until), end=until)
    answers = await ask.changes(ChangesQuery(window=asked))

    near = graph.reach(view.resources)
    changes = _best_told(answers.records)
    for change in _ordered(changes, onset, near)[:_MOST_CHANGES]:
        yield _present(change, onset, answers, asked)
    compared = compare_replicas(changes, history.series, graph, topology.records, window.end.timestamp())
    for verdicts in compared[:_MOST_COMPARED]:
        yield _comparison(verdicts, answers, history, args)
    seen = {change.kind for change in answers.records}
    for kind in get_args(ChangeKind):
        if not far.older_than_days and kind not in seen and (fact := _absent(kind, answers, asked, args)):
            yield fact
    for gap in gaps((answers,), args):
        yield gap


async def _alerted_at(ask: Telemetry, window: Window) -> datetime | None:
    alerts = await ask.alerts(AlertsQuery(window=window))
    return min((alert.started_at for alert in alerts.records if alert.started_at), default=None)


def _best_told(changes: Sequence[Change]) -> list[Change]:
    """The changes without those that metrics show and somebody recorded, who knows what and often who it was."""
    recorded = [change for change in changes if change.origin != METRICS_ORIGIN]
    return recorded + [
        change
        for change in changes
        if change.origin == METRICS_ORIGIN
        and not any(
            same_name(change.resource or "", other.resource or "") and abs(change.time - other.time) <= _SAME_CHANGE
            for other in recorded
        )
    ]


def _ordered(changes: Sequence[Change], onset: datetime | None, near: dict[str, int]) -> list[Change]:
    """Before the onset first; then those near the symptom, running code before commits, the latest first."""

    def rank(change: Change) -> tuple[bool, bool, bool, float, str]:
        lead = (onset - change.time).total_seconds() if onset else 0.0
        return lead < -_SLACK_S, change.resource not in near, change.kind == "code", abs(lead), change.id or ""

    return sorted(changes, key=rank)


def _present(change: Change, onset: datetime | None, answers: Answers[Change], asked: Window) -> ChangeFound:
    return ChangeFound(
        resource=change.resource,
        window=asked,
        observed_at=change.time,
        source=change.origin or answers.source,
        answers=answers.digests,
        kinds=(change.kind,),
        change=change,
        lead_s=(onset - change.time).total_seconds() if onset else None,
    )


def _comparison(
    verdicts: ReplicaVerdicts, answers: Answers[Change], history: History, args: Arguments
) -> ReplicaComparison:
    order = ("silent", "worse", "different", "alike")
    measures = sorted(
        verdicts.measures, key=lambda measure: (-measure.strength, order.index(measure.verdict), measure.metric)
    )
    return ReplicaComparison(
        polarity="present" if verdicts.differs else "absent",
        resource=verdicts.change.resource,
        window=incident_window(args),
        observed_at=verdicts.change.time,
        source=history.source,
        answers=(*answers.digests, *history.digests),
        change=change_key(verdicts.change),
        new=len(verdicts.new),
        old=len(verdicts.old),
        measures=tuple(measures),
        replicas=verdicts.new[:_MOST_NAMED],
    )


def _absent(kind: ChangeKind, answers: Answers[Change], asked: Window, args: Arguments) -> ChangeFound | None:
    """That there was no change of `kind`, for as much of the time before now as a source really covers."""
    starts = [
        max(entry.start, asked.start)
        for part in answers.parts
        for entry in part.coverage
        if entry.status == "answered" and kind in entry.kinds and entry.start <= asked.end <= entry.end
    ]
    if not starts:
        return None
    covered = Window(start=min(starts), end=asked.end)
    if covered.seconds < _LEAST_COVERED * min(asked.seconds, LOOKBACK.total_seconds()):
        return None
    sources = sorted(set(answers.covered(kind, covered)))
    return ChangeFound(
        polarity="absent",
        window=covered,
        observed_at=args.now,
        source=", ".join(sources),
        answers=answers.digests,
        kinds=(kind,),
    )
