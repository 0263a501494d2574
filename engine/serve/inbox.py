"""What came in, durably: deliveries that wait, groups of alerts, payloads, what could not be read.

A delivery is acknowledged after its commit; those that arrive together are committed together. It waits as it came,
because reading and redacting it takes longer than its sender may wait; once it is worked off its bytes are overwritten
(`secure_delete`), and only what is redacted is kept.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.alerts import AlertGroup, Quarantined
from engine.serve import inbox_schema as schema
from engine.serve.groups import AlertRow
from engine.serve.upgrading import upgrade
from engine.store.connection import Connection, Statement, damage
from primitives.dataclass import dataclass
from primitives.errors import StoreCorrupt, StoreError, StoreTooNew
from primitives.private_files import create_private

__all__ = ["Inbox", "InboxFull", "Waiting", "Worked", "inbox_path"]

MOST_WAITING: Final = 100_000
MOST_WAITING_BYTES: Final = 1 << 30
"""Deliveries, and their bytes, that may wait: a sender of more is asked to come again."""

_BATCH: Final = 500
_PENDING: Final = 4_000
_GROUPS: Final = 2_000


class InboxFull(StoreError):
    """So many deliveries wait that no more are taken; nothing was kept."""


class Waiting(NamedTuple):
    """A delivery as it came."""

    number: int
    channel: str
    key: str
    received_at: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of some deliveries, kept in one transaction; `payloads` are (group, time, channel, JSON)."""

    deliveries: Sequence[Waiting]
    alerts: Sequence[AlertRow] = ()
    groups: Sequence[AlertGroup] = ()
    payloads: Sequence[tuple[str, float, str, str]] = ()
    quarantined: Sequence[tuple[str, float, int, str, str]] = ()


def inbox_path(store: Path) -> Path:
    """The file beside the store."""
    return store.with_name(store.name + ".inbox")


class Inbox:
    """The inbox of a store, of the process that has the store's lock. Every method raises `StoreError`."""

    def __init__(self, path: Path, connection: Connection) -> None:
        self.path = path
        self.arrived = asyncio.Event()
        self._connection = connection
        self._pending: list[tuple[tuple[str, str, float, bytes], asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._waiting, self._waiting_bytes = 0, 0

    @classmethod
    async def open(cls, path: Path) -> Inbox:
        """Open the inbox, or make one."""
        _make_private(path)
        connection = await Connection.open(path, readonly=False)
        try:
            await _prepare(path, connection)
            inbox = cls(path, connection)
            ((inbox._waiting, inbox._waiting_bytes),) = await connection.rows(schema.COUNT_WAITING)
        except BaseException:  # Whatever ends it, a cancellation as well, the file is closed.
            await connection.close()
            raise
        return inbox

    @property
    def waiting(self) -> int:
        """How many deliveries wait, about."""
        return self._waiting + len(self._pending)

    async def take(self, channel: str, key: str, received_at: datetime, body: bytes) -> None:
        """Keep a delivery, unless one of that key is known; durable on return. Raises `InboxFull`."""
        full = self._waiting >= MOST_WAITING or self._waiting_bytes + len(body) > MOST_WAITING_BYTES
        if full or len(self._pending) >= _PENDING:
            raise InboxFull("too many deliveries wait")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(((channel, f"{channel}:{key}", received_at.timestamp(), body), done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def next_waiting(self, limit: int = _BATCH) -> list[Waiting]:
        """The deliveries that wait longest."""
        rows = [Waiting(*row) for row in await self._connection.rows(schema.SELECT_WAITING, limit)]
        if not rows:
            self._waiting = self._waiting_bytes = 0  # those that came twice were counted twice
        return rows

    async def keep(self, worked: Worked) -> None:
        """Keep what came of deliveries, which wait no longer."""
        await self._connection.write(
            (
                Statement(schema.UPSERT_ALERT, [tuple(row.__dict__.values()) for row in worked.alerts]),
                Statement(schema.UPSERT_GROUP, [_group_row(group) for group in worked.groups]),
                Statement(schema.INSERT_PAYLOAD, worked.payloads),
                Statement(schema.INSERT_QUARANTINE, worked.quarantined),
                Statement(schema.INSERT_SEEN, [(each.key, each.received_at) for each in worked.deliveries]),
                Statement(schema.DELETE_DELIVERY, [(each.number,) for each in worked.deliveries if each.number]),
            )
        )
        stored = [each for each in worked.deliveries if each.number]
        self._waiting = max(self._waiting - len(stored), 0)
        self._waiting_bytes = max(self._waiting_bytes - sum(len(each.body) for each in stored), 0)

    async def save(self, group: AlertGroup) -> None:
        """Keep a group's new state."""
        await self._connection.write((Statement(schema.UPSERT_GROUP, [_group_row(group)]),))

    async def alerts(self, keys: Iterable[str]) -> dict[str, AlertRow]:
        """The known alerts among `keys`."""
        rows = await self._connection.rows(schema.SELECT_ALERTS, json.dumps(list(keys)))
        return {row[0]: _alert_row(row) for row in rows}

    async def seen(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that were worked off."""
        return {row[0] for row in await self._connection.rows(schema.SELECT_SEEN, json.dumps(list(keys)))}

    async def alerts_of(self, group_id: str, limit: int = 100) -> list[AlertRow]:
        """Some alerts of a group."""
        return [_alert_row(row) for row in await self._connection.rows(schema.SELECT_ALERTS_OF, group_id, limit)]

    async def firing(self, channel: str) -> set[str]:
        """The keys of the channel's alerts that are not over."""
        return {row[0] for row in await self._connection.rows(schema.SELECT_FIRING, channel)}

    async def groups(self, since: datetime, limit: int = _GROUPS) -> list[AlertGroup]:
        """The groups that something was heard of since then, the latest first."""
        return _decoded(await self._connection.rows(schema.SELECT_GROUPS, since.timestamp(), limit))

    async def group(self, name: str) -> AlertGroup | None:
        """The group of that id."""
        return next(iter(_decoded(await self._connection.rows(schema.SELECT_GROUP, name))), None)

    async def due(self, limit: int = _GROUPS) -> list[AlertGroup]:
        """The groups whose investigation is due or goes on, in the order in which they were opened."""
        return _decoded(await self._connection.rows(schema.SELECT_DUE, limit))

    async def payloads(self, group_id: str, limit: int = 20) -> list[Any]:
        """The first payloads of a group, redacted."""
        import orjson

        return [orjson.loads(row[0]) for row in await self._connection.rows(schema.SELECT_PAYLOADS, group_id, limit)]

    async def quarantined(self, limit: int = 20) -> list[Quarantined]:
        """What could not be read, the latest first."""
        return [Quarantined(*row) for row in await self._connection.rows(schema.SELECT_QUARANTINE, limit)]

    async def quarantine_size(self) -> int:
        """How much could not be read."""
        ((size,),) = await self._connection.rows(schema.COUNT_QUARANTINE)
        return int(size)

    async def expire(self, before: datetime) -> None:
        """Forget what is over and was last heard of before then."""
        await self._connection.write([Statement(sql, [(before.timestamp(),)]) for sql in schema.EXPIRE])

    async def backup(self, path: Path) -> None:
        """Copy the inbox while it is used. The file must not be there yet."""
        await self._connection.backup(path)

    async def close(self) -> None:
        """Commit what is pending, then close."""
        while self._flushing is not None:
            await asyncio.gather(self._flushing, return_exceptions=True)
        await self._connection.close()

    async def _flush(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
                await self._commit(batch)
        finally:
            self._flushing = None

    async def _commit(self, batch: list[tuple[tuple[str, str, float, bytes], asyncio.Future[None]]]) -> None:
        try:
            await self._connection.write((Statement(schema.INSERT_DELIVERY, [row for row, _ in batch]),))
        except BaseException as error:  # Whoever waits for this commit must hear of it, whatever ended it.
            for _, done in batch:
                if not done.done():
                    done.set_exception(error if isinstance(error, StoreError) else StoreError("the inbox is closing"))
            if not isinstance(error, StoreError):
                raise
            return
        self._waiting += len(batch)
        self._waiting_bytes += sum(len(row[3]) for row, _ in batch)
        for _, done in batch:
            if not done.done():
                done.set_result(None)
        self.arrived.set()


def _make_private(path: Path) -> None:
    try:
        if not path.exists():
            os.close(create_private(path))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path} can't be made ({error.strerror}): check its folder") from error


def _group_row(group: AlertGroup) -> tuple[Any, ...]:
    ended = group.ended_at.timestamp() if group.ended_at else None
    return (
        group.id, group.state, group.opened_at.timestamp(), group.last_at.timestamp(), ended, group.model_dump_json(),
    )  # fmt: skip


def _alert_row(row: Sequence[Any]) -> AlertRow:
    return AlertRow(**dict(zip(AlertRow.model_fields, row, strict=True)))


def _decoded(rows: Iterable[Sequence[Any]]) -> list[AlertGroup]:
    groups = []
    for row in rows:
        with suppress(ValueError):  # one damaged row must not hide the others
            groups.append(AlertGroup.model_validate_json(row[0]))
    return groups


async def _prepare(path: Path, connection: Connection) -> None:
    ((application_id,),) = await connection.rows("PRAGMA application_id")
    ((version,),) = await connection.rows("PRAGMA user_version")
    if not version and not application_id:
        await connection.script(schema.PRAGMAS)
        await connection.script(schema.SCHEMA)
        return
    if application_id != schema.APPLICATION_ID:
        raise StoreCorrupt(damage(path, "it is another program's database"))
    if version > schema.SCHEMA_VERSION:
        raise StoreTooNew(f"{path} was written by a newer CloudOps (format {version}): upgrade CloudOps")
    await connection.script(schema.PRAGMAS)
    await upgrade(path, connection, version, schema.UPGRADES)
