"""A replay: nothing is shown before it happened, and every moment is quickly there."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, NOW, StoryPort, after_confirmation, before_confirmation, events, whole

from cockpit.intents import Replay
from cockpit.screens.prompts import LinePrompt
from cockpit.screens.recording import PAUSE_LIMIT_S, Recording, first_speed
from cockpit.screens.replay import ReplayScreen
from engine.events import StepProgressed, Who
from engine.incident import fold
from primitives.clock import ManualClock
from primitives.errors import UsageError


def recorded(log: list | None = None) -> Recording:  # type: ignore[type-arg]
    recording = Recording()
    recording.add(log if log is not None else whole())
    return recording


def test_every_moment_of_a_recording_is_the_fold_up_to_it() -> None:
    log = whole()
    recording = recorded(log)
    for seq in (0, 1, 4, 5, 17, len(log)):
        assert recording.state_at(seq).digest() == fold(log[:seq]).digest()


def test_going_on_from_a_state_is_the_same_as_going_there() -> None:
    log = whole()
    recording = recorded(log)
    state = recording.state_at(3)
    for seq in range(4, len(log) + 1):
        state = recording.go_on(state, seq)
        assert state.digest() == fold(log[:seq]).digest()


def test_a_state_that_was_shown_is_not_changed_by_going_elsewhere() -> None:
    recording = recorded()
    early = recording.state_at(10)
    before = early.digest()
    recording.state_at(len(recording.events))
    assert early.digest() == before


def test_a_seek_in_a_hundred_thousand_events_takes_less_than_50_ms() -> None:
    told = [*before_confirmation(), *after_confirmation()[:2]]
    engine = Who(kind="engine", name="cloudops")
    told += [(0.001, engine, StepProgressed(step="S1", done=n % 100, total=100)) for n in range(100_000)]
    base = events(told[:6])
    # The envelope's hashes don't matter here, and a hundred thousand of them would take a while.
    log = base + [
        type(base[0])(EXECUTION, base[0].incident_id, seq, NOW + timedelta(seconds=seq / 1000), who, body, "", "")
        for seq, (_, who, body) in enumerate(told[6:], 7)
    ]
    recording = recorded(log)
    slowest = 0.0
    for seq in (99_999, 1, 50_001, 777, 64_321, 100_000, 33_333):
        started = time.perf_counter()
        assert recording.state_at(seq).seq == seq
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 0.05


def test_pauses_are_shortened_and_other_distances_kept() -> None:
    recording = recorded()
    confirmed = next(event.seq for event in recording.events if event.body.type == "plan_confirmed")
    gap = recording.offsets[confirmed - 1] - recording.offsets[confirmed - 2]
    assert gap == PAUSE_LIMIT_S
    assert recording.shortened == 1
    assert recording.offsets[confirmed] - recording.offsets[confirmed - 1] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("at", "seq"),
    [
        ("5", 5),
        ("9999", 35),
        ("14:52:00", 1),
        ("14:52:09.25", 5),
        (" 14:52 ", 1),
        ("2026-03-10T14:52:09.25Z", 5),
        ("2026-03-10T15:52:09.25+01:00", 5),
    ],
)
def test_a_moment_can_be_said_in_several_ways(at: str, seq: int) -> None:
    assert recorded().seq_of(at) == seq


def test_a_moment_before_the_log_is_refused_with_the_times_it_covers() -> None:
    with pytest.raises(UsageError, match="nothing had happened by then; the investigation ran from 2026-03-10T14:52"):
        recorded().seq_of("14:51")


@pytest.mark.parametrize("at", ["", "soon", "25:00", "14:61", "\x1b]52;c;aGk=\x07", "１２:30"])
def test_what_is_no_moment_is_refused_in_one_line(at: str) -> None:
    with pytest.raises(UsageError, match="give a time such as"):
        recorded().seq_of(at)


@pytest.mark.parametrize(("length", "speed"), [(0.3, 0.05), (1.0, 0.1), (4.0, 0.5), (60.0, 1.0)])
def test_a_short_recording_plays_slowly_enough_to_watch(length: float, speed: float) -> None:
    assert first_speed(length) == speed


async def test_a_replay_shows_nothing_that_had_not_happened(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "14:52:10"), port=StoryPort()) as (app, pilot):
        text = shown(app)
        assert "REPLAY 14:52:" in text
        assert "analyze_utilization" in text
        for later in ("Database connections", "Roll back", "COMPLETED", "F4", "80 %"):
            assert later not in text, later
        await pilot.press("end")
        await settle(pilot)
        assert "Roll back" in shown(app)
        assert "COMPLETED" in shown(app)


async def test_steps_go_one_event_on_and_back(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "6"), port=StoryPort()) as (app, pilot):
        assert isinstance(app.screen, ReplayScreen)
        assert app.screen.playback.seq == 6
        await pilot.press("right_square_bracket", "right_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert app.screen.playback.seq == 7
        assert "event 7 of 35" in shown(app)
        await pilot.press("home", "left_square_bracket")
        assert app.screen.playback.seq == 1


async def test_space_plays_at_the_chosen_speed_and_pauses(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "1"), port=StoryPort()) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        clock = app.clock
        assert isinstance(clock, ManualClock)
        before = screen.playback.speed
        await pilot.press("greater_than_sign")
        assert screen.playback.speed == 2 * before
        await pilot.press("space")
        clock.advance(0.3 / screen.playback.speed)
        await settle(pilot)
        assert screen.playback.seq == screen.recording.seq_at_offset(0.3)  # type: ignore[union-attr]
        await pilot.press("space")
        clock.advance(100)
        await settle(pilot)
        assert screen.playback.seq < 10
        await pilot.press("space")
        clock.advance(1000)
        await settle(pilot)
        assert screen.playback.seq == 35
        assert not screen.playback.playing


async def test_a_time_can_be_typed(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "1"), port=StoryPort()) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        await pilot.press("at")
        await settle(pilot)
        assert isinstance(app.screen, LinePrompt)
        await pilot.press(*"12", "enter")
        await settle(pilot)
        assert screen.playback.seq == 12
        await pilot.press("at", *"noon", "enter")
        await settle(pilot)
        assert screen.playback.seq == 12
        assert any("give a time" in str(one.message) for one in app._notifications)


async def test_a_replay_of_what_is_not_there_ends_with_exit_code_2(opened: Opened) -> None:
    async with opened(Replay("exec-nothing"), port=StoryPort()) as (app, _):
        pass
    assert app.exit_status == 2
    assert "there is no such incident" in str(app.failure)


async def test_leaving_a_replay_is_no_failure(opened: Opened) -> None:
    async with opened(Replay(EXECUTION), port=StoryPort()) as (app, pilot):
        await pilot.press("q")
        await settle(pilot)
    assert app.exit_status == 0
