"""The list of stored incidents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Container
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from cockpit.exit_summary import ExitSummary
from cockpit.keys import Where, bindings
from cockpit.places import Place
from cockpit.screens.common import CockpitScreen
from cockpit.screens.prompts import StopPrompt
from cockpit.severity import severity_role
from cockpit.start_modes import Attach
from cockpit.widgets.draw import Line, Part, Styles, cells, cut, draw, sanitised
from cockpit.widgets.footer import Footer
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.too_small import TooSmall
from cockpit.widgets.view import Subject, View
from cockpit.widgets.words import PHASES, ago, percent
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from engine.port import IncidentSummary

__all__ = ["IncidentsPane", "IncidentsScreen"]

ENDED = frozenset({"completed", "cancelled", "failed", "closed"})
REFRESH_S = 2.0
LEAST_REST = 100
"""A list that takes long to read is read anew after so many times as long: looking at it costs 1 % at most."""
INTERRUPTED = 130
NONE_STORED = "No incidents are stored yet; `cloudops investigate` makes the first."


WITH_ID, WITH_CAUSE, ID_WIDTH = 76, 100, 13
ENDS_WIDTH = 15 + 25
"""Cells that sign and state take at the left, confidence and age at the right."""
LEAST_TITLE = 16


def _severity_width(width: int) -> int:
    """The cells of a severity in a line of `width` cells, the blank behind it included."""
    return 10 if width >= WITH_CAUSE else 5


def _title_width(width: int) -> int:
    """The cells of an incident's title in a line of `width` cells."""
    room = width - ENDS_WIDTH - _severity_width(width) - (ID_WIDTH + 2 if width >= WITH_ID else 0)
    return max(LEAST_TITLE, room * 5 // 8 if width >= WITH_CAUSE else room)


class _Title(Widget):
    def __init__(self, styles: Styles) -> None:
        super().__init__(id="header")
        self.text_styles = styles
        self.words = "opening the store"

    def render_line(self, y: int) -> Strip:
        left: list[Part] = (
            [(" CloudOps", "text bold"), ("  incidents", "dim")] if y == 0 else [(f" {self.words}", "dim")]
        )
        return draw(Line(left), self.size.width, self.text_styles, "bar")


class _Columns(Widget):
    """What the columns are, above the list."""

    def __init__(self, styles: Styles) -> None:
        super().__init__(id="columns")
        self.text_styles = styles

    def render_line(self, y: int) -> Strip:
        del y
        width = self.size.width - 2
        severity = _severity_width(width)
        left = f"    {'ANALYSIS':<12}{'SEVERITY'[: severity - 1]:<{severity}}"
        if width >= WITH_ID:
            left += f"{'ID':<{ID_WIDTH}}  "
        left += f"{'INCIDENT':<{_title_width(width) + 2}}" + ("CAUSE" if width >= WITH_CAUSE else "")
        return draw(Line([(left, "dim")], [("SURE     LAST EVENT   ", "dim")]), self.size.width, self.text_styles)


class IncidentsPane(RowPane):
    """The incidents, newest first."""

    pane_title = "Incidents"
    empty = "reading the store …"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incidents: dict[str, IncidentSummary] = {}
        self.severities: dict[str, str] = {}
        self.now: Any = None
        self._rows: list[Row] = []

    def show(self, incidents: Sequence[IncidentSummary]) -> None:
        """List these, from the next repaint on."""
        before = list(self.incidents)
        self.incidents = {incident.execution_id: incident for incident in incidents}
        # The same rows stay the same list, which then isn't gone through again.
        if list(self.incidents) != before:
            self._rows = [Row(key) for key in self.incidents]

    def rows(self) -> Sequence[Row]:
        return self._rows

    def unknown_severities(self) -> list[str]:
        """The incidents on the screen of which nobody has asked the severity yet."""
        seen = self.listed[self.top : self.top + max(self.content_size.height, 0)]
        return [row.key for row in seen if row.key in self.incidents and row.key not in self.severities]

    def subject_of(self, key: str) -> Subject:
        del key
        return Subject()

    def matches(self, key: str, text: str) -> bool:
        incident = self.incidents[key]
        words = (
            key,
            incident.incident_id,
            incident.title,
            incident.query,
            incident.primary_class,
            incident.top_cause,
            incident.phase,
            self.severities.get(key),
        )
        return text in " ".join(word for word in words if word).lower()

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        incident = self.incidents[row.key]
        sign, word, role = PHASES[incident.phase]
        if incident.phase not in ENDED:
            word, role = ("RUNNING", "focus") if incident.running else ("INTERRUPTED", "warning")
        word = word.split()[-1].capitalize()
        left: list[Part] = [(f" {sign} ", role), (f"{word:<12}", role)]
        left.append(self._severity(row.key, _severity_width(width)))
        if width >= WITH_ID:
            left.append((f"{cut(sanitised(incident.execution_id), ID_WIDTH):<{ID_WIDTH}}  ", "dim"))
        title_width = _title_width(width)
        title = cut(sanitised(incident.title), title_width)
        left.append((title + " " * (title_width - cells(title) + 2), "text bold" if selected else "text"))
        if width >= WITH_CAUSE:
            left.append((sanitised(incident.top_cause or incident.primary_class or "no cause yet"), "dim"))
        sure = percent(incident.confidence) if incident.confidence is not None else ""
        age = ago(incident.updated_at, self.now) if self.now else ""
        return Line(left, [(f" {sure:>5}", "text bold"), (f" {age:>14} ", "dim")])

    def _severity(self, key: str, room: int) -> Part:
        severity = self.severities.get(key, "")
        word = sanitised(severity, room - 1).upper()[: room - 1]
        return f"{word:<{room}}", f"{severity_role(severity)} bold" if severity else "dim"

    def footing(self) -> str:
        return f"{len(self.incidents)} stored" if self.incidents else ""


class IncidentsScreen(CockpitScreen):
    """What the store holds."""

    BINDINGS: ClassVar[list[Any]] = [*bindings("list")]
    where: ClassVar[Where] = "list"

    failure: CloudopsError | None = None
    _read_once = False

    def compose(self) -> ComposeResult:
        self.heading = _Title(self.app.text_styles)
        self.pane = IncidentsPane(View(), self.app.text_styles, id="list")
        self.footer = Footer(self.app.text_styles)
        self.entry = Input()
        self.entry.cursor_blink = False
        yield self.heading
        yield _Columns(self.app.text_styles)
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
            incidents = await self.app.port.incidents()
        except CloudopsError as error:
            self._fail(error)
            return
        self.failure = None
        self._read_once = True
        self.pane.empty = NONE_STORED
        self.pane.now = self.app.clock.now()
        self.pane.show(incidents)
        running = sum(1 for incident in incidents if incident.running)
        closed = sum(1 for incident in incidents if incident.phase == "closed")
        self.heading.words = f"{len(incidents)} stored · {running} running · {len(incidents) - closed} open"
        self.heading.refresh()
        self.on_row_pane_moved()

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
        return self._read_once

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
            self.app.push_screen(StopPrompt(execution_id, self.app.text_styles, attached=False), self._stopped)

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
        for widget in (self.heading, self.query_one(_Columns), self.pane, self.footer):
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
