"""A live investigation of a source that takes 300 ms for each answer: how long it takes, and how long the loop stands.

The answers are those of a sample incident. Every question waits, as over a network, and is then read, made safe and
recorded as a live one. The loop's standstills are processor time of its own thread between two of its turns, so that
other programs on the machine don't count.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.children import private_home
from benchmarks.figures import Figure, Reference, Result, Target
from benchmarks.options import ROOT, Options

__all__ = ["live_sources", "watch_loop"]

LATENCY_S: Final = 0.3
_BUNDLE: Final = ROOT / "sample_incidents" / "api-latency-spike"
_TICK_S: Final = 0.002


def live_sources(options: Options) -> Result:
    """Seconds of the whole and to the first fact, and the longest standstill of the event loop."""
    result = Result()
    with private_home(options.scratch) as home:
        # Once to import everything: an engineer's engine has been running for a while.
        asyncio.run(_investigate(home / "warm.db"))
        whole, first, steps, longest = asyncio.run(_investigate(home / "measured.db"))
    latency = Reference("one answer of the source", 1000 * LATENCY_S)
    result.figures += [
        Figure("live", f"a plan of {steps} steps", whole, "ms", Target(1500), latency),
        Figure("live", "the first fact", first, "ms", Target(500), latency),
        Figure("live", "longest standstill of the event loop", longest, "ms", Target(20)),
    ]
    return result


async def _investigate(store: Path) -> tuple[float, float, int, float]:
    """Milliseconds of the whole and to the first fact, the steps, and the longest standstill in milliseconds."""
    import engine.engine as engines
    from engine.follow_to_end import follow_investigation
    from engine.port import Investigate

    engine = await engines.Engine.open(store)
    opened, engines.open_scenario = engines.open_scenario, _slow_scenario  # type: ignore[attr-defined]
    longest = [0.0]
    standstill = asyncio.create_task(watch_loop(longest))
    try:
        begin, first = time.perf_counter(), 0.0
        execution_id = await engine.investigate(Investigate(bundle=str(_BUNDLE), confirm=False))
        async for batch in follow_investigation(engine, execution_id):
            if not first and any(event.body.type == "fact_found" for event in batch):
                first = time.perf_counter() - begin
        whole = time.perf_counter() - begin
        state = await engine.state(execution_id)
    finally:
        engines.open_scenario = opened  # type: ignore[attr-defined]
        standstill.cancel()
        await asyncio.gather(standstill, return_exceptions=True)
        await engine.close()
    return 1000 * whole, 1000 * first, len(state.steps), 1000 * longest[0]


_opened: list[Any] = []


async def watch_loop(longest: list[float]) -> None:
    """Keep in `longest` the most processor time in seconds that the loop's thread took between two turns of this."""
    from primitives.clock import SystemClock

    clock = SystemClock()
    longest[0], last = 0.0, time.thread_time()
    while True:
        await clock.sleep(_TICK_S)
        now = time.thread_time()
        longest[0], last = max(longest[0], now - last), now


async def _slow_scenario(request: Any, known: Any) -> Any:
    """The scenario of the bundle, whose backend is a live one that takes its time."""
    from engine.investigate.first_questions import first_questions
    from engine.investigate.scenario import open_scenario
    from primitives.asked_ahead import AskedAhead
    from primitives.clock import SystemClock

    # A live incident reads no bundle: that happens before anything is measured.
    if not _opened:
        _opened.append(await open_scenario(request, known))
    scenario = _opened[0]
    (recorded,) = scenario.backends
    opened = scenario.opened.model_copy(update={"origin": "live", "bundle": None})
    slow = AskedAhead(_Slow(recorded, SystemClock()), first_questions(opened))
    checks = (await slow.check(),)
    return replace(scenario, opened=opened, backends=(slow,), checks=checks, recorded=False)


class _Slow:
    """A backend that answers late."""

    name = "slow"

    def __init__(self, recorded: Any, clock: Any) -> None:
        self._recorded = recorded
        self._clock = clock
        self.questions = recorded.questions

    async def ask(self, query: Any) -> Any:
        """Wait, then answer."""
        await self._clock.sleep(LATENCY_S)
        return replace(await self._recorded.ask(query), source=self.name)

    async def check(self) -> Any:
        """Wait, then say that all is well."""
        await self._clock.sleep(LATENCY_S)
        return replace(await self._recorded.check(), name=self.name)

    async def close(self) -> None:
        """Nothing is open."""
