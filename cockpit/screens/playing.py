"""A stored incident that is played: loading its log, and going to any moment of it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from cockpit.exit_summary import ExitSummary
from cockpit.keys import Where, bindings
from cockpit.positions import time_of
from cockpit.screens.incident import IncidentScreen
from cockpit.screens.recording import PAGE, Recording, first_speed, seq_of_subject
from cockpit.widgets.view import Playback, Subject, View
from engine.severity import severity_of
from primitives.errors import CloudopsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.timer import Timer

    from engine.events import Event
    from engine.incident import IncidentState

__all__ = ["PlayingScreen"]

MANY = 10_000
"""The times of so many events take longer to go through than a key may wait."""


class PlayingScreen(IncidentScreen):
    """Plays a recording. `at` is where it starts (a time or a number), or `subject`, or with `ended` its end."""

    where: ClassVar[Where] = "replay"
    BINDINGS: ClassVar[list[Any]] = [*bindings("replay", "incident")]

    def __init__(
        self, name: str, *, at: str | None = None, subject: Subject | None = None, ended: bool = False
    ) -> None:
        super().__init__(View(title=name, mode="REPLAY", playback=Playback()))
        self.name_given = name
        self.recording: Recording | None = None
        self.loaded = False
        self._at = at
        self._subject = subject
        self._ended = ended
        self.seeking = False
        self._sought = False
        self._goal = (1, 0.0)
        self._since = 0.0
        self._timer: Timer | None = None

    @property
    def playback(self) -> Playback:
        """Where the replay stands."""
        assert self.view.playback is not None
        return self.view.playback

    @property
    def accepts_keys(self) -> bool:
        # A key typed behind a jump is meant for where it leads; while it plays, for what is shown.
        return self.loaded and (self.playback.playing or not self.seeking)

    def exit_summary(self) -> ExitSummary | None:
        if not self.execution_id or not self.loaded:
            return None
        return ExitSummary(self.execution_id, "replayed", "replay", "shows it again")

    def begin(self) -> None:
        """Load the events and start; called when the first frame is on the screen and the engine is there."""
        self.run_worker(self._load(), group="load", exclusive=True)

    async def _load(self) -> None:
        try:
            self.execution_id = await self.port.resolve(self.name_given)
            times = await self.port.times(self.execution_id)
            if not times:
                raise UsageError(f"{self.name_given} holds no events to replay")
            make = partial(Recording, self.port, self.execution_id, times)
            self.recording = recording = await asyncio.to_thread(make) if len(times) > MANY else make()
            playback = self.playback
            playback.events, playback.shortened = len(recording), recording.shortened
            playback.begin, playback.end = time_of(times[0]), time_of(times[-1])
            playback.speed = first_speed(recording.length_s)
            start = await self._start(recording)
            await recording.fetch(start)
            self.loaded = True
            self.seek_to(start)
            if self._at is None and self._subject is None and not self._ended:
                self.action_play()
            await self._learn(recording)
        except CloudopsError as error:
            if self.loaded:
                self.app.show_notice(str(error), problem=True)
            else:
                self.app.refuse(self, error)

    async def _start(self, recording: Recording) -> int:
        if self._at is not None:
            return recording.seq_of(self._at)
        subject = self._subject
        if subject is None or subject.kind not in ("step", "fact"):
            return len(recording) if self._ended or subject else 1
        # What is further on than the first page is gone to when it is come across.
        page = await self.port.read(self.execution_id, limit=PAGE)
        self._sought = len(recording) > PAGE
        return self._found(page) or (1 if self._sought else len(recording))

    def _found(self, events: Sequence[Event]) -> int:
        """The event among `events` that brought what the replay is to begin at; 0 where there is none."""
        assert self._subject is not None
        seq = seq_of_subject(events, self._subject.kind, self._subject.id)
        self._sought = self._sought and not seq
        return seq

    async def _learn(self, recording: Recording) -> None:
        """Fold the whole log, a little at a time: keys come first."""
        async for batch in self.port.follow(self.execution_id, live=False):
            for begin in range(0, len(batch), PAGE):
                events = batch[begin : begin + PAGE]
                recording.learn(events[: len(recording) - recording.learned])
                self._learned(recording, events)
                await self.app.clock.sleep(0)
            if recording.learned == len(recording):
                self._share(recording)
                return

    def _share(self, recording: Recording) -> None:
        """Show what is shown from the recording's own facts: what the store gave ahead would be held beside them."""
        state = recording.state_at(self._goal[0])
        if state is not None and not self.seeking:
            self.view.state = self.shown(state)
            self.dirty()

    def _learned(self, recording: Recording, events: Sequence[Event]) -> None:
        seq, _ = self._goal
        if self._sought and (seq_of_subject := self._found(events)) and seq == 1:
            self.seek_to(seq_of_subject)
        if self.view.you != (you := recording.confirmed_at(seq)):
            self.view.you = you
            self.dirty()

    def seek_to(self, seq: int, *, offset: float | None = None) -> None:
        """Show the state after `seq` events; at once, or when what is missing for it was fetched."""
        recording = self.recording
        if recording is None:
            return
        seq = max(1, min(seq, len(recording)))
        self._goal = (seq, recording.offsets[seq - 1] if offset is None else offset)
        if self.seeking:
            return
        try:
            self.seeking = not self._arrive()
        except CloudopsError as error:
            self._give_up(error)
        if self.seeking:
            self.run_worker(self._seek(recording), group="seek")

    def _arrive(self) -> bool:
        """Show the moment that was asked for last, if all for it is there. Raises `StoreCorrupt`."""
        assert self.recording is not None
        seq, offset = self._goal
        state = self.recording.state_at(seq, self.near())
        if state is None:
            return False
        self.view.state = self.shown(state)
        self._tell(seq, offset)
        self.dirty()
        return True

    def shown(self, state: IncidentState) -> IncidentState:
        """What the screen shows of a state."""
        return state

    def near(self) -> IncidentState | None:
        """The state that was shown last, as it is in the log: what follows is folded onto it."""
        return self.view.state

    def action_play(self) -> None:
        raise NotImplementedError

    async def _seek(self, recording: Recording) -> None:
        try:
            while not self._arrive():
                await recording.fetch(self._goal[0], self.near())
        except CloudopsError as error:
            self._give_up(error)
        finally:
            self.seeking = False

    def _give_up(self, error: CloudopsError) -> None:
        self._pause()
        self.app.show_notice(str(error), problem=True)

    def _tell(self, seq: int, offset: float) -> None:
        recording, playback, state = self.recording, self.playback, self.view.state
        assert recording is not None
        assert state is not None
        event = recording.event(seq)
        # Notes and statements carry real time, which may be long after a recorded investigation's own.
        playback.seq, playback.time = seq, state.updated_at or event.time
        playback.last = f"{event.body.type.replace('_', ' ')} · {event.who.name}"
        playback.share = offset / recording.length_s if recording.length_s else seq / len(recording)
        self.view.you = recording.confirmed_at(seq)
        if state.opened is not None:
            self.view.query = state.opened.query
            self.view.now = state.opened.now if state.opened.origin == "recorded" else playback.time
            self.view.severity = severity_of(state.opened.alert)
        if state.finished is not None:
            self.view.elapsed_s = state.finished.duration_s
        elif state.opened_at is not None:
            self.view.elapsed_s = (playback.time - state.opened_at).total_seconds()

    def _tick(self) -> None:
        if self.recording is None or not self.playback.playing:
            return
        now = self.app.clock.monotonic()
        elapsed, self._since = now - self._since, now
        self.view.spinner = 0 if self.app.settings.reduced_motion else int(now / 0.25)
        self.play_on(elapsed)

    def play_on(self, elapsed_s: float) -> None:
        """So much real time has gone by while it plays."""
        recording = self.recording
        assert recording is not None
        offset = self._goal[1] + elapsed_s * self.playback.speed
        if offset < recording.length_s:
            self.seek_to(recording.seq_at_offset(offset), offset=offset)
        elif self.playback.loop:
            self.seek_to(1)
        else:
            self._pause()
            self.seek_to(len(recording))

    def _pause(self) -> None:
        self.playback.playing = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
