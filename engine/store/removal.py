"""Takes executions out of a SQLite store: their events, and the recorded answers that no other execution names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from engine.store import schema
from engine.store.anchors import AnchorFile
from engine.store.connection import Connection, RowsRefused, Statement
from engine.store.rows import Head
from primitives.errors import HeadMoved
from primitives.patterns import lazy_pattern

__all__ = ["remove_executions"]

_DIGEST: Final = lazy_pattern(r"[0-9a-f]{64}")


async def remove_executions(
    connection: Connection, heads: AnchorFile, removed: Mapping[str, Head], answers: Collection[str]
) -> None:
    """Remove them and their hashes outside of the database. See `RowStore.remove`."""
    ((last,),) = await connection.rows(schema.SELECT_LAST_ROW)
    unshared = await _named_by_no_other(connection, removed, answers)
    # The hashes first: an execution without one is whole, a hash without its execution looks like a theft. What seals
    # them goes before, because a kill may come between any two of these.
    await connection.write((Statement(schema.DELETE_SEAL, ((),)),))
    forgotten = {name: head for name in removed if (head := heads.get(name)) is not None}
    heads.forget(forgotten)
    names = [(name,) for name in removed]
    try:
        await connection.write(
            (
                Statement(
                    schema.TOUCH_EXECUTION, [(name, head.seq, head.hash) for name, head in removed.items()], True
                ),
                Statement(schema.DELETE_SNAPSHOTS, names),
                Statement(schema.DELETE_EVENTS, names),
                Statement(schema.DELETE_EXECUTION, names),
                Statement(schema.DELETE_BLOB, [(digest, last or 0) for digest in unshared]),
            )
        )
    except BaseException as error:
        heads.add(forgotten)
        if isinstance(error, RowsRefused):
            raise HeadMoved("something happened to an incident while it was archived: it stays") from None
        raise


async def _named_by_no_other(connection: Connection, removed: Mapping[str, Head], answers: Collection[str]) -> set[str]:
    """Read in pieces, so that nothing else waits for long."""
    unshared = set(answers)
    names = [row[0] for row in await connection.rows(schema.SELECT_NAMES)]
    for name in names:
        if not unshared or name in removed:
            continue
        for (body,) in await connection.rows(schema.SELECT_ANSWERS, name):
            unshared.difference_update(_DIGEST.findall(body))
    return unshared
