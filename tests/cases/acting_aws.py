"""A live incident on AWS with one recommended action, in an engine: AWS over HTTP, and a meter that shows if it helped.

What ECS deploys and what Lambda's aliases point at are fakes in the documented shapes, as moto has them wrong.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from cases.acting import ANA, EXECUTION, FAST, NOON
from cases.fake_aws import ACCOUNT, REGION, Call, FakeAws, as_json, documented
from cases.fake_aws_world import check_shape
from cases.fake_server import Reply

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
)
from engine.hypotheses import Action
from engine.log import EventLog
from engine.port import ApproveAction, PrepareAction
from engine.state.runs import ActionRun
from primitives.backends.registry import BackendKind, SourceSettings
from primitives.clock import Clock
from primitives.facts import MetricShift
from primitives.records import Metric, Series, Window
from primitives.remediations.registry import remediations
from primitives.sources import SourceDefinition, SourceDirectory, define_source
from primitives.telemetry import Answer, Backend, BackendStatus, Query

SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/clinic/booking"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:remind"
PLACE = {"account": ACCOUNT, "region": REGION}
BACK = {**PLACE, "cluster": "clinic", "service": "booking", "task_definition": "booking:6", "blamed": "booking:7"}
ALIAS = {**PLACE, "function": "remind", "alias": "live", "version": "11", "blamed": "12"}
_METRIC = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")
_NO_STACK = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    b"<Message>Stack for it does not exist</Message></Error></ErrorResponse>"
)


@dataclass
class FakeAccount:
    """A service of ECS and a function of Lambda. A deployment is over after it was looked at `slow` times."""

    deployed: list[str] = field(default_factory=lambda: ["booking:7"])
    version: str = "12"
    revision: int = 1
    slow: int = 2
    replies: list[Reply | None] = field(default_factory=list)
    """What the next calls that change something meet; None lets one be taken and answered."""
    updates: list[dict[str, Any]] = field(default_factory=list)

    def rule(self, call: Call) -> Reply | None:
        if call.service == "cloudformation":
            return Reply(400, _NO_STACK, {"Content-Type": "text/xml"})
        if call.service == "ecs":
            return self._ecs(call.operation, json.loads(call.body or b"{}"))
        return self._lambda(call) if call.service == "lambda" else None

    @property
    def healthy(self) -> bool:
        """Whether neither runs what is at fault."""
        return self.deployed[0] == "booking:6" or self.version == "11"

    def _ecs(self, operation: str, asked: dict[str, Any]) -> Reply | None:
        if operation == "DescribeServices":
            return documented("ecs", operation, {"services": [self._service()]})
        if operation == "DescribeTaskDefinition":
            image = {"name": "app", "image": f"registry.example/{asked['taskDefinition']}"}
            definition = {"family": "booking", "status": "ACTIVE", "containerDefinitions": [image]}
            return documented("ecs", operation, {"taskDefinition": definition})
        if operation != "UpdateService":
            return None
        check_shape("ecs", operation, "input", asked)
        return self._changing(asked, lambda: self.deployed.insert(0, asked["taskDefinition"]), {"service": {}})

    def _service(self) -> dict[str, Any]:
        if len(self.deployed) > 1:
            self.slow -= 1
        if self.slow <= 0:
            del self.deployed[1:]
        last = len(self.deployed) > 1
        deployments = [
            {"id": f"ecs-svc/{name}", "status": "ACTIVE" if at else "PRIMARY", "desiredCount": 2, "runningCount": 2,
             "taskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{name}",
             "rolloutState": "IN_PROGRESS" if last and not at else "COMPLETED"}
            for at, name in enumerate(self.deployed)
        ]  # fmt: skip
        return {
            "serviceArn": SERVICE, "serviceName": "booking", "status": "ACTIVE", "desiredCount": 2,
            "createdAt": datetime(2026, 3, 1, tzinfo=UTC), "deployments": deployments,
        }  # fmt: skip

    def _lambda(self, call: Call) -> Reply | None:
        if call.operation.endswith("/aliases/live") and call.operation.startswith("PUT"):
            asked = json.loads(call.body)
            if asked["RevisionId"] != f"r-{self.revision}":
                return Reply(412, b'{"message": "changed"}', {"x-amzn-errortype": "PreconditionFailedException"})
            return self._changing(asked, lambda: self._point(asked["FunctionVersion"]), {})
        if "/aliases/live" in call.operation:
            alias = {"AliasArn": f"{FUNCTION}:live", "FunctionVersion": self.version, "Name": "live"}
            return as_json({**alias, "RevisionId": f"r-{self.revision}"})
        configured = "/configuration" in call.operation
        return as_json({"FunctionArn": FUNCTION, "State": "Active"}) if configured else None

    def _point(self, version: str) -> None:
        self.version, self.revision = version, self.revision + 1

    def _changing(self, asked: dict[str, Any], change: Any, answer: dict[str, Any]) -> Reply:
        self.updates.append(asked)
        reply = self.replies.pop(0) if self.replies else None
        if reply is None or reply.dropped:
            self.slow = 2
            change()
        return reply or as_json(answer)


class Meter:
    """Shows the latency that `account` has."""

    questions = frozenset({"series"})

    def __init__(self, account: FakeAccount) -> None:
        self.name, self.account = "meter", account

    async def ask(self, query: Query) -> Answer[Any]:
        times = np.arange(query.window.start.timestamp(), query.window.end.timestamp(), 0.05)
        level = 0.2 if self.account.healthy else 1.5
        series = [Series(name, _METRIC, times, np.full(len(times), level)) for name in (SERVICE, FUNCTION)]
        return Answer(query, self.name, "answered", tuple(series))

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", ("series",))

    async def close(self) -> None:
        pass


def meter_kind(account: FakeAccount) -> BackendKind:
    """The meter as a kind of source."""

    def opened(name: str, settings: SourceSettings, clock: Clock) -> Backend:
        del name, settings, clock
        return Meter(account)  # type: ignore[return-value]

    return BackendKind("meter", "Meter", frozenset({"series"}), SourceSettings, opened, lambda _: None, "nothing")


def action(primitive: str, arguments: dict[str, Any], resource: str) -> Action:
    """The recommended action."""
    remediation = remediations()[primitive]
    known = remediation.arguments.model_validate(arguments)
    given = known.model_dump(mode="json")
    return Action(
        id=action_id(canonical(primitive, given), ()), action="Roll back", priority=1, primitive=primitive,
        arguments=given, command=remediation.command(known), effect="write", risk="medium", estimated_duration_s=10,
        requires_approval=True, hypothesis="H1", urgency="HIGH", resource=resource,
    )  # fmt: skip


async def open_incident(log: EventLog, recommended: Action) -> None:
    """Store an incident that was investigated live to its end."""
    window = Window(start=NOON - timedelta(hours=1), end=NOON)
    opened = IncidentOpened(
        title="slow", query="slow", origin="live", detected_at=NOON, now=NOON, window=window, store=log.home
    )
    shift = MetricShift(
        resource=recommended.resource, window=window, observed_at=NOON, source="meter", metric="latency_p95",
        kind="latency", unit="s", statistic="p95", worse=True, baseline=0.2, spread=0.01, current=1.5, peak=1.7,
        score=130.0, samples=20, baseline_samples=60,
    )  # fmt: skip
    step = PlannedStep(id="S1", primitive="look", target="x", arguments={}, effect="read", reason="to see")
    states = tuple(SourceState(name=name, status="reachable", questions=("series",)) for name in ("prod", "meter"))
    bodies = (
        SourcesChecked(sources=states), PlanProposed(steps=(step,)),
        FactFound(id="F1", step="S1", key="k1", fact=shift),
        ConclusionReached(findings=(), gaps=(), actions=(recommended,)),
        InvestigationFinished(status="completed", duration_s=1.0),
    )  # fmt: skip
    await log.append(EXECUTION, "inc-1", [(NOON, ANA, opened), *((NOON, ENGINE, body) for body in bodies)])


@dataclass
class ActingOnAws:
    """An engine with the incident; `account` is what it acts on."""

    engine: Engine
    account: FakeAccount
    action: str

    async def prepare(self, **more: Any) -> ActionRun:
        await self.engine.send(EXECUTION, PrepareAction(**{"action": self.action, **more}), who=ANA)
        name = list((await self.engine.state(EXECUTION)).runs)[-1]
        return await self.reached("previewed", "refused", "expired", name=name)

    async def approve(self, run: ActionRun) -> None:
        await self.engine.send(EXECUTION, ApproveAction(run=run.id, digest=run.digest), who=ANA)

    async def reached(self, *statuses: str, name: str = "R1") -> ActionRun:
        """The run when it has one of the statuses."""
        async with asyncio.timeout(60):
            while True:
                known = (await self.engine.state(EXECUTION)).runs.get(name)
                if known is not None and known.status in statuses:
                    return known
                await asyncio.sleep(0.02)


@asynccontextmanager
async def acting_on(
    aws: FakeAws, folder: Path, at: FakeAccount, primitive: str, arguments: dict[str, Any], *, rules: str = "",
    **settings: Any,
) -> AsyncIterator[ActingOnAws]:  # fmt: skip
    """An engine whose sources are the account and the meter."""
    aws.rule = at.rule
    folder.mkdir(exist_ok=True)
    path = folder / "policy.yaml"
    path.write_text(f"policy:\n  require_approval_for: [write, delete]\n{FAST}{rules}")
    prod = define_source("prod", aws.settings(**settings), {})
    meter = SourceDefinition(kind="meter", settings={})
    recommended = action(primitive, arguments, SERVICE if "service" in arguments else FUNCTION)
    log = await EventLog.open(folder / "incidents.db")
    await open_incident(log, recommended)
    sources = SourceDirectory(definitions={"prod": prod, "meter": meter})
    engine = Engine(log, sources, close_after=None, policies=PolicyFile(path))
    try:
        yield ActingOnAws(engine, at, recommended.id)
    finally:
        await engine.close()
