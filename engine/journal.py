"""The single writer of one execution: everything that happens to it passes through here, in order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from itertools import islice
from typing import Any

import orjson

from engine.events import AnswerRecorded, Body, FactFound, Who, in_real_time
from engine.incident import IncidentState
from engine.log import EventLog
from primitives.answers import encode_answer
from primitives.clock import Clock, SystemClock
from primitives.facts import Fact, SourceGap
from primitives.telemetry import Answer

__all__ = ["ENGINE", "Journal", "fact_key"]

ENGINE = Who(kind="engine", name="cloudops")
"""The engine as the one who caused an event."""


class Journal:
    """Appends to one execution's log and keeps its folded state.

    Writes are serialised; a write returns after its commit. Times are those of `clock`, for what people say
    those of `real`. It is also the `Recorder` of the execution's telemetry.
    """

    def __init__(
        self,
        store: EventLog,
        clock: Clock,
        state: IncidentState,
        execution_id: str,
        incident_id: str,
        *,
        real: Clock | None = None,
    ) -> None:
        self.state = state
        self.execution_id = execution_id
        self.incident_id = incident_id
        self._store = store
        self._clock = clock
        self._real = real or SystemClock()
        self._turn = asyncio.Lock()
        self._told: set[str | tuple[str, ...]] = set()
        self._looked_at = 0

    async def write(self, *bodies: Body, who: Who = ENGINE, blobs: Sequence[bytes] = ()) -> None:
        """Append `bodies` (and the blobs that they name) in one commit. Raises `StoreError`; then nothing was kept."""
        await self._uninterrupted(self._append(bodies, who, blobs))

    async def decide(self, choose: Callable[[IncidentState], Body | None], *, who: Who = ENGINE) -> None:
        """Append what `choose` makes of the state, if anything; nothing else is written between the two."""
        await self._uninterrupted(self._append_chosen(choose, who))

    async def decide_all(self, choose: Callable[[IncidentState], Sequence[tuple[Who, Body]]]) -> None:
        """Append, in one commit, what `choose` makes of the state and who caused each; nothing else comes between."""
        await self._uninterrupted(self._append_all(choose))

    async def write_facts(self, step: str, facts: Sequence[Fact]) -> None:
        """Append the facts that `step` found, but for those that another step or an earlier attempt found."""
        await self._uninterrupted(self._append_facts(step, facts))

    async def record(self, answer: Answer[Any]) -> str:
        """Keep a telemetry answer as a blob and name it in the log, once."""
        data = await asyncio.to_thread(encode_answer, answer)
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.state.answers:
            body = AnswerRecorded(
                question=answer.query.question,
                source=answer.source,
                status=answer.status,
                digest=digest,
                size=len(data),
                records=len(answer.records),
                detail=answer.detail,
            )
            await self.write(body, blobs=(data,))
        return digest

    async def _uninterrupted(self, writing: Coroutine[Any, Any, None]) -> None:
        """A write under way is finished even when its writer is cancelled, or state and log would part."""

        async def in_turn() -> None:
            async with self._turn:
                await writing

        task = asyncio.ensure_future(in_turn())
        # Whoever was cancelled meanwhile hears no more of it: a failure then is told by the next write.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(task)

    async def _append_chosen(self, choose: Callable[[IncidentState], Body | None], who: Who) -> None:
        body = choose(self.state)
        await self._append([body] if body else [], who, ())

    async def _append_all(self, choose: Callable[[IncidentState], Sequence[tuple[Who, Body]]]) -> None:
        await self._append_by(choose(self.state))

    async def _append_facts(self, step: str, facts: Sequence[Fact]) -> None:
        # Facts only ever join: of thousands only the new ones need a look.
        for found in islice(self.state.facts.values(), self._looked_at, None):
            self._told.update(_says(found.key, found.fact))
        self._looked_at = len(self.state.facts)
        bodies: list[Body] = []
        new: set[str | tuple[str, ...]] = set()
        for fact in facts:
            key = fact_key(fact)
            says = _says(key, fact)
            if says.isdisjoint(self._told) and says.isdisjoint(new):
                new |= says
                number = len(self.state.facts) + len(bodies) + 1
                bodies.append(FactFound(id=f"F{number}", step=step, key=key, fact=fact))
        await self._append(bodies, ENGINE, ())

    async def _append(self, bodies: Sequence[Body], who: Who, blobs: Sequence[bytes]) -> None:
        await self._append_by([(who, body) for body in bodies], blobs)

    async def _append_by(self, said: Sequence[tuple[Who, Body]], blobs: Sequence[bytes] = ()) -> None:
        if not said:
            return
        now, real = self._clock.now(), self._real.now()
        entries = [(real if in_real_time(body) else now, who, body) for who, body in said]
        events = await self._store.append(self.execution_id, self.incident_id, entries, blobs=blobs)
        for event in events:
            self.state.apply(event)


def fact_key(fact: Fact) -> str:
    """A digest of what the fact says (SHA-256, first 16 hex digits), whichever recorded answers it came from."""
    document = fact.model_dump(mode="json", by_alias=True, exclude={"answers"})
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _says(key: str, fact: Fact) -> set[str | tuple[str, ...]]:
    """What makes a fact one that is known: what it says, and that nobody could answer a question, whoever asked it."""
    if not isinstance(fact, SourceGap):
        return {key}
    return {key, (fact.question, fact.status, fact.source, fact.detail)}
