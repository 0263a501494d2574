"""The approval in a small terminal: what is hidden is counted, and how to approve is always seen."""

from __future__ import annotations

import pytest
from approvals import name_to_type, plan, waiting
from stage import Opened, settle, shown
from textual.widgets import Input

from cockpit.screens.approval import ApprovalPrompt


async def test_in_a_small_terminal_the_border_counts_what_is_hidden_also_after_the_countdown(opened: Opened) -> None:
    async with opened(port=name_to_type(), size=(80, 24)) as (app, pilot):
        await pilot.press("5", "a")
        await settle(pilot)
        prompt = app.screen
        assert isinstance(prompt, ApprovalPrompt)
        for _ in range(2):
            text = shown(app)
            # "[ Cancel ]" and the line below it: the field covers one row more than the plan leaves.
            assert "[ Cancel ]" not in text
            assert "2 more lines ↓ j k · expires in 4:31" in text
            assert "Tab, then type  api-service  and Enter to approve" in text
            prompt._tick()
            await settle(pilot)
        await pilot.pause(0.5)
        await pilot.press("j", "j")
        await settle(pilot)
        assert "[ Cancel ]" in shown(app)
        assert "more line" not in shown(app)


async def test_how_to_approve_is_said_once_where_line_and_field_are_both_seen(opened: Opened) -> None:
    async with opened(port=name_to_type(), size=(120, 36)) as (app, pilot):
        await pilot.press("5", "a")
        await settle(pilot)
        assert shown(app).count("Tab, then type") == 1
        assert "Tab, then type  api-service  and Enter to approve" in shown(app)
        assert "the name, then Enter" in shown(app)
        # The line stays while the name is typed over the field's hint.
        await pilot.pause(0.5)
        await pilot.press("tab", "a")
        await settle(pilot)
        assert "Tab, then type  api-service  and Enter to approve" in shown(app)
        await pilot.press("backspace")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert shown(app).count("Tab, then type  api-service  and Enter to approve") == 1
        assert "the name, then Enter" not in shown(app)


@pytest.mark.parametrize("length", [30, 50, 60, 200])
async def test_a_long_name_is_whole_where_it_is_said(opened: Opened, length: int) -> None:
    name = "-".join(["orders", *["x" * 5] * 40])[:length].strip("-")
    port = waiting(plan().model_copy(update={"name": name}))
    async with opened(port=port, size=(80, 24)) as (app, pilot):
        await pilot.press("5", "a")
        await settle(pilot)
        prompt = app.screen
        assert isinstance(prompt, ApprovalPrompt)
        (entry,) = prompt.query(Input)
        assert name in entry.placeholder or entry.placeholder == "Tab, then type the name that stands below (j)"
        assert entry.placeholder in shown(app)
        assert entry.placeholder.split()[0] in ("Tab,", "type")
        await pilot.pause(0.5)
        await pilot.press("G")
        await settle(pilot)
        assert name in "".join(line.split("│")[2].strip() for line in shown(app).splitlines() if line.count("│") >= 4)
