"""What can't be written isn't sent, and hostile words in every field of a plan stay words."""

from __future__ import annotations

import asyncio
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from cases.acting import acting

from cockpit.asking import plan_text
from cockpit.plan_text import plan_parts
from cockpit.screens.approval import ApprovalPrompt
from cockpit.widgets.draw import plain
from engine.act.plan import ActionPlan
from engine.events import ActionDispatching
from engine.state.runs import ActionRun
from primitives.errors import StoreError

HOSTILE = "a\x1b[31m\u202e[bold]b\r\nc\x07"
FIXED = frozenset({"effect", "risk", "verdict", "kind", "dry_run_at", "unit"})


async def test_where_the_intent_can_not_be_written_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        append = world.engine.store.append

        async def full(execution_id: str, incident_id: str, entries: Any, **more: Any) -> Any:
            if any(isinstance(body, ActionDispatching) for _, _, body in entries):
                raise StoreError("the disk is full")
            return await append(execution_id, incident_id, entries, **more)

        monkeypatch.setattr(world.engine.store, "append", full)
        await world.approve(run)
        await asyncio.sleep(0.5)
        assert world.toy.calls() == []
        assert (await world.run()).status == "approved"


def hostile(value: Any, key: str = "") -> Any:
    """The same document with hostile words for every text that isn't of a closed vocabulary."""
    match value:
        case str() if key not in FIXED:
            return HOSTILE
        case dict():
            return {name: hostile(inner, name) for name, inner in value.items()}
        case list():
            return [hostile(inner, key) for inner in value] or ([HOSTILE] if key == "dependents" else [])
        case _:
            return value


def is_harmless(text: str) -> bool:
    return all(unicodedata.category(character) not in ("Cc", "Cf") for character in text.replace("\n", ""))


async def test_hostile_words_in_every_field_of_a_plan_stay_words(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run: ActionRun = await world.prepare()
    assert run.plan is not None
    run.plan = ActionPlan.model_validate(hostile(run.plan.model_dump(mode="json")))
    for part in plan_parts(run.plan, run.expires_at, run.digest):
        assert all(map(is_harmless, (part.text, *part.lines))), part
    assert is_harmless(plan_text(run, 1))
    for width in (20, 60, 120):
        lines = ApprovalPrompt(run, None, print)._lines(width)  # type: ignore[arg-type]
        assert all(is_harmless(plain(line.left)) and is_harmless(plain(line.right)) for line in lines)
