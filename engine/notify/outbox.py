"""The outbox: which notices are to be delivered, and how far each is. A SQLite file beside the store.

What is to be delivered is derived from the log. One transaction keeps the deliveries together with the cursor up to
which the log was read, so that a kill at any moment loses nothing and adds nothing: what was not kept is derived again,
and the same event gives the same key. The file belongs to the process that has the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import orjson

from engine.failpoints import failpoint
from engine.notify import outbox_schema as schema
from engine.notify.delivery import Delivery, DeliveryStatus
from engine.notify.notice import Notice, delivery_key
from engine.store.connection import Connection, Statement
from primitives.errors import StoreError

__all__ = ["NewDelivery", "Outbox", "Waiting"]

_MOST_SHOWN: Final = 1_000
_MOST_AT_ONCE: Final = 50
_KEPT_S: Final = 30 * 86_400.0
"""How long ended deliveries are kept."""


class NewDelivery(NamedTuple):
    """A delivery to be kept. `due_at` is in seconds since 1970; `held` says that quiet hours hold it back until then.

    `wait_s` is how long it waits by intention. `needs` is what must still wait for a person when it is due.
    """

    key: str
    receiver: str
    rule: str
    kind: str
    execution_id: str
    title: str
    notice: str
    made_at: float
    due_at: float
    wait_s: float = 0.0
    held: bool = False
    needs: str = ""

    @classmethod
    def of_notice(
        cls, notice: Notice, *, rule: str, receiver: str, now: float, due_at: float | None = None, held: bool = False,
        needs: str = "", text: Notice | None = None,
    ) -> Self:  # fmt: skip
        """The delivery of `notice`, due at once unless `due_at` says when; `text` is stored where it differs."""
        due = now if due_at is None else due_at
        return cls(
            key=delivery_key(notice, rule=rule, receiver=receiver), receiver=receiver, rule=rule, kind=notice.kind,
            execution_id=notice.execution_id, title=notice.title, notice=(text or notice).model_dump_json(),
            made_at=now, due_at=due, wait_s=0.0 if held else due - now, held=held, needs=needs,
        )  # fmt: skip


class Waiting(NamedTuple):
    """A delivery that is due. `progress` is what its receiver kept of an earlier try."""

    number: int
    key: str
    receiver: str
    rule: str
    kind: str
    execution_id: str
    notice: str
    attempts: int
    made_at: float
    due_at: float
    needs: str
    progress: Mapping[str, Any]


class Outbox:
    """See the module. Every method raises `StoreError` when the file can't be read or written.

    `added` is called when something waits that did not before, and not by the deriver.
    """

    def __init__(self, connection: Connection) -> None:
        self.added: Callable[[], None] = lambda: None
        self._connection = connection

    @classmethod
    async def open(cls, path: Path | None) -> Self:
        """Open or create the outbox in `path`; None keeps it in memory. Raises `StoreError`."""
        if path is None:
            connection = await Connection.in_memory("outbox")
        else:
            _create(path)
            connection = await Connection.open(path, readonly=False)
        outbox = cls(connection)
        try:
            await outbox._prepare(path)
        except BaseException:  # whatever ends it, a cancellation too: nobody else would close the connection
            await connection.close()
            raise
        return outbox

    async def close(self) -> None:
        """Close. Closing twice is harmless."""
        await self._connection.close()

    # What is derived

    async def cursors(self) -> dict[str, int]:
        """The sequence number up to which each execution's log was read."""
        return {row[0]: row[1] for row in await self._connection.rows(schema.SELECT_CURSORS)}

    async def begun(self) -> bool:
        """Whether the log was ever read for news."""
        return bool(await self._connection.rows(schema.SELECT_BEGUN))

    async def begin(self, heads: Mapping[str, int]) -> None:
        """Start at these heads: what is older than the first start is no news."""
        cursors = [(execution_id, seq) for execution_id, seq in heads.items()]
        await self._connection.write((Statement(schema.INSERT_CURSOR, cursors), Statement(schema.SET_BEGUN, [()])))

    async def add(self, execution_id: str, seq: int, deliveries: Sequence[NewDelivery]) -> int:
        """Keep `deliveries` and the cursor `seq` in one transaction. Returns how many weren't there yet."""
        before = await self._count() if deliveries else 0
        # A later notice repeats what is still true of the earlier one, which nobody has read yet.
        superseded = [(each.receiver, each.execution_id, each.key) for each in deliveries if each.held]
        await self._connection.write((
            Statement(schema.INSERT_DELIVERY, deliveries),
            Statement(schema.SUPERSEDE, superseded),
            Statement(schema.INSERT_CURSOR, [(execution_id, seq)]),
        ))  # fmt: skip
        failpoint("outbox.derived")
        return await self._count() - before if deliveries else 0

    # What is delivered

    async def due(self, receiver: str, now: float) -> list[Waiting]:
        """The next delivery of each incident to `receiver` that is due: what comes later waits for it."""
        rows = await self._connection.rows(schema.SELECT_HEADS, receiver, now, _MOST_AT_ONCE)
        waiting = [Waiting._make((*row[:-1], orjson.loads(row[-1]))) for row in rows]
        return [each for each in waiting if each.due_at <= now]

    async def next_due(self, receiver: str, now: float) -> float | None:
        """When the next delivery to `receiver` is due, in seconds since 1970; None where none waits."""
        due: float | None = (await self._connection.rows(schema.SELECT_NEXT, receiver, now))[0][0]
        return due

    async def attempt(self, delivery: Waiting) -> None:
        """Note a try before it is made: after a kill its outcome isn't known."""
        await self._connection.write((Statement(schema.NOTE_ATTEMPT, [(delivery.number,)]),))
        failpoint("outbox.attempted")

    async def keep_progress(self, delivery: Waiting, progress: Mapping[str, Any], thread: Mapping[str, Any]) -> None:
        """Store what a receiver needs to go on with this delivery, and with later ones of the incident."""
        await self._connection.write(self._progress(delivery, progress, thread))

    async def settle(
        self, delivery: Waiting, status: DeliveryStatus, now: float, problem: str = "", *,
        progress: Mapping[str, Any] | None = None, thread: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """The end of a delivery."""
        kept = self._progress(delivery, progress or {}, thread) if thread is not None else ()
        await self._connection.write((*kept, Statement(schema.SETTLE, [(status, now, problem, delivery.number)])))
        failpoint("outbox.settled")

    async def postpone(self, delivery: Waiting, due_at: float, wait_s: float, problem: str) -> None:
        """Try again later."""
        await self._connection.write((Statement(schema.POSTPONE, [(due_at, wait_s, problem, delivery.number)]),))

    async def thread(self, receiver: str, execution_id: str) -> dict[str, Any]:
        """What the receiver keeps of this incident."""
        rows = await self._connection.rows(schema.SELECT_THREAD, receiver, execution_id)
        return dict(orjson.loads(rows[0][0])) if rows else {}

    async def shift(self, seconds: float) -> None:
        """Move what waits by `seconds`, because the clock was set: waits keep their length. Quiet hours don't move."""
        await self._connection.write((Statement(schema.SHIFT, [(seconds,)]),))

    async def clamp(self, now: float) -> None:
        """After a start: nothing waits longer than it was meant to, however the clock was set meanwhile."""
        await self._connection.write((Statement(schema.CLAMP, [(now,)]),))

    async def forget(self, now: float) -> None:
        """Remove what ended long ago."""
        await self._connection.write((Statement(schema.FORGET, [(now - _KEPT_S,)]),))

    # What a person sees

    async def deliveries(self) -> tuple[Delivery, ...]:
        """What waits and what is dead, then what ended last; at most 1,000 lines."""
        rows = await self._connection.rows(schema.SELECT_DELIVERIES, _MOST_SHOWN)
        return tuple(Delivery.model_validate(dict(zip(Delivery.model_fields, row, strict=True))) for row in rows)

    async def retry(self, keys: Iterable[str], now: float) -> int:
        """Try dead deliveries again, from their beginning: those whose key begins with one of `keys`, or all."""
        prefixes = tuple(keys)
        chosen = [
            (now, each.key) for each in await self.deliveries()
            if each.status == "dead" and (not prefixes or each.key.startswith(prefixes))
        ]  # fmt: skip
        await self._connection.write((Statement(schema.RETRY, chosen),))
        self.added()
        return len(chosen)

    def _progress(
        self, delivery: Waiting, progress: Mapping[str, Any], thread: Mapping[str, Any] | None
    ) -> tuple[Statement, ...]:
        threads = [(delivery.receiver, delivery.execution_id, orjson.dumps(thread).decode())] if thread else []
        return (
            Statement(schema.SET_PROGRESS, [(orjson.dumps(progress).decode(), delivery.number)]),
            Statement(schema.SET_THREAD, threads),
        )

    async def _count(self) -> int:
        return int((await self._connection.rows("SELECT count(*) FROM deliveries"))[0][0])

    async def _prepare(self, path: Path | None) -> None:
        ((version,),) = await self._connection.rows("PRAGMA user_version")
        if version > schema.VERSION:
            raise StoreError(f"{path} was written by a newer CloudOps: upgrade CloudOps, or remove what it would send")
        if path is not None:
            await self._connection.script(schema.PRAGMAS)
        if version < schema.VERSION:
            await self._connection.script(schema.SCHEMA)


def _create(path: Path) -> None:
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror}): make its folder writable") from error
