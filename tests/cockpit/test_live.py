"""An investigation on the screen: confirmed, watched, cancelled, left."""

from __future__ import annotations

import pytest
from stage import START, Opened, settle, shown
from story import EXECUTION, StoryPort, whole

from cockpit.screens.incident import IncidentScreen
from cockpit.screens.live import exit_code, severity_of
from cockpit.screens.prompts import PlanPrompt
from cockpit.screens.stopping import StopPrompt
from cockpit.start_modes import Attach
from engine.incident import fold
from engine.port import Cancel, ConfirmPlan
from primitives.errors import BundleError


async def test_the_plan_waits_for_one_key_and_lists_what_it_would_do(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        assert isinstance(app.screen, PlanPrompt)
        for step in ("analyze_utilization", "trace_dependencies", "what else moved with it"):
            assert step in shown(app)
        assert port.commands == []
        await pilot.press("y")
        await settle(pilot)
        assert port.commands == [ConfirmPlan()]
        assert "analysis done" in shown(app)


async def test_looking_first_leaves_the_plan_waiting_and_y_confirms_it(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("escape")
        await settle(pilot)
        assert "RUN THE PLAN" in shown(app)
        assert "PLAN WAITS FOR YOU" in shown(app)
        await pilot.press("y")
        await settle(pilot)
        assert port.commands == [ConfirmPlan()]


async def test_leaving_at_the_plan_prompt_means_not_confirmed(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 4


async def test_a_plan_that_another_cockpit_confirms_takes_the_prompt_away(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        port.confirmed.set()
        port.changed.set()
        await settle(pilot)
        assert isinstance(app.screen, IncidentScreen)
        assert "analysis done" in shown(app)


async def test_the_whole_result_is_on_the_screen_without_a_key(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        text = shown(app)
        for words in (
            "api-service latency p95 1.5 s (normal 200 ms)", "bad at 14:52", "SEV2", "loki ✗ unreachable", "done",
            "Deployment v2.3.1 made api-service slower", "80 %", "5 min before the onset", "Also possible: ",
            "6 of 6 steps", "7 facts · 1 calm · not known: logs", "onset 14:30", "alert", "┃end",
            "normal range in grey", "Roll back deployment v2.3.1", "write", "run it by hand", "nothing runs from here",
        ):  # fmt: skip
            assert words in text, words
        del pilot


async def test_ctrl_c_asks_what_to_stop_and_cancelling_keeps_the_screen(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert isinstance(app.screen, StopPrompt)
        assert "cloudops attach" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        assert port.commands == []
        await pilot.press("ctrl+c", "c")
        await settle(pilot)
        assert port.commands == [Cancel()]
        assert "analysis cancelled" in shown(app)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 130


async def test_q_asks_while_something_runs_and_leaves_when_nothing_does(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, StopPrompt)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 0


async def test_a_second_ctrl_c_cancels_and_leaves(opened: Opened) -> None:
    port = StoryPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("ctrl+c", "ctrl+c")
        await settle(pilot)
    assert port.commands == [Cancel()]
    assert app.exit_status == 130


async def test_an_engine_that_goes_away_leaves_a_readable_screen_and_exit_code_3(opened: Opened) -> None:
    port = StoryPort()
    async with opened(Attach(EXECUTION), port=port, remote=True) as (app, pilot):
        port.go_away()
        await settle(pilot)
        assert "the engine went away" in shown(app)
        assert "CONNECTION LOST" in shown(app)
        assert "analyze_utilization" in shown(app)
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 3


async def test_what_keeps_an_investigation_from_beginning_ends_the_cockpit_with_its_exit_code(opened: Opened) -> None:
    port = StoryPort()
    port.refused = BundleError("incident.yaml", "no such bundle")
    async with opened(port=port) as (app, pilot):
        await settle(pilot)
    assert app.exit_status == 2
    assert app.failure_unseen
    assert "no such bundle" in str(app.failure)


async def test_the_request_is_what_the_command_line_asked_for(opened: Opened) -> None:
    port = StoryPort()
    async with opened(START, port=port) as (app, pilot):
        del app, pilot
    (request,) = port.requests
    assert (request.query, request.bundle, request.confirm) == (START.query, START.bundle, True)


def test_exit_codes_follow_the_contract() -> None:
    finished = fold(whole())
    assert exit_code(finished, attached=False) == 0
    finished.investigation.hypotheses = ()
    assert exit_code(finished, attached=False) == 1
    planned = fold(whole()[:4])
    assert exit_code(planned, attached=False) == 4
    assert exit_code(planned, attached=True) == 0
    assert exit_code(fold(whole()[:9]), attached=False) == 130
    assert exit_code(None, attached=False) == 130


@pytest.mark.parametrize(
    ("alert", "severity"),
    [
        ({"commonLabels": {"severity": "critical"}}, "critical"),
        ({"alerts": [{"labels": {"Severity": "page"}}]}, "page"),
        ({"priority": 1}, "1"),
        ({"name": "x"}, ""),
        (None, ""),
        ({"severity": {"deep": []}}, ""),
    ],
)
def test_the_severity_is_found_wherever_the_provider_puts_it(alert: object, severity: str) -> None:
    assert severity_of(alert) == severity
