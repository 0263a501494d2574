"""A live incident with one recommended action on a toy, in an engine whose policy is a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cases.toy_platform import TOY, TURN_DIAL, Toy

from engine.act.identity import action_id, canonical
from engine.act.policy_file import PolicyFile
from engine.engine import Engine
from engine.events import (
    ENGINE,
    ConclusionReached,
    FactFound,
    IncidentOpened,
    InvestigationFinished,
    PlannedStep,
    PlanProposed,
    SourcesChecked,
    SourceState,
    Who,
)
from engine.hypotheses import Action
from engine.incident import IncidentState
from engine.log import EventLog
from engine.port import ApproveAction, ContinueAction, PrepareAction
from engine.state.runs import ActionRun
from primitives.backends.registry import backends
from primitives.facts import MetricShift
from primitives.records import Window
from primitives.remediations.registry import remediations
from primitives.sources import SourceDefinition, SourceDirectory

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ANA, BEN = Who(kind="person", name="ana"), Who(kind="person", name="ben")
EXECUTION = "exec-0a0a0a0a"
FAST = "  verify_seconds: 1\n  verify_within_seconds: 5\n"
ARGUMENTS: dict[str, Any] = {"device": "pump", "dial": 7}
ACTION = action_id(canonical("turn_dial", ARGUMENTS), ())


def register() -> None:
    """Make the toy known to this process, for good; in a test process use the fixture `toy_known` instead."""
    remediations()["turn_dial"] = TURN_DIAL
    backends()["toy"] = TOY


def action() -> Action:
    return Action(
        id=ACTION, action="Turn the dial of pump to 7", priority=1, primitive="turn_dial", arguments=ARGUMENTS,
        command="dialctl turn pump 7", effect="write", risk="low", estimated_duration_s=1, requires_approval=True,
        hypothesis="H1", urgency="HIGH", resource="pump",
    )  # fmt: skip


def shift() -> MetricShift:
    return MetricShift(
        resource="pump", window=Window(start=NOON - timedelta(hours=1), end=NOON), observed_at=NOON, source="lab",
        metric="latency_p95", kind="latency", unit="s", statistic="p95", worse=True, baseline=0.2, spread=0.01,
        current=1.5, peak=1.7, score=130.0, samples=20, baseline_samples=60,
    )  # type: ignore[call-arg]  # fmt: skip


async def open_incident(log: EventLog, *, home: str | None = None, origin: str = "live") -> None:
    """Store an incident that was investigated to its end."""
    opened = IncidentOpened(
        title="slow", query="slow", origin=origin, detected_at=NOON, now=NOON,  # type: ignore[arg-type]
        window=Window(start=NOON - timedelta(hours=1), end=NOON), store=log.home if home is None else home,
    )  # fmt: skip
    step = PlannedStep(id="S1", primitive="look", target="pump", arguments={}, effect="read", reason="to see")
    bodies = (
        SourcesChecked(sources=(SourceState(name="lab", status="reachable", questions=("series",)),)),
        PlanProposed(steps=(step,)),
        FactFound(id="F1", step="S1", key="k1", fact=shift()),
        ConclusionReached(findings=(), gaps=(), actions=(action(),)),
        InvestigationFinished(status="completed", duration_s=1.0),
    )
    await log.append(EXECUTION, "inc-1", [(NOON, ANA, opened), *((NOON, ENGINE, body) for body in bodies)])


@dataclass
class Acting:
    """An engine with the incident, its toy, and the policy file."""

    engine: Engine
    toy: Toy
    policy: Path

    async def state(self) -> IncidentState:
        return await self.engine.state(EXECUTION)

    async def run(self, name: str = "R1") -> ActionRun:
        return (await self.state()).runs[name]

    async def reached(self, *statuses: str, name: str = "R1", within_s: float = 60.0) -> ActionRun:
        """The run when it has one of the statuses."""
        async with asyncio.timeout(within_s):
            while True:
                known = (await self.state()).runs.get(name)
                if known is not None and known.status in statuses:
                    return known
                await asyncio.sleep(0.01)

    async def prepare(self, who: Who = ANA, **more: Any) -> ActionRun:
        await self.engine.send(EXECUTION, PrepareAction(**{"action": ACTION, **more}), who=who)
        name = list((await self.state()).runs)[-1]
        return await self.reached("previewed", "refused", "expired", name=name)

    async def approve(self, run: ActionRun, who: Who = ANA, **more: Any) -> None:
        await self.engine.send(EXECUTION, ApproveAction(**{"run": run.id, "digest": run.digest, **more}), who=who)

    async def go_on(self) -> None:
        await self.engine.send(EXECUTION, ContinueAction(), who=ANA)


@asynccontextmanager
async def acting(
    folder: Path, *, policy: str = "", rules: str = "", prepare: Callable[[EventLog], Any] | None = None, **toy: Any
) -> AsyncIterator[Acting]:
    """An engine with the incident in `folder`; it is made there unless it is there already."""
    path, device = folder / "policy.yaml", folder / "toy.json"
    if not path.exists() or policy or rules:
        path.write_text(policy or f"policy:\n  require_approval_for: [write, delete]\n{FAST}{rules}")
    known = Toy(device) if device.exists() else Toy.make(device, **toy)
    sources = SourceDirectory(definitions={"lab": SourceDefinition(kind="toy", settings={"path": str(device)})})
    log = await EventLog.open(folder / "incidents.db")
    if not (await log.last(EXECUTION)).seq:
        await (prepare or open_incident)(log)
    engine = Engine(log, sources, close_after=None, policies=PolicyFile(path))
    try:
        yield Acting(engine, known, path)
    finally:
        await engine.close()
