"""The incident screen, common to live and replayed incidents: what its keys do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Input

from cockpit.places import places_of
from cockpit.screens.copying import copied_text
from cockpit.screens.incident_frame import FRAME_S, IncidentFrame
from cockpit.screens.layout import arrangement
from cockpit.screens.story import StoryScreen
from cockpit.widgets.draw import sanitised
from cockpit.widgets.links import subject_of_id
from cockpit.widgets.pane import Pane
from cockpit.widgets.rows import RowPane
from cockpit.widgets.view import Subject
from primitives.errors import CloudopsError
from primitives.text import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cockpit.places import Place
    from cockpit.widgets.view import View

__all__ = ["FRAME_S", "IncidentScreen"]

LONGEST_TRAIL = 50
"""Jumps that Esc goes back over."""


class IncidentScreen(IncidentFrame):
    """The screen with its keys."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._trail: list[tuple[Pane, str | None, Subject]] = []

    def action_approve(self) -> None:
        """Nothing is approved from here; a live incident does otherwise."""
        self.app.show_notice("a replay shows the past: approvals are disabled")

    def action_pane(self, key: str) -> None:
        """Go to the pane of this key; of panes that share it, to the next one."""
        panes = [pane for pane in self.panes if self.spec_of(pane).key == key]
        at = panes.index(self.current) + 1 if self.current in panes else 0
        self.go_to(panes[at % len(panes)])

    def action_pane_by(self, by: int) -> None:
        """The next or previous pane."""
        seen = [pane for pane in self.panes if pane.display] if not self.has_class("-full") else self.panes
        at = seen.index(self.current) if self.current in seen else 0
        self.go_to(seen[(at + by) % len(seen)])

    def action_swap(self) -> None:
        """Swap plan and facts."""
        self.go_to(self.pane("plan" if self.current.id == "facts" else "facts"))

    def action_move(self, by: int) -> None:
        """Up or down; in the timeline from mark to mark."""
        self.current.move(by)

    def action_move_page(self, by: int) -> None:
        """A page up or down."""
        self.action_move(by * max(self.current.content_size.height - 1, 1))

    def action_move_to(self, end: int) -> None:
        """First or last."""
        self.action_move(end * 1_000_000_000)

    def action_sideways(self, by: int) -> None:
        """The time cursor where a timeline or chart has the focus, else fold and unfold."""
        if self.spec_of(self.current).moves_time:
            self.timeline.move_cursor(by)
        elif isinstance(self.current, RowPane):
            self.current.toggle(unfold=by > 0)

    def action_open(self) -> None:
        """Unfold a hypothesis, or open the detail."""
        self.touched = True
        self.dirty()
        if self.current is self.detail:
            self.on_detail_pane_chosen()
        elif isinstance(self.current, RowPane):
            subject = self.current.subject
            if subject.kind in ("hypothesis", "none") and self.current.toggle():
                return
            if subject.kind != "none":
                self.view.subject = subject
                self.go_to(self.detail)

    def action_back(self) -> None:
        """Leave the filter, the zoom, the time cursor, the detail, or the screen: the first of these that is open."""
        if self.has_class("-typing") or (isinstance(self.current, RowPane) and self.current.filter):
            self.entry.value = ""
            self.on_input_submitted()
            if isinstance(self.current, RowPane):
                self.current.set_filter("")
        elif self.zoom:
            self.zoom = 0
            self._arrange()
        elif self.view.cursor is not None:
            self.view.cursor = None
            self.dirty()
        elif self._trail:
            self._jump_back()
        elif self.current is self.detail:
            self.go_to(self._home_of(self.view.subject))
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def on_detail_pane_chosen(self) -> None:
        """Go to the id that is chosen in the detail."""
        state, name = self.view.state, self.detail.links.chosen
        subject = subject_of_id(state, name) if state is not None and name else None
        if subject is not None:
            self.jump(subject)

    # Going to things by their name

    def places(self) -> Iterable[Place]:
        state = self.view.state
        return places_of(state, self.view.names) if state is not None else ()

    def go_to_place(self, place: Place) -> None:
        self.jump(place.subject)

    def jump(self, subject: Subject) -> None:
        """Go to `subject` in the pane that lists it, else in the detail; Esc comes back to where this was."""
        before = self.current.current_key() if isinstance(self.current, RowPane) else None
        self._trail.append((self.current, before, self.view.subject))
        del self._trail[:-LONGEST_TRAIL]
        self.touched = True
        self.detail.links.chosen = ""
        pane = next((pane for pane in self.panes if subject.kind in self.spec_of(pane).subjects), None)
        if isinstance(pane, RowPane):
            pane.set_filter("")
            pane.select(subject.id)
            if pane.current_key() == subject.id:
                self.go_to(pane)
                return
        # Of several facts on one line only the first has a row; a resource has none.
        self.view.subject = subject
        self.go_to(self.detail)

    def _jump_back(self) -> None:
        pane, key, subject = self._trail.pop()
        if key is not None and isinstance(pane, RowPane):
            pane.select(key)
        self.go_to(pane)
        self.view.subject = subject
        self.dirty()

    def action_report(self) -> None:
        """The postmortem as text."""
        self.run_worker(self._show_report(), group="report", exclusive=True)

    async def _show_report(self) -> None:
        from cockpit.screens.report import ReportScreen, report_text

        try:
            text = await report_text(self.port, self.execution_id)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
        else:
            self.app.push_screen(ReportScreen(text, self.app.text_styles))

    def action_story(self) -> None:
        """What happened so far, on one screen."""
        if self.view.state is None:
            self.app.show_notice("nothing is known yet")
        else:
            self.app.push_screen(StoryScreen(self.view, self.app.text_styles))

    def action_attach(self) -> None:
        """The incident as it is now; a live screen is that already."""
        self.app.show_notice("this is the incident as it is now; r replays it")

    def _home_of(self, subject: Subject) -> Pane:
        hypotheses = self.pane("hypotheses")
        if subject.kind == "fact" and isinstance(hypotheses, RowPane) and hypotheses.subject == subject:
            return hypotheses
        return next((pane for pane in self.panes if subject.kind in self.spec_of(pane).subjects), hypotheses)

    def action_zoom(self, by: int) -> None:
        """Zoom the pane in or out."""
        how = arrangement(self.size.width, self.size.height, 0)
        step = 2 if how == "column" else 1
        self.zoom = max(0, min(2, self.zoom + by * step))
        self._arrange()

    def action_chart_zoom(self, by: int) -> None:
        """Zoom the chart in or out."""
        self._with_chart(lambda: self.detail.zoom_chart(by))

    def action_chart_pan(self, by: int) -> None:
        """Show an earlier or later part of a zoomed chart."""
        if self.detail.window.zoomed:
            self._with_chart(lambda: self.detail.pan_chart(by))
        else:
            self.app.show_notice("the whole chart is shown; z zooms in")

    def _with_chart(self, change: Callable[[], None]) -> None:
        if self.detail.chart is None:
            self._tell_no_chart()
            return
        change()
        self.dirty()

    def _tell_no_chart(self) -> None:
        hidden = self.view.subject.kind in ("fact", "symptom") and (self.detail.folded or not self.detail.display)
        where = "3 goes to it" if hidden else "a metric's fact in pane 1 has one"
        self.app.show_notice(f"no chart is on the screen; {where}")

    def action_chart_beside(self) -> None:
        """What the chart shows beside its own series: other percentiles, the leading cause's series, nothing."""
        self._with_chart(lambda: self.app.show_notice(self.detail.turn_companions()))

    def action_samples(self) -> None:
        """The chart's samples as a table."""
        from cockpit.screens.samples import SamplesScreen

        chart = self.detail.chart
        if chart is None:
            self._tell_no_chart()
            return
        title = self.detail.heading().removesuffix(" · normal range in grey")
        span = (chart.start, chart.end)
        self.app.push_screen(SamplesScreen(title, chart.series, span, chart.band, self.app.text_styles))

    def action_filter(self) -> None:
        """Ask what to filter for."""
        if not isinstance(self.current, RowPane):
            self.go_to(self.pane("facts"))
        assert isinstance(self.current, RowPane)
        self.entry.value = self.current.filter
        self.add_class("-typing")
        self.entry.placeholder = f"filter {self.current.pane_title.lower()}: Enter keeps it, Esc clears it"
        self.entry.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input is self.entry and isinstance(self.current, RowPane):
            self.current.set_filter(event.value)

    def on_input_submitted(self) -> None:
        """Keep the filter."""
        self.remove_class("-typing")
        self.current.focus()

    def action_match(self, by: int) -> None:
        """The next or previous match; in the detail the next or previous id."""
        if isinstance(self.current, RowPane):
            self.current.next_match(by)
        elif self.current is self.detail:
            self.detail.next_link(by)

    def action_yes(self) -> None:
        """Copy what the cursor is on."""
        text = copied_text(self.panes, self.current, self.view, self.specs) or self.execution_id
        if not text:
            self.app.show_notice("nothing to copy here")
            return
        clean = safe_text(text, limit=5_000)
        self.app.copy_to_clipboard(clean)
        self.app.show_notice(f"copied: {sanitised(clean, 80)}")

    def action_export(self) -> None:
        """Write the incident as a bundle into the working directory."""
        self.run_worker(self._export(), group="export", exclusive=True)

    async def _export(self) -> None:
        file = Path.cwd() / f"{self.execution_id}.incident"
        if not self.execution_id:
            self.app.show_notice("nothing to export yet")
            return
        try:
            await self.app.export(self.execution_id, file)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
        else:
            self.app.show_notice(f"exported to {file.name}")

    def action_screenshot(self) -> None:
        """Save the screen as SVG."""
        self.app.save_picture(self.execution_id or "cloudops")

    def action_replay(self) -> None:
        """Replay from what the cursor is on."""
        if not self.execution_id or self.view.state is None:
            self.app.show_notice("there is nothing to replay yet")
            return
        self.app.open_replay(self.execution_id, subject=self.view.subject)

    def action_seek_end(self, end: int) -> None:
        """Go to the beginning or end of the list; in a replay, of the replay."""
        self.action_move_to(end)
