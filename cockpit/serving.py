"""Runs the service: its settings, its signals and its log."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import Final

from cockpit.engine_access import policies_of
from cockpit.output import say
from cockpit.service_jobs import jobs_of
from cockpit.settings import Settings, load_settings
from cockpit.signals import handling
from cockpit.tables import count
from engine.host import ServedEngine
from engine.serve.log import JsonLines, log_as_json
from engine.serve.service import Service, check_settings
from engine.serve.settings import ServeSettings
from primitives.errors import CloudopsError, UsageError
from primitives.outgoing import OutgoingGuard

__all__ = ["check", "serve"]

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)

_log = logging.getLogger("cloudops.serve")


def check(settings: Settings) -> int:
    """Say whether the configuration can be served. Raises `UsageError` where it can't."""
    served = _serve_settings(settings)
    check_settings(served)
    listen = f"listens on {served.listen}" if served.listen else "listens on no address"
    say(
        f"the configuration can be served: it {listen}, "
        f"with {count(len(served.webhooks), 'webhook')} and {count(len(served.pull), 'pull')}\n"
    )
    return 0


def serve(settings: Settings, log_level: str) -> int:
    """Serve until a signal ends it. Raises `CloudopsError` when it can't begin."""
    # Under a stream of alerts asyncio's own loop answers each 50 ms later; no other command needs uvloop.
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, log_as_json(sys.stderr, log_level)))


class _Signals:
    """What signals ask for, from the thread that they come in to the loop."""

    def __init__(self) -> None:
        self.stop, self.reload = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def set(self, event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the loop is closed: it has stopped
            self._loop.call_soon_threadsafe(event.set)


async def _serve(settings: Settings, log: JsonLines) -> int:
    signals = _Signals()
    handlers = {number: lambda: signals.set(signals.stop) for number in _STOPPING}
    handlers[signal.SIGHUP] = lambda: signals.set(signals.reload)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # `nohup` ignores it, so that a closed terminal ends nothing; here it ends nothing anyway.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with handling(handlers):
        served = _serve_settings(settings)
        log.know(check_settings(served))
        engine = await ServedEngine.serve(
            settings.store,
            sources=settings.directory(),
            close_after_days=settings.close_after_days,
            policies=policies_of(settings),
        )
        try:
            await _run(engine, settings, served, signals, log)
        finally:
            await engine.close()
    _log.info("stopped")
    return 0


async def _run(
    engine: ServedEngine, settings: Settings, served: ServeSettings, signals: _Signals, log: JsonLines
) -> None:
    desk = await engine.desk(make=True)
    if desk is None:
        raise UsageError(f"{settings.store} can't keep what comes in: the service needs a store in a file")
    service = Service(engine, desk)
    service.playbooks, service.guard = settings.playbooks(), _guard(settings)
    await service.start(served, jobs_of(settings))
    _log.info("serving", extra={"store": str(settings.store), "pid": os.getpid(), "port": service.port})
    try:
        while not signals.stop.is_set():
            await _either(signals)
            if signals.reload.is_set():
                signals.reload.clear()
                await _reload(engine, service, settings, log)
    finally:
        _log.info("stopping")
        await service.stop()


async def _either(signals: _Signals) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in (signals.stop, signals.reload)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _reload(engine: ServedEngine, service: Service, settings: Settings, log: JsonLines) -> None:
    """Read the configuration again; one that can't be used leaves everything as it is."""
    try:
        fresh = load_settings(str(settings.store), settings.config if settings.config_found else None)
        served, directory = _serve_settings(fresh), fresh.directory()
        log.know(check_settings(served))
        service.playbooks, service.guard = fresh.playbooks(), _guard(fresh)
        await service.reload(served, jobs_of(fresh))
    except CloudopsError as error:
        _log.error("the configuration was not read again", extra={"error": str(error)})
        return
    engine.sources = directory
    _log.info("the configuration was read again")


def _serve_settings(settings: Settings) -> ServeSettings:
    return ServeSettings.model_validate(settings.serve or {})


def _guard(settings: Settings) -> OutgoingGuard:
    """Who is told of an incident stands under `notifications`, and so do the hosts that are allowed."""
    return OutgoingGuard(settings.notifications.allow_hosts if settings.notifications is not None else ())
