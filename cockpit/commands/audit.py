"""`cloudops audit`: the hash chains of the stored incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.events import Event
    from engine.port import AuditResult, EnginePort

__all__ = ["command"]


@click.group("audit")
def command() -> None:
    """Check the audit trail."""


@command.command(cls=CommandWithExample, example="cloudops audit verify")
@click.argument("name", metavar="[ID]", required=False, type=TEXT)
@json_option()
@settings_options
def verify(name: str | None, as_json: bool, settings: Settings) -> int:
    """Check the hash chain of one incident, or of all."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import say, say_document
    from cockpit.signals import run
    from primitives.errors import UsageError

    async def verified(port: EnginePort) -> tuple[AuditResult, ...]:
        return await port.verify(await port.resolve(name) if name is not None else None)

    if not settings.store.exists():
        raise UsageError(f"{settings.store}: there is no store yet, so there is nothing to verify")
    results = run(ask_engine(settings, verified))
    if as_json:
        say_document([result.model_dump(mode="json") for result in results])
    else:
        from cockpit.tables import audit_table

        say(audit_table(results))
    return 0 if all(result.ok for result in results) else 1


@command.command(cls=CommandWithExample, example="cloudops audit show exec-3f9a1c20")
@click.argument("name", metavar="ID", type=TEXT)
@settings_options
def show(name: str, settings: Settings) -> int:
    """Show what people and actions did: who, when, why, under which rule, and the outcome."""
    from cockpit.audit_trail import as_text, records
    from cockpit.output import say

    say(as_text(records(_events(settings, name))) or "nobody did anything but watch\n")
    return 0


@command.command(cls=CommandWithExample, example="cloudops audit export exec-3f9a1c20 --format csv > audit.csv")
@click.argument("name", metavar="ID", type=TEXT)
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@settings_options
def export(name: str, form: str, settings: Settings) -> int:
    """Write what people and actions did as JSON Lines or CSV, with requests, answers, digests and hashes."""
    from cockpit.audit_trail import as_csv, as_json_lines, records
    from cockpit.output import say

    found_records = records(_events(settings, name))
    say(as_csv(found_records) if form == "csv" else as_json_lines(found_records))
    return 0


def _events(settings: Settings, name: str) -> list[Event]:
    from cockpit.engine_access import ask_engine
    from cockpit.signals import run

    async def read(port: EnginePort) -> list[Event]:
        execution_id = await port.resolve(name)
        return [event async for batch in port.follow(execution_id, live=False) for event in batch]

    return run(ask_engine(settings, read))
