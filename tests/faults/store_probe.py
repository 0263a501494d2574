"""Uses a store as somebody without special rights and prints what happened as JSON; for `tests/faults/store`.

    python tests/faults/store_probe.py STORE [--bytes-a-file N]

Root may write whatever the permissions say, so root first becomes nobody.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.events import IncidentOpened, Who
from engine.log import EventLog
from primitives.errors import CloudopsError
from primitives.records import Window

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NOBODY = 65534


async def use(path: Path, execution_id: str, opened: IncidentOpened) -> dict[str, object]:
    seen: dict[str, object] = {}
    try:
        store = await EventLog.open(path)
    except CloudopsError as error:
        return {"open": [type(error).__name__, str(error)]}
    try:
        seen["readonly"] = store.rows.readonly
        seen["executions"] = [row.execution_id for row in await store.incidents()]
        seen["audit"] = [result.ok for result in await store.verify()]
        await store.append(execution_id, "inc-probe", [(NOON, Who(kind="engine", name="cloudops"), opened)])
        seen["appended"] = True
    except CloudopsError as error:
        seen["append"] = [type(error).__name__, str(error)]
    seen["after"] = [row.execution_id for row in await store.incidents()]
    await store.close()
    return seen


def main() -> None:
    path = Path(sys.argv[1])
    opened = IncidentOpened(
        title="probe",
        query="x" * 60_000,
        origin="recorded",
        detected_at=NOON,
        now=NOON,
        window=Window(start=NOON, end=NOON),
    )
    with tempfile.TemporaryDirectory() as folder:
        # Whatever is imported late is imported now: nobody may not be able to read it.
        for execution_id in ("exec-1", "exec-2"):
            asyncio.run(use(Path(folder) / "warm.db", execution_id, opened))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if sys.argv[2:3] == ["--bytes-a-file"]:
        limit = int(sys.argv[3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.stdout.write(json.dumps(asyncio.run(use(path, "exec-probe", opened))) + "\n")


if __name__ == "__main__":
    main()
