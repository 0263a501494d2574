"""A realistic investigation as a list of events, and an engine that tells it. Test data, made up."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.events import (
    GENESIS,
    AnswerRecorded,
    Body,
    ConclusionReached,
    Event,
    FactFound,
    HypothesesRanked,
    IncidentClassified,
    IncidentOpened,
    InvestigationCancelled,
    InvestigationFinished,
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    SourcesChecked,
    SourceState,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
    encode_body,
    event_hash,
)
from engine.hypotheses import Action, Classification, Evidence, Finding, Hypothesis
from engine.incident import IncidentState, fold
from engine.port import AuditResult, Cancel, Command, ConfirmPlan, IncidentSummary, Investigate
from engine.presence import Looking, Presence, Viewer
from primitives.answers import encode_answer
from primitives.clock import ManualClock
from primitives.errors import EngineGone, StoreError, UsageError
from primitives.facts import ChangeFound, Fact, MetricAtLimit, MetricShift, SourceGap
from primitives.records import Change, Coverage, Metric, Series, Symptom, Window
from primitives.sources import NO_SOURCES, SourceDirectory
from primitives.telemetry import Answer, SeriesQuery
from primitives.terms import IncidentClass

EXECUTION, INCIDENT = "exec-0a1b2c3d", "api-latency-spike"
NOW = datetime(2026, 3, 10, 14, 52, tzinfo=UTC)
START = datetime(2026, 3, 10, 14, 10, tzinfo=UTC)
ONSET = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
DEPLOYED = datetime(2026, 3, 10, 14, 25, tzinfo=UTC)
ALERT = datetime(2026, 3, 10, 14, 34, tzinfo=UTC)
WINDOW = Window(start=START, end=NOW)
BASELINE = Window(start=START - timedelta(minutes=40), end=START)
LATENCY_DIGEST, CONNECTIONS_DIGEST = "1" * 64, "2" * 64
ENGINE, PERSON = Who(kind="engine", name="cloudops"), Who(kind="person", name="ann")

STEPS = tuple(
    PlannedStep(id=f"S{number}", primitive=primitive, target=target, arguments=arguments, effect="read", reason=reason)
    for number, (primitive, target, arguments, reason) in enumerate(
        (
            ("analyze_utilization", "api-service", {"focus": ["api-service"]}, "the alert is about its latency"),
            ("compare_baseline", "all metrics", {"window": {"from": START, "to": NOW}}, "what else moved with it"),
            ("check_recent_changes", "24 h", {}, "a change shortly before the onset is the usual cause"),
            ("diff_configuration", "api-service", {}, "a change that no deployment carried"),
            ("trace_dependencies", "api-service → 3", {}, "whether something below it explains it"),
            ("analyze_error_rate", "api-service", {}, "the query speaks of a spike"),
        ),
        1,
    )
)


def shift(metric: str, resource: str, values: tuple[float, float], unit: str, digest: str, **more: Any) -> MetricShift:
    """A metric that rose at the onset."""
    return MetricShift.model_validate(
        {
            "metric": metric, "kind": more.pop("kind", "latency"), "unit": unit, "statistic": "p95", "worse": True,
            "baseline": values[0], "spread": values[0] * 0.06, "current": values[1], "peak": values[1] * 1.1,
            "score": 90.0, "samples": 42, "baseline_samples": 40, "onset": ONSET, "onset_uncertainty_s": 30.0,
            "resource": resource, "window": WINDOW, "observed_at": NOW, "source": "prometheus", "answers": (digest,),
            "latest": values[1], "latest_at": NOW,
            **more,
        }
    )  # fmt: skip


def facts() -> dict[str, tuple[str, Fact]]:
    """Fact ids with their step and fact."""
    deployment = Change(
        time=DEPLOYED,
        id="v2.3.1",
        resource="api-service",
        kind="deployment",
        summary="v2.3.1: order page on new models",
    )
    known: dict[str, Any] = {"observed_at": NOW, "window": WINDOW}
    gap = {"status": "unreachable", "detail": "no route", "source": "loki", "observed_at": NOW}
    return {
        "F1": ("S1", shift("latency_p95", "api-service", (0.2, 1.5), "s", LATENCY_DIGEST)),
        "F2": ("S2", shift("queries_per_request", "api-service", (3.0, 41.0), "{query}", LATENCY_DIGEST, kind="other")),
        "F3": (
            "S3",
            ChangeFound(
                kinds=("deployment",), change=deployment, lead_s=300.0, resource="api-service", source="ci", **known
            ),
        ),
        "F4": ("S3", ChangeFound(kinds=("infrastructure",), polarity="absent", source="cloudtrail", **known)),
        "F5": (
            "S2",
            MetricAtLimit(
                metric="database_connections", unit="{connection}", limit=500.0, peak=475.0, baseline=120.0, ratio=0.95,
                since=ONSET, resource="orders-db", source="prometheus", answers=(CONNECTIONS_DIGEST,), **known,
            ),
        ),
        "F6": ("S6", shift("error_ratio", "api-service", (0.01, 0.04), "1", LATENCY_DIGEST, kind="errors")),
        "F7": ("S5", SourceGap(question="logs", **gap)),
    }  # fmt: skip


HYPOTHESES = (
    Hypothesis(
        id="H1", cause="Deployment v2.3.1 made api-service slower", cause_id="deployment_regression",
        cause_class=IncidentClass.DEPLOYMENT_REGRESSION, resource="api-service", change="v2.3.1", prior=-2.2,
        confidence=0.80,
        evidence=(
            Evidence(fact="F3", weight=1.9, why="v2.3.1 deployed 14:25, 5 min before the onset"),
            Evidence(fact="F1", weight=1.1, why="latency rose on api-service itself, not below it"),
            Evidence(fact="F2", weight=0.8, why="queries a request 3 → 41"),
            Evidence(fact="F6", weight=-0.4, why="errors rose less than a broken release would make them"),
        ),
    ),
    Hypothesis(
        id="H2", cause="Database connections exhausted", cause_id="connections_exhausted",
        cause_class=IncidentClass.RESOURCE_SATURATION, resource="orders-db", prior=-2.5, confidence=0.70,
        evidence=(Evidence(fact="F5", weight=2.6, why="connections at 95 % of 500 since 14:30"),),
    ),
    Hypothesis(
        id="H3", cause="Downstream service degraded", cause_id="dependency_slow",
        cause_class=IncidentClass.DEPENDENCY_FAILURE, resource="search-service", prior=-2.5, confidence=0.30,
        note="No direct evidence found",
    ),
)  # fmt: skip
ACTIONS = (
    Action(
        id="A1", action="Roll back deployment v2.3.1 → v2.3.0", priority=1, primitive="rollback_deployment",
        arguments={"deployment": "api-service"}, command="kubectl rollout undo deployment/api-service", effect="write",
        risk="medium", estimated_duration_s=120, requires_approval=True, hypothesis="H1", urgency="HIGH",
        resource="api-service",
    ),
    Action(
        id="A2", action="Raise max_connections 500 → 800", priority=2, primitive="modify_parameters",
        arguments={"instance": "orders-db", "max_connections": 800},
        command="aws rds modify-db-parameter-group --db-parameter-group-name orders-db-pg16", effect="write",
        risk="medium", estimated_duration_s=600, requires_approval=True, hypothesis="H2", urgency="MEDIUM",
        resource="orders-db",
    ),
)  # fmt: skip


def opened(title: str = "api-service p95 latency above 800 ms") -> IncidentOpened:
    """How the log begins."""
    covered = {"start": START, "end": NOW}
    return IncidentOpened(
        title=title,
        query="API latency spike in prod",
        origin="recorded",
        bundle="api-latency-spike",
        detected_at=ALERT,
        now=NOW,
        window=WINDOW,
        baseline=BASELINE,
        symptom=Symptom(resource="api-service", metric="latency_p95", direction="above"),
        coverage=(Coverage(source="cloudtrail", kinds=("iam",), status="answered", **covered),),
        alert={"commonLabels": {"severity": "sev2"}},
    )


def before_confirmation(title: str = "api-service p95 latency above 800 ms") -> list[tuple[float, Who, Body]]:
    """The log up to the plan that waits, as (seconds after the one before, who, what)."""
    sources = (
        SourceState(name="prometheus", status="reachable", questions=("series",)),
        SourceState(name="loki", status="unreachable", detail="no route", questions=("logs",)),
    )
    classification = Classification(
        primary_class=IncidentClass.PERFORMANCE_DEGRADATION,
        secondary_classes=(IncidentClass.RESOURCE_SATURATION,),
        confidence=0.85,
        because=("latency", "spike"),
    )
    return [
        (0.0, PERSON, opened(title)),
        (0.1, ENGINE, SourcesChecked(sources=sources)),
        (0.1, ENGINE, IncidentClassified(classification=classification)),
        (0.0, ENGINE, PlanProposed(steps=STEPS)),
    ]


def after_confirmation() -> list[tuple[float, Who, Body]]:
    """The rest of the log; a person took 9 seconds to confirm."""
    told: list[tuple[float, Who, Body]] = [(9.0, PERSON, PlanConfirmed())]
    found = facts()
    for step in STEPS:
        told.append((0.1, ENGINE, StepStarted(step=step.id)))
        told.append((0.2, ENGINE, StepProgressed(step=step.id, done=1, total=4, note="asking for samples")))
        if step.id == "S1":
            told.append((0.1, ENGINE, AnswerRecorded(
                question="series", source="prometheus", status="answered", digest=LATENCY_DIGEST, size=900, records=3,
            )))  # fmt: skip
        mine = [(key, fact) for key, (owner, fact) in found.items() if owner == step.id]
        for key, fact in mine:
            told.append((0.1, ENGINE, FactFound(id=key, step=step.id, key=f"key-{key}", fact=fact)))
        summary = mine[0][1].sentence() if mine else "nothing found"
        told.append((0.2, ENGINE, StepFinished(step=step.id, status="completed", summary=summary, duration_s=0.6)))
        if step.id == "S3":
            told.append((0.0, ENGINE, HypothesesRanked(hypotheses=_believed(HYPOTHESES[:1], found, "S3"))))
    mind = ("slow query log", "latency by the pods' version")
    told.append((0.1, ENGINE, HypothesesRanked(hypotheses=HYPOTHESES, would_change=mind)))
    findings = (Finding(statement="api-service latency p95 rose from 200 ms to 1.5 s at 14:30", facts=("F1",)),)
    told.append((0.0, ENGINE, ConclusionReached(findings=findings, gaps=("loki was not reachable",), actions=ACTIONS)))
    told.append((0.0, ENGINE, InvestigationFinished(status="completed", duration_s=18.0)))
    return told


def _believed(hypotheses: Sequence[Hypothesis], found: dict[str, Any], until: str) -> tuple[Hypothesis, ...]:
    return tuple(
        one.model_copy(update={"evidence": tuple(item for item in one.evidence if found[item.fact][0] <= until)})
        for one in hypotheses
    )


def events(told: Sequence[tuple[float, Who, Body]], start: datetime = NOW) -> list[Event]:
    """The events with their envelopes, chained."""
    made: list[Event] = []
    time, previous = start, GENESIS
    for seq, (wait, who, body) in enumerate(told, 1):
        time += timedelta(seconds=wait)
        document = encode_body(body)
        digest = event_hash(
            previous, EXECUTION, INCIDENT, seq, time.isoformat(), who.model_dump_json().encode(), document
        )
        made.append(Event(EXECUTION, INCIDENT, seq, time, who, body, previous, digest))
        previous = digest
    return made


def whole(title: str = "api-service p95 latency above 800 ms") -> list[Event]:
    """The whole log."""
    return events([*before_confirmation(title), *after_confirmation()])


def latency(digest: str = LATENCY_DIGEST) -> Answer[Series]:
    """The samples behind F1, a minute apart; the connections' where `digest` asks for them."""
    times = np.arange(BASELINE.start.timestamp(), NOW.timestamp() + 1, 60.0)
    since = times - ONSET.timestamp()
    ripple = np.array([math.sin(at / 97.0) for at in times])
    if digest == CONNECTIONS_DIGEST:
        level = np.where(since < 0, 120.0, 475.0 - 355.0 * np.exp(-since.clip(0) / 240.0)) + 6.0 * ripple
        metric = Metric(
            name="database_connections", kind="saturation", unit="{connection}", statistic="average", worse="higher",
            limit=500.0,
        )  # fmt: skip
        series = [Series("orders-db", metric, times, level)]
    else:
        level = np.where(since < 0, 0.2, 1.5 - 1.3 * np.exp(-since.clip(0) / 180.0)) + 0.012 * ripple
        metric = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")
        series = [Series("api-service", metric, times, level)]
    return Answer(SeriesQuery(window=WINDOW), "prometheus", "answered", tuple(series), digest=digest)


class StoryPort:
    """An engine that tells the story: it waits for the plan's confirmation, and can go away."""

    def __init__(self, log: Sequence[Event] | None = None, *, wait: bool = True, title: str = "api latency") -> None:
        self.log = list(log) if log is not None else whole()
        self.confirmed = asyncio.Event()
        self.cancelled = False
        self.kept: list[Event] = []
        self.commands: list[Command] = []
        self.requests: list[Investigate] = []
        self.gone: Exception | None = None
        self.refused: Exception | None = None
        self.title = title
        self.changed = asyncio.Event()
        self.present = Presence(ManualClock(NOW))
        if not wait:
            self.confirmed.set()

    async def investigate(self, request: Investigate) -> str:
        if self.refused:
            raise self.refused
        self.requests.append(request)
        return EXECUTION

    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        return False

    async def send(self, execution_id: str, command: Command) -> None:
        self.commands.append(command)
        if isinstance(command, ConfirmPlan):
            if self.confirmed.is_set():
                raise UsageError("the plan is already confirmed; follow it, or cancel it")
            self.confirmed.set()
        if isinstance(command, Cancel):
            self.cancelled = True
        self.changed.set()

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        if not live or after:
            yield tuple((self.kept if self.cancelled else self.log)[after:])
            return
        waiting = [event for event in self.log if event.body.type == "plan_confirmed"]
        split = waiting[0].seq - 1 if waiting else len(self.log)
        yield tuple(self.log[:split])
        while not (self.confirmed.is_set() or self.cancelled or self.gone):
            self.changed.clear()
            await self.changed.wait()
        if self.gone:
            raise self.gone
        if self.cancelled:
            self.kept = cancelled_after(self.log[:split])
            yield tuple(self.kept[split:])
            return
        yield tuple(self.log[split:])

    def go_away(self) -> None:
        """The engine of the other process ends."""
        self.gone = EngineGone("the engine went away; run the command again")
        self.changed.set()

    async def presence(self, execution_id: str, viewer: str) -> AsyncIterator[tuple[Viewer, ...]]:
        async for viewers in self.present.join(execution_id, viewer, PERSON):
            yield viewers

    async def look(self, execution_id: str, viewer: str, looking: Looking) -> None:
        self.present.look(execution_id, viewer, looking, PERSON)

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        return tuple(self.log[after:][:limit])

    async def times(self, execution_id: str) -> array[float]:
        return array("d", (event.time.timestamp() for event in self.log))

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        waiting = next((event.seq - 1 for event in self.log if event.body.type == "plan_confirmed"), None)
        return fold(self.log[: waiting if seq is None and not self.confirmed.is_set() else seq])

    async def resolve(self, name: str) -> str:
        if name not in (EXECUTION, INCIDENT):
            raise UsageError(f"{name}: there is no such incident; `cloudops incidents` lists them")
        return EXECUTION

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        def one(
            number: int, phase: str, title: str, top: str | None, minutes: int, *, running: bool
        ) -> IncidentSummary:
            return IncidentSummary(
                execution_id=EXECUTION if number == 1 else f"exec-0000000{number}", incident_id=INCIDENT, title=title,
                query="API latency spike in prod", origin="recorded", opened_at=NOW, phase=phase,
                updated_at=NOW - timedelta(minutes=minutes), primary_class="PERFORMANCE_DEGRADATION", top_cause=top,
                confidence=0.8 if top else None, events=40, running=running,
            )  # fmt: skip

        return (
            one(1, "completed", "api-service p95 latency above 800 ms", HYPOTHESES[0].cause, 4, running=False),
            one(2, "investigating", "checkout errors in prod", "Certificate expired", 1, running=True),
            one(3, "planned", "[@click=app.bell]orders[/] queue \x1b]52;c;aGk=\x07backlog", None, 90, running=False),
        )[:limit]

    async def blob(self, digest: str) -> bytes:
        if digest not in (LATENCY_DIGEST, CONNECTIONS_DIGEST):
            raise StoreError("the recorded answer is not in the store; export it from where it was made")
        return encode_answer(latency(digest))

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        return ()

    async def close(self) -> None:
        """Nothing is held."""


def cancelled_after(log: Sequence[Event]) -> list[Event]:
    """`log`, cancelled by a person."""
    told = [(0.1, event.who, event.body) for event in log]
    told.append((0.1, PERSON, InvestigationCancelled()))
    told.append((0.1, ENGINE, InvestigationFinished(status="cancelled", duration_s=2.0)))
    return events(told)
