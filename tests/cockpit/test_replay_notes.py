"""A note of today on a recording of some weeks ago: the replay's times stay those of the recording."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, INCIDENT, PERSON, StoryPort, whole

from cockpit.positions import position_to_seq
from cockpit.screens.replay import ReplayScreen
from cockpit.start_modes import Replay
from engine.events import Event, NoteAdded
from primitives.errors import UsageError


def noted(days: float) -> list[Event]:
    """The story, on which somebody wrote a note so many days after it."""
    log = whole()
    seq, time = len(log) + 1, log[-1].time + timedelta(days=days)
    return [*log, Event(EXECUTION, INCIDENT, seq, time, PERSON, NoteAdded(id="N1", text="hi"), log[-1].hash, "n1")]


async def test_a_note_long_after_a_recorded_investigation_makes_it_no_longer(opened: Opened) -> None:
    port = StoryPort(noted(days=45.4))
    async with opened(Replay(EXECUTION), port=port, size=(200, 60)) as (app, pilot):
        await settle(pilot)
        await pilot.press("end")
        await settle(pilot)
        first = shown(app).splitlines()[0]
        assert "analysis done 00:18" in first
        assert f"REPLAY {whole()[-1].time:%H:%M:%S}" in first
        assert isinstance(app.screen, ReplayScreen)
        assert app.screen.playback.seq == len(port.log)


def test_a_clock_time_is_not_taken_for_that_of_a_later_day_because_of_a_note() -> None:
    log = noted(days=45.4)
    times = [event.time.timestamp() for event in log]
    before = log[0].time - timedelta(minutes=1)
    with pytest.raises(UsageError, match=f"ran from .* to {log[-2].time:%Y-%m-%dT%H:%M:%S}"):
        position_to_seq(times, f"{before:%H:%M:%S}")
    assert position_to_seq(times, f"{log[-2].time + timedelta(seconds=1):%H:%M:%S}") == len(log) - 1
    assert position_to_seq(times, str(len(log))) == len(log)
