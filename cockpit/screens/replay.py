"""A stored incident, as it happened: the same screen through the same fold, with a hand on the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cockpit.farewell import Farewell
from cockpit.keys import Where
from cockpit.screens.incident import FRAME_S, IncidentScreen
from cockpit.screens.live import severity_of
from cockpit.screens.prompts import LinePrompt
from cockpit.screens.recording import SPEEDS, Recording, first_speed
from cockpit.widgets.view import Playback, Subject, View
from primitives.errors import CloudopsError, UsageError

if TYPE_CHECKING:
    from textual.timer import Timer

__all__ = ["ReplayScreen"]

LOAD_CHUNK = 500


class ReplayScreen(IncidentScreen):
    """Plays a recording. `at` is where it starts (a time or a number), or `subject`, or with `ended` its end."""

    where: ClassVar[Where] = "replay"

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
        self._offset = 0.0
        self._since = 0.0
        self._timer: Timer | None = None

    @property
    def playback(self) -> Playback:
        """Where the replay stands."""
        assert self.view.playback is not None
        return self.view.playback

    @property
    def takes_keys(self) -> bool:
        return self.loaded

    def farewell(self) -> Farewell | None:
        if not self.execution_id or not self.loaded:
            return None
        return Farewell(self.execution_id, "replayed", "replay", "shows it again")

    def begin(self) -> None:
        """Load the events and start; called when the first frame is on the screen and the engine is there."""
        self.run_worker(self._load(), group="load", exclusive=True)

    async def _load(self) -> None:
        recording = Recording()
        try:
            self.execution_id = await self.port.resolve(self.name_given)
            async for batch in self.port.follow(self.execution_id, live=False):
                for begin in range(0, len(batch), LOAD_CHUNK):
                    recording.add(batch[begin : begin + LOAD_CHUNK])
                    await self.app.clock.sleep(0)
            if not recording.events:
                raise UsageError(f"{self.name_given} holds no events to replay")
            self.recording = recording
            start = self._start(recording)
        except CloudopsError as error:
            self.app.refuse(self, error)
            return
        playback = self.playback
        playback.events = len(recording.events)
        playback.begin, playback.end = recording.events[0].time, recording.events[-1].time
        playback.shortened = recording.shortened
        playback.speed = first_speed(recording.length_s)
        self.loaded = True
        self.seek_to(start)
        if self._at is None and self._subject is None and not self._ended:
            self.action_play()

    def _start(self, recording: Recording) -> int:
        if self._at is not None:
            return recording.seq_of(self._at)
        if self._subject is not None:
            return recording.seq_of_subject(self._subject.kind, self._subject.id) or len(recording.events)
        return len(recording.events) if self._ended else 1

    def seek_to(self, seq: int, *, offset: float | None = None) -> None:
        """Show the state after `seq` events."""
        recording = self.recording
        if recording is None:
            return
        seq = max(1, min(seq, len(recording.events)))
        state = self.view.state
        if state is None or state.seq != seq:
            forward = state is not None and state.seq < seq
            state = recording.go_on(state, seq) if forward and state else recording.state_at(seq)
            self.view.state = state
        self._offset = recording.offsets[seq - 1] if offset is None else offset
        self._tell(seq)
        self.dirty()

    def _tell(self, seq: int) -> None:
        recording, playback, state = self.recording, self.playback, self.view.state
        assert recording is not None
        assert state is not None
        event = recording.events[seq - 1]
        playback.seq, playback.time = seq, event.time
        playback.last = f"{event.body.type.replace('_', ' ')} · {event.who.name}"
        playback.share = self._offset / recording.length_s if recording.length_s else seq / len(recording.events)
        self.view.you = recording.confirmed_at(seq)
        if state.opened is not None:
            self.view.query = state.opened.query
            self.view.severity = severity_of(state.opened.alert)
        if state.opened_at is not None:
            self.view.elapsed_s = (event.time - state.opened_at).total_seconds()

    def _tick(self) -> None:
        recording = self.recording
        if recording is None or not self.playback.playing:
            return
        now = self.app.clock.monotonic()
        offset = self._offset + (now - self._since) * self.playback.speed
        self._since = now
        self.view.spinner = int(now / 0.25)
        if offset >= recording.length_s:
            self._pause()
            self.seek_to(len(recording.events))
            return
        self.seek_to(recording.seq_at_offset(offset), offset=offset)

    def _pause(self) -> None:
        self.playback.playing = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    # Keys

    def footer_keys(self) -> list[tuple[str, str]]:
        play = "pause" if self.playback.playing else "play"
        return [
            ("?", "help"), ("Space", play), ("[ ]", "step"), ("< >", "speed"), ("@", "go to a time"), (":", "command"),
            ("Home End", "ends"), ("y", "copy"), ("e", "export"), ("+", "zoom"), ("q", self.q_does),
        ]  # fmt: skip

    def action_play(self) -> None:
        recording = self.recording
        if recording is None:
            return
        if self.playback.playing:
            self._pause()
        else:
            if self.playback.seq >= len(recording.events):
                self.seek_to(1)
            self.playback.playing = True
            self._since = self.app.clock.monotonic()
            self._timer = self.set_interval(FRAME_S, self._tick)
        self.dirty()

    def action_step(self, by: int) -> None:
        self._pause()
        self.seek_to(self.playback.seq + by)

    def action_speed(self, by: int) -> None:
        at = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.playback.speed))
        self.playback.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, at + by))]
        self.dirty()

    def action_seek_end(self, end: int) -> None:
        self._pause()
        if self.recording is not None:
            self.seek_to(1 if end < 0 else len(self.recording.events))

    def action_seek(self) -> None:
        hint = "14:31:07, 2026-11-23T14:31:07Z, or an event's number"
        self.app.push_screen(LinePrompt("GO TO", hint, self.app.ink), self._seek_typed)

    def _seek_typed(self, typed: str | None) -> None:
        if not typed or self.recording is None:
            return
        try:
            seq = self.recording.seq_of(typed)
        except UsageError as error:
            self.app.tell(str(error), problem=True)
            return
        self._pause()
        self.seek_to(seq)

    def action_replay(self) -> None:
        self.app.tell("this is the replay; Space plays it")
