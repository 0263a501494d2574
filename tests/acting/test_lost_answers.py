"""A cluster that carries a patch out and drops the connection: it is read from the target, and never sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases.acting_clinic import GOOD, Clinic, configure, register

from cockpit.settings import load_settings
from engine.act.policy_file import PolicyFile
from engine.engine import Engine
from engine.events import ActionDispatched, Who
from engine.incident import IncidentState
from engine.log import EventLog
from engine.port import ApproveAction, Investigate, PrepareAction
from primitives.backends.registry import backends

ANA = Who(kind="person", name="ana")


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    monkeypatch.setitem(backends(), "clinic_metrics", None)  # type: ignore[arg-type]
    register()
    server = Clinic()
    yield server
    server.close()


async def reached(engine: Engine, execution: str, *statuses: str) -> IncidentState:
    async with asyncio.timeout(120):
        while True:
            state = await engine.state(execution)
            if state.runs and state.remediation.latest.status in statuses:
                return state
            await asyncio.sleep(0.05)


async def test_a_rollback_whose_answer_was_lost_is_found_on_its_target_and_verified(
    clinic: Clinic, tmp_path: Path
) -> None:
    settings = load_settings(None, configure(clinic, tmp_path))
    live = settings.live_request()
    log = await EventLog.open(tmp_path / "incidents.db")
    engine = Engine(log, live["definitions"], close_after=None, policies=PolicyFile(settings.policy))
    try:
        execution = await engine.investigate(Investigate(query="booking is slow in clinic", confirm=False, **live))
        async with asyncio.timeout(120):
            while not (state := await engine.state(execution)).ended:
                await asyncio.sleep(0.05)
        rollback = next(action for action in state.actions if action.primitive == "rollback_deployment")
        await engine.send(execution, PrepareAction(action=rollback.id, **live), who=ANA)
        run = (await reached(engine, execution, "previewed")).runs["R1"]
        clinic.dropping = True
        await engine.send(execution, ApproveAction(run="R1", digest=run.digest, typed="booking"), who=ANA)
        done = await reached(engine, execution, "verified", "not_improved", "inconclusive", "failed")
        assert done.runs["R1"].status == "verified"
        assert (clinic.calls, clinic.image) == ([f"{execution}.R1"], GOOD)
        bodies = (event.body for event in await engine.read(execution))
        outcomes = [(body.outcome, body.read) for body in bodies if isinstance(body, ActionDispatched)]
        assert outcomes == [("unknown", False), ("accepted", True)]
    finally:
        await engine.close()
