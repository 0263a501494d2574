"""What others measured and collected: a metric's usual and current value, and outputs of tools, from observations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import islice
from typing import Final

from primitives.analysis.asking import gaps, incident_window
from primitives.analysis.comparison import worse_sign
from primitives.analysis.database_sessions import LongStatements, long_statements
from primitives.analysis.database_waits import Busiest, busiest_statements, load_by_class, tell_shares
from primitives.analysis.measurements import Measurement, measurements
from primitives.analysis.told_events import told_events
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import MetricShift, Observed
from primitives.outputs.output_facts import facts_of_outputs
from primitives.quantities import counted, quantity
from primitives.records import Observation
from primitives.telemetry import Answers, ObservationsQuery, Telemetry
from primitives.text import safe_line

_MOST: Final = 40
_LONGEST_WORDS: Final = 300


@diagnostic(
    "read_measurements",
    title="Reported measurements",
    why="some tools report what they measured and not the series",
    answers=(
        "PERFORMANCE_DEGRADATION", "AVAILABILITY_LOSS", "ERROR_RATE_INCREASE", "NETWORK_FAILURE",
        "RESOURCE_SATURATION", "INFRASTRUCTURE_FAILURE",
    ),
    questions=("observations",),
)  # fmt: skip
async def read_measurements(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Tell every reported comparison of a metric that moved, and what the outputs that were collected say."""
    answers = await ask.observations(ObservationsQuery(window=incident_window(args)))
    for measured in measurements(answers.records)[:_MOST]:
        yield _fact(measured, answers, args)
    of_class, shares = load_by_class(answers.records), tell_shares(answers.records)
    for resource, loads in of_class.items():
        yield _load(resource, loads, answers, args, shares=resource in shares)
    for resource, busiest in busiest_statements(answers.records).items():
        total = sum(of_class.get(resource, {}).values())
        yield _busiest(resource, busiest, total, answers, args, shares=resource in shares)
    for statements in islice(long_statements(answers.records), _MOST):
        yield _statements(statements, answers, args)
    for observation, words, family in islice(told_events(answers.records), _MOST):
        yield _told(observation, words, family, answers, args)
    async for fact in facts_of_outputs(ask, args, answers):
        yield fact
    for gap in gaps((answers,), args):
        yield gap


def _told(
    observation: Observation, words: str, family: str, answers: Answers[Observation], args: Arguments
) -> Observed:
    return Observed(
        trust="reported",
        resource=observation.resource,
        window=incident_window(args),
        observed_at=observation.time,
        source=answers.source,
        answers=answers.digests,
        kind=safe_line(observation.kind, limit=60),
        subject=safe_line(words, limit=_LONGEST_WORDS),
        details={"family": family},
    )


def _load(
    resource: str, loads: Mapping[str, float], answers: Answers[Observation], args: Arguments, *, shares: bool
) -> Observed:
    """How much of the load each class of waits is, and how many sessions it is in all, where that is told."""
    total = sum(loads.values())
    of_class = sorted(loads.items(), key=lambda item: (-item[1], item[0]))
    return Observed(
        resource=resource,
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
        kind="database_load",
        subject=", ".join(f"{known} {100 * load / total:.0f} %" for known, load in of_class),
        value=None if shares else round(total, 3),
        unit="1" if shares else "{session}",
        details={known: round(load, 3) for known, load in of_class},
    )


def _busiest(
    resource: str, busiest: Busiest, total: float, answers: Answers[Observation], args: Arguments, *, shares: bool
) -> Observed:
    """The statement, how many of all sessions it keeps busy or which part of the load it is, and who has most."""
    of = f" of {quantity(total, '{session}')}" if total >= busiest.load else " sessions"
    of = " % of its load" if shares else of
    user = f", most of user {safe_line(busiest.user, limit=60)}" if busiest.user else ""
    return Observed(
        trust="reported",
        resource=resource,
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
        kind="busiest_statement",
        subject=f"{busiest.load:.3g}{of}{user}: {safe_line(busiest.statement, limit=_LONGEST_WORDS)}",
        details={"statement": safe_line(busiest.statement, limit=_LONGEST_WORDS), "load": round(busiest.load, 3),
                 "total": round(total, 3), "user": safe_line(busiest.user, limit=60),
                 "user_load": round(busiest.user_load, 3), **({"shares": True} if shares else {})},
    )  # fmt: skip


def _statements(running: LongStatements, answers: Answers[Observation], args: Arguments) -> Observed:
    return Observed(
        resource=running.resource,
        window=incident_window(args),
        observed_at=running.time,
        source=answers.source,
        answers=answers.digests,
        kind="long_statement",
        subject=f"{counted(running.number, 'statement')}, {safe_line(running.statement, limit=_LONGEST_WORDS)}",
        value=running.longest_s,
        unit="s",
        details={"number": running.number},
    )


def _fact(measured: Measurement, answers: Answers[Observation], args: Arguments) -> MetricShift:
    sign = worse_sign(measured.metric)
    return MetricShift(
        trust="reported",
        resource=measured.resource,
        window=incident_window(args),
        observed_at=measured.since,
        source=answers.source,
        answers=answers.digests,
        metric=measured.metric.name,
        kind=measured.metric.kind,
        unit=measured.metric.unit,
        statistic=measured.metric.statistic,
        worse=sign == 0 or (measured.score > 0) == (sign > 0),
        baseline=measured.normal,
        spread=abs(measured.current - measured.normal) / abs(measured.score),
        current=measured.current,
        peak=measured.current,
        score=measured.score,
        samples=1,
        baseline_samples=1,
        onset=measured.since,
    )
