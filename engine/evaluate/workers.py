"""Investigates bundles in several processes, because one investigation keeps little more than one processor busy.

A worker has its own store and engine. It is started with `spawn`, so no thread or lock of this process is copied into
it. It works on one bundle at a time. It ends when its pipe closes, so it never outlives its parent; the parent handles
signals.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from engine.engine import Engine
from engine.evaluate.cases import Case
from engine.evaluate.investigating import investigated
from primitives.dataclass import dataclass
from primitives.errors import BundleError, CloudopsError, StoreError
from primitives.telemetry import Question

__all__ = ["side_by_side"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Outcome = tuple[str, object]


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection


async def side_by_side(
    bundles: Sequence[Path], folder: Path, without: Collection[Question], jobs: int
) -> AsyncGenerator[tuple[int, Case | BundleError | None], None]:
    """Each bundle's place and what `investigated` made of it, as they end. Closing it ends the workers.

    Raises `StoreError`; `CloudopsError` when a process was killed from outside.
    """
    left = iter(enumerate(bundles))
    workers: list[_Worker] = []
    turns: dict[asyncio.Task[_Outcome], tuple[_Worker, int]] = {}
    try:
        for number in range(jobs):
            workers.append(_start(folder / f"worker-{number}", without))  # noqa: PERF401 - what began is ended, below
        for worker, (place, bundle) in zip(workers, left, strict=False):
            turns[asyncio.create_task(_ask(worker, bundle))] = worker, place
        while turns:
            done, _ = await asyncio.wait(turns, return_when=asyncio.FIRST_COMPLETED)
            for turn in done:
                worker, place = turns.pop(turn)
                following = next(left, None)
                if following is not None:
                    turns[asyncio.create_task(_ask(worker, following[1]))] = worker, following[0]
                yield place, _understood(turn.result(), bundles[place])
    finally:
        for turn in turns:
            turn.cancel()
        await asyncio.gather(*turns, return_exceptions=True)
        for worker in workers:
            _end(worker)


def _start(folder: Path, without: Collection[Question]) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder, tuple(without)), daemon=True)
    # Its helper, which the first process starts, lets signals through again.
    resource_tracker.ensure_running()
    with _signals_held():
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _signals_held() -> Iterator[None]:
    """A process that starts now will never be given these signals; here they come when the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _ask(worker: _Worker, bundle: Path) -> _Outcome:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(worker.pipe.fileno(), readable.set)
    try:
        worker.pipe.send(bundle)
        await readable.wait()
        outcome: _Outcome = worker.pipe.recv()
    except (EOFError, OSError):
        return "gone", None
    finally:
        loop.remove_reader(worker.pipe.fileno())
    return outcome


def _understood(outcome: _Outcome, bundle: Path) -> Case | BundleError | None:
    match outcome:
        case ("scored", Case() | None as case):
            return case
        case ("broken", (str() as where, str() as problem)):
            return BundleError(where, problem)
        case ("store", str() as problem):
            raise StoreError(problem)
        case ("fault", str() as problem):
            raise RuntimeError(problem)
        case _:
            raise CloudopsError(f"{bundle}: the process that investigated it was killed (memory?); try --jobs 1")


def _end(worker: _Worker) -> None:
    """At once: what it does is wanted by nobody, and its files are in a folder that goes away."""
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()
    worker.process.close()


def _serve(pipe: Connection, folder: Path, without: Collection[Question]) -> None:
    """The worker: bundles in, outcomes out, until the pipe closes."""
    folder.mkdir()
    try:
        asyncio.run(_investigate_all(pipe, folder, without))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


async def _investigate_all(pipe: Connection, folder: Path, without: Collection[Question]) -> None:
    engine = await Engine.open(folder / "incidents.db")
    try:
        while True:
            pipe.send(await _outcome(engine, pipe.recv(), without))
    finally:
        await engine.close()


async def _outcome(engine: Engine, bundle: Path, without: Collection[Question]) -> _Outcome:
    try:
        done = await investigated(engine, bundle, without)
        return "scored", done.case if done else None
    except BundleError as error:
        return "broken", (error.where, error.problem)
    except StoreError as error:
        return "store", str(error)
    except Exception as error:  # The parent reports it like one of its own.
        return "fault", f"{type(error).__name__}: {error}"
