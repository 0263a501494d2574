"""Lines read page by page, the newest first, and what becomes of them: log records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Final

from primitives.backends.loki.client import Line, LokiClient
from primitives.backends.loki.levels import LEVEL_LABELS, severity_of_labels
from primitives.backends.loki.streams import Stream, StreamNames
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError
from primitives.records import LogRecord

__all__ = ["OWN_NAMES", "Reading", "joined", "read_lines", "records_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_IN_US: Final = 1_000
_NAMES: Final[Mapping[str, str]] = {
    "namespace": "k8s.namespace.name", "k8s_namespace_name": "k8s.namespace.name", "pod": "k8s.pod.name",
    "k8s_pod_name": "k8s.pod.name", "container": "k8s.container.name", "k8s_container_name": "k8s.container.name",
    "node_name": "k8s.node.name", "k8s_node_name": "k8s.node.name", "service_name": "service.name",
    "service_version": "service.version", "service_instance_id": "service.instance.id", "traceid": "trace_id",
    "traceID": "trace_id", "spanid": "span_id", "spanID": "span_id", "exception_type": "exception.type",
    "exception_message": "exception.message", "exception_stacktrace": "exception.stacktrace",
    "code_function": "code.function", "code_filepath": "code.filepath", "code_lineno": "code.lineno",
    "code_function_name": "code.function.name", "code_file_path": "code.file.path",
    "code_line_number": "code.line.number", "k8s_deployment_name": "k8s.deployment.name",
}  # fmt: skip
"""OpenTelemetry's names of what Loki, which knows no dots in labels, writes with underscores."""

OWN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    own: tuple(name for name, other in _NAMES.items() if other == own) for own in dict.fromkeys(_NAMES.values())
}
"""Loki's names of an attribute that has several."""


@dataclass(slots=True)
class Reading:
    """What was read: `lines`, newest first; `more` says that older ones were left, `problem` why where it failed."""

    lines: list[Line] = field(default_factory=list)
    more: bool = False
    problem: str = ""

    @property
    def oldest_ns(self) -> int | None:
        """When the oldest line of the reading came."""
        return min((line.time_ns for line in self.lines), default=None)


async def read_lines(
    client: LokiClient,
    query: str,
    start_ns: int,
    end_ns: int,
    *,
    rows: int,
    text_bytes: int | None,
    in_time: Callable[[], bool],
) -> Reading:
    """The newest `rows` lines and a bit more, or so many as hold `text_bytes`, or as came `in_time`.

    A page that fails ends the reading; where it is the first one, the failure is raised.
    """
    reading, size = Reading(), 0
    seen: set[tuple[int, str, tuple[tuple[str, str], ...]]] = set()
    while end_ns > start_ns:
        try:
            page, full = await client.newest(query, start_ns, end_ns, rows + 1 - len(reading.lines))
        except SourceError as error:
            if not reading.lines or isinstance(error, SourceDenied):
                raise
            reading.more, reading.problem = True, error.problem
            return reading
        # Pages overlap by the nanosecond at which one ends: else lines of that very time would be lost.
        new = {key: line for line in page if (key := _key(line)) not in seen}
        seen |= new.keys()
        reading.lines += new.values()
        size += sum(len(line.text) for line in new.values())
        reading.more = full
        oldest = min((line.time_ns for line in page), default=start_ns)
        if not full or len(reading.lines) > rows or (text_bytes is not None and size > text_bytes):
            return reading
        if not in_time():
            reading.problem = "the rest did not come in time"
            return reading
        seen = {key for key in seen if key[0] == oldest}
        end_ns = oldest + 1 if new else oldest
    return reading


def records_of(lines: Iterable[Line], names: StreamNames) -> list[LogRecord]:
    """The lines as log records, in their order."""
    known: dict[int, tuple[str, dict[str, str]]] = {}
    records = []
    for line in lines:
        labels = line.labels
        # All lines of a stream share their labels unless they have metadata of their own.
        if id(labels) not in known:
            known[id(labels)] = names.resource(labels), _attributes(labels)
        resource, attributes = known[id(labels)]
        time = _EPOCH + timedelta(microseconds=line.time_ns // _NS_IN_US)
        records.append(LogRecord(time, resource, severity_of_labels(labels), line.text, attributes))
    return records


def _attributes(labels: Stream) -> dict[str, str]:
    return {_NAMES.get(name, name): value for name, value in labels.items() if name not in LEVEL_LABELS}


def _key(line: Line) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    return line.time_ns, line.text, tuple(sorted(line.labels.items()))


def joined(readings: Sequence[Reading]) -> Reading:
    """Several readings as one. Where one had to stop, the others are no more complete than it before that time."""
    stopped = [reading.oldest_ns for reading in readings if reading.more]
    since = max((moment for moment in stopped if moment is not None), default=0)
    lines = [line for reading in readings for line in reading.lines if line.time_ns >= since]
    problems = dict.fromkeys(reading.problem for reading in readings if reading.problem)
    return Reading(lines, any(reading.more for reading in readings), "; ".join(problems))
