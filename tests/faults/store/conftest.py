"""A store in a file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.log import EventLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "incidents.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[EventLog]:
    opened = await EventLog.open(path)
    yield opened
    await opened.close()
