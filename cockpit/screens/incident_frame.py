"""The incident screen without its keys: header, answer, panes and footer, painted from the view."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual.containers import Container
from textual.content import Content
from textual.widgets import Input, Static

from cockpit.panes import PaneSpec, Place, pane_specs
from cockpit.screens.footer_keys import footer_keys
from cockpit.screens.layout import FIRST_FOCUS, arrange, arrangement, pane_css
from cockpit.screens.metric_samples import SampleCache
from cockpit.screens.pacing import FRAME_S, Pacing
from cockpit.screens.style import SCREEN_CSS
from cockpit.screens.unavailable import UnavailableKeys
from cockpit.widgets.answer import Answer
from cockpit.widgets.condition_words import condition_sign, condition_word
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult
    from textual.timer import Timer

    from engine.port import EnginePort

__all__ = ["FRAME_S", "IncidentFrame"]


class IncidentFrame(UnavailableKeys):
    """Header, answer, the panes of `cockpit.panes`, footer."""

    CSS = SCREEN_CSS + pane_css(pane_specs())

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.execution_id = ""
        self.zoom = 0
        self.touched = False
        self.painted = 0
        self._painting = self._streamed = False
        self._later: Timer | None = None
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
            self.entry_count = Static("", id="entry-count", markup=False)
            yield self.entry_count
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

    # Painting

    @cached_property
    def pacing(self) -> Pacing:
        """When to paint."""
        return Pacing(self.app.clock)

    def dirty(self, *, streamed: bool = False) -> None:
        """Something changed: paint once, soon, however often this is called until then.

        `streamed`: nobody asked for it, it arrived; that is painted as often as there is time for it.
        """
        if self._painting and (streamed or not self._streamed):
            return
        if self._painting and self._later is None:
            # It is painted next already: a second call would paint twice.
            self._streamed = False
            return
        self._stop_waiting()
        self._painting, self._streamed = True, streamed
        wait = self.pacing.wait_s(streamed=streamed)
        if wait <= 0:
            self.call_next(self.paint)
        else:
            self._later = self.set_timer(wait, self.paint)

    def _stop_waiting(self) -> None:
        if self._later is not None:
            self._later.stop()
            self._later = None

    def paint(self) -> None:
        """Repaint everything that changed."""
        self._stop_waiting()
        self.pacing.begin(streamed=self._streamed)
        self._painting = self._streamed = False
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
        shown = self.app.key_map.shown
        self.footer.show([(shown(key), words) for key, words in self.footer_keys()], self.notice())
        if self.has_class("-typing") and isinstance(self.current, RowPane):
            self.entry_count.update(Content(f"{self.current.count_of_matches()} "))
        self.pacing.end()

    def status_line(self) -> str:
        state = self.view.state
        if state is None:
            return "opening"
        _, word, _ = PHASES[state.phase]
        sign, _, _ = condition_sign(self.view.condition)
        condition = condition_word(self.view.condition, self.view, short=True)
        best = f" · {sanitised(state.hypotheses[0].cause)}" if state.hypotheses else ""
        return f"{sign} {condition} · {word} {elapsed(self.view.elapsed_s)}{best}"

    def footer_keys(self) -> list[tuple[str, str]]:
        """The keys that matter here, most important first."""
        pane, state = self.current.id or "", self.view.state
        nothing = pane == "remediation" and state is not None and not (state.actions or state.runs)
        further = self.view.next_step.has_further(self.view)
        return footer_keys(pane, self.where, self.q_does, nothing=nothing, further=further)

    def notice(self) -> str:
        """The text at the right of the footer."""
        if not isinstance(self.current, RowPane) or not self.current.filter:
            return ""
        return f"filter “{self.current.filter}” · {self.current.count_of_matches()}"

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

    def action_open(self) -> None:
        """Open what the cursor is on."""
        raise NotImplementedError

    # Charts

    def on_detail_pane_wanted(self, event: DetailPane.Wanted) -> None:
        """Fetch the samples of a fact, off the loop."""
        self.run_worker(self._fetch(event.fact, event.answers), group="charts")

    async def _fetch(self, key: str, further: tuple[str, ...]) -> None:
        state = self.view.state
        if state is not None and key in state.facts:
            fact = state.facts[key].fact
            self.detail.charts[key] = await self._samples.samples_of(fact, self.port, further)
            self.detail.companions.others[key] = self._samples.percentiles_of(fact)
            self.dirty()
