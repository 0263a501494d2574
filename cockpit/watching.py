"""Watches a live incident without a screen: says again and again that somebody looks, and prints what is read."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from cockpit.follow import Printer
from cockpit.output import deliver
from cockpit.settings import Settings
from cockpit.signals import handling
from engine.events import WatchStopped
from engine.port import EnginePort, Watch
from primitives.clock import SystemClock
from primitives.errors import CloudopsError

__all__ = ["watch"]


async def watch(port: EnginePort, execution_id: str, printer: Printer, settings: Settings) -> None:
    """Print what the sources say, until a signal or the engine ends it. Raises `CloudopsError`."""
    every_s = settings.watch_every_s
    command = Watch(every_s=every_s, **settings.live_request())
    await port.send(execution_id, command)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(stopping.set)

    renewing = asyncio.create_task(_renew(port, execution_id, command))
    printing = asyncio.create_task(_print(port, execution_id, printer))
    stopped = asyncio.create_task(stopping.wait())
    try:
        with handling({signal.SIGINT: stop}):
            await asyncio.wait({printing, stopped, renewing}, return_when=asyncio.FIRST_COMPLETED)
        if printing.done():
            printing.result()
    finally:
        for task in (renewing, printing, stopped):
            task.cancel()
        await asyncio.gather(renewing, printing, stopped, return_exceptions=True)
    if text := printer.end():
        await deliver(text)


async def _renew(port: EnginePort, execution_id: str, command: Watch) -> None:
    while True:
        await SystemClock().sleep(command.every_s)
        with suppress(CloudopsError):  # the follower hears what happened to it
            await port.send(execution_id, command)


async def _print(port: EnginePort, execution_id: str, printer: Printer) -> None:
    async for batch in port.follow(execution_id, printer.state.seq):
        for event in batch:
            if text := printer.event(event):
                await deliver(text)
            if isinstance(event.body, WatchStopped):
                return
