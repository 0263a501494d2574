"""Export of a stored investigation as an incident bundle, and import.

What its sources answered becomes the bundle's parts, so that anyone can investigate it again, with a better reasoner or
another tool. The event log and the recorded answers themselves go along (`events.jsonl`, `answers/<digest>`), so that
CloudOps can replay it exactly.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast, get_args

import numpy as np
import orjson

from engine.events import GENESIS, Event
from engine.import_cleaning import Cleaned, clean_log
from engine.incident import IncidentState, fold
from engine.log import EventLog, Head
from engine.log.codec import encode_event as encode_row
from engine.port import EnginePort
from engine.wire import decode_event, encode_event
from primitives.answers import decode_answer
from primitives.bundle import BundleParts, Manifest, read_bundle, write_bundle
from primitives.errors import BundleError, CloudopsError, StoreCorrupt, UsageError
from primitives.facts import Location, locations_of
from primitives.patterns import lazy_pattern
from primitives.records import Alert, Coverage, Resource, Series, Topology
from primitives.telemetry import Answer, ChangesQuery
from primitives.terms import ChangeKind

__all__ = ["coverage_of", "export_bundle", "import_events", "parts_of_answers"]

T = TypeVar("T")
EVENTS: Final = "events.jsonl"
_EXECUTION_ID: Final = lazy_pattern(r"[\w.-]{1,100}")
ANSWERS: Final = "answers/"
_REFUSALS: Final = frozenset({"partial", "denied", "unreachable"})


async def export_bundle(port: EnginePort, execution_id: str, path: Path, *, overwrite: bool = False) -> None:
    """Write the investigation to `path`: one ZIP when its suffix is `.incident`, else a directory.

    Raises `UsageError` when `path` is taken, `BundleError` when it can't be written, `StoreError`.
    """
    events = [event async for batch in port.follow(execution_id, live=False) for event in batch]
    state = fold(events)
    blobs = {digest: await port.blob(digest) for digest in state.answers}
    parts = await asyncio.to_thread(_parts, state, events, blobs)
    await asyncio.to_thread(write_bundle, parts, path, overwrite=overwrite)


async def import_events(store: EventLog, path: Path, say: Callable[[str], None] = lambda _: None) -> str:
    """Import the investigation in the bundle at `path` into `store`; returns its execution id.

    One that is there already stays as it is. What had to be cleaned is given to `say`. Raises `BundleError` when the
    bundle holds no events or its chain is broken, `StoreError`.
    """
    cleaned = await asyncio.to_thread(_read_events, path)
    events, blobs = cleaned.events, cleaned.blobs
    if cleaned.words:
        say(cleaned.words)
    first = events[0]
    last = await store.last(first.execution_id)
    if last.seq:
        if (await store.read(first.execution_id, limit=1))[0].hash != first.hash:
            raise UsageError(
                f"the store holds another investigation called {first.execution_id}; import into a new --store"
            )
        if last.seq >= len(events):
            return first.execution_id
    entries = [(event.time, event.who, event.body) for event in events[last.seq :]]
    await store.append(first.execution_id, first.incident_id, entries, blobs=blobs)
    return first.execution_id


def _read_events(path: Path) -> Cleaned:
    parts = read_bundle(path).load_all()
    if not parts.events:
        raise BundleError(EVENTS, "is missing: this bundle is to be investigated, not imported")
    events: list[Event] = []
    for number, line in enumerate(parts.events.splitlines(), start=1):
        where = f"{EVENTS}:{number}"
        try:
            event = decode_event(orjson.loads(line))
            _check_chain(event, events, where)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"is no event that this CloudOps knows ({type(error).__name__})"
            raise BundleError(where, f"{problem}; export it again, or update CloudOps") from error
        events.append(event)
    try:
        state = fold(events)
    except (ValueError, KeyError) as error:
        raise BundleError(EVENTS, f"is not a whole log ({error}); export it again") from error
    blobs = _blobs(state, parts.other)
    if not _EXECUTION_ID.fullmatch(events[0].execution_id):
        raise BundleError(EVENTS, "names no execution by an id of letters, digits, dots and hyphens")
    try:
        return clean_log(events, blobs)
    except (ValueError, KeyError, StoreCorrupt) as error:
        raise BundleError(EVENTS, "makes no sense without its control characters and secrets") from error


def _check_chain(event: Event, before: Sequence[Event], where: str) -> None:
    head = Head(before[-1].seq, before[-1].hash) if before else Head(0, GENESIS)
    same = not before or (event.execution_id, event.incident_id) == (before[0].execution_id, before[0].incident_id)
    expected, _ = encode_row(event.execution_id, event.incident_id, (event.time, event.who, event.body), head)
    if not same or (event.seq, event.hash) != (expected.seq, expected.hash):
        raise BundleError(where, "breaks the hash chain: the file was changed after its export")


def _blobs(state: IncidentState, files: Any) -> list[bytes]:
    """The recorded answers that the bundle holds. Raises `BundleError` when one was changed."""
    blobs = []
    for digest in state.answers:
        data = files.get(f"{ANSWERS}{digest}")
        if data is None:
            continue
        if hashlib.sha256(data).hexdigest() != digest:
            raise BundleError(f"{ANSWERS}{digest}", "was changed after its export; export the incident again")
        blobs.append(data)
    return blobs


def _parts(state: IncidentState, events: Sequence[Event], blobs: Mapping[str, bytes]) -> BundleParts:
    opened = state.opened
    if opened is None:
        raise CloudopsError(f"{state.execution_id} has no beginning; run `cloudops audit verify`")
    answers = [decode_answer(data, digest) for digest, data in blobs.items()]
    manifest = Manifest(
        id=state.incident_id,
        title=opened.title,
        query=opened.query,
        detected_at=opened.detected_at,
        baseline=opened.baseline,
        window=opened.window,
        symptom=opened.symptom,
        platform=cast("Any", opened.platform),
        labels=opened.labels,
        coverage=coverage_of(opened.coverage, answers),
    )
    return replace(
        parts_of_answers(manifest, answers, opened.alert, sources=[source.name for source in state.sources]),
        events=b"".join(orjson.dumps(encode_event(event)) + b"\n" for event in events),
        notice=_notice(state.execution_id, {answer.query.question for answer in answers if _is_counted(answer)}),
        # As they were stored: encoded again, an older answer would have another digest.
        other={f"{ANSWERS}{digest}": data for digest, data in blobs.items()},
    )


def parts_of_answers(
    manifest: Manifest, answers: Sequence[Answer[Any]], alert: Any = None, *, sources: Sequence[str] = ()
) -> BundleParts:
    """The bundle's parts that the answers of sources make; `alert` is the document that opened the incident.

    Where two say different things of one resource, the first of `sources` decides, as it did in the investigation;
    which of them answered first doesn't matter.
    """
    by_question: dict[str, list[Answer[Any]]] = {}
    place = {source: number for number, source in enumerate(sources)}
    for answer in sorted(answers, key=lambda answer: place.get(answer.source, len(place))):
        if not _is_counted(answer):
            by_question.setdefault(answer.query.question, []).append(answer)
    series = _merged_series(_records(by_question, "series"))
    return BundleParts(
        manifest=manifest,
        alert=alert if alert is not None else _alert_document(_records(by_question, "alerts")),
        metrics={each.metric.name: each.metric for each in series},
        series=series,
        topology=_merged_topology(_records(by_question, "topology")),
        changes=_part(by_question, "changes", lambda record: record.time),
        logs=_part(by_question, "logs", lambda record: record.time),
        spans=_part(by_question, "spans", lambda span: span.start),
        probes=_part(by_question, "probes", lambda record: record.time),
        observations=_part(by_question, "observations", lambda record: record.time),
        configuration=_part(by_question, "configuration", lambda record: record.time),
        kubernetes=_part(by_question, "objects", lambda dump: (dump.time, dump.kind)) or (),
        kubernetes_logs=_part(by_question, "container_logs", lambda log: (log.namespace, log.pod)) or (),
    )


def _is_counted(answer: Answer[Any]) -> bool:
    """Whether the source was asked for numbers of records, of which no bundle's part can be made."""
    return getattr(answer.query, "reduction", None) is not None


def _notice(execution_id: str, counted: Collection[str]) -> str:
    notice = f"Exported by CloudOps from {execution_id}. Secrets were redacted before anything was stored.\n"
    if counted:
        notice += f"Of {' and '.join(sorted(counted))} some were only counted by their source: see answers/.\n"
    return notice


def _records(by_question: dict[str, list[Answer[Any]]], question: str) -> list[Any]:
    return [record for answer in by_question.get(question, []) for record in answer.records]


def _part(by_question: dict[str, list[Answer[Any]]], question: str, order: Callable[[Any], Any]) -> Any:
    """The distinct records of one part in order of time; None when no source held such a part."""
    answered = [answer for answer in by_question.get(question, []) if answer.status != "not_recorded"]
    if not answered:
        return None
    return tuple(sorted(_distinct(_records(by_question, question)), key=order))


def _distinct(records: Iterable[T]) -> list[T]:
    seen: set[Hashable] = set()
    kept = []
    for record in records:
        key = repr(record)  # records hold mappings, so they have no hash of their own
        if key not in seen:
            seen.add(key)
            kept.append(record)
    return kept


def _merged_series(series: Iterable[Series]) -> tuple[Series, ...]:
    """One series for each metric and resource, with every sample that any answer held."""
    grouped: dict[tuple[str, str], list[Series]] = {}
    for part in series:
        grouped.setdefault((part.metric.name, part.resource), []).append(part)
    merged = []
    for (_, resource), group in sorted(grouped.items(), key=lambda item: item[0]):
        times, first = np.unique(np.concatenate([part.times for part in group]), return_index=True)
        values = np.concatenate([part.values for part in group])[first]
        merged.append(Series(resource, group[0].metric, times, values))
    return tuple(merged)


def _merged_topology(topologies: Sequence[Topology]) -> Topology | None:
    """What all say together: offline it has to mean what each of them meant beside the others."""
    if not topologies:
        return None
    located = locations_of(topologies)
    merged: dict[str, Resource] = {}
    for resource in (resource for topology in topologies for resource in topology.resources):
        known = merged.setdefault(resource.id, resource)
        if known is not resource and known != resource:
            kind = resource.kind if known.kind == "other" else known.kind
            attributes = {**resource.attributes, **known.attributes}
            merged[resource.id] = resource.model_copy(update={"kind": kind, "attributes": attributes})
    resources = (merged[name] if name in located else _without_location(merged[name]) for name in sorted(merged))
    edges = dict.fromkeys(edge for topology in topologies for edge in topology.edges)
    return Topology(resources=tuple(resources), edges=tuple(edges))


def _without_location(resource: Resource) -> Resource:
    """Without where it runs, of which sources said contradictory things; nobody asks that of a pod."""
    kept = {name: value for name, value in resource.attributes.items() if name not in Location.model_fields}
    if resource.kind == "pod" or len(kept) == len(resource.attributes):
        return resource
    return resource.model_copy(update={"attributes": kept})


def _alert_document(alerts: Sequence[Alert]) -> dict[str, Any] | None:
    """Live alerts as Alertmanager's webhook would have sent them (its version 4), with the resource as a label."""
    if not alerts:
        return None
    documents = [
        {
            "status": alert.state,
            "labels": {
                **alert.labels,
                "alertname": alert.name,
                **({"severity": alert.severity} if alert.severity else {}),
                **({"resource": alert.resource} if alert.resource else {}),
            },
            "annotations": {"summary": alert.summary, "description": alert.description},
            "startsAt": alert.started_at.isoformat() if alert.started_at else None,
            **({"endsAt": alert.ended_at.isoformat()} if alert.ended_at else {}),
            "value": alert.value,
        }
        for alert in _latest_of_each(alerts)
    ]
    return {"version": "4", "status": "firing", "alerts": documents}


def _latest_of_each(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """An alert that was asked more than once, as it was last: its value of the moment makes it no second alert."""
    latest: dict[tuple[Any, ...], Alert] = {}
    for alert in alerts:
        latest[alert.name, alert.resource, alert.started_at, *sorted(alert.labels.items())] = alert
    return tuple(latest.values())


def coverage_of(stated: Sequence[Coverage], answers: Sequence[Answer[Any]]) -> tuple[Coverage, ...]:
    """What was asked of whom, and how it answered: as stated at the beginning, and by the answers."""
    everything = [*stated, *(entry for answer in answers for entry in (*answer.coverage, *_unanswered(answer)))]
    counted = {answer.query.question for answer in answers if _is_counted(answer) and answer.completeness == "complete"}
    everything += [entry for answer in answers if answer.query.question not in counted for entry in _cut(answer)]
    return tuple(_distinct(everything))


def _cut(answer: Answer[Any]) -> Iterator[Coverage]:
    """That there were more logs or traces than were read: the live investigation then read those around the symptom."""
    query = answer.query
    if query.question not in ("logs", "spans") or answer.completeness != "cut" or answer.status != "answered":
        return
    yield _partly(answer, (query.question,), "partial", answer.left_out or "there was more than was read")


def _unanswered(answer: Answer[Any]) -> Iterator[Coverage]:
    """That a question was answered in part or not at all: without it a recording would know less of its gaps."""
    query = answer.query
    # What is missing of some series is said when those are asked for; of the others it says nothing.
    if answer.status not in _REFUSALS or query.question == "series":
        return
    if any(entry.status != "answered" for entry in answer.coverage):
        return
    kinds = (query.kinds or get_args(ChangeKind)) if isinstance(query, ChangesQuery) else (query.question,)
    yield _partly(answer, kinds, answer.status, answer.detail)


def _partly(answer: Answer[Any], kinds: Sequence[str], status: str, detail: str | None) -> Coverage:
    window = answer.query.window
    return Coverage.model_validate({
        "source": answer.source, "kinds": kinds, "from": window.start, "to": window.end,
        "status": status, "detail": detail,
    })  # fmt: skip
