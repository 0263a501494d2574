"""What the tests of a misbehaving store share."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.events import IncidentOpened, PlannedStep, PlanProposed, StepProgressed, Who
from engine.log import Entry, EventLog
from engine.store import connection
from engine.store.sqlite import SqliteRows
from primitives.records import Window

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
PROBE = Path(__file__).parents[1] / "store_probe.py"
NOBODY = 65534
HOLDER = """
import asyncio, sys
from pathlib import Path
from engine.log import EventLog

async def hold():
    store = await EventLog.open(Path(sys.argv[1]))
    print("held", flush=True)
    await asyncio.Event().wait()

asyncio.run(hold())
"""


def beginning() -> list[Entry]:
    opened = IncidentOpened(
        title="Latency", query="q", origin="recorded", detected_at=NOON, now=NOON, window=Window(start=NOON, end=NOON)
    )
    step = PlannedStep(id="S1", primitive="look", target="web", arguments={}, effect="read", reason="to see")
    return [(NOON, ENGINE, opened), (NOON, ENGINE, PlanProposed(steps=(step,)))]


def progress(count: int, note: str = "") -> list[Entry]:
    return [(NOON, ENGINE, StepProgressed(step="S1", done=n, total=count, note=note)) for n in range(count)]


async def fill(path: Path, *executions: str, events: int = 200) -> None:
    store = await EventLog.open(path)
    for name in executions:
        await store.append(name, f"inc-{name}", beginning())
        await store.append(name, f"inc-{name}", progress(events))
    await store.close()


def connection_of(store: EventLog) -> connection.Connection:
    assert isinstance(store.rows, SqliteRows)
    return store.rows.connection


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text
    assert len(text) < 400
    return text


def free(path: Path) -> None:
    """After a failed opening the lock must be free again."""
    with path.with_name(path.name + ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def give_away(folder: Path) -> None:
    """To the account that the probe runs as."""
    if os.geteuid() == 0:
        for place in (folder, *folder.rglob("*")):
            os.chown(place, NOBODY, NOBODY)


def probe(path: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(PROBE), str(path), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
