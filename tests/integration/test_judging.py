"""What a person says of a stored, an interrupted or a running investigation is kept, ranked at once, and replayed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cases.unexplained import bundle_with_an_older_change

from engine.engine import Engine
from engine.events import Event
from engine.export import export_bundle, import_events
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine
from engine.incident import IncidentState, fold
from engine.port import (
    AddFact,
    AskNext,
    Cancel,
    ConfirmPlan,
    EnginePort,
    Exclude,
    Investigate,
    Judge,
    PinFact,
    RefuteFact,
    Undo,
)
from engine.remote import RemoteEngine
from primitives.errors import UsageError

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "sample_incidents" / "holmes-13b-pending"


async def investigated(engine: EnginePort, bundle: Path = SMALL) -> str:
    execution_id = await engine.investigate(Investigate(bundle=str(bundle), confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    return execution_id


async def log_of(engine: EnginePort, execution_id: str) -> list[Event]:
    return [event async for batch in engine.follow(execution_id, live=False) for event in batch]


def best_fact(state: IncidentState) -> str:
    return state.hypotheses[0].evidence_for[0].fact


async def test_an_ended_investigation_is_ranked_anew_and_replays_the_same(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine)
    before = await engine.state(execution_id)
    fact = best_fact(before)
    await engine.send(execution_id, Judge(statements=(RefuteFact(fact=fact),), because="stale"))

    after = await engine.state(execution_id)
    log = await log_of(engine, execution_id)
    told = log[before.seq :]
    assert [event.body.type for event in told] == [
        "fact_judged", "hypotheses_ranked", "conclusion_reached", "hypotheses_ranked",
    ]  # fmt: skip
    assert [event.who.kind for event in told] == ["person", "engine", "engine", "engine"]
    assert after.ended
    assert (after.judgements[fact].by, after.judgements[fact].because) == (told[0].who.name, "stale")
    assert after.hypotheses != before.hypotheses
    assert fold(log).digest() == after.digest()
    assert all(result.ok for result in await engine.verify(execution_id))
    await engine.close()

    again = await Engine.open(tmp_path / "store.db")
    assert (await again.state(execution_id)).digest() == after.digest()
    await again.send(execution_id, Judge(statements=(Undo(what=fact),)))
    undone = await again.state(execution_id)
    assert undone.hypotheses == before.hypotheses
    assert [action for action in undone.actions if action.recommended] == list(before.actions)
    assert (await log_of(again, execution_id))[: len(log)] == log
    await again.close()


async def test_what_makes_no_sense_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine)
    before = await engine.state(execution_id)
    with pytest.raises(UsageError, match="F999"):
        await engine.send(execution_id, Judge(statements=(PinFact(fact="F1"), RefuteFact(fact="F999"))))
    assert (await engine.state(execution_id)).digest() == before.digest()
    await engine.close()


async def test_a_running_investigation_heeds_what_is_said_and_goes_on(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await engine.investigate(Investigate(bundle=str(SMALL), confirm=False))
    said = ""
    async for batch in follow_investigation(engine, execution_id):
        for event in batch:
            if event.body.type == "fact_found" and not said:
                said = event.body.id
                await engine.send(execution_id, Judge(statements=(PinFact(fact=said),)))
    state = await engine.state(execution_id)
    assert state.phase == "completed"
    assert state.judgements[said].verdict == "pinned"
    log = await log_of(engine, execution_id)
    assert log[-1].body.type == "investigation_finished"
    assert fold(log).digest() == state.digest()
    await engine.close()


async def test_an_interrupted_investigation_can_be_judged_and_then_goes_on(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await engine.investigate(Investigate(bundle=str(SMALL)))
    async for batch in follow_investigation(engine, execution_id):
        if any(event.body.type == "plan_proposed" for event in batch):
            break
    await engine.close()

    engine = await Engine.open(tmp_path / "store.db")
    with pytest.raises(UsageError, match="goes on with it"):
        await engine.send(execution_id, Cancel())
    with pytest.raises(UsageError, match="means nothing"):
        await engine.send(execution_id, Judge(statements=(Exclude(what="gremlins"),)))
    await engine.send(execution_id, Judge(statements=(Exclude(what="memory_exhausted"),)))
    assert await engine.resume(execution_id)
    await engine.send(execution_id, ConfirmPlan())
    async for _ in follow_investigation(engine, execution_id):
        pass
    state = await engine.state(execution_id)
    assert state.phase == "completed"
    assert state.facts["F1"].step == ""
    assert list(state.facts) == [f"F{number}" for number in range(1, len(state.facts) + 1)]
    await engine.close()


async def test_over_the_socket_it_is_the_same(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    engine = await ServedEngine.serve(store)
    execution_id = await investigated(engine)
    fact = best_fact(await engine.state(execution_id))
    remote = RemoteEngine(store)
    await remote.send(execution_id, Judge(statements=(RefuteFact(fact=fact),), because="stale"))
    assert (await remote.state(execution_id)).judgements[fact].verdict == "refuted"
    with pytest.raises(UsageError, match="there is no fact F999"):
        await remote.send(execution_id, Judge(statements=(RefuteFact(fact="F999"),)))
    await engine.close()


async def test_it_goes_with_the_bundle(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine)
    await engine.send(execution_id, Judge(statements=(PinFact(fact="F1"),), because="seen"))
    state = await engine.state(execution_id)
    await export_bundle(engine, execution_id, tmp_path / "out.incident", overwrite=False)
    await engine.close()
    other = await Engine.open(tmp_path / "other.db")
    imported = await import_events(other.store, tmp_path / "out.incident")
    assert (await other.state(imported)).judgements == state.judgements
    assert (await other.state(imported)).digest() == state.digest()
    await other.close()


async def test_two_people_at_once_leave_one_chain(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine)
    facts = list((await engine.state(execution_id)).facts)[:4]
    await asyncio.gather(
        *(engine.send(execution_id, Judge(statements=(PinFact(fact=fact),), because=fact)) for fact in facts)
    )
    state = await engine.state(execution_id)
    assert {name: one.because for name, one in state.judgements.items()} == {fact: fact for fact in facts}
    assert all(result.ok for result in await engine.verify(execution_id))
    await engine.close()


async def test_a_further_question_after_the_end_goes_on_and_ends_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.investigate.investigation.further_steps", lambda _: ()
    )  # leave the question to the person
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine, bundle_with_an_older_change(tmp_path / "made"))
    before = await engine.state(execution_id)
    assert before.ended
    await engine.send(execution_id, AskNext())
    async for _ in follow_investigation(engine, execution_id, before.seq):
        pass
    after = await engine.state(execution_id)
    (added,) = [step for step in after.steps.values() if step.added and step.plan.id not in before.steps]
    assert (added.status, after.phase, after.ended) == ("completed", "completed", True)
    log = await log_of(engine, execution_id)
    resumed = next(event for event in log[before.seq :] if event.body.type == "investigation_resumed")
    assert resumed.who.kind == "person"
    assert fold(log).digest() == after.digest()
    assert all(result.ok for result in await engine.verify(execution_id))
    await engine.close()


async def test_where_nothing_is_left_to_ask_it_says_so(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine)
    before = await engine.state(execution_id)
    with pytest.raises(UsageError, match="nothing further to ask"):
        await engine.send(execution_id, AskNext())
    assert (await engine.state(execution_id)).digest() == before.digest()
    await engine.close()


def cloudops(*arguments: str, store: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    command = [sys.executable, "-m", "cockpit", *arguments, "--store", str(store)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_says_it_and_shows_what_is_believed_then(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    first: dict[str, Any] = json.loads(cloudops("investigate", "--incident", str(SMALL), "--json", store=store).stdout)
    name, best = first["execution_id"], first["likely_root_causes"][0]

    told = cloudops("judge", name, "--not", best["id"], "--because", "seen in person", store=store)
    assert told.returncode in (0, 1), told.stderr
    assert f"it isn't {best['id']}" in told.stdout
    assert "because seen in person" in " ".join(told.stdout.split())
    assert "SAID BY ENGINEERS:" in told.stdout

    after = json.loads(cloudops("judge", name, "--pin", "F1", "--json", store=store).stdout)
    pinned = next(fact for fact in after["facts"] if fact["id"] == "F1")
    assert pinned["judgement"]["verdict"] == "pinned"
    fallen = next(one for one in after["likely_root_causes"] if one["id"] == best["id"])
    assert fallen["confidence"] < 0.01
    assert any("excluded by" in item["why"] for item in fallen["evidence_against"])
    assert after["facts"][-1]["trust"] == "asserted"

    replayed = cloudops("replay", name, "--plain", "--explain", store=store)
    assert "Why, in log-odds:" in replayed.stdout
    assert "F1 pinned by" in replayed.stdout
    postmortem = cloudops("report", name, store=store).stdout
    assert "What engineers said" in postmortem
    assert "F1 pinned, says person" in postmortem


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [((), "nothing was said"), (("--pin", "F999"), "there is no fact F999"), (("--about", "x"), "--add TEXT"),
     (("--add", "slow", "--about", "nobody"), "no resource nobody"), (("--not", "gremlins"), "means nothing here")],
)  # fmt: skip
def test_wrong_use_is_one_line_and_exit_code_2(stored: tuple[Path, str], arguments: Any, problem: str) -> None:
    store, name = stored
    told = cloudops("judge", name, *arguments, store=store)
    assert told.returncode == 2
    assert problem in told.stderr
    assert len(told.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    store = tmp_path_factory.mktemp("judging") / "store.db"
    told = cloudops("investigate", "--incident", str(SMALL), "--json", store=store)
    return store, json.loads(told.stdout)["execution_id"]


async def test_a_judgement_carries_real_time_and_its_fact_the_incidents_time(
    tmp_path: Path,
) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await investigated(engine)
    before = await engine.state(execution_id)
    began = datetime.now(UTC)
    await engine.send(execution_id, Judge(statements=(PinFact(fact="F1"), AddFact(text="a node was drained"))))
    ended = datetime.now(UTC)

    after = await engine.state(execution_id)
    pinned, added, *ranked = (await log_of(engine, execution_id))[before.seq :]
    assert before.opened is not None
    assert before.updated_at is not None
    assert began <= pinned.time <= added.time <= ended
    assert began <= (after.judgements["F1"].at or began) <= ended
    assert after.said_at == added.time
    new = after.facts[f"F{len(before.facts) + 1}"]
    assert new.added_at == added.time
    assert new.fact.observed_at == before.opened.now
    # The investigation's own events go on in the incident's time.
    assert all(before.updated_at <= event.time < began for event in ranked)
    assert after.updated_at == ranked[-1].time
    again = before.updated_at
    await engine.send(execution_id, Judge(statements=(Undo(what="F1"),)))
    later = (await engine.state(execution_id)).updated_at
    assert later is not None
    assert again <= later < began
    await engine.close()
