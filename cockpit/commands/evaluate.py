"""`cloudops evaluate`: how often the reasoner is right, on bundles whose cause is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.options import CommandWithExample, FilePath, Share, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["QUESTIONS", "command"]

QUESTIONS = (
    "series", "changes", "logs", "spans", "topology", "configuration", "objects", "container_logs", "probes",
    "observations", "alerts",
)  # fmt: skip
"""What `primitives.telemetry.Question` lists; that module is too heavy to be imported here."""


@click.command(
    cls=CommandWithExample,
    example="cloudops evaluate sample_incidents --min-top1 0.5\n"
    "cloudops evaluate sample_incidents --json > before.json\n"
    "cloudops evaluate sample_incidents --against before.json --without logs\n"
    "cloudops evaluate incidents --leave-out checkout",
)
@click.argument("paths", nargs=-1, required=True, type=FilePath())
@json_option("One evaluation object (cloudops-evaluation/1).")
@click.option("--min-top1", type=Share(), help="Exit with 1 when top1 is lower.")
@click.option(
    "--against",
    metavar="FILE",
    type=FilePath(dir_okay=False),
    help="Compare with an earlier run: what its --json wrote.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(QUESTIONS),
    help="Investigate as if nothing could be asked for these; may be given several times.",
)
@click.option(
    "--leave-out",
    metavar="SYSTEM",
    multiple=True,
    help="Fit the weights without this system's (or folder's) incidents and score only these.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that work side by side."
)
@settings_options
def command(paths: tuple[Path, ...], settings: Settings, **given: Any) -> int:
    """Investigate bundles whose cause is known, and score the answers. Nothing is stored."""
    from cockpit.evaluation import EvaluateOptions, evaluate

    del settings  # loading them reports a configuration that can't be used
    return evaluate(EvaluateOptions(paths, **given))
