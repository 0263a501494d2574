"""Each store in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores import (
    STORES,
    Opener,
)

from engine.log import EventLog


@pytest.fixture(params=sorted(STORES))
def opener(request: pytest.FixtureRequest) -> Opener:
    return STORES[request.param]


@pytest.fixture
async def store(opener: Opener, tmp_path: Path) -> AsyncIterator[EventLog]:
    opened = await opener(tmp_path / "store" / "incidents.db")
    yield opened
    await opened.close()
