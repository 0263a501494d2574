"""What a look at one resource shows: its observations, settings and newest readings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson

from primitives.diagnostics.registry import Arguments
from primitives.facts import Observed
from primitives.identity import parse_id
from primitives.records import ConfigurationSnapshot, Observation, Series
from primitives.telemetry import Answers
from primitives.text import safe_line

__all__ = ["is_called", "observations", "readings", "settings"]

_MOST_OBSERVATIONS: Final = 40
_MOST_SETTINGS: Final = 60
_LONGEST: Final = 300
_SUBJECTS: Final = ("message", "statement", "name", "title", "status")
"""Where an observation's data says in words what was observed, the most telling first."""

R = TypeVar("R", Observation, ConfigurationSnapshot)


def is_called(resource: str, name: str, region: str | None = None) -> bool:
    """Whether an identifier is that of `name`; one that states another region than `region` is not."""
    known = parse_id(resource)
    return known.short == name and not (known.region and region and known.region != region)


def observations(answers: Answers[Observation], about: Callable[[str], bool], args: Arguments) -> Iterator[Observed]:
    """What was observed of the resources that are meant, newest first."""
    own = [record for record in answers.records if about(record.resource) and record.time <= args.now]
    for record in sorted(own, key=lambda record: record.time, reverse=True)[:_MOST_OBSERVATIONS]:
        data = record.data if isinstance(record.data, Mapping) else {"value": record.data}
        yield Observed(
            kind=safe_line(record.kind, limit=60),
            subject=_subject(data),
            details={safe_line(key, limit=60): _safe(value) for key, value in data.items()},
            **_seen(record.resource, record.time, answers, args),
        )


def settings(
    answers: Answers[ConfigurationSnapshot], about: Callable[[str], bool], args: Arguments, holding: str = ""
) -> Iterator[Observed]:
    """The values of the newest snapshot of each kind; only those whose name holds `holding` where that is given."""
    newest: dict[tuple[str, str], ConfigurationSnapshot] = {}
    for record in answers.records:
        key = (record.resource, record.kind)
        if about(record.resource) and record.time <= args.now and (
            key not in newest or newest[key].time <= record.time
        ):  # fmt: skip
            newest[key] = record
    for record in newest.values():
        values = [(path, value) for path, value in _flat(record.document) if holding in path.lower()]
        for path, value in values[:_MOST_SETTINGS]:
            subject = safe_line(f"{path} is {value}", limit=_LONGEST)
            yield Observed(kind="setting", subject=subject, **_seen(record.resource, record.time, answers, args))


def readings(answers: Answers[Series], about: Callable[[str], bool], args: Arguments) -> Iterator[Observed]:
    """The newest sample of each metric, with the limit that it is measured against where that is known."""
    for series in answers.records:
        if not about(series.resource) or not len(series.values):
            continue
        time = datetime.fromtimestamp(float(series.times[-1]), args.now.tzinfo)
        limit = {} if series.metric.limit is None else {"limit": series.metric.limit}
        yield Observed(
            kind="reading",
            subject=safe_line(series.metric.name, limit=120),
            value=float(series.values[-1]),
            unit=series.metric.unit,
            details=limit,
            **_seen(series.resource, min(time, args.now), answers, args),
        )


def _seen(resource: str, time: datetime, answers: Answers[Any], args: Arguments) -> dict[str, Any]:
    return {
        "resource": resource, "window": args.window, "observed_at": time, "source": answers.source,
        "answers": answers.digests,
    }  # fmt: skip


def _subject(data: Mapping[str, Any]) -> str:
    words = next((value for name in _SUBJECTS if isinstance(value := data.get(name), str) and value), None)
    return safe_line(words or orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode(), limit=_LONGEST)


def _safe(value: Any) -> Any:
    match value:
        case str():
            return safe_line(value, limit=_LONGEST)
        case Mapping():
            return {safe_line(key, limit=60): _safe(item) for key, item in value.items()}
        case list() | tuple():
            return [_safe(item) for item in value]
        case _:
            return value


def _flat(document: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its path, in the document's order."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(document, Mapping):
        items = document.items()
    elif isinstance(document, list | tuple):
        items = enumerate(document)
    elif path:
        yield path, document
    for name, value in items:
        yield from _flat(value, f"{path}.{name}" if path else str(name))
