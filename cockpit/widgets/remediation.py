"""Pane 5: what could be done about it. Nothing runs from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, cells, cut, sanitised
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from primitives.units import duration

if TYPE_CHECKING:
    from engine.hypotheses import Action

__all__ = ["URGENCY", "RemediationPane"]

URGENCY = {"HIGH": ("HIGH", "bad"), "MEDIUM": ("MED ", "warning"), "LOW": ("LOW ", "good")}


ONE_LINE_WIDTH = 98
INDENT = " " * 9
TERMS_ROOM = 60
"""Cells of everything in an action's first line but its name."""


class RemediationPane(RowPane):
    """The proposed actions, most urgent first."""

    number = "5"
    name_shown = "Remediation"
    empty = "no action is proposed"

    def rows(self) -> Sequence[Row]:
        actions = self.view.state.actions if self.view.state else ()
        return [Row(action.id, part) for action in actions for part in self._parts(len(actions))]

    def _parts(self, actions: int) -> tuple[str, ...]:
        """The lines of an action: as many as it takes to read it, or one where the pane is too low for that."""
        width, height = self.content_size
        if width < ONE_LINE_WIDTH:
            return ("name", "terms", "command")
        return ("name and terms", "command") if 2 * actions <= height else ("all",)

    def subject_of(self, key: str) -> Subject:
        return Subject("action", key)

    def matches(self, key: str, text: str) -> bool:
        action = self._action(key)
        return text in f"{action.action} {action.command} {action.resource}".lower()

    def copied(self, key: str) -> str:
        return self._action(key).command

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        action = self._action(row.key)
        command: Part = (f"$ {sanitised(action.command)}", "measured")
        if row.part == "command":
            return Line([(INDENT, "dim"), command])
        effect: Part = (f"{action.effect:<6}", "good" if action.effect == "read" else "warning bold")
        if row.part == "terms":
            return Line([(INDENT, "dim"), effect, (_terms(action), "dim")])
        word, role = URGENCY[action.urgency]
        left: list[Part] = [(f" {action.priority:>2} ", "dim"), (f"{word} ", role)]
        name: Part = (sanitised(action.action), "text bold" if selected else "text")
        if row.part == "name":
            return Line([*left, name])
        actions = self.view.state.actions if self.view.state else ()
        longest = max(cells(sanitised(other.action)) for other in actions)
        if row.part == "name and terms":
            fitted = _fit(name[0], min(longest, width - TERMS_ROOM))
            return Line([*left, (f"{fitted}  ", name[1]), effect, (f" {_terms(action)}", "dim")])
        fitted = _fit(name[0], max(24, min(longest, int(width * 0.42))))
        terms = _fit(_terms(action), max(cells(_terms(other)) for other in actions))
        return Line([*left, (f"{fitted}  ", name[1]), effect, (f" {terms}  ", "dim"), command])

    def footing(self) -> str:
        count = len(self.view.state.actions) if self.view.state else 0
        return f"{count} proposed · nothing runs from here" if count else ""

    def summary(self) -> Line:
        if self.view.state is None or not self.view.state.actions:
            return Line([(self.empty, "dim")])
        first = self.view.state.actions[0]
        word, role = URGENCY[first.urgency]
        count = f"{len(self.view.state.actions)} proposed "
        return Line([(f"{word} ", role), (sanitised(first.action), "text")], [(count, "dim")])

    def _action(self, key: str) -> Action:
        assert self.view.state is not None
        return next(action for action in self.view.state.actions if action.id == key)


def _terms(action: Action) -> str:
    needs = " · needs approval" if action.requires_approval else ""
    return f"risk {action.risk} · ~{duration(action.estimated_duration_s)}{needs}"


def _fit(text: str, width: int) -> str:
    short = cut(text, width)
    return short + " " * (width - cells(short))
