"""The list of stored incidents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Container
from textual.widgets import Input, Static

from cockpit.exit_summary import ExitSummary
from cockpit.keys import Where, bindings
from cockpit.places import Place
from cockpit.screens.common import CockpitScreen
from cockpit.screens.prompts import follow_dialogs
from cockpit.screens.stopping import StopPrompt
from cockpit.start_modes import Attach
from cockpit.widgets.draw import sanitised
from cockpit.widgets.footer import Footer
from cockpit.widgets.incident_list import IncidentsPane, ListColumns, ListTitle
from cockpit.widgets.too_small import TooSmall
from cockpit.widgets.view import View
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from engine.port import IncidentSummary

__all__ = ["IncidentsScreen"]

REFRESH_S = 2.0
LEAST_REST = 100
"""A list that takes long to read is read anew after so many times as long: looking at it costs 1 % at most."""
FIRST_PAGE = 200
"""Incidents that are shown before the others are read: more than any terminal has lines."""
INTERRUPTED = 130
NONE_STORED = "No incidents are stored yet; `cloudops investigate` makes the first."


class IncidentsScreen(CockpitScreen):
    """What the store holds."""

    BINDINGS: ClassVar[list[Any]] = [*bindings("list")]
    where: ClassVar[Where] = "list"

    failure: CloudopsError | None = None
    _read_once = False

    def compose(self) -> ComposeResult:
        self.heading = ListTitle(self.app.text_styles)
        self.pane = IncidentsPane(View(), self.app.text_styles, id="list")
        self.footer = Footer(self.app.text_styles)
        self.entry = Input()
        self.entry.cursor_blink = False
        yield self.heading
        yield ListColumns(self.app.text_styles)
        yield self.pane
        with Container(id="entry"):
            yield Static(" / ", id="entry-label", markup=False)
            yield self.entry
        yield TooSmall()
        yield self.footer

    def on_mount(self) -> None:
        """Show the frame before the list is read."""
        self.pane.focus()
        keys = [
            ("⏎", "open"),
            ("r", "replay"),
            ("/", "filter"),
            ("y", "copy id"),
            ("?", "help"),
            ("t", "theme"),
            ("q", "quit"),
        ]
        self.footer.show([(self.app.key_map.shown(key), words) for key, words in keys])

    def begin(self) -> None:
        """Read the list; called when the engine is there."""
        self._read_soon()

    def _read_soon(self) -> None:
        self.run_worker(self._read(), group="list", exclusive=True)

    async def _read(self) -> None:
        begun = self.app.clock.monotonic()
        await self._read_list()
        rest = LEAST_REST * (self.app.clock.monotonic() - begun)
        self.set_timer(max(REFRESH_S, rest), self._read_soon)

    async def _read_list(self) -> None:
        try:
            incidents = await self._stored()
        except CloudopsError as error:
            self._fail(error)
            return
        self.failure = None
        self._read_once = True
        self.pane.empty = NONE_STORED
        running = sum(1 for incident in incidents if incident.running)
        closed = sum(1 for incident in incidents if incident.phase == "closed")
        self.heading.words = f"{len(incidents)} stored · {running} running · {len(incidents) - closed} open"
        self._list(incidents)
        self.on_row_pane_moved()
        follow_dialogs(self.app.screen_stack)

    def _list(self, incidents: Sequence[IncidentSummary], *, whole: bool = True) -> None:
        self.pane.now = self.app.clock.now()
        self.pane.show(incidents, whole=whole)
        self.pane.repaint()
        self.heading.refresh()

    async def _stored(self) -> Sequence[IncidentSummary]:
        """All of them; at first the newest are painted before the others are read. Raises `CloudopsError`."""
        if not self._read_once:
            newest = await self.app.port.incidents(FIRST_PAGE)
            if len(newest) < FIRST_PAGE:
                return newest
            self.heading.words = f"the newest {FIRST_PAGE} · reading the others"
            self._list(newest, whole=False)
            painted = asyncio.Event()
            self.call_after_refresh(painted.set)
            await painted.wait()
        return await self.app.port.incidents()

    def on_row_pane_moved(self) -> None:
        """Other rows may be on the screen: paint them, and ask for their severities."""
        self.pane.repaint()
        if self.pane.unknown_severities():
            self.run_worker(self._ask_severities(), group="severities", exclusive=True)

    async def _ask_severities(self) -> None:
        """Each incident's first event holds its alert; only those that are seen are asked for."""
        from engine.severity import severity_of

        for key in self.pane.unknown_severities():
            try:
                first = await self.app.port.read(key, 0, 1)
            except CloudopsError:
                return
            alert = getattr(first[0].body, "alert", None) if first else None
            self.pane.severities[key] = severity_of(alert)
        self.pane.repaint()

    def _fail(self, error: CloudopsError) -> None:
        """A list that was read stays on the screen; without one the cockpit ends with the error."""
        if not self.pane.incidents:
            self.app.fail(error)
            return
        self.failure = error
        self.heading.words = sanitised(error)
        self.heading.refresh()

    def exit_code(self) -> int:
        return self.failure.exit_code if self.failure else 0

    @property
    def accepts_keys(self) -> bool:
        # The newest are listed, and reading the others failed: what is listed can be used.
        return self._read_once or self.failure is not None

    def status_line(self) -> str:
        return self.heading.words

    def _left_running(self) -> str | None:
        """The investigation that was started or resumed here and still runs in our own engine."""
        known = self.pane.incidents
        return next((key for key in self.app.left_running if key in known and known[key].running), None)

    @property
    def running(self) -> bool:
        return self._left_running() is not None

    def ask_to_stop(self) -> None:
        if execution_id := self._left_running():
            prompt = StopPrompt(execution_id, self.app.text_styles, self._nothing_to_stop, attached=False)
            self.app.push_screen(prompt, self._stopped)

    def _nothing_to_stop(self) -> str:
        return "" if self.running else "The investigation has ended: there is nothing left to stop."

    def _stopped(self, answer: str | None) -> None:
        if answer in ("cancel", "both") and (execution_id := self._left_running()):
            self.run_worker(self._cancel(execution_id, leave=answer == "both"), group="commands")
        elif answer == "leave":
            self.app.leave(self.exit_code())

    async def _cancel(self, execution_id: str, *, leave: bool) -> None:
        from engine.port import Cancel

        try:
            await self.app.port.send(execution_id, Cancel())
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
        if leave:
            self.app.leave(INTERRUPTED)

    def exit_summary(self) -> ExitSummary | None:
        execution_id = self._left_running()
        return ExitSummary(execution_id, "paused", "attach", "resumes it") if execution_id else None

    def restyle(self) -> None:
        """The theme changed."""
        for widget in (self.heading, self.query_one(ListColumns), self.pane, self.footer):
            widget.text_styles = self.app.text_styles
            widget.refresh()
        self.pane.repaint()

    @property
    def chosen(self) -> IncidentSummary | None:
        """The incident under the cursor."""
        return self.pane.incidents.get(self.pane.selected or "")

    def on_row_pane_opened(self) -> None:
        """A second click opens."""
        self.action_open()

    def action_open(self) -> None:
        """The incident as it is: running, interrupted (which resumes it), or ended."""
        if (incident := self.chosen) is not None:
            self.app.open_live(Attach(incident.execution_id))

    def places(self) -> Iterable[Place]:
        for key, incident in self.pane.incidents.items():
            yield Place(sanitised(incident.incident_id), sanitised(incident.title), execution=key)
            yield Place(key, sanitised(incident.title), execution=key)

    def go_to_place(self, place: Place) -> None:
        if place.execution in self.pane.incidents:
            self.pane.select(place.execution)
            self.action_open()

    def action_drill(self) -> None:
        """Find the cause of a stored incident yourself."""
        if (incident := self.chosen) is not None:
            self.app.open_drill(incident.execution_id)

    def action_attach(self) -> None:
        """The incident as it is."""
        self.action_open()

    def action_replay(self) -> None:
        """Replay from the beginning."""
        if (incident := self.chosen) is not None:
            self.app.open_replay(incident.execution_id)

    def action_move(self, by: int) -> None:
        """Up or down."""
        self.pane.move(by)

    def action_move_page(self, by: int) -> None:
        """A page up or down."""
        self.pane.move(by * max(self.pane.content_size.height - 1, 1))

    def action_move_to(self, end: int) -> None:
        """First or last."""
        self.pane.move(end * 1_000_000_000)

    def action_filter(self) -> None:
        """Ask what to filter for."""
        self.add_class("-typing")
        self.entry.placeholder = "filter incidents: Enter keeps it, Esc clears it"
        self.entry.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.pane.set_filter(event.value)

    def on_input_submitted(self) -> None:
        """Keep the filter."""
        self.remove_class("-typing")
        self.pane.focus()

    def action_match(self, by: int) -> None:
        """The next or previous match."""
        self.pane.next_match(by)

    def action_back(self) -> None:
        """Out of the filter."""
        self.entry.value = ""
        self.on_input_submitted()
        self.pane.set_filter("")

    def action_yes(self) -> None:
        """Copy the execution's id."""
        if (incident := self.chosen) is not None:
            self.app.copy_to_clipboard(sanitised(incident.execution_id))
            self.app.show_notice(f"copied: {sanitised(incident.execution_id)}")

    def action_screenshot(self) -> None:
        """Save the screen as SVG."""
        self.app.save_picture("cloudops-incidents")
