"""What a database's sessions wait for, by class, and which statement and user keep most of them busy.

Load is the number of sessions that are active at a time, split by what they wait for. Sources: PostgreSQL, "Wait event
types"; Amazon RDS, "DB load" (load by waits, CPU among them); MySQL, Performance Schema wait instruments; SQL Server,
sys.dm_os_wait_stats; Oracle, wait classes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.records import Observation

__all__ = ["Busiest", "busiest_statements", "load_by_class", "tell_shares", "wait_class"]

_WAIT: Final = lazy_pattern(r"(?i)wait")
_STATEMENT: Final = lazy_pattern(r"(?i)^top_?(?:sql|statements?|quer(?:y|ies))$")
_USER: Final = lazy_pattern(r"(?i)^top_?users?$")
# The first that matches counts. A latch or a buffer's lock is held for microseconds and is no row's lock. Who waits for
# the client, for a timer or for work does nothing.
_CLASSES: Final = tuple((name, lazy_pattern(rf"(?i)^(?:{pattern})")) for name, pattern in (
    ("cpu", r"cpu|sos_scheduler_yield|on cpu"),
    ("io", (r"io\b|io[:/]|user i/o|system i/o|pageiolatch|io_completion|writelog|async_io|wait/io/(?:file|table)|"
           r"db file|direct path|log file|commit\b|wal:?(?:write|sync)")),
    ("latch", r"lwlock|bufferpin|pagelatch|latch|buffer busy|wait/synch/(?:mutex|rwlock|sxlock)|extension"),
    ("lock", r"locks?\b|lck_m|enq:|application\b|row lock|wait/lock|wait/synch/cond/sql/mdl"),
    ("idle", r"client|activity|async_network_io|sql\*net|network|wait/io/socket|idle|timeout"),
))  # fmt: skip
_WHOLE: Final = 100.0
# What is rounded to a tenth in a list of a few adds up to the whole but for so much.
_ROUNDED: Final = 0.5
_LOADS: Final = ("db_load_avg", "db_load", "load", "average_active_sessions", "wait_time_ms", "sessions", "count")
_NAMES: Final = ("name", "event", "wait_event", "wait_type")
_TYPES: Final = ("type", "wait_event_type", "wait_class", "class")


def wait_class(name: str, kind: str = "") -> str:
    """The class of a wait by its type where that is told, else by its name; "" for one that isn't known."""
    return next((known for text in (kind, name) if text for known, pattern in _CLASSES if pattern.search(text)), "")


def load_by_class(observations: Iterable[Observation]) -> dict[str, dict[str, float]]:
    """The load of each class of waits, by database; that of its statements only where the whole isn't recorded."""
    whole: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    parts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for observation in observations:
        data = observation.data
        if not isinstance(data, Mapping):
            continue
        if _WAIT.search(observation.kind):
            _count(data, whole[observation.resource])
        for nested in _nested(data):
            _count(nested, parts[observation.resource])
    return {name: dict(whole.get(name) or parts[name]) for name in {**parts, **whole} if whole.get(name) or parts[name]}


def tell_shares(observations: Iterable[Observation]) -> frozenset[str]:
    """The databases whose lists tell percent of the load, not sessions: one of their lists adds up to 100.

    Each list has its own key (a wait event, a user, a host); statements are only the first ones of many.
    """
    sums: dict[tuple[str, str], list[float]] = defaultdict(list)
    for observation in observations:
        if isinstance(observation.data, Mapping) and not _STATEMENT.search(observation.kind):
            sums[observation.resource, observation.kind].append(_load_in(observation.data))
    whole = {key for key, loads in sums.items() if len(loads) > 1 and abs(sum(loads) - _WHOLE) <= _ROUNDED}
    return frozenset(resource for resource, _ in whole)


@dataclass(frozen=True, slots=True)
class Busiest:
    """The statement that keeps most sessions busy: `load` of them at a time, and the user who has most."""

    statement: str
    load: float
    user: str = ""
    user_load: float = 0.0


def busiest_statements(observations: Iterable[Observation]) -> dict[str, Busiest]:
    """The busiest statement of each database, of lists as Amazon RDS Performance Insights gives them.

    Source: Amazon RDS, Performance Insights: Top SQL and Top users, by `db.load.avg` (sessions that are active).
    """
    busiest: dict[str, Busiest] = {}
    users: dict[str, tuple[float, str]] = {}
    for observation in observations:
        data = observation.data
        if not isinstance(data, Mapping) or (load := _load_in(data)) <= 0:
            continue
        name, statement = data.get("name"), data.get("statement")
        if _STATEMENT.search(observation.kind) and isinstance(statement, str) and statement.strip():
            known = busiest.get(observation.resource)
            if known is None or load > known.load:
                busiest[observation.resource] = Busiest(" ".join(statement.split()), load)
        elif _USER.search(observation.kind) and isinstance(name, str) and name:
            users[observation.resource] = max(users.get(observation.resource, (0.0, "")), (load, name))
    return {
        resource: replace(each, user=users[resource][1], user_load=users[resource][0]) if resource in users else each
        for resource, each in busiest.items()
    }


def _load_in(data: Mapping[Any, Any]) -> float:
    return float(next((value for key in _LOADS if isinstance(value := data.get(key), int | float)), 0.0))


def _nested(data: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    for key, value in data.items():
        if _WAIT.search(str(key)) and isinstance(value, list | tuple):
            yield from (item for item in value[:100] if isinstance(item, Mapping))


def _count(data: Mapping[Any, Any], loads: dict[str, float]) -> None:
    texts = [next((value for key in keys if isinstance(value := data.get(key), str)), "") for keys in (_NAMES, _TYPES)]
    number, known = _load_in(data), wait_class(*texts)
    if known and number > 0:
        loads[known] += number
