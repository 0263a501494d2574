"""Statements that have run for long, from a list of a database's sessions.

Columns: MySQL and MariaDB, SHOW PROCESSLIST (Command, Time in seconds, State, Info); PostgreSQL, pg_stat_activity
(state, query_start, xact_start, wait_event_type, query). A session that waits for a lock is another's victim, and a
replication or housekeeping thread runs for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.records import Observation

__all__ = ["LONGEST_S", "LongStatements", "long_statements"]

# MySQL logs as slow what takes 10 s by default; a minute is far more than what any user waits for.
LONG_S: Final = 60.0
LONGEST_S: Final = 3.2e8
"""No statement runs for ten years: what is longer is a clock that went back."""

_MOST_ROWS: Final = 1_000
_SYSTEM: Final = lazy_pattern(
    r"event_scheduler|system user|slave|replica|walsender|wal ?writer|autovacuum|checkpointer|background|launcher",
    re.IGNORECASE,
)
# A statement that changes rows may wait for a lock of a row while its state says only that it updates.
_WAITS: Final = lazy_pattern(r"lock|wait|^updat|^delet|^end$|commit", re.IGNORECASE)
_RUNNING: Final = frozenset({"query", "execute", "active"})


@dataclass(frozen=True, slots=True)
class LongStatements:
    """How many statements ran for a minute or longer on `resource` at `time`: the longest for `longest_s` seconds."""

    resource: str
    time: datetime
    number: int
    longest_s: float
    statement: str


def long_statements(observations: Iterable[Observation]) -> Iterator[LongStatements]:
    """What each list of sessions tells of statements that ran for long; nothing where none did."""
    for observation in observations:
        running = [statement for row in _rows(observation.data) if (statement := _running(row, observation.time))]
        if running:
            longest_s, text = max(running)
            yield LongStatements(observation.resource, observation.time, len(running), longest_s, text)


def _rows(data: Any) -> Iterator[Mapping[str, Any]]:
    rows = data if isinstance(data, list) else data.get("rows") if isinstance(data, Mapping) else None
    for row in rows[:_MOST_ROWS] if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            yield {str(key).lower(): value for key, value in row.items()}


def _running(row: Mapping[str, Any], now: datetime) -> tuple[float, str] | None:
    """How long the session's statement has run, in seconds, and the statement."""
    mysql = "command" in row
    command, statement = row.get("command" if mysql else "state"), row.get("info" if mysql else "query")
    if not isinstance(command, str) or command.lower() not in _RUNNING or not isinstance(statement, str):
        return None
    who = " ".join(str(row.get(key) or "") for key in ("user", "usename", "application_name", "backend_type"))
    waits = str(row.get("state") or "") if mysql else str(row.get("wait_event_type") or "")
    if _SYSTEM.search(f"{who} {statement[:40]}") or _WAITS.search(waits):
        return None
    seconds = _number(row.get("time")) if mysql else _since(row, now)
    return (seconds, statement) if seconds is not None and seconds >= LONG_S else None


def _number(value: Any) -> float | None:
    """Seconds; None for what isn't a time that a statement can have run (a client's clock went back: 2**64 - 1)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= LONGEST_S else None


def _since(row: Mapping[str, Any], now: datetime) -> float | None:
    for key in ("query_start", "xact_start"):
        try:
            began = datetime.fromisoformat(str(row[key])) if row.get(key) else None
        except ValueError:
            continue
        if began is not None and began.tzinfo is not None:
            return (now - began).total_seconds()
    return None
