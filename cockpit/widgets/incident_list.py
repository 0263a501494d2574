"""The widgets of the list of stored incidents: its title, its columns, its lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.strip import Strip
from textual.widget import Widget

from cockpit.severity import severity_role
from cockpit.widgets.draw import Line, Part, Styles, cells, cut, draw, sanitised
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from cockpit.widgets.words import PHASES, ago, percent

if TYPE_CHECKING:
    from engine.port import IncidentSummary

__all__ = ["IncidentsPane", "ListColumns", "ListTitle"]

ENDED = frozenset({"completed", "cancelled", "failed", "closed"})
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


class ListTitle(Widget):
    """The name of the screen, and how many incidents there are."""

    def __init__(self, styles: Styles) -> None:
        super().__init__(id="header")
        self.text_styles = styles
        self.words = "opening the store"

    def render_line(self, y: int) -> Strip:
        left: list[Part] = (
            [(" CloudOps", "text bold"), ("  incidents", "dim")] if y == 0 else [(f" {self.words}", "dim")]
        )
        return draw(Line(left), self.size.width, self.text_styles, "bar")


class ListColumns(Widget):
    """What the columns are, above the list."""

    def __init__(self, styles: Styles) -> None:
        super().__init__(id="columns")
        self.text_styles = styles

    def render_line(self, y: int) -> Strip:
        del y
        width = self.size.width - 2
        severity = _severity_width(width)
        left = f"    {'ANALYSIS':<12}{'SEVERITY' if severity > len('SEVERITY') else 'SEV':<{severity}}"
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
        self._whole = True

    def show(self, incidents: Sequence[IncidentSummary], *, whole: bool = True) -> None:
        """List these, from the next repaint on; `whole`: these are all that are stored."""
        self._whole = whole
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
        words = f"{len(self.incidents)} stored" if self._whole else f"the newest {len(self.incidents)}"
        return words if self.incidents else ""
