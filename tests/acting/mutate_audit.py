"""Changes a store behind its back, once in each of thousands of copies, and lets the audit look. Prints JSON.

The store holds whole lives of actions. A change is of one stored row or several (altered, dropped, doubled, put in
another order, cut off at the end; also with all hashes made to fit), or of the file with the last hashes.

    python tests/acting/mutate_audit.py FOLDER --changes 10000 [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cases.acting import EXECUTION, acting, register  # noqa: E402 - run as a script, it must find the project

from engine.events import GENESIS, event_hash  # noqa: E402
from engine.log import EventLog  # noqa: E402

COLUMNS = ("execution_id", "incident_id", "time", "who", "body", "previous", "hash")
PLACES = {name: at for at, name in enumerate(("execution_id", "incident_id", "seq", *COLUMNS[2:]))}
Rows = list[list[Any]]


async def make(folder: Path) -> Path:
    """A closed store with an action that helped, and one that didn't and was undone."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = "  verify_seconds: 1\n  verify_within_seconds: 1\n  roll_back: automatic\n"
    policy = f"policy:\n  require_approval_for: [write]\n{rules}"
    async with acting(folder, policy=policy, latency=[1.5, 1.6]) as world:
        await world.approve(await world.prepare())
        await world.reached("rolled_back", within_s=60)
    return folder / "incidents.db"


def alter(rows: Rows, draw: random.Random) -> Rows:
    """One character of one column is another, one more or one less."""
    row = draw.choice(rows)
    at = PLACES[draw.choice(COLUMNS)]
    text = row[at]
    place, new = draw.randrange(len(text)), draw.choice('0aZ "}é')
    row[at] = draw.choice((text[:place] + new + text[place + 1 :], text[:place] + text[place + 1 :], text + new))
    return rows


def renumber(rows: Rows, draw: random.Random) -> Rows:
    draw.choice(rows)[2] += draw.choice((1, -1, 1000))
    return rows


def drop(rows: Rows, draw: random.Random) -> Rows:
    first = draw.randrange(len(rows))
    del rows[first : first + draw.randint(1, 3)]
    return rows


def double(rows: Rows, draw: random.Random) -> Rows:
    rows.insert(draw.randint(0, len(rows)), list(draw.choice(rows)))
    return numbered(rows)


def reorder(rows: Rows, draw: random.Random) -> Rows:
    first, second = draw.sample(range(len(rows)), 2)
    rows[first], rows[second] = rows[second], rows[first]
    return numbered(rows)


def truncate(rows: Rows, draw: random.Random) -> Rows:
    return rows[: draw.randrange(len(rows))]


def numbered(rows: Rows) -> Rows:
    return [[*row[:2], seq, *row[3:]] for seq, row in enumerate(rows, 1)]


def rechained(rows: Rows) -> Rows:
    """With hashes that fit one another again, as whoever knows how they are made can write them."""
    last, fitting = GENESIS, []
    for execution_id, incident_id, seq, time, who, body, *_ in rows:
        previous, last = last, event_hash(last, execution_id, incident_id, seq, time, who.encode(), body.encode())
        fitting.append([execution_id, incident_id, seq, time, who, body, previous, last])
    return fitting


ROW_CHANGES = (alter, renumber, drop, double, reorder, truncate)


def change_rows(path: Path, draw: random.Random) -> str:
    """Change rows of one execution; what was done, or nothing where nothing came of it."""
    raw = sqlite3.connect(path)
    try:
        before = [
            list(row) for row in raw.execute("SELECT * FROM events WHERE execution_id = ? ORDER BY seq", (EXECUTION,))
        ]
        how = draw.choice(ROW_CHANGES)
        after, name = how([list(row) for row in before], draw), how.__name__
        if draw.random() < 0.4:
            after, name = rechained(after), f"{name} and hash anew"
        if after == before:
            return ""
        raw.execute("DELETE FROM events WHERE execution_id = ?", (EXECUTION,))
        raw.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", after)
        if after and draw.random() < 0.5:
            raw.execute("UPDATE executions SET events = ?, hash = ?", (after[-1][2], after[-1][7]))
            name += ", the list too"
        raw.commit()
    except sqlite3.IntegrityError:  # two events of one number: the database itself refuses it
        return ""
    finally:
        raw.close()
    return name


def change_heads(path: Path, draw: random.Random) -> str:
    """Change the file with the last hashes; what was done."""
    before = path.read_bytes()
    lines = before.splitlines(keepends=True)
    place = draw.randrange(len(before))
    execution, _, digest = lines[-1].split()
    name, after = draw.choice((
        ("alter a byte outside", before[:place] + bytes([draw.randrange(256)]) + before[place + 1 :]),
        ("drop a byte outside", before[:place] + before[place + 1 :]),
        ("truncate outside", before[:place]),
        ("drop a line outside", b"".join(lines[: (at := draw.randrange(len(lines)))] + lines[at + 1 :])),
        ("reorder outside", b"".join(reversed(lines))),
        ("older hash outside", before.replace(lines[-1], execution + b" 1 " + digest + b"\n")),
    ))  # fmt: skip
    path.write_bytes(after)
    return name if after != before else ""


async def shows(path: Path) -> bool:
    """Whether the audit finds something."""
    log = await EventLog.open(path)
    try:
        return not all(result.ok for result in await log.verify())
    finally:
        await log.close()


def attempt(whole: Path, scratch: Path, draw: random.Random) -> tuple[str, bool]:
    """One change to a copy: what it was (nothing where none came of it), and whether the audit found it."""
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / "incidents.db"
    for suffix in ("", ".heads", ".id"):
        shutil.copy(f"{whole}{suffix}", f"{path}{suffix}")
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    done = change_heads(Path(f"{path}.heads"), draw) if draw.random() < 0.3 else change_rows(path, draw)
    return done, not done or asyncio.run(shows(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    register()
    whole = asyncio.run(make(wanted.folder / "whole"))
    assert not asyncio.run(shows(whole))
    draw, made, missed = random.Random(wanted.seed), dict[str, int](), dict[str, int]()
    while sum(made.values()) < wanted.changes:
        done, found_it = attempt(whole, wanted.folder / "copy", draw)
        if done:
            made[done] = made.get(done, 0) + 1
            if not found_it:
                missed[done] = missed.get(done, 0) + 1
    sys.stdout.write(json.dumps({"changes": sum(made.values()), "by_kind": made, "missed": missed}) + "\n")


if __name__ == "__main__":
    main()
