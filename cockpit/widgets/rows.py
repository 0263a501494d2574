"""A pane that is a list: a cursor that stays with its row whatever the list does, a filter, and virtual lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message
from textual.strip import Strip

from cockpit.widgets.draw import Line, draw
from cockpit.widgets.pane import Pane
from cockpit.widgets.view import Subject

if TYPE_CHECKING:
    from textual import events

__all__ = ["Row", "RowPane"]


LONGEST_ITEM = 8
"""Lines of an item that are kept in sight together."""


class Row(NamedTuple):
    """One line of the list. Lines with one `key` belong together and are selected together; `part` tells them apart."""

    key: str
    part: str = ""


class RowPane(Pane):
    """A list of rows, drawn when they are seen.

    The cursor follows its key: a row that moves takes the cursor and, as far as the list allows, its place on the
    screen along. Until somebody moves it, the cursor stays on the first row.
    """

    class Moved(Message):
        """The cursor is on something else: the screen is to repaint it, with all that follows it, in one frame."""

    class Opened(Message):
        """Enter, or a second click, on a row."""

    empty = ""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.filter = ""
        self.top = 0
        self.key: str | None = None
        self.listed: Sequence[Row] = ()
        self._index: dict[str, int] = {}
        self._indexed = 0
        self.total = 0

    def empty_words(self) -> str:
        """What an empty list says."""
        return self.empty

    def rows(self) -> Sequence[Row]:
        """All rows, cheaply: what they say is asked of `line` for those that are seen."""
        raise NotImplementedError

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        """What the row says."""
        raise NotImplementedError

    def subject_of(self, key: str) -> Subject:
        """What the row is about."""
        raise NotImplementedError

    def matches(self, key: str, text: str) -> bool:
        """Whether the row holds `text`, which is in lower case."""
        return text in key.lower()

    def copied(self, key: str) -> str:
        """What `y` copies of the row."""
        return key

    @property
    def keys(self) -> list[str]:
        """The key of each item once, in the list's order."""
        return list(self._index)

    def count_of_matches(self) -> str:
        """How many of all items the filter keeps, and which of them the cursor is on: `2 of 5 · 47 in all`."""
        keys, selected = self.keys, self.current_key()
        at = keys.index(selected) + 1 if selected in keys else 0
        return f"{at} of {len(keys)} · {self.total} in all" if keys else f"none of {self.total}"

    @property
    def selected(self) -> str | None:
        """The key under the cursor."""
        return self.key if self.key in self._index else next(iter(self._index), None)

    @property
    def subject(self) -> Subject:
        """What the cursor is on."""
        selected = self.current_key()
        return self.subject_of(selected) if selected is not None else Subject()

    def current_key(self) -> str | None:
        """The key under the cursor, after a look at what there is now: the state may be another than was painted."""
        self._list()
        return self.selected

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        self._list()
        self._keep_place(height)
        selected = self.selected
        ground = "cursor" if self.has_focus else "ground"
        if not self.listed:
            words = f"nothing matches “{self.filter}”" if self.filter else self.empty_words()
            return [draw(Line([(f" {words}", "dim")]), width, self.text_styles)]
        return [
            draw(
                self.line(row, width, selected=row.key == selected and self.has_focus),
                width,
                self.text_styles,
                ground if row.key == selected and row.key else "ground",
            )
            for row in self.listed[self.top : self.top + height]
        ]

    def _list(self) -> None:
        rows = self.rows()
        if self.filter:
            text = self.filter.lower()
            keys = dict.fromkeys(row.key for row in rows if row.key)
            self.total = len(keys)
            keep = {key for key in keys if self.matches(key, text)}
            rows = [row for row in rows if row.key in keep]
        if rows is not self.listed:
            self.listed, self._index, self._indexed = rows, {}, 0
        # A list of thousands that only grows is gone through once, not with every frame.
        for at in range(self._indexed, len(rows)):
            if rows[at].key:
                self._index.setdefault(rows[at].key, at)
        self._indexed = len(rows)

    def _keep_place(self, height: int) -> None:
        at = self._line_of(self.selected)
        span = self._span_of(self.selected)
        if self.key is not None and self._place is not None and self._place[0] == self.key:
            self.top = at - self._place[1]
        if at + span > self.top + height:
            self.top = at + span - height
        self.top = max(0, min(self.top, at, max(0, len(self.listed) - height)))
        self._place = (self.key, at - self.top) if self.key is not None else None

    _place: tuple[str, int] | None = None

    def _line_of(self, key: str | None) -> int:
        return self._index.get(key or "", 0)

    def _span_of(self, key: str | None) -> int:
        begin = self._line_of(key)
        return max(1, sum(1 for row in self.listed[begin : begin + LONGEST_ITEM] if row.key == key))

    def move(self, by: int) -> None:
        """Move the cursor by so many items of those on the screen: a person means the row that is to be seen there."""
        seen = self._beside(by)
        self._list()
        goal = seen if seen in self._index else self._beside(by)
        if goal is not None:
            self.select(goal)

    def _beside(self, by: int) -> str | None:
        """The key so many items away; to the ends of the list, however far."""
        selected = self.selected
        if selected is not None and len(self._index) == len(self.listed):
            # One line for each item: its place is known.
            return self.listed[max(0, min(len(self.listed) - 1, self._index[selected] + by))].key
        keys = self.keys
        at = keys.index(selected) if selected is not None else 0
        return keys[max(0, min(len(keys) - 1, at + by))] if keys else None

    def select(self, key: str) -> None:
        """Put the cursor on `key`."""
        self.key = key
        self._place = None
        # To the screen itself: from parent to parent it would come after the next frame.
        self.screen.post_message(self.Moved())

    def next_match(self, by: int) -> None:
        """To the next item of the filtered list, around its end."""
        selected, keys = self.current_key(), self.keys
        if keys:
            at = keys.index(selected) if selected in keys else 0
            self.select(keys[(at + by) % len(keys)])

    def set_filter(self, text: str) -> None:
        """Show the rows that hold `text` alone."""
        self.filter = text
        self.top = 0
        self._place = None
        self.repaint()
        self.post_message(self.Moved())

    def toggle(self, *, unfold: bool | None = None) -> bool:
        """Fold or unfold what the cursor is on; whether there was anything to fold."""
        del unfold
        return False

    def on_click(self, event: events.Click) -> None:
        at = self.top + event.y - 1
        if 0 <= at < len(self.listed) and self.listed[at].key:
            again = self.listed[at].key == self.selected
            self.select(self.listed[at].key)
            if again:
                self.post_message(self.Opened())

    def on_mouse_scroll_down(self) -> None:
        self.move(1)

    def on_mouse_scroll_up(self) -> None:
        self.move(-1)
