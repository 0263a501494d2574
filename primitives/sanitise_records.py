"""Every kind of record, sanitised and redacted: what `Telemetry` does to whatever a source answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel

from primitives.records import (
    Aggregate,
    ContainerLog,
    KubernetesDump,
    LogRecord,
    Series,
    Span,
    meant,
    without_rounding_errors,
)
from primitives.sanitise import Cleaner

__all__ = ["are_many", "sanitise_record"]

_SEVERAL_LINES: Final = frozenset({"text", "output", "description", "summary"})
"""Fields that may hold more than one line; every other text is a name."""


_MANY: Final = 2_000
"""Records, or objects of Kubernetes, of which the collector's walks are noticed."""


def are_many(records: Iterable[Any]) -> bool:
    """Whether these are so many that they are better made without a walk of the collector's."""
    return sum(len(record.items) if isinstance(record, KubernetesDump) else 1 for record in records) > _MANY


def sanitise_record(record: Any, cleaner: Cleaner) -> Any:
    """`record` with every text in it sanitised and redacted; itself where nothing changes.

    Raises `TooDeepError`, and `TypeError` for what is no record.
    """
    match record:
        case LogRecord():
            return _log(record, cleaner)
        case Span():
            return _span(record, cleaner)
        case Series():
            return _series(record, cleaner)
        case Aggregate():
            return replace(record, labels=cleaner.mapping(dict(record.labels)))
        case KubernetesDump():
            clean = cleaner.secret if record.kind == "secrets" else cleaner.mapping
            items = tuple(clean(item) for item in record.items)
            return record.model_copy(update={"kind": cleaner.name(record.kind), "items": items})
        case ContainerLog():
            named = {name: cleaner.name(getattr(record, name)) for name in ("namespace", "pod", "container")}
            return record.model_copy(update={**named, "text": cleaner.file(record.text)})
        case BaseModel():
            return _model(record, cleaner)
        case _:
            raise TypeError(f"{type(record).__name__} is no record")


def _series(record: Series, cleaner: Cleaner) -> Series:
    resource, metric = cleaner.name(record.resource), sanitise_record(record.metric, cleaner)
    times, values, present = record.times, record.values, meant(record.values)
    if not present.all():
        times, values = times[present], values[present]
    values = without_rounding_errors(values)
    same = resource == record.resource and metric is record.metric and values is record.values
    return record if same else Series(resource, metric, times, values)


def _log(record: LogRecord, cleaner: Cleaner) -> LogRecord:
    resource, body = cleaner.name(record.resource), cleaner.text(record.body)
    attributes = cleaner.mapping(record.attributes) if record.attributes else record.attributes
    if resource == record.resource and body == record.body and attributes == record.attributes:
        return record
    return LogRecord(record.time, resource, record.severity, body, attributes)


def _span(record: Span, cleaner: Cleaner) -> Span:
    parent = record.parent_span_id
    return Span(
        cleaner.name(record.trace_id),
        cleaner.name(record.span_id),
        parent if parent is None else cleaner.name(parent),
        cleaner.name(record.resource),
        cleaner.name(record.name),
        record.start,
        record.duration_s,
        record.status,
        cleaner.mapping(record.attributes) if record.attributes else record.attributes,
    )


def _model(record: BaseModel, cleaner: Cleaner) -> BaseModel:
    changed = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        sanitised = _field(name, value, cleaner)
        if sanitised is not value and sanitised != value:
            changed[name] = sanitised
    return record.model_copy(update=changed) if changed else record


def _field(name: str, value: Any, cleaner: Cleaner) -> Any:
    match value:
        case str():
            return cleaner.text(value) if name in _SEVERAL_LINES else cleaner.name(value)
        case BaseModel():
            return sanitise_record(value, cleaner)
        case tuple():
            return tuple(_field(name, item, cleaner) for item in value)
        case Mapping() | list():
            return cleaner.value(value)
        case _:
            return value
