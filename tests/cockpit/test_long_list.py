"""A long list of stored incidents: the newest are on the screen before the others are read."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from stage import Opened, settle, shown
from story import NOW, StoryPort

from cockpit.screens.incidents import FIRST_PAGE, IncidentsScreen
from cockpit.start_modes import Browse
from engine.port import IncidentSummary
from primitives.errors import EngineGone


class Long(StoryPort):
    """A store of `count` incidents whose whole list takes until `go`."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.go = asyncio.Event()
        self.asked: list[int | None] = []

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        self.asked.append(limit)
        if limit is None:
            await self.go.wait()
        return tuple(
            IncidentSummary(
                execution_id=f"exec-{number:08x}", incident_id=f"inc-{number:08x}", title=f"number {number} is slow",
                query="why", origin="live", opened_at=NOW, updated_at=NOW - timedelta(minutes=number),
                phase="completed", events=40,
            )
            for number in range(self.count)
        )[:limit]  # fmt: skip


async def test_the_newest_incidents_are_painted_before_the_others_are_read(opened: Opened) -> None:
    port = Long(FIRST_PAGE + 50)
    async with opened(Browse(), port=port) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, IncidentsScreen)
        assert port.asked == [FIRST_PAGE, None]
        assert "number 0 is slow" in shown(app)
        assert "the newest 200 · reading the others" in shown(app)
        assert "200 stored" not in shown(app)
        # A key that is typed already means the whole list.
        await pilot.press("G")
        await pilot.pause()
        assert screen.pane.selected == "exec-00000000"
        port.go.set()
        await settle(pilot)
        assert "250 stored · 0 running · 250 open" in shown(app)
        assert "number 249 is slow" in shown(app)
        assert screen.pane.selected == f"exec-{249:08x}"


async def test_a_short_list_is_read_once(opened: Opened) -> None:
    port = Long(30)
    async with opened(Browse(), port=port) as (app, _):
        assert port.asked == [FIRST_PAGE]
        assert "30 stored · 0 running · 30 open" in shown(app)


class Halved(Long):
    """A store that goes away behind the newest incidents."""

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        if limit is None:
            raise EngineGone("the engine is gone")
        return await super().incidents(limit)


async def test_what_is_listed_can_be_used_where_the_others_cannot_be_read(opened: Opened) -> None:
    async with opened(Browse(), port=Halved(FIRST_PAGE + 50)) as (app, pilot):
        await settle(pilot)
        assert "the engine is gone" in shown(app)
        await pilot.press("j")
        await settle(pilot)
        assert isinstance(app.screen, IncidentsScreen)
        assert app.screen.pane.selected == "exec-00000001"
