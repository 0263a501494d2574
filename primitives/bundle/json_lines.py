"""The JSON-lines parts: changes, logs, spans, probes, observations, configuration; read oldest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar, get_args

from primitives.bundle.packed import PartFile
from primitives.bundle.parse import parse_lines, parse_time, shown, type_name
from primitives.bundle.validate import Warnings, known_keys, validate
from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.errors import BundleError
from primitives.patterns import lazy_pattern
from primitives.quoting import quoted
from primitives.records import Change, ConfigurationSnapshot, LogRecord, Observation, Probe, Span
from primitives.sanitise import Cleaner, TooDeepError
from primitives.terms import Severity, SpanStatus

__all__ = ["read_logs", "read_records", "read_spans"]

R = TypeVar("R", Change, ConfigurationSnapshot, Observation, Probe)
T = TypeVar("T")

_SEVERITIES: Final = frozenset(get_args(Severity))
_STATUSES: Final = frozenset(get_args(SpanStatus))
_LOG_KEYS: Final = frozenset({"time", "resource", "severity", "body", "attributes"})
_SPAN_KEYS: Final = frozenset(
    {"trace_id", "span_id", "parent_span_id", "resource", "name", "start", "duration_s", "status", "attributes"}
)
_HEXADECIMAL: Final = lazy_pattern("[0-9a-f]{1,32}")
_LONGEST_S: Final = 10 * 366 * 86_400.0
_NO_ATTRIBUTES: Final[dict[str, Any]] = {}


def read_records(model: type[R], part: PartFile, cleaner: Cleaner, warnings: Warnings) -> Sequence[R]:
    """The records of a small part. Raises `BundleError`."""
    keys = known_keys(model)

    def record_of(raw: dict[str, Any], place: str) -> R:
        cleaned = cleaner.mapping(raw)
        if "time" in cleaned:
            cleaned["time"] = parse_time(raw["time"], place, "time")
        return validate(model, cleaned, place)

    return part.collected(_each(part, keys, record_of, warnings), _time_of)


def read_logs(part: PartFile, cleaner: Cleaner, warnings: Warnings) -> Sequence[LogRecord]:
    """The log records. Raises `BundleError`."""

    def record_of(raw: dict[str, Any], place: str) -> LogRecord:
        severity = raw.get("severity")
        if severity is not None and (type(severity) is not str or severity not in _SEVERITIES):
            raise _wrong(place, raw, "severity", f"one of {', '.join(get_args(Severity))}")
        return LogRecord(
            parse_time(_required(raw, "time", place), place, "time"),
            cleaner.name(_text(raw, "resource", place)),
            severity,  # type: ignore[arg-type]
            cleaner.text(_text(raw, "body", place)),
            _attributes(raw, place, cleaner),
        )

    return part.collected(_each(part, _LOG_KEYS, record_of, warnings), _time_of)


def read_spans(part: PartFile, cleaner: Cleaner, warnings: Warnings) -> Sequence[Span]:
    """The trace spans. Raises `BundleError`."""

    def record_of(raw: dict[str, Any], place: str) -> Span:
        status = raw.get("status")
        if type(status) is not str or status not in _STATUSES:
            raise _wrong(place, raw, "status", f"one of {', '.join(get_args(SpanStatus))}")
        parent = None if raw.get("parent_span_id") is None else _text(raw, "parent_span_id", place)
        return Span(
            _trace_of(raw, place, cleaner, warnings),
            _id(_text(raw, "span_id", place), cleaner),
            None if parent is None else _id(parent, cleaner),
            cleaner.name(_text(raw, "resource", place)),
            cleaner.name(_text(raw, "name", place)),
            parse_time(_required(raw, "start", place), place, "start"),
            _duration(raw, place),
            status,  # type: ignore[arg-type]
            _attributes(raw, place, cleaner),
        )

    return part.collected(_each(part, _SPAN_KEYS, record_of, warnings), lambda span: span.start)


def _each(
    part: PartFile,
    keys: frozenset[str],
    record_of: Callable[[dict[str, Any], str], T],
    warnings: Warnings,
) -> Iterator[T]:
    where = part.name
    for number, raw in parse_lines(part.chunks, where):
        place = f"{where}:{number}"
        dropped = _meaningless(raw)
        if dropped is not None:
            warnings.add(where, f"records with {dropped} were dropped")
            continue
        try:
            record = record_of(raw, place)
        except TooDeepError as error:
            raise BundleError(place, str(error)) from error
        if not raw.keys() <= keys:
            for key in raw.keys() - keys:
                warnings.add(where, f"unknown key '{quoted(key)}' (kept, not read)")
        yield record


def _meaningless(raw: dict[str, Any]) -> str | None:
    """Why a record can't tell anything: an unset clock, or a duration that no call has. None for nearly all."""
    time = raw.get("time") or raw.get("start")
    if type(time) is str and time[:4].isdigit() and not FIRST_YEAR <= int(time[:4]) <= LAST_YEAR:
        return f"a time before {FIRST_YEAR} or after {LAST_YEAR}"
    duration = raw.get("duration_s")
    if type(duration) in (int, float) and duration > _LONGEST_S:  # type: ignore[operator]
        return "a duration of over ten years"
    return None


def _time_of(record: Any) -> datetime:
    time: datetime = record.time
    return time


def _required(raw: dict[str, Any], key: str, place: str) -> Any:
    if key not in raw:
        raise BundleError(place, f"field '{key}' is missing")
    return raw[key]


def _text(raw: dict[str, Any], key: str, place: str) -> str:
    value = raw.get(key)
    if type(value) is not str:
        raise _wrong(place, raw, key, "text")
    return value


def _id(value: str, cleaner: Cleaner) -> str:
    """The id of a trace or span: nearly all are hexadecimal, and need no look."""
    return value if _HEXADECIMAL.fullmatch(value) else cleaner.name(value)


def _trace_of(raw: dict[str, Any], place: str, cleaner: Cleaner, warnings: Warnings) -> str:
    # Some exporters write null; the parent ids still give the call tree.
    if "trace_id" in raw and raw["trace_id"] is None:
        warnings.add(place.rpartition(":")[0], "some spans name no trace (trace_id is null)")
        return ""
    return _id(_text(raw, "trace_id", place), cleaner)


def _duration(raw: dict[str, Any], place: str) -> float:
    value = raw.get("duration_s")
    # An integer of hundreds of digits has no float; what is too long was dropped before.
    if type(value) not in (int, float) or value < 0 or not math.isfinite(value):  # type: ignore[arg-type, operator]
        raise _wrong(place, raw, "duration_s", "a number of seconds that is not negative")
    return float(value)  # type: ignore[arg-type]


def _attributes(raw: dict[str, Any], place: str, cleaner: Cleaner) -> dict[str, Any]:
    value = raw.get("attributes")
    if not value and (value is None or type(value) is dict):
        return _NO_ATTRIBUTES
    if type(value) is not dict:
        raise BundleError(place, f"field 'attributes' is {type_name(value)}; expected an object")
    return cleaner.mapping(value)


def _wrong(place: str, raw: dict[str, Any], key: str, expected: str) -> BundleError:
    if key not in raw:
        return BundleError(place, f"field '{key}' is missing; expected {expected}")
    return BundleError(place, f"field '{key}' is {shown(raw[key])}; expected {expected}")
