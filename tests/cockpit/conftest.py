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
from cockpit.start_modes import StartMode


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens a cockpit: `async with opened(start_mode, port=..., size=...) as (app, pilot)`; `notices` paints them."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def opening(
        start_mode: StartMode = START, *, size: tuple[int, int] = (120, 36), notices: bool = False, **kwargs: Any
    ) -> AsyncIterator[tuple[CockpitApp, Pilot[int]]]:
        app = make_app(tmp_path, start_mode, **kwargs)
        async with app.run_test(size=size, notifications=notices) as pilot:
            await settle(pilot)
            yield app, pilot

    return opening
