"""Kills the engine over and over in the life of an action, and checks what is left. Prints its findings as JSON.

A child prepares an action on a toy platform, approves it and carries it out, or goes on with what a killed one left. It
is killed at a failpoint between two transitions, or at a random moment, until a last one is left alone. Then the log
and the platform's own list of calls are compared: never a call without its intent and an approval of that digest on
record, never two calls of one run, nothing left unknown.

    python tests/acting/kill_actions.py FOLDER --kills 500 [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cases.acting import EXECUTION, Acting, acting, register  # noqa: E402 - run as a script, it must find the project
from cases.toy_platform import Toy  # noqa: E402

from engine import failpoints  # noqa: E402
from engine.events import ActionApproved, ActionDispatched, ActionDispatching, body_adapter  # noqa: E402
from engine.incident import IncidentState  # noqa: E402
from engine.log import EventLog  # noqa: E402
from primitives.errors import CloudopsError  # noqa: E402

POLICY = (
    "policy:\n  require_approval_for: [write]\n  roll_back: automatic\n"
    "  verify_seconds: 1\n  verify_within_seconds: 1\n"
)
MOST_LIVES = 12
LONGEST_LIFE_S = 2.5
LAST_LIFE_S = 60.0


@dataclass
class Findings:
    """What became of all rounds. The last three must be empty."""

    rounds: int = 0
    kills: int = 0
    calls: int = 0
    unknown: int = 0
    failpoints: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    unapproved: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)


def names() -> list[str]:
    """The failpoints of the runner, so that a new one can't be forgotten here."""
    text = (ROOT / "engine" / "act" / "runner.py").read_text(encoding="utf-8")
    return sorted(set(re.findall(r'failpoint\("([^"]+)"\)', text)))


async def live(folder: Path) -> None:
    """One life: go on with what is there, or begin; approve what waits; until nothing goes on."""
    async with acting(folder, policy=POLICY) as world:
        runs = (await world.state()).runs
        if not runs:
            await world.prepare()
        elif not all(run.ended for run in runs.values()):
            await world.go_on()
        while not await settled(world):
            for run in (await world.state()).runs.values():
                if run.status == "previewed" and not run.undoes:
                    with suppress(CloudopsError):
                        await world.approve(run)
            await asyncio.sleep(0.02)


async def settled(world: Acting) -> bool:
    """Whether nothing goes on, and what hasn't helped is undone."""
    runs = (await world.state()).runs
    undoing = {run.undoes for run in runs.values()}
    return all(run.ended for run in runs.values()) and not any(
        run.status == "not_improved" and run.id not in undoing for run in runs.values()
    )


def child(folder: Path, failpoint: str, life_s: float) -> bool:
    """Run one life, killed at `failpoint` or after `life_s`; whether it was killed."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            failpoints.arm(failpoint)
            asyncio.run(live(folder))
            status = 0
        finally:
            os._exit(status)
    until = time.monotonic() + life_s
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a child failed by itself: see its traceback")
    return os.WIFSIGNALED(status)


async def examine(folder: Path, findings: Findings) -> None:
    """Compare the log with the platform's list of calls."""
    calls = Toy(folder / "toy.json").calls()
    findings.calls += len(calls)
    findings.twice += [mark for mark in set(calls) if calls.count(mark) > 1]
    log = await EventLog.open(folder / "incidents.db")
    events = await log.read(EXECUTION)
    state = await log.state(EXECUTION)
    sound = all(result.ok for result in await log.verify())
    await log.close()
    if not sound:
        findings.unresolved.append(f"{folder.name}: the chain is broken")
    for mark in set(calls):
        run = mark.rpartition(".")[2]
        intents = [event for event in events if isinstance(event.body, ActionDispatching) and event.body.run == run]
        approvals = [event for event in events if isinstance(event.body, ActionApproved) and event.body.run == run]
        fine = (
            len(intents) == 1 and bool(approvals) and approvals[-1].seq < intents[0].seq
            and {event.body.digest for event in (*approvals, *intents)} == {state.runs[run].digest}  # type: ignore[union-attr]
        )  # fmt: skip
        if not fine:
            findings.unapproved.append(f"{folder.name} {mark}")
    findings.unknown += sum(
        isinstance(event.body, ActionDispatched) and event.body.outcome == "unknown" for event in events
    )
    for run_id, known in state.runs.items():
        findings.ended[known.status] = findings.ended.get(known.status, 0) + 1
        if not known.ended:
            findings.unresolved.append(f"{folder.name} {run_id} is {known.status}")


def kill_round(folder: Path, draw: random.Random, findings: Findings) -> None:
    """One action, killed until it is left alone."""
    folder.mkdir(parents=True)
    latency = draw.choice(([1.5, 0.2], [1.5, 1.6], [1.5, None]))
    faults = draw.choice(([], [], ["drop-after"], ["drop-before"], ["conflict"]))
    Toy.make(folder / "toy.json", latency=latency, faults=faults)
    findings.rounds += 1
    for _ in range(draw.randrange(2, MOST_LIVES)):
        at_point = draw.random() < 0.7
        name = draw.choice(names()) if at_point else ""
        killed = child(folder, name, LAST_LIFE_S if at_point else draw.uniform(0.02, LONGEST_LIFE_S))
        findings.kills += killed
        if killed and name:
            findings.failpoints[name] = findings.failpoints.get(name, 0) + 1
        if not killed:
            break
    child(folder, "", LAST_LIFE_S)
    asyncio.run(examine(folder, findings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    register()
    # What is built when first used is built before forking: each child is then as fast as a warm process.
    body_adapter()
    IncidentState.decode(IncidentState().encode())
    draw = random.Random(wanted.seed)
    findings = Findings()
    while findings.kills < wanted.kills:
        kill_round(wanted.folder / f"round-{findings.rounds}", draw, findings)
    sys.stdout.write(json.dumps(asdict(findings)) + "\n")


if __name__ == "__main__":
    main()
