"""An action from the key press that approves it to its request, and what preview, approval and audit cost.

The cockpit runs headless at 120x36 on an engine with a store on the disk; the cluster is one Deployment in memory that
answers each request after 20 ms. What the API took is counted apart. Each round is an incident of its own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from textual import events as textual_events

from benchmarks.figures import Figure, Result, Target, median, percentile
from benchmarks.options import ROOT, Options
from cockpit.app import CockpitApp
from cockpit.screens.approval import ApprovalPrompt
from cockpit.screens.live import LiveScreen
from cockpit.settings import Settings
from cockpit.start_modes import Attach
from engine.act.commands import ApproveUnder
from engine.act.identity import action_id, canonical
from engine.act.planning import make_plan
from engine.act.policy_file import PolicyFile
from engine.deciders import decide
from engine.engine import Engine
from engine.events import (
    ENGINE,
    ActionApproved,
    ActionBody,
    ConclusionReached,
    Event,
    IncidentOpened,
    InvestigationFinished,
    PlannedStep,
    Who,
)
from engine.events import PlanProposed as Proposed
from engine.hypotheses import Action
from engine.incident import IncidentState, fold
from engine.log import EventLog
from engine.port import ApproveAction
from engine.store.locations import StoreLocation, parse_location
from primitives.backends.registry import BackendKind, SourceSettings, backends
from primitives.records import Window
from primitives.remediations.registry import remediations
from primitives.sources import SourceDefinition, SourceDirectory
from primitives.telemetry import Answer, Backend, BackendStatus, Query

__all__ = ["acting"]

_API_S = 0.02
_READING_S = 0.7
"""Longer than keys are held back after the modal was seen."""
_PATIENCE_S = 30.0
_ARGUMENTS: dict[str, Any] = {
    "context": "prod", "namespace": "clinic", "kind": "deployment", "name": "booking", "replicas": 5,
}  # fmt: skip
_ANA = Who(kind="person", name="ana")
_BEYOND = Target(100)
_COST = Target(10)


class _Cluster:
    """The writing side of a cluster: the tests' cluster in memory, and what its API took."""

    name, identity, separate = "prod", "kubectl context prod", False
    place: Mapping[str, str] = {"context": "prod"}
    secrets: tuple[str, ...] = ()

    def __init__(self) -> None:
        cluster = import_module("cases.fake_world")
        self._world: Any = cluster.FakeWorld({f"{cluster.APPS}/deployments/booking": cluster.deployment()})
        self.spent_s = self.sent_at = 0.0
        self.sent = asyncio.Event()

    def serves(self, arguments: Any) -> bool:
        del arguments
        return True

    async def close(self) -> None:
        """Nothing is held."""

    async def get(self, path: str) -> Any:
        return await self._answered(self._world.get(path))

    async def may(self, access: Any, ref: Any) -> Any:
        return await self._answered(self._world.may(access, ref))

    async def dry_run(self, request: Any) -> Any:
        return await self._answered(self._world.dry_run(request))

    async def send(self, request: Any) -> Any:
        if not self.sent.is_set():
            self.sent_at = time.perf_counter()
            self.sent.set()
        return await self._answered(self._world.send(request))

    async def _answered(self, answer: Any) -> Any:
        began = time.perf_counter()
        await asyncio.sleep(_API_S)
        answered = await answer
        if not self.sent.is_set():
            self.spent_s += time.perf_counter() - began
        return answered


class _World:
    """The sources of an incident, of which the cluster is the only one that acts."""

    def __init__(self, cluster: _Cluster) -> None:
        self._cluster = cluster

    async def writer(self, platform: str, arguments: Any) -> _Cluster:
        del platform, arguments
        return self._cluster


class _Silent:
    """A source that knows nothing; one has to be there to be asked."""

    questions = frozenset({"series"})
    name = "prod"

    async def ask(self, query: Query) -> Answer[Any]:
        return Answer(query, self.name, "answered")

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", ("series",))

    async def close(self) -> None:
        """Nothing is held."""


def acting(options: Options) -> Result:
    """The time beyond the API's own, and the processor time of preview, approval and audit."""
    sys.path.insert(0, str(ROOT / "tests"))
    folders = [options.scratch / f"acting-{number}" for number in range(options.times(12, 4) + 1)]
    for folder in folders:
        folder.mkdir(parents=True)
    rounds = [asyncio.run(_round(folder)) for folder in folders]
    # The first round is slower: what is built on first use is built then.
    beyond, used, preview, approval, audit = zip(*rounds[1:], strict=True)
    return Result(
        [
            Figure("act", "key to request, beyond the API's time", median(beyond), "ms", _BEYOND),
            Figure("act", "the same, p95", percentile(beyond, 95), "ms", _BEYOND),
            Figure("act", "the same, processor time", min(used), "ms", _BEYOND),
            Figure("act", "preview, processor time", min(preview), "ms", _COST),
            Figure("act", "approval, processor time", min(approval), "ms", _COST),
            Figure("act", "audit of a run's events, processor time", min(audit), "ms", _COST),
        ]
    )


async def _round(folder: Path) -> tuple[float, float, float, float, float]:
    cluster, log = _Cluster(), await EventLog.open(folder / "incidents.db")
    sources = _known(cluster)
    execution = await _opened(log)
    engine = Engine(log, sources, close_after=None, policies=PolicyFile(None))
    try:
        beyond_ms, used_ms = await _approved(engine, folder, execution, cluster)
        state, events = await engine.state(execution), await engine.read(execution)
        preview_ms = await _previewed(state, _Cluster())
        approval_ms = _decided(events)
        audit_ms = await _audited(log, events)
    finally:
        await engine.close()
    return beyond_ms, used_ms, preview_ms, approval_ms, audit_ms


async def _approved(engine: Engine, folder: Path, execution: str, cluster: _Cluster) -> tuple[float, float]:
    """From `y` in the modal to the request, in ms without the API's, and in ms of processor time."""

    async def connect(store: StoreLocation) -> tuple[Any, bool]:
        del store
        return engine, False

    settings = Settings(
        store=parse_location(folder / "x.db"), config=folder / "c.yaml", config_found=False, configured=engine.sources
    )
    app = CockpitApp(settings, Attach(execution), connect=connect)
    async with app.run_test(size=(120, 36)), asyncio.timeout(_PATIENCE_S):
        await _shows(app, LiveScreen)
        for key in ("5", "a"):
            await asyncio.sleep(_READING_S)
            app.post_message(textual_events.Key(key, key))
        await _shows(app, ApprovalPrompt)
        await asyncio.sleep(_READING_S)
        cluster.spent_s, pressed, used = 0.0, time.perf_counter(), time.process_time()
        app.post_message(textual_events.Key("y", "y"))
        await cluster.sent.wait()
        return 1000 * (cluster.sent_at - pressed - cluster.spent_s), 1000 * (time.process_time() - used)


async def _shows(app: CockpitApp, screen: type[Any]) -> None:
    while not (isinstance(app.screen, screen) and getattr(app.screen, "accepts_keys", True)):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def _previewed(state: IncidentState, cluster: _Cluster) -> float:
    """The ms of processor time that a plan takes: the dry run, its diff, redaction, policy, digest."""
    world: Any = _World(cluster)
    run, policy = state.runs["R1"], PolicyFile(None).current()
    used = time.process_time()
    plan, _ = await make_plan(state, run, world, policy, datetime.now(UTC))
    plan.digest()
    return 1000 * (time.process_time() - used)


def _decided(events: Sequence[Event]) -> float:
    """The ms of processor time to decide on an approval: digest, policy, expiry and who it was."""
    until = next(at for at, event in enumerate(events) if isinstance(event.body, ActionApproved))
    state = fold(tuple(events[:until]))
    run = state.runs["R1"]
    command = ApproveUnder(ApproveAction(run=run.id, digest=run.digest), PolicyFile(None).current())
    used = time.process_time()
    decide(state, command, _ANA, events[until].time)
    return 1000 * (time.process_time() - used)


async def _audited(log: EventLog, events: Sequence[Event]) -> float:
    """The ms of processor time to encode, hash, commit and acknowledge a run's events once more, one by one."""
    used = 0.0
    for event in events:
        began = time.process_time()
        await log.append("exec-other", "inc-other", [(event.time, event.who, event.body)])
        used += (time.process_time() - began) * isinstance(event.body, ActionBody)
    return 1000 * used


def _action() -> Action:
    remediation = remediations()["scale_workload"]
    return Action(
        id=action_id(canonical("scale_workload", _ARGUMENTS), ()), action="Scale booking up", priority=1,
        primitive="scale_workload", arguments=_ARGUMENTS, hypothesis="H1", urgency="HIGH",
        command=remediation.command(remediation.arguments.model_validate(_ARGUMENTS)), effect="write", risk="low",
        estimated_duration_s=60, requires_approval=True, resource="clinic/deployment/booking",
    )  # fmt: skip


async def _opened(log: EventLog) -> str:
    """Store an incident that was investigated to its end; its id."""
    now = datetime.now(UTC)
    opened = IncidentOpened(
        title="slow", query="slow", origin="live", detected_at=now, now=now, store=log.home,
        window=Window(start=now - timedelta(hours=1), end=now),
    )  # fmt: skip
    step = PlannedStep(id="S1", primitive="look", target="booking", arguments={}, effect="read", reason="to see")
    bodies = (
        Proposed(steps=(step,)),
        ConclusionReached(findings=(), gaps=(), actions=(_action(),)),
        InvestigationFinished(status="completed", duration_s=1.0),
    )
    await log.append("exec-acting", "inc-1", [(now, _ANA, opened), *((now, ENGINE, body) for body in bodies)])
    return "exec-acting"


def _known(cluster: _Cluster) -> SourceDirectory:
    """A directory with the cluster as its only source."""

    def opened(name: str, settings: Any, clock: Any) -> Backend:
        del name, settings, clock
        return _Silent()  # type: ignore[return-value]

    async def writer(name: str, settings: Any) -> _Cluster:
        del name, settings
        return cluster

    known: Any = backends()
    known["kubernetes"] = BackendKind(
        "kubernetes", "Cluster", frozenset({"series"}), SourceSettings, opened, lambda _: None, "",
        writer,  # type: ignore[arg-type]
    )  # fmt: skip
    return SourceDirectory(definitions={"prod": SourceDefinition(kind="kubernetes", settings={})})
