"""Runs the steps of a plan concurrently, with limits, time-outs and cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from functools import partial
from typing import Literal, NamedTuple

from engine.events import PlannedStep
from engine.fact_deduplication import fact_key
from engine.failpoints import failpoint
from engine.investigate.commands import FinishStep, PublishFacts, ReportProgress, StartStep
from engine.investigate.diagnostic_thread import run_in_thread
from engine.investigate.incident_access import IncidentAccess
from engine.naming import display_names
from primitives.analysis.asking import usual_questions
from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments, Diagnostic, Progress
from primitives.display_names import DisplayNames
from primitives.errors import CloudopsError, SourceError
from primitives.facts import Fact
from primitives.telemetry import Query, Telemetry
from primitives.text import safe_line

__all__ = ["StepRunner"]

Outcome = Literal["completed", "failed", "timed_out", "cancelled"]


class _End(NamedTuple):
    """How a diagnostic ended; `fault`: it failed itself, not a source that it asked."""

    outcome: Outcome
    problem: str = ""
    fault: bool = False


@dataclass(slots=True)
class _Output:
    """What a running step has found: `facts`, of which the first `published` are in the log, and its progress."""

    facts: list[Fact] = field(default_factory=list)
    published: int = 0
    progress: Progress | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class StepRunner:
    """Runs diagnostics and publishes what they find.

    At most `concurrency` steps run at once; each may take `timeout_s` seconds. With `in_plan_order` the results are
    published in the order of the plan, so that the same recorded incident always gives the same identifiers.
    `after_step` is called, in turn, whenever a step has ended.
    """

    incident: IncidentAccess
    telemetry: Telemetry
    diagnostics: Mapping[str, Diagnostic]
    clock: Clock
    after_step: Callable[[], Awaitable[None]]
    in_plan_order: bool
    concurrency: int = 4
    timeout_s: float = 60.0

    async def run(self, steps: Sequence[PlannedStep]) -> None:
        """Run `steps` and return when all have ended. Raises `StoreError` when results can't be kept."""
        places = asyncio.Semaphore(self.concurrency)
        before = asyncio.Event()
        before.set()
        # A live source takes its time for each answer: what several steps will ask one after another is asked now.
        ahead = [] if self.in_plan_order else [asyncio.ensure_future(self.telemetry.ask(q)) for q in self._usual(steps)]
        try:
            async with asyncio.TaskGroup() as group:
                for step in steps:
                    ended = asyncio.Event()
                    group.create_task(self._run_in_place(step, places, before, ended))
                    before = ended
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

    def _usual(self, steps: Sequence[PlannedStep]) -> list[Query]:
        """The questions that the steps begin with."""
        known = [(self.diagnostics[step.primitive], step) for step in steps if step.primitive in self.diagnostics]
        questions = {question for diagnostic, _ in known for question in diagnostic.questions}
        first = next(iter(known), None)
        return [] if first is None else usual_questions(_scope(*first), questions)

    async def look_ahead(self, step: PlannedStep) -> list[Fact]:
        """The unknown facts that `step` would find, by running it; only for sources where a query costs nothing."""
        output = _Output()
        await self._collect(step, output)
        known = {found_fact.key for found_fact in self.incident.state.current_facts}
        return [fact for fact in output.facts if fact_key(fact) not in known]

    async def _run_in_place(
        self, step: PlannedStep, places: asyncio.Semaphore, before: asyncio.Event, ended: asyncio.Event
    ) -> None:
        async with places:
            await self._run_step(step, before)
        ended.set()

    async def _run_step(self, step: PlannedStep, before: asyncio.Event) -> None:
        started = self.clock.monotonic()
        await self.incident.send(StartStep(step.id))
        failpoint("run.step_started")
        output = _Output()
        work = asyncio.create_task(self._collect(step, output))
        try:
            if self.in_plan_order:
                await before.wait()
            await self._publish(step.id, output, work)
        except asyncio.CancelledError:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            raise
        end = work.result()
        duration = self.clock.monotonic() - started
        summary = end.problem or self._summary(output.facts)
        failpoint("run.before_step_finished")
        await self.incident.send(FinishStep(step.id, end.outcome, summary, duration, end.fault))
        failpoint("run.step_finished")
        await self.after_step()

    def _summary(self, facts: Sequence[Fact]) -> str:
        return _summary(facts, display_names(self.incident.state))

    async def _collect(self, step: PlannedStep, output: _Output) -> _End:
        try:
            async with asyncio.timeout(self.timeout_s):
                diagnostic = self.diagnostics[step.primitive]
                arguments = diagnostic.arguments.model_validate(step.arguments)
                # Recorded ones are read one after the other, so that the same incident always gives the same log.
                run = diagnostic.run if self.in_plan_order else partial(run_in_thread, diagnostic)
                async for item in run(self.telemetry, arguments):
                    if isinstance(item, Progress):
                        output.progress = item
                    else:
                        output.facts.append(item)
                    output.news.set()
        except TimeoutError:
            return _End("timed_out", f"no result within {self.timeout_s:g} s")
        except CloudopsError as error:
            return _End("failed", safe_line(str(error)), fault=not isinstance(error, SourceError))
        except Exception as error:  # Any failure of a diagnostic, ours or a third party's, must only fail its step.
            return _End("failed", safe_line(f"{type(error).__name__}: {error}"), fault=True)
        return _End("completed")

    async def _publish(self, step: str, output: _Output, work: asyncio.Task[_End]) -> None:
        work.add_done_callback(lambda _: output.news.set())
        finished = False
        while not finished:
            await output.news.wait()
            output.news.clear()
            finished = work.done()
            facts = output.facts[output.published :]
            output.published += len(facts)
            progress, output.progress = output.progress, None
            if facts:
                await self.incident.send(PublishFacts(step, tuple(facts)))
                failpoint("run.facts_written")
            if progress and not finished:
                note = safe_line(progress.note)
                await self.incident.send(ReportProgress(step, progress.done, progress.total, note))


def _scope(diagnostic: Diagnostic, step: PlannedStep) -> Arguments:
    return Arguments.model_validate(diagnostic.arguments.model_validate(step.arguments).model_dump())


def _summary(facts: Sequence[Fact], names: DisplayNames) -> str:
    """A step's result in one line: its first present fact, else an absent one, else an unknown one."""
    present = [fact for fact in facts if fact.polarity == "present"]
    selected = present or [fact for fact in facts if fact.polarity == "absent"] or list(facts)
    if not selected:
        return "nothing found"
    more = f" · {len(selected) - 1} more" if len(selected) > 1 else ""
    return safe_line(selected[0].sentence(names), limit=200) + more
