"""The replay of a stored incident: the incident screen, with keys that control time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.screens.compare import Moment, MomentsPrompt
from cockpit.screens.incident import FRAME_S
from cockpit.screens.playing import PlayingScreen
from cockpit.screens.prompts import LinePrompt
from cockpit.screens.recording import INCIDENT_SPEEDS, SPEEDS
from cockpit.start_modes import Attach
from cockpit.widgets.marks import span_of
from primitives.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.screens.recording import EventKind
    from cockpit.widgets.timeline import TimelinePane

__all__ = ["ReplayScreen"]

WHOLE_S = 40.0
"""Seconds that the incident's time plays for at its first speed."""


class ReplayScreen(PlayingScreen):
    """Plays the investigation's time, event by event, or the incident's, which the time cursor goes through."""

    _first_moment: Moment | None = None
    _own_speed = 1.0
    _left_at: tuple[int, float] | None = None
    """Where the investigation's time was left, where the incident's is played with what was known later."""

    def footer_keys(self) -> list[tuple[str, str]]:
        play = "pause" if self.playback.playing else "play"
        return [
            ("?", "help"), (":", "go to"), ("Space", play), ("[ ]", "step"), ("f d", "next fact, decision"),
            ("i", "incident's time" if not self.in_incident_time else "investigation's time"), ("< >", "speed"),
            ("@", "go to a time"),
            ("Home End", "ends"), ("y", "copy"), ("e", "export"), ("+", "zoom"), ("q", self.q_does),
        ]  # fmt: skip

    def action_play(self) -> None:
        recording = self.recording
        if recording is None:
            return
        if self.playback.playing:
            self._pause()
        else:
            if self.in_incident_time:
                self._begin_incident_again()
            elif self.playback.seq >= len(recording):
                self.seek_to(1)
            self.playback.playing = True
            self._since = self.app.clock.monotonic()
            self._timer = self.set_interval(FRAME_S, self._tick)
        self.dirty()

    @property
    def in_incident_time(self) -> bool:
        """Whether the time cursor goes through the incident's time, and the log stands still."""
        return self.playback.scale == "incident"

    def play_on(self, elapsed_s: float) -> None:
        span = span_of(self.view)
        if not self.in_incident_time or span is None:
            super().play_on(elapsed_s)
            return
        start, end = span
        moment = (self.view.cursor or start) + timedelta(seconds=elapsed_s * self.playback.speed)
        if moment >= end and not self.playback.loop:
            self._pause()
        self.put_cursor(start if moment >= end and self.playback.loop else min(moment, end))

    def put_cursor(self, moment: datetime) -> None:
        """Put the time cursor on a moment of the incident, and the scrubber with it."""
        self.view.cursor = moment
        if self.in_incident_time and (span := span_of(self.view)) is not None:
            length = max((span[1] - span[0]).total_seconds(), 1e-3)
            self.playback.share = max(0.0, min(1.0, (moment - span[0]).total_seconds() / length))
        self.dirty()

    def on_timeline_pane_cursor_moved(self, event: TimelinePane.CursorMoved) -> None:
        """A key or a click moved the time cursor."""
        self.put_cursor(event.moment)

    def action_scale(self) -> None:
        """Play the incident's time instead of the investigation's, or the other way round."""
        playback, span = self.playback, span_of(self.view)
        if span is None:
            self.app.show_notice("nothing is known of the incident yet; ] goes on")
            return
        early = not self.in_incident_time and self.view.state is not None and not self.view.state.facts
        if early and self.view.drill:
            self.app.show_notice("no fact is known yet, so there is nothing to see at any time; f shows the first")
            return
        self._pause()
        known = ""
        if self.in_incident_time:
            playback.scale, playback.speed, self.view.cursor = "investigation", self._own_speed, None
            seq, offset = self._left_at or self._goal
            self._left_at = None
            self.seek_to(seq, offset=offset)
        else:
            self._own_speed = playback.speed
            if early and self.recording is not None:
                # Of what is not known yet there is nothing to see at any time.
                self._left_at = self._goal
                self.seek_to(len(self.recording))
                known = ", as it was known at the end"
            playback.scale = "incident"
            wanted = (span[1] - span[0]).total_seconds() / WHOLE_S
            playback.speed = min(INCIDENT_SPEEDS, key=lambda speed: abs(speed - wanted))
            self.put_cursor(self.view.cursor or span[0])
        self.app.show_notice(f"played now: the time of the {playback.scale}{known}")

    def action_step(self, by: int) -> None:
        self._pause()
        if self.in_incident_time:
            self.timeline.move(by)
        else:
            self.seek_to(self._goal[0] + by)

    def action_speed(self, by: int) -> None:
        speeds = INCIDENT_SPEEDS if self.in_incident_time else SPEEDS
        at = min(range(len(speeds)), key=lambda index: abs(speeds[index] - self.playback.speed))
        self.playback.speed = speeds[max(0, min(len(speeds) - 1, at + by))]
        self.dirty()

    def action_loop(self) -> None:
        """Begin again at the end, or stop there."""
        self.playback.loop = not self.playback.loop
        self.dirty()

    def action_seek_end(self, end: int) -> None:
        self._pause()
        span = span_of(self.view)
        if self.in_incident_time and span is not None:
            self.put_cursor(span[0] if end < 0 else span[1])
        elif self.recording is not None:
            self.seek_to(1 if end < 0 else len(self.recording))

    def action_next_event(self, kind: EventKind, by: int = 1) -> None:
        """To the next event of a kind, or the one before."""
        recording = self.recording
        if recording is None:
            return
        if self.in_incident_time:
            self.action_scale()
        self._pause()
        seq = recording.next_of(kind, self._goal[0], by)
        if seq:
            self.seek_to(seq)
            return
        where = "after" if by > 0 else "before"
        reading = "" if recording.learned == len(recording) else "; the log is still being read"
        self.app.show_notice(f"there is no {kind} {where} this moment{reading}")

    def action_drill(self) -> None:
        """Hide what is believed, and ask for it."""
        self.app.open_drill(self.execution_id)

    def action_compare(self) -> None:
        """Keep this moment; the second time compare it with the one that was kept."""
        state = self.view.state
        if state is None:
            return
        now = Moment(self.playback.seq, state.copy())
        if self._first_moment is None:
            self._first_moment = now
            self.app.show_notice(f"event {now.seq} is kept: go elsewhere, and = compares")
            return
        first, self._first_moment = self._first_moment, None
        self._pause()
        self.app.push_screen(MomentsPrompt(first, now, self.view.names, self.app.text_styles))

    def action_seek(self) -> None:
        hint = "14:31:07, 2026-11-23T14:31:07Z, or an event's number"
        self.app.push_screen(LinePrompt("GO TO", hint, self.app.text_styles), self._seek_typed)

    def _seek_typed(self, typed: str | None) -> None:
        if not typed or self.recording is None:
            return
        try:
            seq = self.recording.seq_of(typed)
        except UsageError as error:
            self.app.show_notice(str(error), problem=True)
            return
        self._pause()
        self.seek_to(seq)

    def _begin_incident_again(self) -> None:
        span = span_of(self.view)
        if span is not None and (self.view.cursor is None or self.view.cursor >= span[1]):
            self.put_cursor(span[0])

    def action_attach(self) -> None:
        if self.execution_id:
            self.app.open_live(Attach(self.execution_id))

    def action_replay(self) -> None:
        self.app.show_notice("this is the replay; Space plays it")
