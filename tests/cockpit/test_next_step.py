"""What to do next, at every size: one step with its purpose, its command under its own title, and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stage import Opened, settle, shown
from story import ACTIONS, NOW, StoryPort, after_confirmation, before_confirmation, events

from cockpit.screens.footer_keys import footer_keys
from cockpit.widgets.answer import Answer
from cockpit.widgets.draw import Styles, cells, plain
from cockpit.widgets.next_step import Unrepaired, look_parts
from cockpit.widgets.remediation import RemediationPane
from cockpit.widgets.view import View
from engine.act.next_look import NextLook
from engine.hypotheses import Action
from engine.incident import IncidentState, fold
from engine.state.actions import ActionsState
from themes.dark import DARK

WRITE = ACTIONS[0]
LACKING = WRITE.model_copy(update={"command": "", "command_note": "no command: namespace not known"})
FIND = "kubectl get deploy,sts,ds -A --field-selector metadata.name=api-service"
LOOK = ACTIONS[1].model_copy(
    update={"id": "A-look", "primitive": "inspect_object", "action": "Find api-service in the cluster",
            "effect": "read", "arguments": {"name": "api-service"}, "resource": WRITE.resource,
            "requires_approval": False, "command": FIND}
)  # fmt: skip


def state_with(*actions: Action, confidence: float | None = None) -> IncidentState:
    state = replace(fold(events([*before_confirmation(), *after_confirmation()])), remediation=ActionsState(actions))
    if confidence is None:
        return state
    best = state.hypotheses[0].model_copy(update={"confidence": confidence, "change": None})
    return state.replaced(hypotheses=(best,))


def next_of(state: IncidentState, width: int, **about: Any) -> str:
    view = View(state=state, now=NOW, mode=about.pop("mode", "RECORDED"), **about)
    line = Answer(view, Styles(DARK), id="answer")._next(state, width)
    return plain([*line.left, *line.right])


@pytest.mark.parametrize("width", [60, 78, 118])
@pytest.mark.parametrize("mode", ["RECORDED", "REPLAY"])
def test_without_a_repair_one_look_is_named_with_its_purpose(width: int, mode: str) -> None:
    state = state_with(confidence=0.2)
    state.investigation.sources = ()
    words = next_of(state, width, mode=mode)
    assert words.startswith(" Next: Look at ")
    assert "would tell whether one set it off" in words or width < 78
    assert cells(words) <= width
    if width == 118:
        assert words.endswith("no repair at 20 % confidence")


def test_a_purpose_that_has_no_room_is_told_as_far_as_it_goes() -> None:
    asked = NextLook(
        "run compare_baseline of cart", "would tell it from a-service-with-a-long-name.elb.example.com", "asks"
    )
    words = plain(look_parts(Unrepaired(look=asked), 70))
    assert words.startswith("N runs compare_baseline of cart: would tell it from a-serv")
    assert cells(words) <= 70


@pytest.mark.parametrize("width", [78, 118])
def test_a_write_without_a_command_says_so_and_promises_no_approval(width: int) -> None:
    words = next_of(state_with(LACKING, LOOK), width)
    assert "· write, no command" in words
    assert "approval" not in words
    assert cells(words) <= width
    if width == 118:
        assert words.endswith(" · first find api-service in the cluster")


def test_an_approval_is_told_with_the_keys_that_ask_for_it() -> None:
    live = state_with(WRITE)
    assert live.opened is not None
    live.opened = live.opened.model_copy(update={"origin": "live"})
    assert "write, needs approval (keys 5 a)" in next_of(live, 118, mode="LIVE")
    # From a recording nobody can run it.
    for mode in ("RECORDED", "REPLAY"):
        recorded = next_of(state_with(WRITE), 118, mode=mode)
        assert "write, run it by hand" in recorded
        assert "approval" not in recorded


async def folded(opened: Opened, *actions: Action, confidence: float | None = None) -> list[str]:
    """Pane 5 at 80x24, where another pane has the focus."""
    async with opened(port=StoryPort(wait=False), size=(80, 24)) as (app, pilot):
        screen: Any = app.screen
        await settle(pilot)
        screen.view.state = state_with(*actions, confidence=confidence)
        screen.paint()
        await settle(pilot)
        lines = shown(app).splitlines()
        first = next(number for number, line in enumerate(lines) if "5 Remediation" in line)
        return [line.rstrip() for line in lines[first : first + 3]]


async def test_a_command_stands_under_its_own_title(opened: Opened) -> None:
    title, command, *_ = await folded(opened, WRITE, LOOK)
    assert WRITE.action[:20] in title
    assert command.strip().startswith(f"$ {WRITE.command[:30]}")
    title, other, command = await folded(opened, LACKING, LOOK)
    assert title.endswith("no command: namespace not known")
    assert "$" not in title + other
    assert LOOK.action in other
    assert command.strip() == f"$ {LOOK.command}"


async def test_without_an_action_pane_5_tells_how_to_look(opened: Opened) -> None:
    title, *how = await folded(opened, confidence=0.2)
    assert "Look at " in title
    assert "$ " in how[0] or "no command: " in how[0] or "N asks it" in how[0]


async def test_the_title_of_a_look_comes_before_why_nothing_is_repaired(opened: Opened) -> None:
    title, *_ = await folded(opened, confidence=0.2)
    assert "…" not in title
    assert (
        title.split("  ")[-1] in ("Look at the changes of api-service", "no repair at 20 % confidence") or "N" in title
    )


async def test_what_is_done_by_hand_is_whole_in_pane_5(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(80, 24)) as (app, pilot):
        screen: Any = app.screen
        await settle(pilot)
        screen.view.state = state_with()
        words = "renew the certificate of a.svc, ended 2026-06-18 15:04 UTC; no command: it is done by hand"
        screen.view.next_step.unrepaired = lambda view: Unrepaired(words)
        screen.paint()
        await settle(pilot)
        pane = shown(app).partition("5 Remediation")[2].partition("? help")[0]
        assert " ".join(pane.split()) == words


async def test_the_look_has_its_own_row_with_its_whole_command(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await settle(pilot)
        pane: Any = app.screen.query_one(RemediationPane)
        state = state_with(confidence=0.2)
        state.investigation.sources = ()
        pane.view.state = state
        rows = [plain(pane.line(row, 118, selected=False).left) for row in pane.rows()]
        assert rows[0].strip().startswith("Look at the changes of ")
        assert rows[0].endswith("would tell whether one set it off")
        command = pane.copied(pane.rows()[0].key)
        assert " ".join(row.strip() for row in rows[1:]) == (f"$ {command}" if command else rows[1].strip())
        assert pane.footing() == "no action is proposed"


def test_the_footer_offers_no_further_look_where_there_is_none() -> None:
    assert ("N", "next look") in footer_keys("hypotheses", "incident", "quit")
    assert ("N", "next look") not in footer_keys("hypotheses", "incident", "quit", further=False)


async def test_no_word_of_an_actions_own_reads_as_the_incidents_urgency(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, _):
        pane = shown(app).partition("5 Remediation")[2].partition("? help")[0]
        assert not any(word in pane for word in ("HIGH", "MED ", "LOW"))
