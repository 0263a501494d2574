"""`cloudops remediate`: execute what an investigation recommended, after a person's approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, json_option, settings_options, source_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(
    cls=CommandWithExample,
    example="cloudops remediate --plan-id exec-3f9a1c20\ncloudops remediate --plan-id exec-3f9a1c20 --dry-run",
)
@click.option("--plan-id", "name", metavar="EXEC_ID", type=TEXT, required=True, help="The investigation's execution.")
@click.option("--action", multiple=True, metavar="ID", type=TEXT, help="An action, by its id or name [default: all].")
@click.option("--dry-run", is_flag=True, help="Check and preview; change nothing.")
@click.option("--undo", metavar="RUN", type=TEXT, default="", help="Undo this run (R1, R2, ...) instead.")
@click.option("--yes", is_flag=True, help="Don't ask where the policy allows it without a person.")
@source_options(
    "A source to read and to act on; may be given several times [default: those of the investigation].",
    "Short for a source: the Prometheus of that investigation.",
)
@json_option("The runs of actions after it.")
@settings_options
def command(
    name: str, action: tuple[str, ...], dry_run: bool, undo: str, yes: bool, as_json: bool, settings: Settings
) -> int:
    """Show the plan, ask, execute and verify. Nothing runs without approval under the policy.

    Exit code 0: it helped. 1: it hasn't, or nobody can tell. 4: denied by the policy, or not confirmed; nothing was
    sent.
    """
    from cockpit.remediate_command import RemediateOptions, remediate

    if undo and action:
        raise click.UsageError("--undo and --action: give one of them")

    return remediate(settings, name, RemediateOptions(action, dry_run, yes, undo, as_json))
