"""Where an investigation's telemetry comes from: a recorded incident, or live sources."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from engine.events import IncidentOpened
from engine.port import Investigate
from engine.resources import checked_resource, known_resources, meant_resource
from engine.time_hints import time_hints
from primitives.backends.recorded import RecordedBackend
from primitives.bundle import Bundle, read_bundle
from primitives.clock import Clock, RecordedClock, SystemClock, new_id
from primitives.errors import SourceDenied, SourceUnreachable, UsageError
from primitives.records import Symptom, Window
from primitives.redact import Redactor
from primitives.telemetry import Backend
from primitives.text import safe_line

__all__ = ["QUERY_LIMIT", "World", "clean_query", "open_world", "reopen_world"]

QUERY_LIMIT = 2_000
"""Characters: what an engineer types, not a pasted log."""

LIVE_WINDOW = timedelta(hours=1)
LIVE_BASELINE = timedelta(hours=6)
LIVE_LEAD = timedelta(minutes=15)
LIVE_LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class World:
    """The sources of one investigation, its clock, and how its log begins."""

    incident_id: str
    opened: IncidentOpened
    backends: tuple[Backend, ...]
    clock: Clock
    recorded: bool


async def open_world(request: Investigate) -> World:
    """What `request` asks to investigate. Raises `UsageError`, `BundleError` or `SourceError`."""
    query, resource = clean_query(request.query), checked_resource(request.resource)
    if request.bundle is not None:
        bundle = await asyncio.to_thread(_read_whole, Path(request.bundle))
        if resource is not None:
            resource = meant_resource(resource, await asyncio.to_thread(known_resources, bundle))
        return _recorded_world(bundle, request, query, resource)
    if request.prometheus is not None:
        return await _live_world(request, query, resource)
    raise UsageError("nothing to investigate: give --incident BUNDLE or --prometheus URL")


async def reopen_world(opened: IncidentOpened, last: datetime, prometheus: str | None) -> World:
    """The world of an interrupted investigation whose last event was at `last`; its clock goes on from there.

    Raises `BundleError` or `UsageError` when it is not there any more.
    """
    if opened.bundle is not None:
        bundle = await asyncio.to_thread(_read_whole, Path(opened.bundle))
        return World(bundle.manifest.id, opened, (RecordedBackend(bundle),), RecordedClock(last), recorded=True)
    if prometheus is None:
        raise UsageError("this investigation asked a live Prometheus: give --prometheus URL to go on with it")
    clock = SystemClock()
    return World("", opened, (_prometheus(prometheus, clock),), clock, recorded=False)


def clean_query(query: str | None) -> str:
    """The query as it may be stored. Raises `UsageError` when it is too long or holds nothing to read."""
    if query is None:
        return ""
    if len(query) > QUERY_LIMIT:
        raise UsageError(f"the query is {len(query):,} characters long; say it in at most {QUERY_LIMIT:,}")
    cleaned = safe_line(query, limit=QUERY_LIMIT).strip()
    if not re.search(r"\w", cleaned):
        raise UsageError('the query holds no words; say what is wrong, such as "API latency spike in prod"')
    return Redactor().redact(cleaned)


def _read_whole(path: Path) -> Bundle:
    """The bundle with every part read: a damaged one is refused before anything is begun."""
    bundle = read_bundle(path)
    bundle.validate()
    return bundle


def _recorded_world(bundle: Bundle, request: Investigate, query: str, resource: str | None) -> World:
    manifest = bundle.manifest
    symptom = manifest.symptom
    if resource:
        same = symptom is not None and symptom.resource == resource
        symptom = symptom if same else Symptom(resource=resource)
    opened = IncidentOpened(
        title=manifest.title,
        query=query or manifest.query or manifest.title,
        origin="recorded",
        bundle=request.bundle,
        detected_at=manifest.detected_at,
        now=manifest.window.end,
        window=manifest.window,
        baseline=manifest.baseline,
        symptom=symptom,
        focus=(resource,) if resource else (),
        platform=manifest.platform,
        labels=manifest.labels,
        coverage=manifest.coverage,
        alert=bundle.alert,
        warnings=tuple(safe_line(warning) for warning in bundle.warnings),
    )
    return World(manifest.id, opened, (RecordedBackend(bundle),), RecordedClock(opened.now), recorded=True)


async def _live_world(request: Investigate, query: str, resource: str | None) -> World:
    if not query:
        raise UsageError('say what is wrong, such as: cloudops investigate "API latency spike" --prometheus URL')
    assert request.prometheus is not None
    clock = SystemClock()
    backend = _prometheus(request.prometheus, clock)
    await _need(backend)
    now = clock.now()
    start = _live_start(query, now)
    opened = IncidentOpened(
        title=query,
        query=query,
        origin="live",
        detected_at=now,
        now=now,
        window=Window(start=start, end=now),
        baseline=Window(start=start - LIVE_BASELINE, end=start),
        # A live source may just not hear of a resource that is down, so an unknown one is no mistake there.
        symptom=Symptom(resource=resource) if resource else None,
        focus=(resource,) if resource else (),
        platform=("other",),
    )
    return World(new_id("inc"), opened, (backend,), clock, recorded=False)


def _live_start(query: str, now: datetime) -> datetime:
    """An hour ago, or a while before the time that the query names ("since the 14:25 deploy")."""
    named = [hint.moment - LIVE_LEAD for hint in time_hints(query, now) if hint.moment > now - LIVE_LONGEST]
    return min([now - LIVE_WINDOW, *named])


async def _need(backend: Backend) -> None:
    """The only source there is must answer, or there is nothing to investigate."""
    status = await backend.check()
    if status.status != "reachable":
        await backend.close()
        kind = SourceDenied if status.status == "denied" else SourceUnreachable
        raise kind(status.name, status.detail)


def _prometheus(url: str, clock: Clock) -> Backend:
    from primitives.backends.prometheus import PrometheusBackend

    return PrometheusBackend(url, clock=clock)
