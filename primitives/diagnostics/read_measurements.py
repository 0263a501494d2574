"""What others measured and collected: a metric's usual and current value, and outputs of tools, from observations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from primitives.analysis.asking import gaps, incident_window
from primitives.analysis.comparison import worse_sign
from primitives.analysis.measurements import Measurement, measurements
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import MetricShift
from primitives.outputs.output_facts import facts_of_outputs
from primitives.records import Observation
from primitives.telemetry import Answers, ObservationsQuery, Telemetry

_MOST: Final = 40


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
    async for fact in facts_of_outputs(ask, args, answers):
        yield fact
    for gap in gaps((answers,), args):
        yield gap


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
