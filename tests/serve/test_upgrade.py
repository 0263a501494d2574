"""An inbox of an older format is upgraded when it is opened, after a try on a copy."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.serve.inbox import Inbox
from engine.serve.inbox_schema import SCHEMA_VERSION
from primitives.errors import StoreError, StoreTooNew

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
_OPEN = (
    "import asyncio, pathlib, sys; from engine.serve.inbox import Inbox; "
    "asyncio.run(Inbox.open(pathlib.Path(sys.argv[1])))"
)


async def _old(path: Path, extra: str = "") -> None:
    """An inbox of format 1 with a delivery that waits."""
    inbox = await Inbox.open(path)
    await inbox.take("any", "body:1", NOW, b"{}")
    await inbox.close()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(f"DROP INDEX firing_by_channel; {extra} PRAGMA user_version = 1;")


def _format(path: Path) -> tuple[int, bool]:
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        index = database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'firing_by_channel'").fetchone()
    return version, index is not None


async def test_an_old_inbox_is_upgraded_with_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "incidents.db.inbox"
    await _old(path)
    inbox = await Inbox.open(path)
    assert [waiting.key for waiting in await inbox.next_waiting()] == ["any:body:1"]
    await inbox.close()
    assert _format(path) == (SCHEMA_VERSION, True)
    assert not list(tmp_path.glob("*.upgrade*"))


async def test_an_upgrade_that_fails_on_the_copy_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "incidents.db.inbox"
    await _old(path, "ALTER TABLE alerts RENAME COLUMN channel TO other;")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"tried on a copy .* nothing was changed"):
        await Inbox.open(path)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.upgrade*"))


async def test_a_kill_between_the_copy_and_the_upgrade_leaves_the_old_format(tmp_path: Path) -> None:
    path = tmp_path / "incidents.db.inbox"
    await _old(path)
    environment = {**os.environ, "CLOUDOPS_FAILPOINT": "inbox.before_upgrade"}
    done = subprocess.run([sys.executable, "-c", _OPEN, str(path)], cwd=ROOT, env=environment, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert _format(path) == (1, False)
    await (await Inbox.open(path)).close()
    assert _format(path) == (SCHEMA_VERSION, True)


async def test_an_inbox_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "incidents.db.inbox"
    await _old(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreTooNew):
        await Inbox.open(path)
