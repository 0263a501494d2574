"""`cloudops doctor`: what is configured, reachable and permitted, and what is not."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from functools import partial

from cockpit.checks import Check
from cockpit.engine_access import ask_engine
from cockpit.examining import examine_sources, examine_writers, offer_checks
from cockpit.notifying import notification_check
from cockpit.settings import Settings
from cockpit.tables import Column, count, table_lines
from engine.alerts import Quarantined
from engine.host import is_remote
from engine.port import EnginePort
from engine.store.locations import StoreLocation
from engine.store.versions import sqlite_version, sqlite_warning
from primitives import __version__
from primitives.backends.registry import backend_problems, backends
from primitives.clock import SystemClock
from primitives.diagnostics.registry import diagnostics
from primitives.errors import CloudopsError
from primitives.extensions import load_extensions
from primitives.remediations.registry import remediations
from primitives.sources import SourceDefinition, check_sources, open_source
from primitives.telemetry import BackendStatus

__all__ = ["Check", "examine", "render"]

_SIGNS = {"ok": "✓", "warning": "!", "bad": "✗", "off": "·"}


async def examine(settings: Settings) -> tuple[Check, ...]:
    """Every check, in the order in which a person would want to know."""
    return (
        _versions(),
        _sqlite(),
        Check(
            name="configuration",
            status="ok" if settings.config_found else "off",
            detail=str(settings.config) + ("" if settings.config_found else ": not there; the defaults hold"),
        ),
        await _store(settings),
        *await _alerts(settings),
        *await _sources(settings),
        await notification_check(settings),
        _backends(),
        _catalogue("diagnostics", diagnostics()),
        _catalogue("remediations", remediations()),
        _terminal(),
    )


def render(checks: Sequence[Check]) -> str:
    """The checks as a table, a line each."""
    rows = ((f"{_SIGNS[check.status]} {check.name}", check.detail) for check in checks)
    # What is to be done stands at the end: lines are not cut.
    return "\n".join(table_lines([Column(), Column()], rows)) + "\n"


def _versions() -> Check:
    return Check(name="cloudops", status="ok", detail=f"{__version__} on Python {platform.python_version()}")


def _sqlite() -> Check:
    warning = sqlite_warning()
    return Check(name="sqlite", status="warning" if warning else "ok", detail=warning or sqlite_version())


async def _store(settings: Settings) -> Check:
    if not settings.store.exists():
        return Check(name="store", status="off", detail=f"{settings.store}: not there yet; the first incident makes it")
    try:
        return await ask_engine(settings, partial(_answering, settings.store))
    except CloudopsError as error:
        return Check(name="store", status="bad", detail=str(error))


async def _answering(store: StoreLocation, port: EnginePort) -> Check:
    incidents = await port.incidents()
    held = " (open in another CloudOps)" if is_remote(port) else ""
    return Check(name="store", status="ok", detail=f"{store}: {count(len(incidents), 'incident')}{held}")


async def _alerts(settings: Settings) -> tuple[Check, ...]:
    """What came in and could not be read, where alerts come in at all."""
    if settings.serve is None and not settings.store.exists():
        return ()

    async def asked(port: EnginePort) -> tuple[int, tuple[Quarantined, ...]]:
        return len([group for group in await port.alert_groups() if group.open]), await port.quarantined()

    try:
        going_on, unread = await ask_engine(settings, asked) if settings.store.exists() else (0, ())
    except CloudopsError:
        return ()  # the store's own line says why
    detail = f"{count(going_on, 'incident')} of alerts go on"
    if unread:
        last = unread[0]
        detail = (
            f"{count(len(unread), 'message')} could not be read, the last one by {last.channel}: "
            f"{last.problem}; try its payload with `cloudops intake try`"
        )
    elif settings.serve is None and not going_on:
        return ()
    return (Check(name="alerts", status="warning" if unread else "ok", detail=detail),)


async def _sources(settings: Settings) -> tuple[Check, ...]:
    """A line a source, all of them asked side by side."""
    try:
        directory = settings.directory()
        names = directory.choose(settings.chosen) if settings.chosen or directory.definitions else ()
        sources = [open_source(name, directory.definitions[name], SystemClock()) for name in names]
    except CloudopsError as error:
        return (Check(name="sources", status="bad", detail=str(error)),)
    if not sources:
        known = ", ".join(backends())
        detail = (
            f"none is configured: run `cloudops setup`, or add `sources:` to the configuration file; kinds are {known}"
        )
        return (Check(name="sources", status="off", detail=detail), *offer_checks())
    asked = [source.backend for source in sources]
    try:
        states = await check_sources(asked, [secret for source in sources for secret in source.secrets])
        reachable = {state.name for state in states if state.status == "reachable"}
        examined = await examine_sources([source for source in sources if source.backend.name in reachable])
        acting = await examine_writers({name: directory.definitions[name] for name in names if name in reachable})
    finally:
        await asyncio.gather(*(backend.close() for backend in asked), return_exceptions=True)
    warnings = {source.backend.name: source.warning for source in sources}
    checks = []
    for state in states:
        checks.append(_source(directory.definitions[state.name], state, warnings[state.name]))
        checks += examined.get(state.name, ())
        checks += [acting[state.name]] if state.name in acting else []
    return tuple(checks)


def _source(definition: SourceDefinition, state: BackendStatus, warning: str) -> Check:
    origin = f", found by {definition.discovered_by}" if definition.discovered_by else ""
    place = f" at {state.address}" if state.address else ""
    scope = f", {definition.scope_words}" if definition.scope_words else ""
    reachable = state.status == "reachable"
    said = state.detail if reachable else f"{state.status}: {state.detail}"
    if warning and warning not in said:
        said += f"; {warning}"
    return Check(
        name=f"source {state.name}",
        status="bad" if not reachable else "warning" if warning else "ok",
        detail=f"{definition.kind}{place}{scope}{origin}: {said}",
    )


def _backends() -> Check:
    names = ", ".join(backends())
    problems = backend_problems()
    return Check(name="backends", status="warning" if problems else "ok", detail="; ".join([*problems, names]))


def _catalogue(name: str, entries: Iterable[str]) -> Check:
    """What can be run or proposed, and the extensions that can't be loaded."""
    problems = load_extensions(f"cloudops.{name}")
    return Check(name=name, status="warning" if problems else "ok", detail="; ".join([*problems, ", ".join(entries)]))


def _terminal() -> Check:
    size = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    encoding = (sys.stdout.encoding or "").lower()
    if term in ("", "dumb") or not sys.stdout.isatty():
        return Check(name="terminal", status="off", detail="none: reports are plain text")
    if size.columns < 60 or size.lines < 20:
        small = f"{size.columns}x{size.lines} is too small for the cockpit; it needs 60x20, 120x36 is comfortable"
        return Check(name="terminal", status="warning", detail=small)
    if "utf" not in encoding:
        return Check(
            name="terminal", status="warning", detail=f"{encoding}: set a UTF-8 locale to see charts and signs"
        )
    return Check(name="terminal", status="ok", detail=f"{term}, {size.columns}x{size.lines}")
