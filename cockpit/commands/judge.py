"""`cloudops judge`: what an engineer knows of an incident's facts and causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cockpit.options import (
    TEXT,
    CommandWithExample,
    json_option,
    no_color_option,
    settings_options,
    source_options,
)

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(
    cls=CommandWithExample,
    example=(
        'cloudops judge exec-3f9a1c20 --pin F12 --refute F3 --because "the exporter was restarted"\n'
        'cloudops judge exec-3f9a1c20 --not database --because "the DBA looked"'
    ),
)
@click.argument("name", metavar="ID", type=TEXT)
@click.option("--pin", multiple=True, metavar="FACT", type=TEXT, help="This fact is certain.")
@click.option("--refute", multiple=True, metavar="FACT", type=TEXT, help="This fact is wrong.")
@click.option("--hold", multiple=True, metavar="HYPOTHESIS", type=TEXT, help="This is the cause, as far as I know.")
@click.option(
    "--exclude",
    "--not",
    "exclude",
    multiple=True,
    metavar="WHAT",
    type=TEXT,
    help="It isn't this hypothesis, resource, kind of resource, change, cause or class of causes.",
)
@click.option("--add", multiple=True, metavar="TEXT", type=TEXT, help="A fact, in words or as a JSON object.")
@click.option("--about", metavar="RESOURCE", type=TEXT, help="The resource that the added fact is about.")
@click.option("--cause", metavar="CAUSE", type=TEXT, help="The cause or hypothesis that the added fact speaks for.")
@click.option("--undo", multiple=True, metavar="WHAT", type=TEXT, help="Undo the judgement of a fact or cause.")
@click.option("--because", metavar="TEXT", type=TEXT, default="", help="Why; it is kept with your name.")
@click.option("--next", "ask_next", is_flag=True, help="Then run the next best diagnostic.")
@click.option("--look", metavar="ACTION", type=TEXT, help="Then run this look, by the id of the recommended action.")
@source_options(
    "For --next and --look: a source of a live investigation [default: those that it asked before].",
    "For --next and --look, short for a source: the Prometheus of a live investigation.",
)
@json_option("The report object after it (cloudops-report/1).")
@click.option("--explain", is_flag=True, help="Show what each fact adds to each cause.")
@no_color_option
@settings_options
def command(name: str, settings: Settings, **given: Any) -> int:
    """Judge an incident's facts and causes: the ranking changes at once, and the log has your name."""
    from cockpit import judge_command

    return judge_command.judge(settings, name, judge_command.JudgeOptions(**given))
