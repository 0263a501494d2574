"""A service on a loopback port, with what it investigates."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "integration"))  # its real servers

from running import TOKEN, Running, started


@pytest.fixture
async def service(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path) as running:
        yield running
