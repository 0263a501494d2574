"""Brings a SQLite file to a newer format: tried on a copy first, then done in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from engine.failpoints import failpoint
from engine.store.connection import Connection
from primitives.errors import StoreError
from primitives.text import safe_line

__all__ = ["upgrade"]


async def upgrade(path: Path, connection: Connection, version: int, steps: Mapping[int, str]) -> None:
    """Run the scripts of `steps` from `version` on; the script under 2 makes format 2 of format 1.

    Raises `StoreError` when the copy can't be made or a script fails on it; the file is then what it was.
    """
    due = [(number, steps[number]) for number in sorted(steps) if number > version]
    if not due:
        return
    script = "".join(f"{sql}\nPRAGMA user_version = {number};\n" for number, sql in due)
    whole = f"BEGIN IMMEDIATE;\n{script}COMMIT;\n"
    await _try_on_copy(path, connection, whole)
    failpoint("inbox.before_upgrade")
    await connection.script(whole)


async def _try_on_copy(path: Path, connection: Connection, script: str) -> None:
    copy = path.with_name(path.name + ".upgrade")
    _remove(copy)
    try:
        await connection.backup(copy)
        copy.chmod(0o600)
        trial = await Connection.open(copy, readonly=False)
        try:
            await trial.script(script)
            problems = [row[0] for row in await trial.rows("PRAGMA quick_check(5)") if row[0] != "ok"]
        finally:
            await trial.close()
        _check(problems)
    except (StoreError, OSError) as error:
        raise StoreError(
            f"{safe_line(str(path))} can't be brought to the new format, which was tried on a copy "
            f"({safe_line(str(error))}): nothing was changed, the CloudOps before this one still reads it"
        ) from error
    finally:
        _remove(copy)


def _check(problems: list[str]) -> None:
    if problems:
        raise StoreError("; ".join(problems))


def _remove(copy: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            copy.with_name(copy.name + suffix).unlink()
