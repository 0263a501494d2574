"""Puts the cockpit on a stage: on the story, without a terminal and without an engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from story import NOW, StoryPort
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.settings import Settings
from cockpit.start_modes import Start, StartMode
from engine.store.locations import parse_location
from primitives.clock import ManualClock

Opened = Callable[..., AbstractAsyncContextManager[tuple[CockpitApp, Pilot[int]]]]


def make_app(
    tmp_path: Path,
    start_mode: StartMode,
    port: StoryPort | None = None,
    *,
    theme: str | None = None,
    remote: bool = False,
) -> CockpitApp:
    """The cockpit on `port`, with a clock that stands still."""
    chosen = port or StoryPort()

    async def connect(store: Path) -> tuple[Any, bool]:
        return chosen, remote

    settings = Settings(
        store=parse_location(tmp_path / "i.db"), config=tmp_path / "c.yaml", config_found=False, theme=theme
    )
    return CockpitApp(settings, start_mode, clock=ManualClock(NOW), connect=connect)


START = Start(query="API latency spike in prod", bundle="api-latency-spike")
"""What most tests open."""


async def settle(pilot: Pilot[Any]) -> None:
    """Let everything that was asked for happen and be painted."""
    for _ in range(4):
        await pilot.pause(0.05)


def shown(app: CockpitApp) -> str:
    """What is on the screen, as text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines[:height])[: (width + 1) * height * 2]
