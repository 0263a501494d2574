"""`cloudops policy`: check the policy file, and what it says of an action."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cockpit.options import TEXT, CommandWithExample, FilePath, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.group("policy")
def command() -> None:
    """Say what may be changed, by whom, and which rule says so."""


@command.command(
    cls=CommandWithExample,
    example="cloudops policy check\n"
    "cloudops policy check --file policy.yaml --action rollback_deployment --environment prod",
)
@click.option("--file", type=FilePath(dir_okay=False), help="A policy file [default: the one in force].")
@click.option("--action", metavar="NAME", type=TEXT, help="An action of docs/reference/actions.md, or an alias.")
@click.option("--resource", metavar="ID", type=TEXT, help="What it acts on [default: not known].")
@click.option("--environment", metavar="NAME", type=TEXT, help="Where it is [default: not known].")
@click.option("--label", "labels", metavar="KEY=VALUE", multiple=True, type=TEXT, help="A label of what it acts on.")
@click.option("--parts", type=click.IntRange(0), help="How many parts its target has [default: not known].")
@click.option("--at-a-time", type=click.IntRange(0), help="How many of them feel it at a time.")
@click.option("--person", metavar="NAME", type=TEXT, help="Who asks for it [default: you].")
@click.option("--at", metavar="TIME", type=TEXT, help="When (ISO 8601) [default: now].")
@json_option()
@settings_options
def check(file: Path | None, as_json: bool, settings: Settings, **given: Any) -> int:
    """Check the policy file, and say what it makes of an action: the verdict and the rule.

    Exit code 2: the file can't be used. 4: the action is denied.
    """
    from cockpit.output import say, say_document
    from cockpit.policy_check import Question, judge, read, render

    current = read(settings, file)
    result = judge(current, Question(**{**given, "at": _time(given["at"])}))
    if as_json:
        say_document(result.document())
    else:
        say(render(result))
    return 4 if result.denied else 0


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    from datetime import UTC

    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("--at: expected a time, such as 2026-12-24T22:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
