"""`cloudops audit`: the hash chains of the stored incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
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
