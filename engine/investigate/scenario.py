"""Where an investigation starts: a recorded incident or live sources, a clock, and the first event of its log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from pathlib import Path

from engine.events import IncidentOpened
from engine.investigate.first_questions import first_questions, whole_window
from engine.investigate.named_alarm import symptom_of_named_alarm
from engine.investigate.time_hints import time_hints
from engine.port import Investigate
from engine.resources import checked_resource, known_resources, meant_resource
from primitives.asked_ahead import AskedAhead
from primitives.backends.recorded.backend import RecordedBackend
from primitives.bundle import Bundle, read_bundle
from primitives.clock import Clock, RecordedClock, SystemClock, new_id
from primitives.cross_source_names import CrossSourceNames
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError, SourceUnreachable, UsageError
from primitives.records import Symptom, Window
from primitives.redact import Redactor
from primitives.sources import SourceDirectory, check_sources, open_source
from primitives.telemetry import LIVE_BUDGETS, Backend, BackendStatus, Recorder, Telemetry
from primitives.text import safe_line

__all__ = [
    "LIVE_BASELINE",
    "LIVE_WINDOW",
    "QUERY_LIMIT",
    "Scenario",
    "clean_query",
    "nobody_answers",
    "open_scenario",
    "reopen_scenario",
]

QUERY_LIMIT = 2_000
"""Characters: what an engineer types, not a pasted log."""

LIVE_WINDOW = timedelta(hours=1)
LIVE_BASELINE = timedelta(hours=6)
LIVE_LEAD = timedelta(minutes=15)
LIVE_LONGEST = timedelta(days=7)
LIVE_AFTER = timedelta(minutes=10)
"""So much after a given moment of the trouble is looked at too."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """The sources of one investigation, its clock, and how its log begins.

    `checks` say which of the `backends` could be reached, `secrets` are the credentials that they were given,
    `scopes` the scopes that they state, by name, `names` what a person ties to resources.
    """

    incident_id: str
    opened: IncidentOpened
    backends: tuple[Backend, ...]
    checks: tuple[BackendStatus, ...]
    clock: Clock
    recorded: bool
    secrets: tuple[str, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def telemetry(self, recorder: Recorder, names: CrossSourceNames | None = None) -> Telemetry:
        """What the diagnostics ask; every answer goes through `recorder`. `names` are those of the incident's time."""
        return Telemetry(
            self.backends,
            recorder,
            self.clock,
            checks=self.checks,
            secrets=self.secrets,
            budgets={} if self.recorded else LIVE_BUDGETS,
            canonicaliser=names or self.names_in(whole_window(self.opened)),
        )

    def names_in(self, window: Window) -> CrossSourceNames:
        """The names of several sources for one thing, as their topologies and objects of that time tie them."""
        return CrossSourceNames(window, self.scopes, self.names)


async def open_scenario(request: Investigate, known: SourceDirectory) -> Scenario:
    """The scenario that `request` asks for; `known` are the engine's own sources.

    Raises `UsageError`, `BundleError` or `SourceError`.
    """
    query, resource = clean_query(request.query), checked_resource(request.resource)
    if request.bundle is not None:
        bundle = await asyncio.to_thread(_read_whole, Path(request.bundle))
        if resource is not None:
            resource = meant_resource(resource, await asyncio.to_thread(known_resources, bundle))
        return await _recorded(bundle, _opened_recorded(bundle, request, query, resource))
    directory = known.updated(request.definitions)
    if not request.sources and not directory.default:
        raise UsageError(
            "nothing to investigate: give --incident BUNDLE or --source NAME, or configure `sources:` "
            "(docs/configuration.md)"
        )
    return await _opened_live(query, resource, directory, request)


async def reopen_scenario(
    opened: IncidentOpened, last: datetime, directory: SourceDirectory, names: Iterable[str]
) -> Scenario:
    """The scenario of an investigation whose last event was at `last`; its clock goes on from there.

    `names` are the sources of a live one; without any, those that are asked by default. Raises `BundleError`,
    `UsageError` or `SourceError` when it can't be reopened.
    """
    if opened.bundle is not None:
        bundle = await asyncio.to_thread(_read_whole, Path(opened.bundle))
        return await _recorded(bundle, opened, last)
    return await _live(opened, directory, names, "")


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
    """The bundle with every part read: a damaged one is refused before anything is written."""
    redactor = Redactor()
    bundle = read_bundle(path, redactor=redactor)
    bundle.validate()
    if (knowing := redactor.knowing()) is not None:
        # A secret that one part names may stand in another one where nothing names it: read once more, knowing it.
        bundle = read_bundle(path, redactor=knowing)
        bundle.validate()
    return bundle


async def _recorded(bundle: Bundle, opened: IncidentOpened, now: datetime | None = None) -> Scenario:
    backends = (RecordedBackend(bundle),)
    checks = await check_sources(backends)
    return Scenario(bundle.manifest.id, opened, backends, checks, RecordedClock(now or opened.now), recorded=True)


def _opened_recorded(bundle: Bundle, request: Investigate, query: str, resource: str | None) -> IncidentOpened:
    manifest = bundle.manifest
    symptom = manifest.symptom
    if resource:
        same = symptom is not None and symptom.resource == resource
        symptom = symptom if same else Symptom(resource=resource)
    return IncidentOpened(
        title=manifest.title,
        query=query or manifest.query or manifest.title,
        origin="recorded",
        bundle=request.bundle and Redactor().redact(request.bundle),
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
        playbooks=request.playbooks,
    )


async def _opened_live(query: str, resource: str | None, directory: SourceDirectory, request: Investigate) -> Scenario:
    if not query:
        raise UsageError('say what is wrong, such as: cloudops investigate "API latency spike" --source NAME')
    real = SystemClock().now()
    start, now = _live_window(query, request, real)
    if start >= now:
        raise UsageError("the time to look at is empty: --since must lie before --until, and both before now")
    opened = IncidentOpened(
        title=query,
        query=query,
        origin="live",
        detected_at=min(request.at or now, now),
        now=now,
        window=Window(start=start, end=now),
        baseline=Window(start=start - LIVE_BASELINE, end=start),
        # A live source may just not hear of a resource that is down, so an unknown one is no mistake there.
        symptom=Symptom(resource=resource) if resource else None,
        focus=(resource,) if resource else (),
        platform=("other",),
        alert=await asyncio.to_thread(Redactor().redact_value, request.alert) if request.alert is not None else None,
        period_given=request.since is not None,
        playbooks=request.playbooks,
    )
    incident_id = request.incident_id or new_id("inc")
    scenario = await _live(opened, directory, request.sources, incident_id, ask_ahead=True)
    return scenario if resource and request.alert is None else await _with_alarm(scenario, resource)


def _live_window(query: str, request: Investigate, real: datetime) -> tuple[datetime, datetime]:
    """From when to when live sources are looked at. What an alert is about goes on until it is said to be over."""
    if request.alert is not None and request.at is not None:
        now = min(request.until or real, real)
        before = max(request.at - LIVE_LEAD, now - LIVE_LONGEST)
        return request.since or min(before, now - LIVE_WINDOW), now
    now = min(request.until or (request.at + LIVE_AFTER if request.at is not None else real), real)
    return request.since or _live_start(query, request.at or now), now


async def _with_alarm(scenario: Scenario, resource: str | None) -> Scenario:
    """The scenario with the metric of the alarm that its query names, where it names one, as the symptom.

    With a `resource` only an alarm that names it counts.
    """
    opened = scenario.opened
    reachable = {check.name for check in scenario.checks if check.status == "reachable"}
    able = [backend for backend in scenario.backends if backend.name in reachable]
    redactor = Redactor(scenario.secrets)
    symptom = await symptom_of_named_alarm(opened.query, opened.window, able, redactor, about=resource)
    return replace(scenario, opened=opened.model_copy(update={"symptom": symptom})) if symptom else scenario


async def _live(
    opened: IncidentOpened,
    directory: SourceDirectory,
    names: Iterable[str],
    incident_id: str,
    *,
    ask_ahead: bool = False,
) -> Scenario:
    """The scenario of live sources; with `ask_ahead` the first questions are asked while it is checked who answers."""
    clock = SystemClock()
    sources = [open_source(name, directory.definitions[name], clock) for name in directory.choose(names)]
    first = first_questions(opened, several=len(sources) > 1) if ask_ahead else []
    backends = tuple(AskedAhead(source.backend, first) for source in sources)
    secrets = tuple(secret for source in sources for secret in source.secrets)
    checks = await check_sources(backends, secrets)
    if not any(check.status == "reachable" for check in checks):
        await asyncio.gather(*(backend.close() for backend in backends), return_exceptions=True)
        raise nobody_answers(checks)
    scopes = {source.backend.name: source.scope for source in sources}
    return Scenario(
        incident_id, opened, backends, checks, clock, recorded=False, secrets=secrets, scopes=scopes,
        names=directory.names,
    )  # fmt: skip


def nobody_answers(checks: Sequence[BackendStatus]) -> SourceError:
    """The error for an investigation none of whose sources can be reached."""
    kind = SourceDenied if all(check.status == "denied" for check in checks) else SourceUnreachable
    if len(checks) == 1:
        return kind(checks[0].name, checks[0].detail)
    return kind("no source can be asked", "; ".join(f"{check.name}: {check.detail}" for check in checks))


def _live_start(query: str, now: datetime) -> datetime:
    """An hour ago, or a while before the time that the query names ("since the 14:25 deploy")."""
    named = [hint.moment - LIVE_LEAD for hint in time_hints(query, now) if hint.moment > now - LIVE_LONGEST]
    return min([now - LIVE_WINDOW, *named])
