"""What each sub-command does. Imported when one runs; the full-screen app only when it is opened."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace as replace_fields
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import orjson

from cockpit.client import ServedEngine, connect
from cockpit.launch import on_terminal
from cockpit.plain import PlainReport, event_line
from cockpit.samples import bundle_path
from cockpit.settings import Settings, load_settings
from engine.events import Event
from engine.incident import IncidentState, fold
from engine.port import Cancel, ConfirmPlan, EnginePort, Investigate
from engine.report import report as report_of
from primitives.bundle import read_bundle
from primitives.errors import CloudopsError, UsageError
from primitives.text import safe_line

__all__ = [
    "attach",
    "doctor",
    "evaluate",
    "export",
    "import_bundle",
    "incidents",
    "investigate",
    "replay",
    "report",
    "settings",
    "verify",
]

T = TypeVar("T")
INTERRUPTED = 130

settings = load_settings


def run(work: Coroutine[Any, Any, T]) -> T | int:
    """Run `work`; SIGTERM and SIGHUP end it cleanly. Returns 130 when it was interrupted."""

    async def guarded() -> T | int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return INTERRUPTED

    return asyncio.run(guarded())


@asynccontextmanager
async def engine_of(settings: Settings) -> AsyncIterator[EnginePort]:
    """An engine for the settings' store, closed at the end."""
    port = await connect(settings.store)
    try:
        yield port
    finally:
        await port.close()


def colored(wanted: bool) -> bool:
    """Whether to colour standard output: a person's terminal that can, and nobody said no (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") in ("dumb", "")
    return wanted and not plain and sys.stdout.isatty()


def say(text: str) -> None:
    """Write to standard output and flush, so that a pipe sees it when it happens."""
    sys.stdout.write(text)
    sys.stdout.flush()


def say_document(document: Any) -> None:
    """Write one JSON document, indented, to standard output."""
    say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def investigate(
    settings: Settings,
    query: str | None,
    incident: Path | None,
    resource: str | None,
    prometheus: str | None,
    *,
    output: str,
    color: bool,
) -> int:
    """The main job, without a screen."""
    if incident is None and prometheus is None:
        prometheus = settings.prometheus
    request = Investigate(
        query=query,
        bundle=str(bundle_path(incident)) if incident is not None else None,
        resource=resource,
        prometheus=prometheus if incident is None else None,
        confirm=False,
    )
    return _int(run(_investigate(settings, request, output, color)))


async def _investigate(settings: Settings, request: Investigate, output: str, color: bool) -> int:
    async with engine_of(settings) as port:
        execution_id = await port.investigate(request)
        return await _follow(port, execution_id, output, color)


def attach(settings: Settings, name: str, prometheus: str | None, *, output: str, color: bool) -> int:
    """Join a running investigation, or go on with an interrupted one, without a screen."""

    async def attached() -> int:
        async with engine_of(settings) as port:
            execution_id = await port.resolve(name)
            resumed = await port.resume(execution_id, prometheus=prometheus or settings.prometheus)
            if resumed and (await port.state(execution_id)).confirmed_by is None:
                await port.send(execution_id, ConfirmPlan())  # nobody is there to ask, and the plan only reads
            return await _follow(port, execution_id, output, color)

    return _int(run(attached()))


async def _follow(port: EnginePort, execution_id: str, output: str, color: bool) -> int:
    """Print an investigation as it goes; Ctrl-C once cancels it, twice leaves it."""
    state = IncidentState()
    plain = PlainReport(color=colored(color))
    interrupted = _cancel_on_interrupt(port, execution_id)
    try:
        async for batch in port.follow(execution_id):
            for event in batch:
                state.apply(event)
                if output == "events":
                    say(event_line(event) + "\n")
                elif output == "plain":
                    say(plain.tell(state, event))
    except asyncio.CancelledError:
        sys.stderr.write(f"cloudops: interrupted; `cloudops attach {execution_id}` goes on where it stopped\n")
        raise
    if output == "json":
        say_document(report_of(state).model_dump(mode="json"))
    if interrupted() or state.phase == "cancelled":
        sys.stderr.write(f"cloudops: cancelled; `cloudops replay {execution_id}` shows what was found\n")
        return INTERRUPTED
    return verdict(state)


def _cancel_on_interrupt(port: EnginePort, execution_id: str) -> Callable[[], bool]:
    loop = asyncio.get_running_loop()
    me = asyncio.current_task()
    asked: list[asyncio.Task[None]] = []

    async def cancel() -> None:
        with suppress(CloudopsError):
            await port.send(execution_id, Cancel())

    def interrupt() -> None:
        if asked:
            if me is not None:
                me.cancel()
            return
        asked.append(loop.create_task(cancel()))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    return lambda: bool(asked)


def verdict(state: IncidentState) -> int:
    """The exit code: 1 when the best cause is UNKNOWN or the investigation failed."""
    if state.finished is None or state.finished.status != "completed" or not state.hypotheses:
        return 1
    return 1 if state.hypotheses[0].cause_class == "UNKNOWN" else 0


def replay(settings: Settings, name: str, *, plain: bool, at: str | None, color: bool) -> int:
    """A stored incident, as it happened."""
    screen = not plain and on_terminal()
    if not Path(name).exists() or ("/" not in name and _stored(settings, name)):
        return _replay_stored(settings, name, screen=screen, at=at, color=color)
    bundle = Path(name).absolute()
    if "events" not in read_bundle(bundle).parts:
        request = Investigate(bundle=str(bundle), confirm=False)

        async def investigated() -> str:
            async with engine_of(settings) as port:
                execution_id = await port.investigate(request)
                async for _ in port.follow(execution_id):
                    pass
                return execution_id

        done = run(investigated())
        if not isinstance(done, str):
            return done
        return _replay_stored(settings, done, screen=screen, at=at, color=color)
    with TemporaryDirectory(prefix="cloudops-replay-") as folder:
        aside = replace_fields(settings, store=Path(folder) / "incidents.db")
        execution_id = _import(aside, bundle)
        if not isinstance(execution_id, str):
            return execution_id
        return _replay_stored(aside, execution_id, screen=screen, at=at, color=color)


def _stored(settings: Settings, name: str) -> bool:
    async def known() -> bool:
        async with engine_of(settings) as port:
            try:
                await port.resolve(name)
            except UsageError:
                return False
            return True

    return settings.store.exists() and run(known()) is True


def _replay_stored(settings: Settings, name: str, *, screen: bool, at: str | None, color: bool) -> int:
    if screen:
        from cockpit.app import run_cockpit
        from cockpit.intents import Replay

        return run_cockpit(settings, Replay(name, at))

    async def replayed() -> int:
        async with engine_of(settings) as port:
            execution_id = await port.resolve(name)
            events = [event async for batch in port.follow(execution_id, live=False) for event in batch]
            events = events[: moment_to_seq(events, at)] if at else events
            state, report = IncidentState(), PlainReport(color=colored(color))
            for event in events:
                state.apply(event)
                say(report.tell(state, event))
            say(report.stopped(state))
        return 0

    return _int(run(replayed()))


def moment_to_seq(events: list[Event], at: str) -> int:
    """How many of `events` had happened at `at`, a sequence number or a time. Raises `UsageError`, also for none."""
    first, last = events[0].time, events[-1].time
    if at.isdecimal() and len(at) < 12:
        seq = min(int(at), len(events))
    else:
        until = _moment(at, first, last)
        seq = sum(1 for event in events if event.time <= until)
    if not seq:
        lasted = " to ".join(f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z" for time in (first, last))
        raise UsageError(f"--at {safe_line(at)}: nothing had happened by then; the investigation ran from {lasted}")
    return seq


def _moment(at: str, first: datetime, last: datetime) -> datetime:
    """The time that `at` means in a log that runs from `first` to `last`; a clock time alone may be past midnight."""
    clock_only = "-" not in at and at.count(":") in (1, 2)
    try:
        hour, _, rest = at.removesuffix("Z").partition(":")
        time = datetime.fromisoformat(f"{first.date().isoformat()}T{hour:0>2}:{rest}" if clock_only else at)
    except ValueError:
        raise UsageError(
            f"--at {safe_line(at)}: give a time such as 14:31:07 or 2026-11-23T14:31:07Z, or a number"
        ) from None
    time = time if time.tzinfo else time.replace(tzinfo=first.tzinfo)
    after_midnight = clock_only and time < first and last.date() > first.date()
    return time + timedelta(days=1) if after_midnight else time


def incidents(settings: Settings, *, as_json: bool) -> int:
    """What the store holds."""

    async def listed() -> int:
        async with engine_of(settings) as port:
            found = await port.incidents()
        if as_json:
            say_document([one.model_dump(mode="json") for one in found])
        else:
            from cockpit.tables import incident_table

            say(incident_table(found))
        return 0

    if not settings.store.exists():
        say("[]\n" if as_json else "No incidents are stored yet; `cloudops investigate` makes the first.\n")
        return 0
    return _int(run(listed()))


def report(settings: Settings, name: str, form: str) -> int:
    """The postmortem."""

    async def reported() -> int:
        async with engine_of(settings) as port:
            execution_id = await port.resolve(name)
            events = [event async for batch in port.follow(execution_id, live=False) for event in batch]
        state = fold(events)
        if form == "json":
            say_document(report_of(state).model_dump(mode="json"))
        else:
            from cockpit.postmortem import render_html, render_markdown

            say((render_html if form == "html" else render_markdown)(state, events))
        return 0

    return _int(run(reported()))


def export(settings: Settings, name: str, file: Path, *, force: bool) -> int:
    """A bundle out."""
    from engine.export import export_bundle

    async def exported() -> int:
        async with engine_of(settings) as port:
            execution_id = await port.resolve(name)
            await export_bundle(port, execution_id, file, overwrite=force)
        sys.stderr.write(f"wrote {file}\n")
        return 0

    return _int(run(exported()))


def import_bundle(settings: Settings, bundle: Path) -> int:
    """A bundle in."""
    execution_id = _import(settings, bundle)
    if isinstance(execution_id, str):
        say(f"{execution_id}\n")
        return 0
    return execution_id


def _import(settings: Settings, bundle: Path) -> str | int:
    from engine.export import import_events

    async def imported() -> str:
        engine = await connect(settings.store)
        try:
            if not isinstance(engine, ServedEngine):
                raise UsageError("another CloudOps has the store open; close it and import again")
            return await import_events(engine.store, bundle)
        finally:
            await engine.close()

    return run(imported())


def verify(settings: Settings, name: str | None, *, as_json: bool) -> int:
    """Check the hash chains; 1 when one is broken."""

    async def verified() -> int:
        async with engine_of(settings) as port:
            execution_id = await port.resolve(name) if name else None
            results = await port.verify(execution_id)
        if as_json:
            say_document([result.model_dump(mode="json") for result in results])
        else:
            from cockpit.tables import audit_table

            say(audit_table(results))
        return 0 if all(result.ok for result in results) else 1

    if not settings.store.exists():
        raise UsageError(f"{settings.store}: there is no store yet, so there is nothing to verify")
    return _int(run(verified()))


def evaluate(paths: tuple[Path, ...], *, as_json: bool, min_top1: float | None) -> int:
    """Score the reasoner; 1 when top1 is under `min_top1`."""
    from engine.evaluate import bundles_below, evaluate_bundles, render_table

    bundles = bundles_below(map(bundle_path, paths))

    async def evaluated() -> int:
        def note(done: int, name: str) -> None:
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\x1b[K{done}/{len(bundles)} {safe_line(name, limit=60)}")
                sys.stderr.flush()

        result = await evaluate_bundles(bundles, progress=note)
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        if as_json:
            say_document(result.model_dump(mode="json", by_alias=True))
        else:
            say(render_table(result))
        return 1 if min_top1 is not None and (result.top1 or 0.0) < min_top1 else 0

    return _int(run(evaluated()))


def doctor(settings: Settings, prometheus: str | None, *, as_json: bool) -> int:
    """What is configured, reachable and permitted, and what is not."""
    from cockpit.doctor import examine, render

    async def examined() -> int:
        checks = await examine(settings, prometheus or settings.prometheus)
        if as_json:
            say_document([check.model_dump(mode="json") for check in checks])
        else:
            say(render(checks))
        return 3 if any(check.status == "bad" for check in checks) else 0

    return _int(run(examined()))


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0
