"""An approval is bound to everything that will be done: change any field, one at a time, and it is dead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cases.acting import ANA, NOON, acting
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.act.commands import ApproveUnder, BeginDispatch
from engine.act.plan import ActionPlan
from engine.act.policy import SHIPPED
from engine.act.policy_file import CurrentPolicy
from engine.deciders import decide
from engine.events import ENGINE, ActionApproved, ActionDispatching, ActionPreviewed
from engine.incident import IncidentState
from engine.port import ApproveAction
from primitives.errors import CloudopsError

NOT_BOUND = {("dry_run_at",), ("preview", "call", "fence")}
"""When the dry run was made, and the fence, which is renewed at the dispatch and binds more strictly than a digest."""


@pytest.fixture(scope="module")
def previewed(tmp_path_factory: pytest.TempPathFactory) -> IncidentState:
    """An incident with a plan that waits for approval."""

    async def prepared(folder: Path) -> IncidentState:
        async with acting(folder, rules="  roll_back: automatic\n") as world:
            await world.prepare()
            return await world.state()

    from cases.toy_platform import TOY, TURN_DIAL

    from primitives.backends.registry import backends
    from primitives.remediations.registry import remediations

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(remediations(), "turn_dial", TURN_DIAL)
        patch.setitem(backends(), "toy", TOY)  # type: ignore[arg-type]
        return asyncio.run(prepared(tmp_path_factory.mktemp("previewed")))


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every leaf below a JSON-like value with its path; an empty container is one too."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from fields(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from fields(inner, (*path, index))
    else:
        yield path, value


def other(value: Any) -> Any:
    """A value of the same kind that is another one."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case None | "":
            return "x"
        case [] | {}:
            return {"x": "y"} if value == {} else ["x"]
        case _:
            return f"{value}x"


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = orjson.loads(orjson.dumps(document))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def unchecked(model: type[BaseModel], document: Any) -> Any:
    """The model with these values, whether they are allowed or not: nothing but the digest may be what refuses."""
    values = {}
    for name, field in model.model_fields.items():
        value = document[name]
        inner = next((each for each in _models(field.annotation) if isinstance(value, dict)), None)
        values[name] = unchecked(inner, value) if inner is not None and set(value) == set(inner.model_fields) else value
    return model.model_construct(**values)


def _models(annotation: Any) -> list[type[BaseModel]]:
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    return [each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)]


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
def test_each_field_under_the_digest_kills_the_approval_when_it_changes(previewed: IncidentState) -> None:
    plan = previewed.runs["R1"].plan
    assert plan is not None
    document = plan.model_dump(mode="json")
    leaves = list(fields(document))
    assert len(leaves) > 45
    digests = set()
    for path, value in leaves:
        another = unchecked(ActionPlan, changed(document, path, other(value)))
        if path in NOT_BOUND:
            assert another.digest() == plan.digest(), path
            continue
        assert another.digest() != plan.digest(), path
        digests.add(another.digest())
        refused(previewed, another)
    assert len(digests) == len(leaves) - len(NOT_BOUND)


def refused(state: IncidentState, another: ActionPlan) -> None:
    """A state whose plan isn't the one with the digest takes no approval, and dispatches nothing that was approved."""
    current = CurrentPolicy(SHIPPED, state.runs["R1"].plan.policy, "test")  # type: ignore[union-attr]
    now = state.runs["R1"].previewed_at
    assert now is not None
    forged = state.copy()
    forged.runs["R1"].plan = another
    approval = ApproveAction(run="R1", digest=state.runs["R1"].digest, typed=another.name)
    with pytest.raises(CloudopsError):
        decide(forged, ApproveUnder(approval, current), ANA, now)
    approved = state.copy()
    approved.runs["R1"].apply(ActionApproved(run="R1", digest=approved.runs["R1"].digest), ANA, now)
    with pytest.raises(CloudopsError):
        decide(approved, BeginDispatch("R1", another.digest(), "1", current), ENGINE, now)
    assert decide(approved, BeginDispatch("R1", approved.runs["R1"].digest, "1", current), ENGINE, now).events


@given(st.integers(-(10**7), 10**7))
@settings(max_examples=300, deadline=None)
def test_an_approval_counts_only_until_it_expires_and_not_when_the_clock_went_back(
    previewed: IncidentState, seconds: int
) -> None:
    run = previewed.runs["R1"]
    assert run.previewed_at is not None
    assert run.expires_at is not None
    now: datetime = run.previewed_at + timedelta(seconds=seconds)
    current = CurrentPolicy(SHIPPED, run.plan.policy, "test")  # type: ignore[union-attr]
    command = ApproveUnder(ApproveAction(run="R1", digest=run.digest), current)
    try:
        approved = bool(decide(previewed, command, ANA, now).events)
    except CloudopsError:
        approved = False
    assert approved is (-60 <= seconds < 300)


def test_the_stored_plan_has_the_digest_that_its_event_names(previewed: IncidentState) -> None:
    run = previewed.runs["R1"]
    assert run.plan is not None
    assert run.plan.digest() == run.digest
    event = ActionPreviewed(run="R1", plan=run.plan, digest=run.digest, expires_at=NOON)
    assert ActionPreviewed.model_validate_json(event.model_dump_json()).plan.digest() == run.digest


def test_no_sequence_of_approvals_begins_two_dispatches(previewed: IncidentState) -> None:
    state = previewed.copy()
    run = state.runs["R1"]
    assert run.previewed_at is not None
    current = CurrentPolicy(SHIPPED, run.plan.policy, "test")  # type: ignore[union-attr]
    begun = 0
    for _ in range(3):
        for command in (ApproveUnder(ApproveAction(run="R1", digest=run.digest), current),
                        BeginDispatch("R1", run.digest, "1", current)):  # fmt: skip
            try:
                decision = decide(state, command, ANA, run.previewed_at)
            except CloudopsError:
                continue
            for who, body in decision.events:
                begun += isinstance(body, ActionDispatching)
                state.runs["R1"].apply(body, who, run.previewed_at)  # type: ignore[arg-type]
    assert begun == 1
