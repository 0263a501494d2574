"""The approval modal: drawn from the plan, the focus on Cancel, and approved only by what was meant as approval."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cases.acting import EXECUTION, Acting, acting
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from cockpit.app import CockpitApp
from cockpit.screens.approval import GUARD_S, ApprovalPrompt
from cockpit.settings import Settings
from cockpit.start_modes import Attach
from engine.store.locations import parse_location

NAMED = "  rules: [{name: names, verdict: type_to_confirm}]\n"


@asynccontextmanager
async def cockpit(world: Acting, folder: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[Any, Any]]:
    async def connect(_: Any) -> tuple[Any, bool]:
        return world.engine, False

    settings = Settings(
        store=parse_location(folder / "x.db"), config=folder / "c.yaml", config_found=False,
        configured=world.engine.sources,
    )  # fmt: skip
    app = CockpitApp(settings, Attach(EXECUTION), connect=connect)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.screen.is_mounted and getattr(app.screen, "accepts_keys", False))
        await pilot.pause(0.3)
        yield app, pilot


async def until(pilot: Pilot[Any], condition: Any) -> None:
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError("it never came")


async def opened(app: CockpitApp, pilot: Pilot[Any]) -> ApprovalPrompt:
    """The modal, open for long enough to take keys."""
    await pilot.press("5", "a")
    await until(pilot, lambda: isinstance(app.screen, ApprovalPrompt))
    await pilot.pause(GUARD_S + 0.2)
    assert isinstance(app.screen, ApprovalPrompt)
    return app.screen


def shown(app: CockpitApp) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_low_risk_takes_a_y_and_the_modal_shows_the_plan(tmp_path: Path, size: tuple[int, int]) -> None:
    async with acting(tmp_path) as world, cockpit(world, tmp_path, size) as (app, pilot):
        await opened(app, pilot)
        text = shown(app)
        for words in ("APPROVE A WRITE", "Turn the dial of pump to 7", "- dial: 5", "+ dial: 7", "the lab's robot",
                      "default/write", "[ Cancel ]", "expires in", "1 of 3 nozzles at a time"):  # fmt: skip
            assert words in text, words
        assert "hunter2" not in text
        await pilot.press("y")
        await world.reached("verified")
        assert len(world.toy.calls()) == 1


async def test_enter_and_escape_leave_it_and_y_is_not_enough_where_the_name_is_asked_for(tmp_path: Path) -> None:
    async with acting(tmp_path, rules=NAMED) as world, cockpit(world, tmp_path) as (app, pilot):
        for key in ("enter", "escape"):
            modal = await opened(app, pilot)
            assert not isinstance(app.focused, Input)
            await pilot.press("y", "p", "u", "m", "p")
            assert app.screen is modal
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, ApprovalPrompt))
        assert (await world.run()).status == "previewed"
        assert world.toy.calls() == []


async def test_only_the_exact_name_approves(tmp_path: Path) -> None:
    async with acting(tmp_path, rules=NAMED) as world, cockpit(world, tmp_path) as (app, pilot):
        modal = await opened(app, pilot)
        await pilot.press("tab", "enter")
        assert app.screen is modal
        for key in ("p", "u", "m", "enter", "x", "enter", "backspace"):
            await pilot.press(key)
            await pilot.pause(0.1)
            assert app.screen is modal
        assert "not approved" in shown(app)
        assert (await world.run()).status == "previewed"
        await pilot.press("p")
        await pilot.pause(0.1)
        await pilot.press("enter")
        await world.reached("verified")


async def test_keys_from_before_it_was_read_and_pasted_ones_do_not_count(tmp_path: Path) -> None:
    async with acting(tmp_path) as world, cockpit(world, tmp_path) as (app, pilot):
        modal = await opened(app, pilot)
        seen = modal._painted_at
        assert seen is not None
        for after, in_burst, counts in ((-5.0, False, False), (GUARD_S / 2, False, False), (GUARD_S + 0.1, True, False),
                                        (GUARD_S + 0.1, False, True)):  # fmt: skip
            for name in ("y", "enter", "tab"):
                key = Key(name, "y" if name == "y" else None)
                key.time = seen + after
                assert (modal.accept(key, in_burst=in_burst) is key) is counts, (after, in_burst, name)
        escape = Key("escape", None)
        escape.time = seen - 5
        assert modal.accept(escape, in_burst=False) is escape
        assert world.toy.calls() == []


async def test_a_plan_that_was_decided_elsewhere_says_so_and_takes_no_approval(tmp_path: Path) -> None:
    async with acting(tmp_path) as world, cockpit(world, tmp_path) as (app, pilot):
        modal = await opened(app, pilot)
        await world.approve(await world.run())
        await until(pilot, lambda: "R1 was approved by" in shown(app))
        await world.reached("verified")
        await pilot.press("y")
        await pilot.pause(0.2)
        assert app.screen is modal
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, ApprovalPrompt))
        assert len(world.toy.calls()) == 1
        await pilot.pause(0.5)
        assert "R1 ✓ verified: it helped" in shown(app)
