"""The recommended actions, and what became of those that were executed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, cells, cut, sanitised, wrap
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.runs import run_part
from cockpit.widgets.view import Subject
from primitives.quantities import duration

if TYPE_CHECKING:
    from engine.hypotheses import Action

__all__ = ["URGENCY", "RemediationPane"]

URGENCY = {"HIGH": ("HIGH", "bad"), "MEDIUM": ("MED ", "warning"), "LOW": ("LOW ", "good")}


ONE_LINE_WIDTH = 98
INDENT = " " * 9
BESIDE_COMMAND = 29
"""Cells of a folded pane's title and count."""
BESIDE_TERMS = 19
"""Cells of everything in an action's first line but its name and its terms."""
LEAST_NAME = 30
"""Cells of an action's name, at least, beside its terms."""


class RemediationPane(RowPane):
    """The recommended actions, most urgent first, then those that are no longer recommended, dim."""

    empty = "no action is proposed"

    def rows(self) -> Sequence[Row]:
        return [Row(action.id, part) for action in self._actions()
                for part in (self._parts(action) if action.recommended else self._parts_of_former())]  # fmt: skip

    def _actions(self) -> tuple[Action, ...]:
        return self.view.state.actions if self.view.state else ()

    def _recommended(self) -> list[Action]:
        return [action for action in self._actions() if action.recommended]

    def _parts_of_former(self) -> tuple[str, ...]:
        return ("former", "why") if self.content_size.width < ONE_LINE_WIDTH else ("former and why",)

    def _parts(self, action: Action) -> tuple[str, ...]:
        """The lines of an action. Where not all have room for their commands, the one under the cursor has."""
        width, height = self.content_size
        if width < ONE_LINE_WIDTH:
            return ("name", "terms", "command")
        recommended = self._recommended()
        first = self.key if any(each.id == self.key for each in recommended) else self._first.id
        whole = 2 * len(recommended) <= height or action.id == first
        return ("name and terms", "command") if whole and action.command else ("name and terms",)

    @property
    def _first(self) -> Action:
        """The first recommended action that has a command, else the first. Needs one."""
        recommended = self._recommended()
        return next((action for action in recommended if action.command), recommended[0])

    def subject_of(self, key: str) -> Subject:
        return Subject("action", key)

    def matches(self, key: str, text: str) -> bool:
        action = self._action(key)
        return text in f"{action.action} {action.command} {action.resource}".lower()

    def copied(self, key: str) -> str:
        return self._action(key).command

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        action = self._action(row.key)
        if not action.recommended:
            return _former(action, row.part)
        command: Part = (
            (f"$ {sanitised(action.command)}", "measured")
            if action.command
            else (sanitised(action.command_note), "dim")
        )
        if row.part == "command":
            return Line([(INDENT, "dim"), command])
        effect: Part = (f"{action.effect:<6}", "good" if action.effect == "read" else "warning bold")
        terms = self._terms(action)
        if row.part == "terms":
            return Line([(INDENT, "dim"), effect, terms])
        word, role = URGENCY[action.urgency]
        left: list[Part] = [(f" {action.priority:>2} ", "dim"), (f"{word} ", role)]
        name: Part = (sanitised(action.action), "text bold" if selected else "text")
        if row.part == "name":
            return Line([*left, name])
        fitted = _fit(name[0], self._name_width(width))
        return Line([*left, (f"{fitted}  ", name[1]), effect, (" ", "dim"), terms])

    def _name_width(self, width: int) -> int:
        """Cells of the names: all of the longest, but for what the terms need, which say whether it can run."""
        recommended = self._recommended()
        terms = max(cells(self._terms(action)[0]) for action in recommended)
        longest = max(cells(sanitised(action.action)) for action in recommended)
        return min(longest, max(width - terms - BESIDE_TERMS, LEAST_NAME))

    def _terms(self, action: Action) -> Part:
        """Its risk and time; of an action that was asked for what became of its latest run."""
        assert self.view.state is not None
        run = next(iter(self.view.state.remediation.runs_of(action.id)), None)
        if run is None:
            return _terms(action), "dim"
        return run_part(run)

    def footing(self) -> str:
        recommended = len(self._recommended())
        former = len(self._actions()) - recommended
        opened = self.view.state.opened if self.view.state is not None else None
        later = " later" if opened is not None and self.view.is_later(opened.now) else ""
        counts = [f"{recommended} proposed{later}"] if recommended else []
        counts += [f"{former} no longer recommended"] if former else []
        return (
            " · ".join([*counts, "a asks for approval" if self._runs else "nothing runs from here"]) if counts else ""
        )

    @property
    def _runs(self) -> bool:
        """Whether an action can be executed from this screen."""
        return self.view.state is not None and self.view.state.live and self.view.mode == "LIVE"

    def summary(self) -> Line:
        recommended = self._recommended()
        if not recommended:
            return Line([(self.empty, "dim")])
        first = self._first
        count = f"{len(recommended)} proposed "
        if first.command:
            # What it does is the answer's next step; here is how.
            return Line([(self._command_lines(first)[0], "measured")], [(count, "dim")])
        word, role = URGENCY[first.urgency]
        return Line([(f"{word} ", role), (sanitised(first.action), "text")], [(count, "dim")])

    def _command_lines(self, action: Action) -> list[str]:
        """The command in lines of a folded pane, of which the first has the pane's title and the count beside it."""
        width = self.content_size.width
        first, *rest = wrap(f"$ {sanitised(action.command)}", max(width - BESIDE_COMMAND, 20))
        return [first, *wrap(" ".join(rest), max(width - len(INDENT) - cells(self._still), 20))] if rest else [first]

    @property
    def _still(self) -> str:
        """What says that nothing runs from here, where that is so."""
        return "" if self._runs else " nothing runs from here "

    def below_summary(self, width: int, height: int) -> list[Line]:
        del width
        recommended = self._recommended()
        if not recommended:
            return []
        rest = self._command_lines(self._first)[1:] if self._first.command else []
        lines = [Line([(f"{INDENT}{words}", "measured")]) for words in rest]
        others = (action for action in recommended if action is not self._first)
        lines += [
            Line([(f"{INDENT}{URGENCY[action.urgency][0]} ", URGENCY[action.urgency][1]),
                  (sanitised(action.action), "text"),
                  ("" if action.command else f" · {sanitised(action.command_note)}", "dim")])
            for action in others
        ]  # fmt: skip
        if self._still:
            first = lines[0] if lines else Line()
            lines[:1] = [Line(first.left, [(self._still, "dim")])]
        return lines[:height]

    def heading(self) -> str:
        wide = self.content_size.width >= ONE_LINE_WIDTH
        return f"{self.pane_title} · HIGH, MED, LOW: how urgent" if wide and self._recommended() else self.pane_title

    def _action(self, key: str) -> Action:
        return next(action for action in self._actions() if action.id == key)


def _former(action: Action, part: str) -> Line:
    why = f"no longer recommended: {sanitised(action.not_recommended)}"
    if part == "why":
        return Line([(INDENT, "dim"), (why, "dim")])
    name: Part = (f"  –      {sanitised(action.action)}", "dim")
    return Line([name] if part == "former" else [name, (f"  {why}", "dim")])


def _terms(action: Action) -> str:
    costs = [f"risk {action.risk}", f"~{duration(action.estimated_duration_s)}"]
    needs = ["needs approval"] if action.requires_approval else []
    of = [f"playbook {sanitised(action.playbook)}"] if action.playbook else []
    # Whether it can run at all comes before what it would cost.
    parts = [*costs, *needs, *of] if action.command else [*needs, sanitised(action.command_note), *of]
    return " · ".join(part for part in parts if part)


def _fit(text: str, width: int) -> str:
    short = cut(text, width)
    return short + " " * (width - cells(short))
