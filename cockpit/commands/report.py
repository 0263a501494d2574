"""`cloudops report`: the postmortem of a stored incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.events import Event
    from engine.incident import IncidentState
    from engine.port import EnginePort

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops report exec-3f9a1c20 --format html > postmortem.html")
@click.argument("name", metavar="ID", type=TEXT)
@click.option(
    "--format", "form", type=click.Choice(["markdown", "html", "json"]), default="markdown", show_default=True
)
@settings_options
def command(name: str, form: str, settings: Settings) -> int:
    """Write the postmortem of a stored incident."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import say, say_document
    from cockpit.postmortem import render_html, render_markdown
    from cockpit.signals import run
    from engine.report import report

    state, events = run(ask_engine(settings, lambda port: _read(port, name, with_events=form != "json")))
    if form == "json":
        say_document(report(state).model_dump(mode="json"))
    else:
        say((render_html if form == "html" else render_markdown)(state, events))
    return 0


async def _read(port: EnginePort, name: str, *, with_events: bool) -> tuple[IncidentState, list[Event]]:
    """The state, and the events that the postmortem's timeline shows: a long log as a whole would fill the memory."""
    from cockpit.postmortem import is_shown

    execution_id = await port.resolve(name)
    state = await port.state(execution_id)
    if not with_events:
        return state, []
    batches = port.follow(execution_id, live=False)
    # The log may have grown since the state was read.
    return state, [event async for batch in batches for event in batch if is_shown(event) and event.seq <= state.seq]
