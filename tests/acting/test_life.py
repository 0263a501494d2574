"""The life of an action: each transition an event, one dispatch at most, and what is said is what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cases.acting import ACTION, ANA, BEN, EXECUTION, acting, open_incident

from engine.events import ActionBody, Who
from engine.log import EventLog
from engine.port import CloseIncident, KeepAction, PrepareAction, RejectAction
from primitives.answers import decode_answer
from primitives.errors import PolicyError, UsageError

AUTOMATIC = "  roll_back: automatic\n"


async def types(engine: Any) -> list[str]:
    return [event.body.type for event in await engine.read(EXECUTION) if isinstance(event.body, ActionBody)]


async def test_a_run_goes_from_asking_to_verified_and_every_transition_is_an_event(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        assert run.plan is not None
        assert (run.plan.verdict, run.plan.rule, run.plan.identity) == ("confirm", "default/write", "the lab's robot")
        assert (await world.state()).runs["R1"].status == "previewed"
        assert world.toy.calls() == []
        await world.approve(run)
        done = await world.reached("verified")
        assert done.detail == "latency p95 returned to 200 ms (baseline 200 ms) for 1 s"
        assert world.toy.calls() == [f"{EXECUTION}.R1"]
        kinds = [kind.removeprefix("action_") for kind in await types(world.engine)]
        assert [kind for kind in kinds if kind != "measured"] == [
            "requested", "checked", "previewed", "approved", "dispatching", "dispatched", "converged", "verified",
        ]  # fmt: skip
        # The looks at the metric are told with their samples, and lead up to the outcome.
        assert "measured" in kinds[kinds.index("converged") : kinds.index("verified")]
        assert done.good_for_s >= 0.7
        blob = await world.engine.blob(done.samples[0])
        (series,) = decode_answer(blob, done.samples[0]).records
        assert series.times[0] < done.dispatched_at.timestamp() < series.times[-1]
        assert all(result.ok for result in await world.engine.verify())


async def test_no_secret_of_the_call_or_the_diff_is_stored(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        assert "hunter2" not in (await world.state()).encode().decode()
        assert run.plan is not None
        assert "dial: 7" in run.plan.preview.diff
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.glob("incidents.db*"))


@pytest.mark.parametrize(("origin", "home"), [("recorded", None), ("live", ""), ("live", "home-12345678")])
async def test_what_was_not_opened_live_in_this_store_is_refused_before_preflight(
    tmp_path: Path, origin: str, home: str | None
) -> None:
    async def elsewhere(log: EventLog) -> None:
        await open_incident(log, origin=origin, home=home)

    async with acting(tmp_path, prepare=elsewhere) as world:
        with pytest.raises(PolicyError) as refused:
            await world.engine.send(EXECUTION, PrepareAction(action=ACTION), who=ANA)
        assert refused.value.exit_code == 4
        assert await types(world.engine) == []
        assert world.toy.calls() == []


async def test_a_dry_run_ends_at_the_preview_and_can_not_be_approved(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare(dry_run=True)
        run = await world.reached("expired")
        assert run.plan is not None
        with pytest.raises(UsageError):
            await world.approve(run)
        assert world.toy.calls() == []


@pytest.mark.parametrize(
    ("toy", "status", "says"),
    [
        ({"healthy": False}, "refused", "healthy: it is broken"),
        ({"dial": 7}, "refused", "not done already: it stands there already"),
        ({"faults": ["unreachable"]}, "refused", "can't be reached"),
    ],
)
async def test_a_failed_check_refuses_the_run(tmp_path: Path, toy: dict[str, Any], status: str, says: str) -> None:
    async with acting(tmp_path, **toy) as world:
        run = await world.prepare()
        assert run.status == status
        assert says in run.detail


async def test_an_approval_of_another_digest_or_by_the_wrong_name_counts_for_nothing(tmp_path: Path) -> None:
    async with acting(tmp_path, rules="  rules: [{name: names, verdict: type_to_confirm}]\n") as world:
        run = await world.prepare()
        for wrong in ({"digest": "0" * 64, "typed": "pump"}, {"typed": ""}, {"typed": "pum"}, {"typed": " pump"}):
            with pytest.raises(UsageError):
                await world.approve(run, **wrong)
        with pytest.raises(PolicyError):
            await world.approve(run, Who(kind="model", name="claude"), typed="pump")
        assert (await world.run()).status == "previewed"
        await world.approve(run, typed="pump")
        await world.reached("verified")
        with pytest.raises(UsageError):
            await world.approve(run, typed="pump")
        assert len(world.toy.calls()) == 1


@pytest.mark.parametrize(
    "change",
    [{"dial": 6, "version": 2}, {"version": 2}, {"healthy": False}, {"dial": 7}],
    ids=["changed", "newer version", "ill now", "done by somebody else"],
)
async def test_what_changed_since_the_preview_voids_the_approval(tmp_path: Path, change: dict[str, Any]) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        world.toy.change(**change)
        await world.approve(run)
        run = await world.reached("expired")
        assert "not sent" in run.detail
        assert world.toy.calls() == []


async def test_a_policy_that_changed_voids_the_plan_and_a_broken_one_allows_nothing(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        world.policy.write_text("policy: {require_approval_for: [write]}\n")
        with pytest.raises(PolicyError, match="changed"):
            await world.approve(run)
        world.policy.write_text("policy: {rules: [{name: none, verdict: deny}]}\n")
        assert (await world.prepare()).status == "expired"
        world.policy.write_text("policy: oops\n")
        assert "can't be used" in (await world.prepare()).detail
        assert world.toy.calls() == []


async def test_two_people_are_two_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.actor.os.getuid", lambda: 1000)
    async with acting(tmp_path, rules="  rules: [{name: both, verdict: two_person}]\n") as world:
        run = await world.prepare()
        await world.approve(run, typed="pump")
        with pytest.raises(UsageError, match="another person"):
            await world.approve(run, typed="pump")
        assert (await world.run()).status == "previewed"
        assert world.toy.calls() == []
        await world.approve(run, BEN, typed="pump")
        done = await world.reached("verified")
        assert [who.name for who in done.approvals] == ["ana", "ben"]


async def test_where_there_can_not_be_two_people_it_is_refused_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.actor.os.getuid", lambda: 0)
    async with acting(tmp_path, rules="  rules: [{name: both, verdict: two_person}]\n") as world:
        assert "no second account" in (await world.prepare()).detail


@pytest.mark.parametrize(
    ("faults", "status", "calls"),
    [(["conflict"], "failed", 1), (["drop-after"], "verified", 1), (["drop-before"], "failed", 0)],
)
async def test_a_lost_answer_is_read_from_the_target_and_never_sent_again(
    tmp_path: Path, faults: list[str], status: str, calls: int
) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        world.toy.change(faults=faults)
        await world.approve(run)
        await world.reached(status)
        assert len(world.toy.calls()) == calls
        assert ("action_dispatched" in await types(world.engine)) is True


async def test_what_has_not_helped_is_undone_where_the_approval_said_so(tmp_path: Path) -> None:
    async with acting(tmp_path, rules=AUTOMATIC, latency=[1.5, 1.6]) as world:
        run = await world.prepare()
        assert run.plan is not None
        assert run.plan.undo is not None
        assert run.plan.undo.automatic
        await world.approve(run)
        undone = await world.reached("rolled_back", within_s=30)
        assert undone.undone_by == "R2"
        undoing = await world.run("R2")
        assert (undoing.status, undoing.undoes, undoing.action.arguments["dial"]) == ("verified", "R1", 5)
        assert world.toy.read()["dial"] == 5
        assert world.toy.calls() == [f"{EXECUTION}.R1", f"{EXECUTION}.R2"]


async def test_what_has_not_helped_stays_for_a_person_to_decide_where_nobody_said_so(tmp_path: Path) -> None:
    async with acting(tmp_path, latency=[1.5, 1.6]) as world:
        await world.approve(await world.prepare())
        run = await world.reached("not_improved", within_s=30)
        assert run.detail.startswith("latency p95 is 1.6 s after 5 s (baseline 200 ms)")
        assert len(world.toy.calls()) == 1
        undoing = await world.prepare(undo="R1")
        assert undoing.plan is not None
        await world.approve(undoing)
        await world.reached("rolled_back")
        with pytest.raises(UsageError):
            await world.engine.send(EXECUTION, KeepAction(run="R1"), who=ANA)


async def test_without_samples_nobody_can_tell_and_nothing_is_undone(tmp_path: Path) -> None:
    async with acting(tmp_path, rules=AUTOMATIC, latency=[1.5, None]) as world:
        await world.approve(await world.prepare())
        run = await world.reached("inconclusive", within_s=30)
        assert "no samples" in run.detail
        assert len(world.toy.calls()) == 1
        await world.engine.send(EXECUTION, KeepAction(run="R1", because="looks well"), who=BEN)
        assert (await world.run()).status == "kept"


async def test_a_dial_that_is_stuck_has_not_helped(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        world.toy.change(stuck=True)
        await world.approve(run)
        assert (await world.reached("not_improved")).detail == "the dial is stuck"


async def test_no_other_action_and_no_close_while_one_goes_on_and_a_waiting_plan_is_superseded(tmp_path: Path) -> None:
    async with acting(tmp_path, latency=[1.5, 1.6]) as world:
        first = await world.prepare()
        second = await world.prepare()
        assert ((await world.run()).status, second.id) == ("expired", "R2")
        with pytest.raises(UsageError):
            await world.approve(first)
        await world.approve(second)
        with pytest.raises(UsageError, match="isn't finished"):
            await world.engine.send(EXECUTION, PrepareAction(action=ACTION), who=BEN)
        with pytest.raises(UsageError, match="isn't finished"):
            await world.engine.send(EXECUTION, CloseIncident(), who=BEN)
        await world.reached("not_improved", name="R2", within_s=30)
        await world.engine.send(EXECUTION, CloseIncident(), who=BEN)


async def test_a_rejected_plan_is_void(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        await world.engine.send(EXECUTION, RejectAction(run="R1", because="too late"), who=BEN)
        with pytest.raises(UsageError):
            await world.approve(run)
        assert (await world.run()).detail == "too late"
        assert world.toy.calls() == []


async def test_a_run_that_was_interrupted_is_continued(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
    async with acting(tmp_path) as world:
        assert (await world.run()).status == "previewed"
        await world.approve(run)
        assert (await world.run()).status == "approved"
        assert world.toy.calls() == []
        await world.go_on()
        await world.reached("verified")
        assert len(world.toy.calls()) == 1
