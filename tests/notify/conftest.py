"""A store, an outbox and a clock in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from made_notices import NOON

from engine.log import EventLog
from engine.notify.outbox import Outbox
from engine.store.memory import MemoryRows
from primitives.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def log() -> AsyncIterator[EventLog]:
    store = EventLog(MemoryRows())
    yield store
    await store.close()


@pytest.fixture
async def outbox() -> AsyncIterator[Outbox]:
    box = await Outbox.open(None)
    yield box
    await box.close()
