"""A person runs a look of the recommended actions: it joins the log as a step, and replays the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.cli import main
from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState, fold
from engine.port import Investigate, RunDiagnostic
from primitives.errors import UsageError

SAMPLE = str(Path(__file__).parents[2] / "sample_incidents" / "opensre-rds-003")


async def ended(engine: Engine) -> str:
    """An investigation that has ended."""
    execution_id = await engine.investigate(Investigate(bundle=SAMPLE, confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    return execution_id


def look(state: IncidentState) -> RunDiagnostic:
    action = next(action for action in state.actions if action.effect == "read")
    return RunDiagnostic(primitive=action.primitive, target=action.arguments)


async def test_a_look_reopens_an_ended_investigation_and_finds_what_no_plan_asked(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await ended(engine)
    before = await engine.state(execution_id)
    await engine.send(execution_id, look(before))
    async for _ in follow_investigation(engine, execution_id, before.seq):
        pass
    after = await engine.state(execution_id)
    (name,) = after.steps.keys() - before.steps.keys()
    assert (after.steps[name].plan.primitive, after.steps[name].status) == ("inspect_storage", "completed")
    found = [after.facts[fact].fact for fact in after.steps[name].facts]
    assert "observation" in {fact.type for fact in found}
    assert after.ended
    log = await engine.read(execution_id)
    assert fold(log).digest() == after.digest()
    added = next(event for event in log if event.body.type == "step_added" and event.body.step.id == name)
    assert added.who.kind == "person"
    with pytest.raises(UsageError, match=f"{name} looked at that"):
        await engine.send(execution_id, look(before))
    await engine.close()


async def test_a_look_that_makes_no_sense_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await ended(engine)
    before = await engine.state(execution_id)
    with pytest.raises(UsageError, match="reboot_database is no look"):
        await engine.send(execution_id, RunDiagnostic(primitive="reboot_database", target={"instance": "x"}))
    assert (await engine.state(execution_id)).digest() == before.digest()
    await engine.close()


def test_the_command_line_runs_a_look_by_the_id_of_its_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["investigate", "--incident", SAMPLE, "--json"]) in (0, 1)
    report = json.loads(capsys.readouterr().out)
    action = next(action for action in report["recommended_actions"] if action["effect"] == "read")
    assert main(["judge", report["execution_id"], "--look", action["id"], "--json"]) in (0, 1)
    after = json.loads(capsys.readouterr().out)
    assert [step["primitive"] for step in after["steps"]][-1] == action["primitive"]
    kept = {item["id"] for item in (*after["recommended_actions"], *after["former_actions"])}
    assert action["id"] in kept


def test_what_is_no_look_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["investigate", "--incident", SAMPLE, "--json"]) in (0, 1)
    report = json.loads(capsys.readouterr().out)
    assert main(["judge", report["execution_id"], "--look", "A-00000000"]) == 2
    told = capsys.readouterr().err
    looks = [action["id"] for action in report["recommended_actions"] if action["effect"] == "read"]
    assert "A-00000000 is no look of this incident; there are: " in told
    assert all(name in told for name in looks)
