"""Kills a process that writes to a store, again and again, and checks what is left. Prints its findings as JSON.

A child writes events of several executions at once and tells each acknowledged one on a pipe. The parent sends SIGKILL
at a random moment, or arms a failpoint, then opens the store as the next process would and compares. SIGKILL leaves the
kernel's page cache alone: this shows what the program loses, not what a disk loses without power.

    python tests/faults/kill_harness.py FOLDER --rounds 300 [--failpoint-rounds 3] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import select
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from engine import failpoints  # noqa: E402 - run as a script, it must find the project first
from engine.events import IncidentOpened, PlannedStep, PlanProposed, StepProgressed, Who, body_adapter  # noqa: E402
from engine.incident import IncidentState, fold  # noqa: E402
from engine.log import EventLog, snapshots  # noqa: E402
from primitives.errors import StoreError  # noqa: E402
from primitives.records import Window  # noqa: E402

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
EXECUTIONS = ("exec-a", "exec-b", "exec-c")
APPENDS = 40
ROUNDS_A_STORE = 12
LONGEST_LIFE_S = 0.06


@dataclass
class Findings:
    """What became of all rounds. Everything but the first four must be empty."""

    rounds: int = 0
    kills: int = 0
    acknowledged: int = 0
    failpoints: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@dataclass
class Known:
    """A store and what it acknowledged."""

    path: Path
    events: dict[tuple[str, int], str] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)


def store_failpoints() -> list[str]:
    """The names in the store's source, so that a new one can't be forgotten here."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "engine" / "store").glob("*.py")))
    return sorted(set(re.findall(r'failpoint\("([^"]+)"\)', text)))


async def write_until_killed(path: Path, out: int, round_: int, seed: int) -> None:
    """The child: opens the store, goes on with every execution, tells what was acknowledged."""
    store = await EventLog.open(path)

    async def write(name: str) -> None:
        draw = random.Random(f"{seed}/{round_}/{name}")
        if not (await store.last(name)).seq:
            window = Window(start=NOON, end=NOON)
            opened = IncidentOpened(
                title=name, query=name, origin="recorded", detected_at=NOON, now=NOON, window=window
            )
            step = PlannedStep(id="S1", primitive="look", target="web", arguments={}, effect="read", reason="to see")
            events = await store.append(
                name, f"inc-{name}", [(NOON, ENGINE, opened), (NOON, ENGINE, PlanProposed(steps=(step,)))]
            )
            tell(out, [f"event {name} {event.seq} {event.hash}" for event in events])
        for number in range(APPENDS):
            size = draw.choice((1, 1, 1, 2, 5, 30))
            notes = [f"{round_}.{number}.{each}" for each in range(size)]
            blobs = (draw.randbytes(draw.randrange(1, 20_000)),) if draw.random() < 0.2 else ()
            events = await store.append(
                name,
                f"inc-{name}",
                [(NOON, ENGINE, StepProgressed(step="S1", done=number, total=APPENDS, note=note)) for note in notes],
                blobs=blobs,
            )
            digests = [hashlib.sha256(blob).hexdigest() for blob in blobs]
            tell(out, [f"event {name} {event.seq} {event.hash}" for event in events])
            tell(out, [f"blob {digest}" for digest in digests])

    await asyncio.gather(*(write(name) for name in EXECUTIONS))
    await store.close()


def tell(out: int, lines: list[str]) -> None:
    if lines:
        os.write(out, "".join(line + "\n" for line in lines).encode())


def run_child(path: Path, round_: int, seed: int, failpoint: str, life_s: float | None) -> tuple[bool, list[str]]:
    """One child's life: whether it was killed, and the lines that it printed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            failpoints.arm(failpoint)
            asyncio.run(write_until_killed(path, writing, round_, seed))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    lines = bytearray()
    end = None if life_s is None else time.monotonic() + life_s
    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        ready, _, _ = select.select([reading], [], [], left)
        if not ready:
            os.kill(pid, signal.SIGKILL)
            end = None
            continue
        if not (data := os.read(reading, 65536)):
            break
        lines += data
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"the child of round {round_} failed by itself: see its traceback")
    # A line without its end was cut off by the kill: its event was acknowledged, but we can't know which.
    return os.WIFSIGNALED(status), lines.decode().split("\n")[:-1]


async def examine(known: Known, findings: Findings) -> None:
    """Open the store as the next process would and compare it with what was acknowledged."""
    store = await EventLog.open(known.path)
    try:
        for result in await store.verify():
            if not result.ok:
                findings.broken.append(f"{result.execution_id}: {result.problem}")
        for name in EXECUTIONS:
            events = await store.read(name)
            stored = {event.seq: event.hash for event in events}
            if sorted(stored) != list(range(1, len(events) + 1)):
                findings.broken.append(f"{name}: gaps")
            for (execution_id, seq), digest in known.events.items():
                if execution_id == name and stored.get(seq) != digest:
                    findings.lost.append(f"{name} {seq}")
            notes = [event.body.note for event in events if isinstance(event.body, StepProgressed)]
            findings.doubled += [f"{name} {note}" for note in set(notes) if notes.count(note) > 1]
            if events and (await store.state(name)).digest() != fold(events).digest():
                findings.broken.append(f"{name}: the state is not the fold of the log")
        for digest in known.blobs:
            try:
                await store.get_blob(digest)
            except StoreError:
                findings.lost.append(f"blob {digest[:12]}")
    finally:
        await store.close()


def kill_once(known: Known, life: int, seed: int, failpoint: str, life_s: float | None, findings: Findings) -> None:
    """Run one child, kill it at `failpoint` or else after `life_s` seconds, and note what it acknowledged."""
    killed, lines = run_child(known.path, life, seed, failpoint, life_s)
    findings.rounds += 1
    findings.kills += killed
    if failpoint:
        name = failpoint.partition(":")[0]
        findings.failpoints[name] = findings.failpoints.get(name, 0) + killed
    for line in lines:
        kind, *rest = line.split(" ")
        if kind == "blob":
            known.blobs.add(rest[0])
            continue
        key = (rest[0], int(rest[1]))
        if known.events.setdefault(key, rest[2]) != rest[2]:
            findings.doubled.append(f"{key} acknowledged twice")
        findings.acknowledged += 1


def kill_at_random(folder: Path, rounds: int, seed: int, draw: random.Random, findings: Findings) -> None:
    known = Known(folder)
    for round_ in range(rounds):
        if round_ % ROUNDS_A_STORE == 0:
            known = Known(folder / f"random-{round_}" / "incidents.db")
        kill_once(known, round_, seed, "", draw.uniform(0, LONGEST_LIFE_S), findings)
        asyncio.run(examine(known, findings))


def kill_at_failpoints(folder: Path, rounds: int, seed: int, draw: random.Random, findings: Findings) -> None:
    for name in store_failpoints():
        known = Known(folder / f"at-{name}" / "incidents.db")
        kill_once(known, 0, seed, f"{name}:1", None, findings)
        asyncio.run(examine(known, findings))
        for round_ in range(1, rounds):
            # Opening a store tidies up after a kill: only a kill before it leaves something to tidy.
            kill_once(known, 2 * round_ - 1, seed, "store.after_heads:10", None, findings)
            nth = 1 if round_ == 1 else draw.randrange(1, 12)
            kill_once(known, 2 * round_, seed, f"{name}:{nth}", None, findings)
            asyncio.run(examine(known, findings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--failpoint-rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    # Small ones, so that every life takes some.
    snapshots.EVERY = 50
    # What is built when first used is built before forking: each child is then as fast as a warm process.
    body_adapter()
    IncidentState.decode(IncidentState().encode())
    draw = random.Random(wanted.seed)
    findings = Findings()
    kill_at_random(wanted.folder, wanted.rounds, wanted.seed, draw, findings)
    if wanted.failpoint_rounds:
        kill_at_failpoints(wanted.folder, wanted.failpoint_rounds, wanted.seed, draw, findings)
    sys.stdout.write(json.dumps(asdict(findings)) + "\n")


if __name__ == "__main__":
    main()
