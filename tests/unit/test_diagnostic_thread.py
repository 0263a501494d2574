"""A diagnostic in a thread of its own: it asks on the engine's loop, and its arithmetic holds up nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fake_backends import NOW, WINDOW, Fake, telemetry

from engine.investigate.diagnostic_thread import run_in_thread
from primitives.diagnostics.registry import Arguments, Diagnostic, DiagnosticOutput, Progress
from primitives.telemetry import AlertsQuery, Answer, Query, Telemetry

ARGUMENTS = Arguments(window=WINDOW, now=NOW)


def diagnostic(run: Any) -> Diagnostic:
    return Diagnostic("look", "Look", "read", (), ("alerts",), Arguments, run, 1.0)


async def test_it_calculates_elsewhere_and_asks_here() -> None:
    here, asked_in, ran_in = threading.get_ident(), [], []

    def answer(query: Query) -> Answer[Any]:
        asked_in.append(threading.get_ident())
        return Answer(query, "watcher", "answered")

    async def run(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
        ran_in.append(threading.get_ident())
        await ask.alerts(AlertsQuery(window=args.window))
        yield Progress(1, 2, "half")
        yield Progress(2, 2, "whole")

    items = [item async for item in run_in_thread(diagnostic(run), telemetry(Fake("watcher", answer)), ARGUMENTS)]
    assert items == [Progress(1, 2, "half"), Progress(2, 2, "whole")]
    assert asked_in == [here]
    assert here not in ran_in


async def test_the_loop_goes_on_while_it_calculates() -> None:
    let_go = threading.Event()

    async def run(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
        del ask, args
        assert let_go.wait(60)
        yield Progress(1, 1, "")

    async def finish() -> None:
        let_go.set()

    finishing = asyncio.create_task(finish())
    items = [item async for item in run_in_thread(diagnostic(run), telemetry(), ARGUMENTS)]
    await finishing
    assert len(items) == 1


async def test_what_it_raises_is_raised_here_after_what_it_yielded() -> None:
    async def run(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
        del ask, args
        yield Progress(1, 2, "")
        raise ZeroDivisionError("a fault of its own")

    items = run_in_thread(diagnostic(run), telemetry(), ARGUMENTS)
    assert await anext(items) == Progress(1, 2, "")
    with pytest.raises(ZeroDivisionError, match="a fault of its own"):
        await anext(items)


async def test_it_ends_at_its_next_question_when_it_is_cancelled() -> None:
    begun, ended = asyncio.Event(), threading.Event()

    class Never(Fake):
        async def ask(self, query: Query) -> Answer[Any]:
            begun.set()
            return await asyncio.Future()

    async def run(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
        try:
            await ask.alerts(AlertsQuery(window=args.window))
            yield Progress(1, 1, "")
        finally:
            ended.set()

    async def consume() -> None:
        async for _ in run_in_thread(diagnostic(run), ask, ARGUMENTS):
            pass

    ask = telemetry(Never("never", lambda query: Answer(query, "never", "answered")))
    consuming = asyncio.create_task(consume())
    await begun.wait()
    consuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consuming
    assert await asyncio.to_thread(ended.wait, 60)
    await ask.close()
