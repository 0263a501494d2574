"""What the cockpit's tests have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from stage import START, Opened, make_app, settle
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.intents import Intent


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens a cockpit: `async with opened(intent, port=..., size=...) as (app, pilot)`."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def opening(
        intent: Intent = START, *, size: tuple[int, int] = (120, 36), **kwargs: Any
    ) -> AsyncIterator[tuple[CockpitApp, Pilot[int]]]:
        app = make_app(tmp_path, intent, **kwargs)
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            yield app, pilot

    return opening
