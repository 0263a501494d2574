"""A replay: nothing is shown before it happened, and every moment is quickly there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, INCIDENT, NOW, StoryPort, after_confirmation, before_confirmation, events, whole

import cockpit.screens.recording
import cockpit.screens.recording as recording_module
from cockpit.screens.prompts import LinePrompt
from cockpit.screens.recording import PAGE, PAUSE_LIMIT_S, Recording, first_speed
from cockpit.screens.replay import ReplayScreen
from cockpit.start_modes import Replay
from cockpit.widgets.facts import FactsPane
from cockpit.widgets.marks import marks_of
from cockpit.widgets.view import Subject, View
from engine.events import (
    ENGINE,
    AnswerRecorded,
    Body,
    Event,
    FactFound,
    PlanProposed,
    StepAdded,
    StepProgressed,
)
from engine.incident import IncidentState, fold
from primitives.clock import ManualClock
from primitives.errors import StoreCorrupt, UsageError


class Kept:
    """A log that counts what is asked of it."""

    def __init__(self, log: Sequence[Event]) -> None:
        self.events = tuple(log)
        self.read_after: list[int] = []
        self.states: list[int | None] = []

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        self.read_after.append(after)
        return self.events[after:][:limit]

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        self.states.append(seq)
        return fold(self.events[:seq])


def recording_of(kept: Kept) -> Recording:
    return Recording(kept, EXECUTION, [event.time.timestamp() for event in kept.events])


def learned(log: Sequence[Event]) -> Recording:
    recording = recording_of(Kept(log))
    for begin in range(0, len(log), PAGE):
        recording.learn(log[begin : begin + PAGE])
    return recording


def whole_state(recording: Recording, seq: int, near: IncidentState | None = None) -> IncidentState:
    state = recording.state_at(seq, near)
    assert state is not None
    return state


async def fetched(recording: Recording, seq: int, near: IncidentState | None = None) -> IncidentState:
    if recording.state_at(seq, near) is None:
        await recording.fetch(seq, near)
    return whole_state(recording, seq, near)


def long_log(length: int) -> list[Event]:
    """Mostly progress, with a fact, an answer and a new step now and then, and one fact that is found twice."""
    told = [*before_confirmation(), *after_confirmation()[:2]]
    fact = next(body.fact for _, _, body in after_confirmation() if isinstance(body, FactFound))
    answer = next(body for _, _, body in after_confirmation() if isinstance(body, AnswerRecorded))
    step = next(body.steps[0] for _, _, body in told if isinstance(body, PlanProposed))
    base = events(told)

    def body_of(number: int) -> Body:
        match number % 50:
            case 0:
                return StepAdded(step=step.model_copy(update={"id": f"N{number}"}))
            case 10 | 11:
                return FactFound(id=f"N{number // 50}", step="S1", key=f"{number:016x}", fact=fact)
            case 20:
                return answer.model_copy(update={"digest": f"{number:064x}"})
            case _:
                return StepProgressed(step="S1", done=number % 100, total=100)

    # The envelope's hashes don't matter here, and a hundred thousand of them would take a while.
    return base + [
        Event(EXECUTION, INCIDENT, seq, NOW + timedelta(seconds=seq / 1000), ENGINE, body_of(seq), "", f"{seq}")
        for seq in range(len(base) + 1, length + 1)
    ]


def test_every_moment_of_a_recording_is_the_fold_up_to_it() -> None:
    log = whole()
    recording = learned(log)
    for seq in (1, 4, 5, 17, len(log)):
        assert whole_state(recording, seq).digest() == fold(log[:seq]).digest()


def test_going_on_from_a_state_is_the_same_as_going_there() -> None:
    log = whole()
    recording = learned(log)
    state = whole_state(recording, 3)
    for seq in range(4, len(log) + 1):
        state = whole_state(recording, seq, state)
        assert state.digest() == fold(log[:seq]).digest()


def test_a_state_that_was_shown_is_not_changed_by_going_elsewhere() -> None:
    log = whole()
    recording = learned(log)
    early = whole_state(recording, 10)
    before = early.digest()
    whole_state(recording, len(log))
    assert early.digest() == before


@pytest.mark.parametrize("learned_to", [0, 4_000, 20_003])
async def test_any_moment_of_a_long_log_is_the_fold_up_to_it(learned_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "CHECKPOINTS", 8)
    monkeypatch.setattr(recording_module, "PAGES_KEPT", 3)
    kept = Kept(long_log(20_003))
    recording = recording_of(kept)
    for begin in range(0, learned_to, PAGE):
        recording.learn(kept.events[begin : min(begin + PAGE, learned_to)])
    near: IncidentState | None = None
    for seq in (20_003, 20_002, 1, 500, 501, 502, 1_499, 9_999, 10_000, 10_001, 12_345, 19_501, 20_000, 3_600, 3_700):
        near = await fetched(recording, seq, near)
        assert near.digest() == fold(kept.events[:seq]).digest()
        assert recording.event(seq) is kept.events[seq - 1]
    if learned_to == len(kept.events):
        assert kept.states == []


async def test_a_moment_that_was_not_learned_yet_is_asked_of_the_store_once() -> None:
    kept = Kept(long_log(20_000))
    recording = recording_of(kept)
    last = await fetched(recording, 20_000)
    back = await fetched(recording, 19_999, last)
    await fetched(recording, 20_000, back)
    assert kept.states == [19_500]
    assert kept.read_after == [19_500]


async def test_a_long_recording_holds_no_more_than_some_of_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "CHECKPOINTS", 16)
    log = long_log(60_000)
    recording = recording_of(Kept(log))
    for begin in range(0, len(log), PAGE):
        recording.learn(log[begin : begin + PAGE])
    for seq in range(1, len(log), 700):
        await fetched(recording, seq)
    # With so few checkpoints they are 4,000 events apart: eight pages, and those at both ends.
    assert len(recording._pages) <= 10
    assert len(recording._checkpoints) <= 16
    shared = {id(step) for one in recording._checkpoints for step in one.steps}
    assert len(shared) < len(recording._checkpoints[-1].steps) + 2 * 16


async def test_a_log_with_a_gap_is_told_in_one_line() -> None:
    log = long_log(3_000)
    kept = Kept([*log[:700], *log[701:]])
    recording = Recording(kept, EXECUTION, [event.time.timestamp() for event in log])
    with pytest.raises(StoreCorrupt, match=r"events of .* are missing; run `cloudops audit verify`"):
        await recording.fetch(1_200)
    with pytest.raises(StoreCorrupt, match=r"event 702 of .* can't follow those before it"):
        recording.learn(kept.events)


async def test_a_seek_in_a_hundred_thousand_events_folds_few_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    log = long_log(100_000)
    recording = learned(log)
    folded: list[int] = []
    apply = cockpit.screens.recording._apply
    monkeypatch.setattr(
        "cockpit.screens.recording._apply", lambda state, event: (folded.append(event.seq), apply(state, event))
    )
    for seq in (99_999, 1, 50_001, 777, 64_321, 100_000, 33_333):
        folded.clear()
        assert (await fetched(recording, seq)).seq == seq
        assert len(folded) <= 100_000 / 16 + 500


def test_pauses_are_shortened_and_other_distances_kept() -> None:
    log = whole()
    recording = learned(log)
    confirmed = next(event.seq for event in log if event.body.type == "plan_confirmed")
    gap = recording.offsets[confirmed - 1] - recording.offsets[confirmed - 2]
    assert gap == PAUSE_LIMIT_S
    assert recording.shortened == 1
    assert recording.offsets[confirmed] - recording.offsets[confirmed - 1] == pytest.approx(0.1)
    assert recording.confirmed_at(confirmed) == log[confirmed - 1].time
    assert recording.confirmed_at(confirmed - 1) is None


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
    assert learned(whole()).seq_of(at) == seq


def test_a_moment_before_the_log_is_refused_with_the_times_it_covers() -> None:
    with pytest.raises(UsageError, match="nothing had happened by then; the investigation ran from 2026-03-10T14:52"):
        learned(whole()).seq_of("14:51")


@pytest.mark.parametrize("at", ["", "soon", "25:00", "14:61", "\x1b]52;c;aGk=\x07", "１２:30"])
def test_what_is_no_moment_is_refused_in_one_line(at: str) -> None:
    with pytest.raises(UsageError, match="give a time such as"):
        learned(whole()).seq_of(at)


@pytest.mark.parametrize(("length", "speed"), [(0.3, 0.05), (1.0, 0.1), (4.0, 0.5), (60.0, 1.0)])
def test_a_short_recording_plays_slowly_enough_to_watch(length: float, speed: float) -> None:
    assert first_speed(length) == speed


async def test_a_replay_shows_nothing_that_had_not_happened(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "14:52:10"), port=StoryPort()) as (app, pilot):
        text = shown(app)
        assert "REPLAY 14:52:" in text
        assert "analyze_utilization" in text
        for later in ("Database connections", "Roll back", "analysis done", "F4", "80 %"):
            assert later not in text, later
        await pilot.press("end")
        await settle(pilot)
        assert "Roll back" in shown(app)
        assert "analysis done" in shown(app)


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


class Gated(StoryPort):
    """A long log, of which the whole is told only when `go` is set."""

    def __init__(self) -> None:
        super().__init__(long_log(30_000))
        self.go = asyncio.Event()

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        await self.go.wait()
        for begin in range(0, len(self.log), 1_000):
            yield tuple(self.log[begin : begin + 1_000])


async def test_a_long_replay_can_be_moved_in_before_it_was_read_to_its_end(opened: Opened) -> None:
    port = Gated()
    async with opened(Replay(EXECUTION, "29000"), port=port) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        assert "event 29000 of 30000" in shown(app)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert screen.view.state is not None
        assert screen.view.state.digest() == fold(port.log[:28_998]).digest()
        await pilot.press("end", "left_square_bracket")
        await settle(pilot)
        assert "event 29999 of 30000" in shown(app)
        port.go.set()
        await settle(pilot)
        await pilot.press("home")
        await settle(pilot)
        assert screen.view.state.digest() == fold(port.log[:1]).digest()


async def test_a_replay_from_a_fact_far_into_a_long_log_goes_there_when_it_is_come_across(opened: Opened) -> None:
    port = Gated()
    async with opened(Replay(EXECUTION), port=port) as (app, pilot):
        app.push_screen(screen := ReplayScreen(EXECUTION, subject=Subject("fact", "N400")))
        screen.begin()
        await settle(pilot)
        assert screen.playback.seq == 1
        port.go.set()
        for _ in range(40):
            await settle(pilot)
            if screen.playback.seq != 1:
                break
        found = next(event for event in port.log if event.body.type == "fact_found" and event.body.id == "N400")
        assert screen.playback.seq == found.seq


async def test_panes_show_an_earlier_moment_as_if_they_had_never_seen_a_later_one(opened: Opened) -> None:
    log = whole()
    async with opened(Replay(EXECUTION, "1"), port=StoryPort()) as (app, _):
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        for seq in (len(log), 20, 25, 12, len(log), 1, 30):
            screen.seek_to(seq)
            screen.paint()
            fresh = View(state=fold(log[:seq]), you=screen.view.you)
            unseen = FactsPane(fresh, app.text_styles, id="fresh")
            assert list(screen.pane("facts").rows()) == list(unseen.rows())  # type: ignore[union-attr]
            assert screen.pane("facts").footing() == unseen.footing()
            assert marks_of(screen.view) == marks_of(fresh)
