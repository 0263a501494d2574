"""The approval in a small terminal: what is hidden is counted, and how to approve is always seen."""

from __future__ import annotations

from approvals import name_to_type
from stage import Opened, settle, shown

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
