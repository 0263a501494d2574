"""Kills engine and receiver over and over, and checks what the receiver showed. Prints its findings as JSON.

An engine process writes events of several incidents and delivers their notices; a receiver process keeps the keys that
it has seen and shows each new one once. Both get SIGKILL at random moments, or at a failpoint, and are started again.
In the end both are left alone, and what the log says is to be told is compared with what was shown.

    python tests/notify/kill_outbox.py FOLDER --kills 100 [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from fake_receivers import Answer, Asked, serving  # noqa: E402 - run as a script, it must find the project
from made_notices import settings_of, story  # noqa: E402

from engine import failpoints  # noqa: E402
from engine.log import EventLog  # noqa: E402
from engine.notify.notice import NoticeKind  # noqa: E402
from engine.notify.outbox import Outbox  # noqa: E402
from engine.notify.receivers.opening import open_receivers  # noqa: E402
from engine.notify.service import run_notifications  # noqa: E402
from engine.notify.settings import NotificationSettings  # noqa: E402
from engine.notify.triggers import NewsReader  # noqa: E402
from primitives import guarded_http  # noqa: E402, F401 - a life is short: it is not for loading libraries
from primitives.clock import SystemClock  # noqa: E402

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SETTLED_WITHIN_S = 120.0
LONGEST_LIFE_S = 1.0
STARTED_WITHIN_S = 60.0


@dataclass
class Findings:
    """What became of it. `lost` and `shown_twice` must be empty; `arrived_twice` is what keys are for."""

    kills: dict[str, int] = field(default_factory=lambda: {"engine": 0, "receiver": 0})
    incidents: int = 0
    notices: int = 0
    arrived: int = 0
    arrived_twice: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    shown_twice: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)


def configured(port: int) -> NotificationSettings:
    receiver = {"kind": "webhook", "url": f"http://127.0.0.1:{port}/hook"}
    return settings_of({"to": ["hook"]}, hook=receiver).model_copy(update={"allow_hosts": ("127.0.0.1",)})


def outbox_failpoints() -> list[str]:
    """The names in the sources, so that a new one can't be forgotten here."""
    places = [ROOT / "engine" / "notify" / "outbox.py", ROOT / "engine" / "store" / "connection.py"]
    return sorted({name for path in places for name in re.findall(r'failpoint\("([^"]+)"\)', path.read_text("utf-8"))})


# The engine


async def engine(folder: Path, port: int, life: int, *, last: bool) -> None:
    """Write stories and deliver; the last life writes nothing and ends when nothing waits."""
    log = await EventLog.open(folder / "incidents.db")
    outbox = await Outbox.open(folder / "incidents.db.outbox")
    receivers = open_receivers(configured(port), {"CLOUDOPS_WEBHOOK_SECRET": SECRET}, SystemClock())
    serving_ = asyncio.create_task(run_notifications(log, outbox, configured(port), receivers))
    (folder / "engine.up").touch()
    if not last:
        # The logs that killed lives left go on where they end.
        names = [row.execution_id for row in await log.rows.index()] + [f"exec-{life}"]
        await asyncio.gather(*(write(log, name) for name in names))
        await serving_
    while not await settled(log, outbox):
        await asyncio.sleep(0.05)
    serving_.cancel()
    await asyncio.gather(serving_, return_exceptions=True)
    await outbox.close()
    await log.close()


async def write(log: EventLog, name: str) -> None:
    for who, body in story()[(await log.last(name)).seq :]:
        await log.append(name, f"inc-{name}", [(SystemClock().now(), who, body)])
        await asyncio.sleep(0.02)


async def settled(log: EventLog, outbox: Outbox) -> bool:
    ended = {line.key for line in await outbox.deliveries() if line.status in ("sent", "dropped")}
    return set(await to_be_told(log)) <= ended


# The receiver


async def receiver(folder: Path, port: int) -> None:
    """Show each key once: it is in `shown` before it is acknowledged."""
    seen = Counter((folder / "shown").read_text().split()) if (folder / "shown").exists() else Counter()
    draw = random.Random(len(seen))

    def taken(asked: Asked) -> Answer:
        key = asked.headers["webhook-id"]
        note(folder / "arrived", key)
        if draw.random() < 0.1:
            return Answer(503)
        if key not in seen:
            seen[key] += 1
            note(folder / "shown", key)
        return Answer(204, b"", silent=draw.random() < 0.02)

    async with serving(taken, port=port):
        (folder / "receiver.up").touch()
        await asyncio.Event().wait()


def note(path: Path, key: str) -> None:
    with path.open("a") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())


# The one who kills


class Child:
    """A forked process that is killed and started again; it has the libraries already."""

    def __init__(
        self, folder: Path, role: str, work: Callable[[], Coroutine[Any, Any, None]], failpoint: str = ""
    ) -> None:
        up = folder / f"{role}.up"
        up.unlink(missing_ok=True)
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                failpoints.arm(failpoint)
                asyncio.run(work())
                status = 0
            finally:
                os._exit(status)
        self.ended = False
        until = time.monotonic() + STARTED_WITHIN_S
        while not up.exists() and not self.wait(0.0) and time.monotonic() < until:
            time.sleep(0.01)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended by then."""
        until = time.monotonic() + seconds
        while not self.ended:
            self.ended = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
            if self.ended or time.monotonic() >= until:
                break
            time.sleep(0.05)
        return self.ended

    def kill(self) -> None:
        if not self.wait(0.0):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True


def run(folder: Path, kills: int, seed: int) -> Findings:
    draw, found, began = random.Random(seed), Findings(), time.monotonic()
    port = free_port()
    points = outbox_failpoints()
    taking = Child(folder, "receiver", partial(receiver, folder, port))
    for life in range(kills):
        failpoint = f"{draw.choice(points)}:{draw.randrange(1, 30)}" if draw.random() < 0.4 else ""
        telling = Child(folder, "engine", partial(engine, folder, port, life, last=False), failpoint)
        time.sleep(draw.uniform(0, LONGEST_LIFE_S))
        if draw.random() < 0.4:
            taking.kill()
            found.kills["receiver"] += 1
            time.sleep(draw.uniform(0, 0.2))
            taking = Child(folder, "receiver", partial(receiver, folder, port))
        telling.kill()
        found.kills["engine"] += 1
    last = Child(folder, "engine", partial(engine, folder, port, kills, last=True))
    last.wait(SETTLED_WITHIN_S)
    last.kill()
    taking.kill()
    compare(folder, found)
    found.seconds = round(time.monotonic() - began, 1)
    return found


def compare(folder: Path, found: Findings) -> None:
    expected = asyncio.run(told_by_the_logs(folder))
    shown = Counter((folder / "shown").read_text().split())
    arrived = Counter((folder / "arrived").read_text().split())
    found.incidents = len({execution for execution, _ in expected.values()})
    # A plan is told to wait where a kill came before its confirmation, and only there.
    plans = {key for key, (_, kind) in expected.items() if kind == "plan_waiting"}
    found.notices = len(expected) - len(plans)
    found.arrived, found.arrived_twice = arrived.total(), sum(number > 1 for number in arrived.values())
    found.lost = [f"{expected[key]}" for key in expected.keys() - shown.keys() - plans]
    found.shown_twice = [key for key, number in shown.items() if number > 1]
    found.invented = sorted(shown.keys() - expected.keys())


async def told_by_the_logs(folder: Path) -> dict[str, tuple[str, NoticeKind]]:
    log = await EventLog.open(folder / "incidents.db")
    expected = await to_be_told(log)
    await log.close()
    return expected


async def to_be_told(log: EventLog) -> dict[str, tuple[str, NoticeKind]]:
    """What the logs say is to be told, by the key that it must have: computed here once more, from the key's parts."""
    expected: dict[str, tuple[str, NoticeKind]] = {}
    for row in await log.rows.index():
        reader = NewsReader()
        for event in await log.read(row.execution_id):
            kind = reader.kind(event)
            if kind is not None and kind != "note":
                parts = f"{row.execution_id}\0r0\0hook\0{kind}\0{event.seq}"
                expected[hashlib.sha256(parts.encode()).hexdigest()[:32]] = (row.execution_id, kind)
    return expected


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    result = run(given.folder, given.kills, given.seed)
    sys.stdout.write(json.dumps(asdict(result), indent=2) + "\n")
    return bool(result.lost or result.shown_twice or result.invented)


if __name__ == "__main__":
    sys.exit(main())
