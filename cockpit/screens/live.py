"""An investigation that runs, or has run, in this engine or another process's."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from cockpit.exit_summary import ExitSummary
from cockpit.keys import bindings
from cockpit.screens.presence import PresenceScreen
from cockpit.screens.prompts import PlanPrompt, follow_dialogs
from cockpit.screens.stopping import StopPrompt
from cockpit.start_modes import Attach, Start
from cockpit.widgets.draw import sanitised
from cockpit.widgets.view import View
from engine.severity import severity_of
from primitives.errors import CloudopsError, EngineGone

if TYPE_CHECKING:
    from engine.events import Event

__all__ = ["LiveScreen"]

CHUNK = 200
"""Events folded before keys get their turn."""

TICK_S = 0.25
LOOK_TICKS = 8
"""An investigation that has ended is looked at so often: somebody may say something of it elsewhere."""


class LiveScreen(PresenceScreen):
    """Follows an investigation and sends it commands."""

    BINDINGS: ClassVar[list[Any]] = [*bindings("incident", "replay")]

    def __init__(self, start_mode: Start | Attach) -> None:
        title = start_mode.query or start_mode.bundle or "" if isinstance(start_mode, Start) else start_mode.name
        query = start_mode.query or "" if isinstance(start_mode, Start) else ""
        super().__init__(View(title=query or title.rstrip("/").rpartition("/")[2], query=query))
        self.start_mode = start_mode
        self.failure: CloudopsError | None = None
        self._asked = False
        self._cancelled = False
        self._confirmed_ahead = False
        self._applied_at = 0.0
        self._ticks = 0
        self._following = False
        self._watched_at = -math.inf

    def begin(self) -> None:
        """Open the investigation; called when the first frame is on the screen and the engine is there."""
        self.run_worker(self._live(), group="live", exclusive=True)
        self.set_interval(TICK_S, self._tick)

    async def _live(self) -> None:
        try:
            self.execution_id = await self._opened()
        except CloudopsError as error:
            self._fail(error)
            return
        if self.view.state is None:
            self.view.mode = "LIVE"
        self.view.attached = self.app.remote
        self.keep_present()
        await self._follow()

    def catch_up(self) -> None:
        """Follow again where the engine that was followed has left."""
        if not self._following:
            self.run_worker(self._follow(), group="live")

    async def _follow(self) -> None:
        """Fold what happens until the incident is closed."""
        self._following = True
        state = self.view.state
        try:
            async for batch in self.port.follow(self.execution_id, state.seq if state is not None else 0):
                await self._fold(batch)
            if not self._ended:
                raise EngineGone("the engine stopped before the investigation ended; attach again to resume it")
        except CloudopsError as error:
            # An ended investigation is complete, also when its engine has stopped.
            if not self._ended:
                self._fail(error)
        finally:
            self._following = False

    @property
    def _ended(self) -> bool:
        return self.view.state is not None and self.view.state.ended

    async def _opened(self) -> str:
        from engine.port import Investigate

        mode = self.start_mode
        if isinstance(mode, Start):
            live: dict[str, Any] = {} if mode.bundle else self.app.settings.live_request()
            live["playbooks"] = self.app.settings.playbooks()
            request = Investigate(query=mode.query, bundle=mode.bundle, resource=mode.resource, **live)
            return await self.port.investigate(request)
        execution_id = await self.port.resolve(mode.name)
        resumed = await self.port.resume(execution_id, **self.app.settings.live_request())
        state = await self.port.state(execution_id)
        # What was said before isn't said to who comes now, whoever resumed it.
        self.joined_at_seq = state.seq
        if state.ended and not resumed:
            # Of what has ended the store knows the state; a long log would take a while to fold.
            self.execution_id = execution_id
            self._show(state)
        return execution_id

    async def _fold(self, batch: tuple[Event, ...]) -> None:
        from engine.incident import IncidentState

        state = self.view.state or IncidentState()
        for number, event in enumerate(batch):
            state.apply(event)
            if event.who.kind == "person" and event.body.type == "plan_confirmed":
                self.view.you = event.time
            if number % CHUNK == CHUNK - 1:
                self._show(state)
                await self.app.clock.sleep(0)
            self._tell_of_run(event)
            self.tell_what_others_say(event)
        self._show(state)

    def _tell_of_run(self, event: Event) -> None:
        """What a run of an action has come to, as a notice: it may be the only sign while the cursor is elsewhere."""
        if event.body.type in ("action_dispatched", "action_verified", "action_settled"):
            from cockpit.run_words import run_words

            self.app.show_notice(run_words(event.body, event.who))

    def _show(self, state: Any) -> None:
        self.view.state = state
        opened = state.opened
        if opened is not None and not self.view.severity:
            self.view.severity = severity_of(opened.alert)
        if opened is not None:
            self.view.query = opened.query
            self.view.mode = "RECORDED" if opened.origin == "recorded" else "LIVE"
        self._applied_at = self.app.clock.monotonic()
        self._measure()
        self.dirty(streamed=True)
        self._ask_for_plan()
        self.show_runs()
        follow_dialogs(self.app.screen_stack)

    def _measure(self) -> None:
        """Its duration: by the log, and since the last event by our own clock."""
        state = self.view.state
        if state is None or state.opened_at is None or state.updated_at is None:
            return
        if state.opened is not None:
            self.view.now = state.opened.now if state.opened.origin == "recorded" else self.app.clock.now()
            self.view.watched = state.watch.watching
        if state.finished is not None:
            self.view.elapsed_s = state.finished.duration_s
            return
        logged = (state.updated_at - state.opened_at).total_seconds()
        self.view.elapsed_s = logged + self.app.clock.monotonic() - self._applied_at

    def _tick(self) -> None:
        state = self.view.state
        if state is None or self.failure is not None:
            return
        self._ticks += 1
        self.tell_position()
        if self._ticks % LOOK_TICKS == 0:
            self.keep_present()
        if not state.ended:
            self.view.spinner += not self.app.settings.reduced_motion
            self._measure()
            self.dirty(streamed=True)
        elif self._ticks % LOOK_TICKS == 0 and state.closed is None:
            self.catch_up()
            self._watch()

    def _watch(self) -> None:
        """Say that somebody looks: so a live incident's sources are asked again while this screen is open."""
        state, now = self.view.state, self.app.clock.monotonic()
        if state is None or not state.live or self.app.settings.watch_every_s <= 0:
            return
        self.view.now = self.app.clock.now()
        self.dirty()
        if now - self._watched_at >= self.app.settings.watch_every_s:
            self._watched_at = now
            self.run_worker(self._keep_watching(), group="watching", exclusive=True)

    async def _keep_watching(self) -> None:
        from engine.port import Watch

        settings = self.app.settings
        # What can't be asked any more is told by the last reading's age.
        with suppress(CloudopsError):
            await self.port.send(self.execution_id, Watch(every_s=settings.watch_every_s, **settings.live_request()))

    def _ask_for_plan(self) -> None:
        state = self.view.state
        if state is None:
            return
        waiting = state.phase == "planned" and state.confirmed_by is None and not state.cancelling
        if waiting and self._confirmed_ahead:
            self._confirmed_ahead, self._asked = False, True
            self.app.clear_notifications()
            self.confirm()
        elif waiting and not self._asked and self.app.screen is self:
            self._asked = True
            self.app.push_screen(PlanPrompt(state, self.app.text_styles), self._answered)
        elif not waiting and isinstance(self.app.screen, PlanPrompt):
            # Somebody else decided, in another cockpit.
            self.app.screen.dismiss("look")

    def _answered(self, answer: str | None) -> None:
        if answer == "yes":
            self.confirm()
        elif answer == "choose":
            self.action_choose_resource()
        elif answer == "leave":
            self.app.leave(self.exit_code())

    def ask_about(self, resource: str) -> None:
        """Ask the same question about one resource; what waits for its plan to be confirmed is cancelled."""
        state, mode = self.view.state, self.start_mode
        assert state is not None
        if isinstance(mode, Start):
            again = replace(mode, resource=resource)
        elif state.live and state.opened is not None:
            again = Start(query=state.opened.query, resource=resource)
        else:
            # Where the recording lies is not in the log.
            self.app.show_notice(f"investigate the recording with --resource {sanitised(resource)}", problem=True)
            return
        if state.phase == "planned" and state.confirmed_by is None:
            self.cancel()
        self.app.open_live(again)

    def _fail(self, error: CloudopsError) -> None:
        self.failure = error
        if self.view.state is None:
            self.app.refuse(self, error)
            return
        self.view.problem = f"{error}"
        if isinstance(self.app.screen, PlanPrompt):
            self.app.screen.dismiss("look")
        follow_dialogs(self.app.screen_stack)
        self.dirty()

    # Keys

    def footer_keys(self) -> list[tuple[str, str]]:
        keys = super().footer_keys()
        state = self.view.state
        if self.failure is not None:
            return [keys[-1], *keys[:-1], keys[-1]]
        if state is not None and state.phase == "planned":
            return [("y", "RUN THE PLAN"), *[key for key in keys if key[0] != "y"]]
        return keys

    def action_yes(self) -> None:
        """Confirm a plan that waits; else copy."""
        state = self.view.state
        if state is not None and state.phase == "planned" and state.confirmed_by is None:
            self.confirm()
        elif state is not None and state.phase in ("opened", "classified"):
            self._confirmed_ahead = True
            self.app.show_notice("the plan runs as soon as it is made; Esc takes that back")
        else:
            super().action_yes()

    def action_back(self) -> None:
        """Take back a confirmation that was given ahead; else as everywhere."""
        if self._confirmed_ahead:
            self._confirmed_ahead = False
            self.app.show_notice("the plan will wait for you")
        else:
            super().action_back()

    def confirm(self) -> None:
        """Run the read-only plan."""
        from engine.port import ConfirmPlan

        self.run_worker(self._send(ConfirmPlan()), group="commands")

    def cancel(self) -> None:
        """Cancel the investigation."""
        from engine.port import Cancel

        self.run_worker(self._send(Cancel()), group="commands")

    async def _send(self, command: Any) -> None:
        self.spoke()
        try:
            await self.port.send(self.execution_id, command)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)

    @property
    def accepts_keys(self) -> bool:
        return self.view.state is not None or self.failure is not None

    @property
    def running(self) -> bool:
        return self.failure is None and self.view.state is not None and not self.view.state.ended

    def on_unmount(self) -> None:
        """What runs in our own engine keeps running in the list; leaving asks about it."""
        if self.running and not self.view.attached:
            self.app.left_running.add(self.execution_id)

    def exit_summary(self) -> ExitSummary | None:
        state = self.view.state
        if state is None or not self.execution_id:
            return None
        on = "resumes it"
        if state.finished is not None:
            return ExitSummary(self.execution_id, state.finished.status, "replay", "shows it again")
        if state.cancelling or self._cancelled:
            return ExitSummary(self.execution_id, "cancelled", "replay", "shows what was found")
        if self.failure is not None:
            return ExitSummary(self.execution_id, "may have stopped with its engine", "attach", on)
        if self.view.attached:
            return ExitSummary(self.execution_id, "goes on in the process that runs it", "attach", "joins it again")
        waits = state.confirmed_by is None
        return ExitSummary(self.execution_id, "waits for its plan to be confirmed" if waits else "paused", "attach", on)

    def ask_to_stop(self) -> None:
        prompt = StopPrompt(self.execution_id, self.app.text_styles, self._nothing_to_stop, attached=self.view.attached)
        self.app.push_screen(prompt, self._stopped)

    def _nothing_to_stop(self) -> str:
        """Why there is nothing to cancel; empty while there is."""
        state = self.view.state
        if self.failure is not None:
            return "The engine that ran the investigation is gone: nothing can be cancelled from here."
        if self._ended:
            return "The investigation has ended: there is nothing left to stop."
        return "The investigation is being cancelled already." if state is not None and state.cancelling else ""

    def _stopped(self, answer: str | None) -> None:
        if answer == "cancel":
            self.cancel()
        elif answer == "leave":
            self.app.leave(self.exit_code())
        elif answer == "both":
            self.run_worker(self._cancel_and_leave(), group="commands")

    async def _cancel_and_leave(self) -> None:
        from engine.port import Cancel

        if self._ended:
            self.app.leave(self.exit_code())
            return
        self._cancelled = True
        await self._send(Cancel())
        self.app.leave(INTERRUPTED)

    def exit_code(self) -> int:
        if self.failure is not None:
            return self.failure.exit_code
        return exit_code(self.view.state, attached=self.view.attached)


INTERRUPTED = 130
NOT_CONFIRMED = 4


def exit_code(state: Any, *, attached: bool) -> int:
    """0 done; 1 the best cause is UNKNOWN or it failed; 4 the plan was not confirmed; 130 it was cut short."""
    if state is None:
        return INTERRUPTED
    if state.finished is None:
        if attached:
            return 0
        return NOT_CONFIRMED if state.phase == "planned" and not state.cancelling else INTERRUPTED
    if state.finished.status == "cancelled":
        return INTERRUPTED
    known = state.hypotheses and state.hypotheses[0].cause_class.value != "UNKNOWN"
    return 0 if state.finished.status == "completed" and known else 1
