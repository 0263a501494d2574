"""Pane 5: what could be done about it. Nothing runs from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, cells, cut, said
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from primitives.units import duration

if TYPE_CHECKING:
    from engine.hypotheses import Action

__all__ = ["URGENCY", "RemediationPane"]

URGENCY = {"HIGH": ("HIGH", "bad"), "MEDIUM": ("MED ", "warning"), "LOW": ("LOW ", "good")}


class RemediationPane(RowPane):
    """The proposed actions, most urgent first."""

    number = "5"
    name_shown = "Remediation"
    empty = "no action is proposed"

    def rows(self) -> Sequence[Row]:
        return [Row(action.id) for action in self.view.state.actions] if self.view.state else ()

    def subject_of(self, key: str) -> Subject:
        return Subject("action", key)

    def matches(self, key: str, text: str) -> bool:
        action = self._action(key)
        return text in f"{action.action} {action.command} {action.resource}".lower()

    def copied(self, key: str) -> str:
        return self._action(key).command

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        action = self._action(row.key)
        word, role = URGENCY[action.urgency]
        actions = self.view.state.actions if self.view.state else ()
        name_width = max(24, min(max(cells(said(one.action)) for one in actions), int(width * 0.36)))
        terms_width = max(cells(_terms(one)) for one in actions)
        left: list[Part] = [(f" {action.priority:>2} ", "dim"), (f"{word} ", role)]
        left.append((f"{_fit(said(action.action), name_width)}  ", "text bold" if selected else "text"))
        left.append((f"{action.effect:<6} ", "good" if action.effect == "read" else "warning bold"))
        left.append((f"{_fit(_terms(action), terms_width)}  ", "dim"))
        if width >= 70:
            left.append((f"$ {said(action.command)}", "measured"))
        return Line(left)

    def footing(self) -> str:
        count = len(self.view.state.actions) if self.view.state else 0
        return f"{count} proposed · nothing runs from here" if count else ""

    def summary(self) -> Line:
        if self.view.state is None or not self.view.state.actions:
            return Line([(self.empty, "dim")])
        first = self.view.state.actions[0]
        word, role = URGENCY[first.urgency]
        count = f"{len(self.view.state.actions)} proposed "
        return Line([(f"{word} ", role), (said(first.action), "text")], [(count, "dim")])

    def _action(self, key: str) -> Action:
        assert self.view.state is not None
        return next(action for action in self.view.state.actions if action.id == key)


def _terms(action: Action) -> str:
    needs = "needs approval" if action.requires_approval else "no approval needed"
    return f"risk {action.risk} · ~{duration(action.estimated_duration_s)} · {needs}"


def _fit(text: str, width: int) -> str:
    short = cut(text, width)
    return short + " " * (width - cells(short))
