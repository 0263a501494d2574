"""Numbers in outputs that stand beside what is at most possible: how full a disk, memory or a pool of connections is.

Columns and names: df(1), free(1), top(1); `kubectl top`; PostgreSQL's pg_stat_activity and `max_connections`; MySQL's
status and variables `Threads_connected` and `max_connections`; Redis' INFO (`maxmemory` 0: no limit; with an eviction
policy a full cache is as it should be, so that only `noeviction` counts: Redis, "Key eviction").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.identity import kubernetes_id
from primitives.outputs.tables import Row, barred, columns, pairs
from primitives.outputs.texts import Output
from primitives.patterns import lazy_pattern
from primitives.quantities import parse_binary

__all__ = ["Reading", "alarmed", "readings"]

_IDLE: Final = lazy_pattern(r"Cpu\(s\):.{0,200}?(\d{1,3}(?:\.\d{1,3})?)\s?%?\s?id\b")
# A sample in the text exposition format; what isn't a part of a whole, or is what is left, has no such limit.
_SAMPLE: Final = lazy_pattern(
    r"^([A-Za-z_:][\w:]{0,120})(?:\{[^{}]{0,400}\})?(?: =>)? {1,8}(\d{1,3}(?:\.\d{1,17})?)(?: @\[|$)"
)
_PART: Final = lazy_pattern(r"ratio|utili[sz]ation|percent|pct|usage")
_THING: Final = lazy_pattern(r"cpu|mem|heap|disk|filesystem|storage|connection|pool|thread|quota|inode|fds?\b")
_LEFT: Final = lazy_pattern(r"free|avail|idle|remain|hit|left")
_PSEUDO: Final = ("tmpfs", "devtmpfs", "udev", "/dev/loop", "squashfs", "efivarfs", "none", "shm", "proc", "sysfs")
_COUNTS: Final = ("COUNT", "CONNECTIONS", "USED", "CURRENT", "NUMBACKENDS", "TOTAL", "ACTIVE", "IN_USE", "SESSIONS")
_LIMITS: Final = ("MAX_CONNECTIONS", "MAX_CONN", "CONNECTION_LIMIT")
# What is counted, its limit, and what the metric is called: the names of MySQL's and Redis' own status.
_PAIRED: Final = (
    ("THREADS_CONNECTED", "MAX_CONNECTIONS", "connections", "{connection}"),
    ("CONNECTED_CLIENTS", "MAXCLIENTS", "connections", "{connection}"),
    ("USED_MEMORY", "MAXMEMORY", "memory used", "By"),
)


_DATAPOINT: Final = lazy_pattern(r"datapoints? \[(\d{1,3}(?:\.\d{1,17})?)")
_MOST_SAMPLES: Final = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What is used of a limit, in `unit`."""

    resource: str
    metric: str
    unit: str
    value: float
    limit: float


def readings(output: Output, lines: Sequence[str]) -> tuple[list[Reading], list[str]]:
    """The readings in the lines, and the lines that hold none of them."""
    stated = [
        *_paired(output, lines),
        *_connections(output, lines),
        *_processor(output, lines),
        *_samples(output, lines),
    ]
    rest: list[str] = []
    skipped = 0
    for place, line in enumerate(lines):
        read = next((read for mark, read in _TABLES if all(word in line for word in mark)), None)
        if place < skipped:
            continue
        if read is None:
            rest.append(line)
            continue
        end = next((p for p in range(place + 1, len(lines)) if not lines[p].strip()), len(lines))
        stated += read(output, line, lines[place + 1 : end])
        skipped = end
    return stated, rest


def _disks(output: Output, header: str, rows: Sequence[str]) -> list[Reading]:
    """The fullest real file system: one that is full is enough, and all must have room for it to be no matter."""
    del header
    metric, fullest = "disk used", -1.0
    for row in rows:
        # The mount point is last and the share before it, whatever the columns between are called.
        cells = row.split()
        share = next((cell for cell in reversed(cells) if cell.endswith("%") and cell[:-1].isdecimal()), "")
        if not share or len(share) > 4 or cells[0].startswith(_PSEUDO) or cells[-1].startswith("/snap"):
            continue
        fullest = max(fullest, float(share[:-1]))
    return [Reading(output.resource, metric, "%", fullest, 100.0)] if fullest >= 0 else []


def _memory(output: Output, header: str, rows: Sequence[str]) -> list[Reading]:
    names = [word.upper() for word in header.split()]
    for row in rows:
        if row.strip().startswith("Mem:"):
            cells = [parse_binary(cell) for cell in row.split()[1:]]
            known = dict(zip(names, cells, strict=False))
            total, left = known.get("TOTAL"), known.get("AVAILABLE")
            if total and left is not None:
                return [Reading(output.resource, "memory used", "%", 100.0 * (total - left) / total, 100.0)]
    return []


def _top_nodes(output: Output, header: str, rows: Sequence[str]) -> list[Reading]:
    shown = []
    for row in columns(header, rows):
        node = kubernetes_id("Node", "", row.get("NAME", ""))
        for names, metric in ((("CPU%", "CPU(%)"), "cpu used"), (("MEMORY%", "MEMORY(%)"), "memory used")):
            cell = next((row[name] for name in names if name in row), "")
            if cell.endswith("%") and cell[:-1].isdecimal() and len(cell) < 6:
                shown.append(Reading(node, metric, "%", float(cell[:-1]), 100.0))
    del output
    return shown


def _processor(output: Output, lines: Sequence[str]) -> Iterator[Reading]:
    for line in lines:
        if match := _IDLE.search(line):
            yield Reading(output.resource, "cpu used", "%", 100.0 - float(match[1]), 100.0)
            return


def _samples(output: Output, lines: Sequence[str]) -> Iterator[Reading]:
    for line in lines[:_MOST_SAMPLES]:
        match = _SAMPLE.match(line.strip())
        name = match[1].lower() if match else ""
        if match and _PART.search(name) and _THING.search(name) and not _LEFT.search(name):
            percent = "percent" in name or "pct" in name or float(match[2]) > 1
            yield Reading(
                output.resource, match[1], "%" if percent else "1", float(match[2]), 100.0 if percent else 1.0
            )


def alarmed(resource: str, alarm: Mapping[Any, Any]) -> Reading | None:
    """A CloudWatch alarm in ALARM on a utilization (API reference, MetricAlarm), with the newest datapoint it tells."""
    name, reason = alarm.get("MetricName"), alarm.get("StateReason")
    if alarm.get("StateValue") != "ALARM" or not isinstance(name, str) or not isinstance(reason, str):
        return None
    point = _DATAPOINT.search(reason)
    if not name.endswith("Utilization") or point is None:
        return None
    return Reading(resource, name[:120], "%", float(point[1]), 100.0)


def _connections(output: Output, lines: Sequence[str]) -> Iterator[Reading]:
    """Counted connections and their limit, in one row or in two tables of an output."""
    rows = list(barred(lines)) + _single_columns(lines)
    settings = Row({
        row[key].upper(): row[value] for row in rows for key, value in (("NAME", "SETTING"), ("VARIABLE_NAME", "VALUE"))
        if key in row and value in row
    })  # fmt: skip
    if "THREADS_CONNECTED" in settings:
        yield from _of_pairs(output, settings)
        return
    limit = next(
        (v for row in [settings, *rows] for name in _LIMITS if (v := parse_binary(row.get(name, ""))) is not None), 0
    )
    counted = [v for row in rows for name in _COUNTS if (v := parse_binary(row.get(name, ""))) is not None]
    states = any("STATE" in row for row in rows)
    used = sum(counted) if states else max(counted, default=0.0)
    if limit and used and used <= 10 * limit:
        yield Reading(output.resource, "connections", "{connection}", used, limit)


def _single_columns(lines: Sequence[str]) -> list[Row]:
    """Tables of one column as psql prints them, without bars."""
    return [
        Row({lines[place - 1].strip().upper(): lines[place + 1].strip()})
        for place in range(1, len(lines) - 1)
        if len(lines[place].strip()) > 1 and set(lines[place].strip()) == {"-"}
    ]


def _paired(output: Output, lines: Sequence[str]) -> Iterator[Reading]:
    yield from _of_pairs(output, pairs(lines))


def _of_pairs(output: Output, known: Row) -> Iterator[Reading]:
    for name, limit_name, metric, unit in _PAIRED:
        value, limit = parse_binary(known.get(name, "")), parse_binary(known.get(limit_name, ""))
        evicts = metric == "memory used" and known.get("MAXMEMORY_POLICY", "noeviction") != "noeviction"
        if value is not None and limit and not evicts:
            yield Reading(output.resource, metric, unit, value, limit)


_TABLES: Final = (
    (("Filesystem", "Mounted on"), _disks),
    (("total", "used", "free", "available"), _memory),
    (("NAME", "CPU(cores)", "MEMORY%"), _top_nodes),
    (("NAME", "CPU(cores)", "MEMORY(%)"), _top_nodes),
)
