"""The queue of actions: what is no longer recommended stays, dim, and says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stage import Opened, settle
from story import ACTIONS, StoryPort

from cockpit.widgets.describe import describe_action
from cockpit.widgets.draw import plain
from cockpit.widgets.remediation import RemediationPane
from engine.incident import IncidentState
from engine.port import RunDiagnostic
from engine.state.actions import ActionsState

WHY = "H2 has 3 % confidence now"
FORMER = ACTIONS[1].model_copy(update={"priority": 0, "recommended": False, "not_recommended": WHY})


@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24)])
async def test_a_former_action_is_listed_last_and_says_why(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(port=StoryPort(wait=False), size=size) as (app, pilot):
        await settle(pilot)
        pane: Any = app.screen.query_one(RemediationPane)
        pane.view.state = replace(pane.view.state, remediation=ActionsState((ACTIONS[0], FORMER)))
        lines = [pane.line(row, 200, selected=False) for row in pane.rows()]
        words = [plain(line.left) for line in lines]
        assert any(FORMER.action in line for line in words)
        assert f"no longer recommended: {WHY}" in "".join(words)
        assert FORMER.command not in "".join(words)
        mine = [line for row, line in zip(pane.rows(), lines, strict=True) if row.key == FORMER.id]
        assert {role for line in mine for _, role in line.left} == {"dim"}
        assert pane.footing() == "1 proposed · 1 no longer recommended · nothing runs from here"


def test_the_detail_of_a_former_action_begins_with_why() -> None:
    first = describe_action(FORMER, IncidentState(), 100)[0]
    assert f"no longer recommended: {WHY}" in plain(first.left)
    assert "no longer recommended" not in "".join(
        plain(line.left) for line in describe_action(ACTIONS[0], IncidentState(), 100)
    )


LOOK = ACTIONS[1].model_copy(
    update={"id": "A-look", "primitive": "inspect_database", "arguments": {"instance": "orders-db"}, "effect": "read",
            "command": "aws rds describe-events"}
)  # fmt: skip


async def test_d_runs_the_look_under_the_cursor_and_nothing_else(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(port=port) as (app, pilot):
        await settle(pilot)
        pane: Any = app.screen.query_one(RemediationPane)
        pane.view.state = replace(pane.view.state, remediation=ActionsState((LOOK, ACTIONS[0])))
        await pilot.press("1", "d")
        await settle(pilot)
        assert port.commands == []
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("5", "d")
        await settle(pilot)
        (command,) = port.commands
        assert isinstance(command, RunDiagnostic)
        assert (command.primitive, dict(command.target)) == ("inspect_database", {"instance": "orders-db"})
        await pilot.press("j", "d")
        await settle(pilot)
        assert len(port.commands) == 1
