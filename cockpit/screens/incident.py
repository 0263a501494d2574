"""The incident screen, common to live and replayed incidents. It draws state and sends commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Container
from textual.widgets import Input, Static

from cockpit.keys import bindings
from cockpit.panes import PaneSpec, Place, pane_specs
from cockpit.screens.copying import copied_text
from cockpit.screens.layout import FIRST_FOCUS, arrange, arrangement, pane_css
from cockpit.screens.metric_samples import SampleCache
from cockpit.screens.style import SCREEN_CSS
from cockpit.screens.unavailable import UnavailableKeys
from cockpit.widgets.answer import Answer
from cockpit.widgets.condition_words import condition_sign
from cockpit.widgets.detail import DetailPane
from cockpit.widgets.draw import sanitised
from cockpit.widgets.footer import Footer
from cockpit.widgets.header import Header
from cockpit.widgets.pane import Pane
from cockpit.widgets.rows import RowPane
from cockpit.widgets.timeline import TimelinePane
from cockpit.widgets.too_small import TooSmall
from cockpit.widgets.view import Subject, View
from cockpit.widgets.words import PHASES, elapsed
from primitives.errors import CloudopsError
from primitives.text import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from engine.port import EnginePort

__all__ = ["FRAME_S", "IncidentScreen"]

FRAME_S = 1 / 30
"""The shortest time between two paints."""


class IncidentScreen(UnavailableKeys):
    """Header, the panes of `cockpit.panes`, footer."""

    CSS = SCREEN_CSS + pane_css(pane_specs())
    BINDINGS: ClassVar[list[Any]] = [*bindings("incident", "replay")]

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.execution_id = ""
        self.zoom = 0
        self.touched = False
        self.painted = 0
        self._painting = False
        self._last_paint = 0.0
        self._samples = SampleCache()

    def compose(self) -> ComposeResult:
        view, styles = self.view, self.app.text_styles
        self.header = Header(view, styles)
        self.answer = Answer(view, styles, id="answer")
        self.footer = Footer(styles)
        self.specs = {spec.id: spec for spec in pane_specs()}
        self.panes = [spec.build(view, styles) for spec in self.specs.values()]
        detail, timeline = self.pane("detail"), self.pane("timeline")
        assert isinstance(detail, DetailPane)
        assert isinstance(timeline, TimelinePane)
        self.detail, self.timeline = detail, timeline
        self.current = self.pane(FIRST_FOCUS)
        self._turns = {spec.key: spec.id for spec in reversed(self.specs.values())}
        yield self.header
        yield self.answer
        with Container(id="body"):
            with Container(id="upper"):
                with Container(id="left"):
                    yield from self._placed("left")
                with Container(id="right"):
                    yield from self._placed("right")
            yield from self._placed("bottom")
        self.entry = Input()
        self.entry.cursor_blink = False
        with Container(id="entry"):
            yield Static(" / ", id="entry-label", markup=False)
            yield self.entry
        yield TooSmall()
        yield self.footer

    def _placed(self, place: Place) -> Iterator[Pane]:
        return (pane for pane in self.panes if self.spec_of(pane).place == place)

    def pane(self, id: str) -> Pane:  # noqa: A002 - the pane's own name for it
        """The pane of this id."""
        return next(pane for pane in self.panes if pane.id == id)

    def spec_of(self, pane: Pane) -> PaneSpec:
        """What is declared of a pane."""
        return self.specs[pane.id or ""]

    def on_mount(self) -> None:
        """Lay out the empty panes, so that the first frame is complete."""
        self.set_class(self.where == "replay", "-replay")
        self.current.focus()
        self._arrange()

    @property
    def port(self) -> EnginePort:
        """The engine."""
        return self.app.port

    def action_approve(self) -> None:
        """Nothing is approved from here; a live incident does otherwise."""
        self.app.show_notice("a replay shows the past: approvals are disabled")

    # Painting

    def dirty(self) -> None:
        """Something changed: paint once, soon, however often this is called until then."""
        if self._painting:
            return
        self._painting = True
        wait = self._last_paint + FRAME_S - self.app.clock.monotonic()
        if wait <= 0:
            self.call_next(self.paint)
        else:
            self.set_timer(wait, self.paint)

    def paint(self) -> None:
        """Repaint everything that changed."""
        self._painting = False
        self._last_paint = self.app.clock.monotonic()
        self.painted += 1
        if self.has_class("-too-small"):
            self.app.show_too_small()
            return
        # The plan has the room until there are facts.
        self.set_class(self.view.state is not None and not self.view.state.facts, "-no-facts")
        for pane in self.panes:
            if pane.display and not self.spec_of(pane).follows:
                pane.repaint()
        if not self.touched:
            # Until somebody moves, the first screen shows what is wrong.
            self.view.subject = Subject("symptom")
        elif isinstance(self.current, RowPane):
            self.view.subject = self.current.subject
        for pane in self.panes:
            if self.spec_of(pane).follows:
                pane.repaint()
        self.header.repaint()
        self.answer.repaint()
        self.footer.show(self.footer_keys(), self.notice())

    def status_line(self) -> str:
        state = self.view.state
        if state is None:
            return "opening"
        _, word, _ = PHASES[state.phase]
        sign, condition, _ = condition_sign(self.view.condition)
        best = f" · {sanitised(state.hypotheses[0].cause)}" if state.hypotheses else ""
        return f"{sign} {condition} · {word} {elapsed(self.view.elapsed_s)}{best}"

    def footer_keys(self) -> list[tuple[str, str]]:
        """The keys that matter here, most important first."""
        keys = [("?", "help"), (":", "command"), ("/", "filter"), ("⏎", "open"), ("y", "copy")]
        if self.spec_of(self.current).moves_time:
            keys[2:4] = [("h l", "time cursor")]
        if self.current is self.timeline:
            keys.insert(3, ("j k", "mark to mark"))
        return [
            *keys,
            ("r", "replay"),
            ("e", "export"),
            ("m", "facts"),
            ("+", "zoom"),
            ("t", "theme"),
            ("q", self.q_does),
        ]

    def notice(self) -> str:
        """The text at the right of the footer."""
        return f"filter “{self.current.filter}”" if isinstance(self.current, RowPane) and self.current.filter else ""

    def restyle(self) -> None:
        """The theme changed: redraw everything."""
        for pane in self.panes:
            pane.text_styles = self.app.text_styles
        self.header.text_styles = self.footer.text_styles = self.answer.text_styles = self.app.text_styles
        self.footer.refresh()
        self.dirty()

    # Layout

    def on_resize(self) -> None:
        """Fold or unfold panes to fit the terminal."""
        super().on_resize()
        self._arrange()

    def _arrange(self) -> None:
        if not self.query("#left"):
            return  # a signal came before the first frame: the screen is being taken down already
        how = arrangement(self.size.width, self.size.height, self.zoom)
        arrange(self, self.panes, self.current, how, hidden=self._out_of_turn())
        self.dirty()

    def _out_of_turn(self) -> list[Pane]:
        """The panes whose key another pane has at present."""
        return [pane for pane in self.panes if self._turns[self.spec_of(pane).key] != pane.id]

    def go_to(self, pane: Pane) -> None:
        """Give a pane the focus."""
        self.remove_class("-typing")
        self.touched = True
        self._turns[self.spec_of(pane).key] = pane.id or ""
        self.current = pane
        self._arrange()
        pane.focus()

    def on_descendant_focus(self) -> None:
        """A click moved the focus."""
        if isinstance(self.focused, Pane) and self.focused is not self.current:
            self.go_to(self.focused)

    def on_row_pane_moved(self) -> None:
        """The cursor is on something else: the detail follows."""
        self.touched = True
        self.dirty()

    def on_row_pane_opened(self) -> None:
        """A second click opens."""
        self.action_open()

    def on_timeline_pane_cursor_moved(self, event: TimelinePane.CursorMoved) -> None:
        """One time cursor for the whole screen."""
        self.view.cursor = event.moment
        self.dirty()

    # Charts

    def on_detail_pane_wanted(self, event: DetailPane.Wanted) -> None:
        """Fetch the samples of a fact, off the loop."""
        self.run_worker(self._fetch(event.fact, event.answers), group="charts")

    async def _fetch(self, key: str, further: tuple[str, ...]) -> None:
        state = self.view.state
        if state is not None and key in state.facts:
            self.detail.charts[key] = await self._samples.samples_of(state.facts[key].fact, self.port, further)
            self.dirty()

    # Keys

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
        if isinstance(self.current, RowPane):
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
        elif self.current is self.detail:
            self.go_to(self._home_of(self.view.subject))
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

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
        """The next or previous match."""
        if isinstance(self.current, RowPane):
            self.current.next_match(by)

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
