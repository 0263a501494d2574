"""Investigating, attaching and replaying without a screen, and taking in bundles."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from dataclasses import replace as replace_fields
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from cockpit.engine_access import ask_engine, open_engine
from cockpit.follow import Printer, follow
from cockpit.output import colored, hang_up, note, say
from cockpit.positions import position_to_seq
from cockpit.sample_incidents import is_there
from cockpit.settings import Settings
from cockpit.signals import run
from cockpit.start_modes import Start
from cockpit.watching import watch as watch_on
from engine.events import Event
from engine.host import RETRIES, ServedEngine, is_remote, others_attached
from engine.port import ConfirmPlan, EnginePort, IncidentSummary, Investigate
from engine.store.locations import parse_location
from primitives.bundle import read_bundle
from primitives.clock import SystemClock
from primitives.errors import EngineGone, StoreBusy, UsageError

__all__ = ["attach", "import_bundle", "investigate", "replay"]

_BATCH = 1_000
_ABOUT_TO_END_S = 1.0
"""Others that end so soon aren't worth a word."""
_LOOK_S = 0.1
"""How often is looked whether others are still attached."""


def investigate(
    settings: Settings, start: Start, *, output: str, color: bool, explain: bool = False, watch: bool = False,
    notify: bool = False,
) -> int:  # fmt: skip
    """The main job, without a screen; with `watch` it goes on after the answer until a signal ends it.

    With `notify` the result is sent, at the end, to the receivers that the configuration chooses.
    """
    printer = Printer(output, colored(color), explain)
    live = {} if start.bundle else settings.live_request()
    request = Investigate(**asdict(start), **live, confirm=False, playbooks=settings.playbooks())
    code = run(_investigate(settings, request, printer, watched=watch))
    if notify and printer.state.ended:
        from cockpit.notifying import tell_result

        tell_result(settings, printer.state)
    offered = output == "plain" and not start.bundle and not watch
    return _offer_remediation(settings, printer, code) if offered else code


def _offer_remediation(settings: Settings, printer: Printer, code: int) -> int:
    """On a terminal, the question that leads to `cloudops remediate`; the exit code is then that one's."""
    from cockpit.asking import ask
    from cockpit.remediate_command import RemediateOptions, can_remediate, remediate

    if code or not (sys.stdin.isatty() and sys.stdout.isatty()) or not can_remediate(printer.state):
        return code
    with suppress(EOFError):
        if run(ask("Proceed with remediation? [y/n]: ")).strip().lower() in ("y", "yes"):
            return remediate(settings, printer.state.execution_id, RemediateOptions())
    return code


async def _investigate(settings: Settings, request: Investigate, printer: Printer, *, watched: bool = False) -> int:
    return await _follow(settings, lambda port: port.investigate(request), printer, watched=watched)


async def _follow(
    settings: Settings, begin: Callable[[EnginePort], Awaitable[str]], printer: Printer, *, watched: bool = False
) -> int:
    """Print the investigation that `begin` names to its end; returns the exit code.

    `begin` is called again when another's engine closes before it has answered. Once the investigation is followed its
    engine is not replaced: that would run it here, unasked. Raises `EngineGone` when it went away too early.
    """
    for attempt in count(1):
        async with open_engine(settings) as port:
            try:
                execution_id = await begin(port)
            except EngineGone:
                if attempt == RETRIES:
                    raise
                continue
            try:
                code = await follow(port, execution_id, printer, final=not watched)
                if watched:
                    await watch_on(port, execution_id, printer, settings)
            except EngineGone as error:
                gone = error
            else:
                await _stay(port)
                return code
        return await _read_on(settings, execution_id, printer, gone)
    raise AssertionError


async def _stay(port: EnginePort) -> None:
    """Keep the engine open as long as other processes follow investigations in it; a signal ends that."""
    if not others_attached(port):
        return
    hang_up()
    with suppress(asyncio.CancelledError):
        await SystemClock().sleep(_ABOUT_TO_END_S)
        if others := others_attached(port):
            them = "another process" if others == 1 else f"{others} other processes"
            note(f"cloudops: done; the engine stays for {them} (Ctrl-C ends it)")
        while others_attached(port):
            await SystemClock().sleep(_LOOK_S)


async def _read_on(settings: Settings, execution_id: str, printer: Printer, gone: EngineGone) -> int:
    """What `printer` has not seen, after its connection ended.

    The investigation may have ended together with its engine, or the engine let go of us because nobody read what we
    write. Raises `gone` when the investigation stopped with its engine.
    """
    while True:
        code = await ask_engine(settings, partial(_follow_ended, name=execution_id, printer=printer))
        if code is not None:
            return code
        async with open_engine(settings, "query") as port:
            if not is_remote(port) or execution_id not in {each.execution_id for each in await _running(port)}:
                raise gone
            note("cloudops: nobody read the output for long, so the engine let go of it; it goes on from there")
            with suppress(EngineGone):
                return await follow(port, execution_id, printer)


async def _running(port: EnginePort) -> list[IncidentSummary]:
    try:
        return [summary for summary in await port.incidents() if summary.running]
    except EngineGone:
        return []


async def _follow_ended(port: EnginePort, name: str, printer: Printer) -> int | None:
    """What `printer` has not seen of an investigation that has ended; None when it has not."""
    execution_id = await port.resolve(name)
    if not (await port.state(execution_id)).ended:
        return None
    return await follow(port, execution_id, printer)


def attach(settings: Settings, name: str, *, output: str, color: bool, explain: bool = False) -> int:
    """Join a running investigation, or resume an interrupted one, without a screen."""
    printer = Printer(output, colored(color), explain)

    async def resumed(port: EnginePort) -> str:
        execution_id = await port.resolve(name)
        began = await port.resume(execution_id, **settings.live_request())
        if began and (await port.state(execution_id)).confirmed_by is None:
            # Without a screen there is no one to ask, and the plan only reads.
            await port.send(execution_id, ConfirmPlan())
        return execution_id

    async def attached() -> int:
        # Reading an ended investigation closes the engine at once, so that no other process comes to depend on it.
        code = await ask_engine(settings, partial(_follow_ended, name=name, printer=printer))
        return await _follow(settings, resumed, printer) if code is None else code

    return run(attached())


def replay(
    settings: Settings,
    name: str,
    *,
    screen: bool,
    at: str | None,
    color: bool,
    explain: bool = False,
    drill: bool = False,
) -> int:
    """Replay a stored incident, or a bundle, which is investigated or unpacked first; with `screen` in the cockpit."""
    if not is_there(name) or ("/" not in name and _stored(settings, name)):
        return _replay_stored(settings, name, screen=screen, at=at, color=color, explain=explain, drill=drill)
    bundle = Path(name).absolute()
    if "events" not in read_bundle(bundle).parts:
        quiet = Printer("quiet", color=False)
        run(_investigate(settings, Investigate(bundle=str(bundle), confirm=False), quiet))
        name = quiet.state.execution_id
        return _replay_stored(settings, name, screen=screen, at=at, color=color, explain=explain, drill=drill)
    with TemporaryDirectory(prefix="cloudops-replay-") as folder:
        temporary = replace_fields(settings, store=parse_location(Path(folder) / "incidents.db"))
        execution_id = import_bundle(temporary, bundle)
        return _replay_stored(
            temporary, execution_id, screen=screen, at=at, color=color, kept=False, explain=explain, drill=drill
        )


def _stored(settings: Settings, name: str) -> bool:
    async def known(port: EnginePort) -> bool:
        try:
            await port.resolve(name)
        except UsageError:
            return False
        return True

    return settings.store.exists() and run(ask_engine(settings, known))


def _replay_stored(
    settings: Settings,
    name: str,
    *,
    screen: bool,
    at: str | None,
    color: bool,
    kept: bool = True,
    explain: bool = False,
    drill: bool = False,
) -> int:
    if screen:
        from cockpit.app import run_cockpit
        from cockpit.start_modes import Replay

        return run_cockpit(settings, Replay(name, at, kept, drill), color=color)

    printer = Printer("plain", colored(color), explain)
    for event in run(ask_engine(settings, partial(_log, name=name, at=at))):
        say(printer.event(event))
    say(printer.plain.stopped(printer.state))
    return 0


async def _log(port: EnginePort, name: str, at: str | None) -> list[Event]:
    """The events of an investigation, up to `at`. Raises `UsageError` when there is none of that name."""
    execution_id = await port.resolve(name)
    times = await port.times(execution_id)
    last = position_to_seq(times, at, named="--at ") if at is not None else len(times)
    events: list[Event] = []
    while batch := await port.read(execution_id, len(events), min(_BATCH, last - len(events))):
        events += batch
    return events


def import_bundle(settings: Settings, bundle: Path) -> str:
    """Take a bundle that CloudOps exported into the store; gives the execution's id."""
    from engine.export import import_events

    async def imported() -> str:
        async with open_engine(settings, "import") as engine:
            if not isinstance(engine, ServedEngine):
                raise StoreBusy("another CloudOps has the store open; close it and import again")
            return await import_events(engine.store, bundle, lambda words: note(f"cloudops: {words}"))

    return run(imported())
