"""Which of all series moved away from their baseline, in which direction, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from primitives.analysis.asking import gaps, incident_window
from primitives.analysis.graph import graph_of
from primitives.analysis.history import ask_history
from primitives.analysis.shifts import MOST_SHIFTS, missing_facts, shift_fact, strongest, unmoved
from primitives.analysis.symptom import view_symptom
from primitives.diagnostics.registry import Arguments, Found, diagnostic
from primitives.telemetry import Telemetry, TopologyQuery

_MOST_MISSING: Final = 20
_MOST_STILL: Final = 20


@diagnostic(
    "compare_baseline",
    title="Comparison with normal times",
    answers=(
        "PERFORMANCE_DEGRADATION", "AVAILABILITY_LOSS", "ERROR_RATE_INCREASE", "TRAFFIC_SURGE", "DEPENDENCY_FAILURE",
        "DATA_BACKLOG", "INFRASTRUCTURE_FAILURE", "NETWORK_FAILURE", "NO_FAULT",
    ),
    questions=("series",),
    cost_s=2.0,
)  # fmt: skip
async def compare_baseline(ask: Telemetry, args: Arguments) -> AsyncIterator[Found]:
    """Tell what moved on every resource but the symptom's own (`analyze_utilization` tells that), and what fell silent.

    Of what stayed in place, only what the symptom's resource directly depends on is told: that clears it.
    """
    history = await ask_history(ask, args)
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    compared = history.compared(args)
    graph = graph_of(topology.records)
    view = view_symptom(args, compared, graph)
    others = [one for one in compared if one.resource not in view.resources]

    for one in strongest(others)[:MOST_SHIFTS]:
        yield shift_fact(one, history, args)
    for missing in missing_facts(others, history, args)[:_MOST_MISSING]:
        yield missing
    near = graph.reach(view.resources)
    neighbours = [one for one in unmoved(others) if near.get(one.resource, 9) <= 1]
    for one in neighbours[:_MOST_STILL]:
        yield shift_fact(one, history, args)
    for gap in (*history.gaps(args), *gaps((topology,), args)):
        yield gap
