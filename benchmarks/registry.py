"""The benchmarks by name. Each runs in a process of its own, so nothing heavy is imported before it is measured."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from benchmarks.figures import Result
from benchmarks.options import Options

__all__ = ["BENCHMARKS", "measure"]

BENCHMARKS = {
    "start-up": "benchmarks.startup:startup",
    "first-paint": "benchmarks.startup:first_paint",
    "fold": "benchmarks.events:folding",
    "store": "benchmarks.events:storing",
    "logs": "benchmarks.logs:logs",
    "redaction": "benchmarks.redaction:redaction",
    "replay": "benchmarks.replays:replays",
    "reason": "benchmarks.reasoning:reasoning",
    "kubernetes": "benchmarks.dumps:dumps",
    "worst-cases": "benchmarks.worst_cases:worst_cases",
    "hostile-inputs": "benchmarks.hostile_inputs:hostile_inputs",
    "bundles": "benchmarks.bundles:bundles",
    "investigate": "benchmarks.investigations:investigations",
    "live": "benchmarks.live_sources:live_sources",
    "live-sizes": "benchmarks.live_sizes:live_sizes",
    "keys": "benchmarks.keys:keys",
    "open-log": "benchmarks.long_logs_open:long_logs_open",
    "list": "benchmarks.stored_list:stored_list",
    "act": "benchmarks.acting:acting",
}
"""Each benchmark and the function that runs it, in the order of the table."""


def measure(name: str, options: Options) -> Result:
    """Run the benchmark of that name, in this process."""
    module, _, function = BENCHMARKS[name].partition(":")
    benchmark: Callable[[Options], Result] = getattr(import_module(module), function)
    return benchmark(options)
