"""The recommended actions, and what became of those that were executed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, cells, cut, draw, plain, sanitised, wrap
from cockpit.widgets.next_step import look_title, runs_here, waits_for, writes_first
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.runs import run_part
from cockpit.widgets.view import Subject
from primitives.quantities import duration

if TYPE_CHECKING:
    from textual.strip import Strip

    from engine.act.next_look import NextLook
    from engine.hypotheses import Action

__all__ = ["RemediationPane"]

ONE_LINE_WIDTH = 98
INDENT = " " * 4
BESIDE_TERMS = 14
"""Cells of everything in an action's first line but its name and its terms."""
BESIDE_SUMMARY = 16
"""Cells of a folded pane's number and title."""
LOOK = "next-look"
"""The key of the look that no action is."""
LEAST_NAME = 30
"""Cells of an action's name, at least, beside its terms."""


class RemediationPane(RowPane):
    """The recommended actions, the likeliest cause's first, then those that are no longer recommended, dim.

    Where no repair is proposed and no action is the look that tells most, that look stands in front.
    """

    empty = "no action is proposed"

    def rows(self) -> Sequence[Row]:
        return [*self._rows_of_look(), *(Row(action.id, part) for action in self._actions()
                for part in (self._parts(action) if action.recommended else self._parts_of_former()))]  # fmt: skip

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        """Without an action what is to be done by hand, whole: the answer names it as the next step."""
        why = self.view.next_step.unrepaired(self.view).why
        if not why or self.filter or self.rows():
            return super().visible_lines(width, height)
        lines = [Line([(f" {words}", "text")]) for words in wrap(why, max(width - 2, 20))]
        return [draw(line, width, self.text_styles) for line in lines[:height]]

    def _actions(self) -> tuple[Action, ...]:
        return self.view.state.actions if self.view.state else ()

    def _recommended(self) -> list[Action]:
        return [action for action in self._actions() if action.recommended]

    def _rows_of_look(self) -> list[Row]:
        """Its title, and the command in as many lines as it takes: nowhere else it is whole."""
        if (look := self._look) is None:
            return []
        lines = self._how_lines(look)
        return [Row(LOOK, "name"), *(Row(LOOK, str(number)) for number in range(len(lines)))]

    def _how_lines(self, look: NextLook) -> list[str]:
        words = f"$ {sanitised(look.command)}" if look.command else _how(look)
        return wrap(words, max(self.content_size.width - len(INDENT), 20))

    @property
    def _look(self) -> NextLook | None:
        """The look that tells most, where it is none of the actions."""
        look = self.view.next_step.unrepaired(self.view).look
        return look if look is not None and look.how != "action" else None

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
        return Subject() if key == LOOK else Subject("action", key)

    def matches(self, key: str, text: str) -> bool:
        if key == LOOK:
            return self._look is not None and text in f"{self._look.words} {self._look.command}".lower()
        action = self._action(key)
        return text in f"{action.action} {action.command} {action.resource}".lower()

    def copied(self, key: str) -> str:
        if key == LOOK:
            return self._look.command if self._look is not None else ""
        return self._action(key).command

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        if row.key == LOOK:
            return self._line_of_look(row.part, selected=selected)
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
        left: list[Part] = [(f" {action.priority:>2} ", "dim")]
        name: Part = (sanitised(action.action), "text bold" if selected else "text")
        if row.part == "name":
            return Line([*left, name])
        fitted = _fit(name[0], self._name_width(width))
        return Line([*left, (f"{fitted}  ", name[1]), effect, (" ", "dim"), terms])

    def _line_of_look(self, part: str, *, selected: bool) -> Line:
        look = self._look
        assert look is not None
        if part != "name":
            return Line([(f"{INDENT}{self._how_lines(look)[int(part)]}", "measured" if look.command else "dim")])
        tells = f": {sanitised(look.tells)}" if look.tells else ""
        return Line([(INDENT, "dim"), (look_title(look), "text bold" if selected else "text"), (tells, "dim")])

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
            return _terms(action, waits_for(action, self.view, "a")), "dim"
        return run_part(run)

    def footing(self) -> str:
        recommended = len(self._recommended())
        former = len(self._actions()) - recommended
        opened = self.view.state.opened if self.view.state is not None else None
        later = " later" if opened is not None and self.view.is_later(opened.now) else ""
        counts = [f"{recommended} proposed{later}"] if recommended else []
        counts += [f"{former} no longer recommended"] if former else []
        if not counts:
            return self.empty if self._look is not None else ""
        return " · ".join([*counts, "a asks for approval" if runs_here(self.view) else "nothing runs from here"])

    def summary(self) -> Line:
        """The title of what the lines below are about."""
        ordered = self._ordered()
        unrepaired = self.view.next_step.unrepaired(self.view)
        if (look := self._look) is not None:
            title, short = look_title(look), f" {unrepaired.short} "
            room = self.content_size.width - BESIDE_SUMMARY - cells(title)
            return Line([(title, "text")], [(short, "dim")] if cells(short) < room else [])
        if not ordered:
            return Line([(self._why_lines()[0], "dim")])
        first = ordered[0]
        if not first.command:
            note = sanitised(first.command_note or "no command")
            return Line([(sanitised(first.action), "text")], [(f" · {note} ", "warning")])
        return Line([(sanitised(first.action), "text")], [(f" {len(ordered)} proposed ", "dim")])

    def _why_lines(self) -> list[str]:
        """What is to be done by hand, or why nothing is, in lines of a folded pane: the answer has one for it."""
        why = self.view.next_step.unrepaired(self.view).why or self.empty
        first, *rest = wrap(why, max(self.content_size.width - BESIDE_SUMMARY, 20))
        return [first, *wrap(" ".join(rest), max(self.content_size.width - len(INDENT), 20))] if rest else [first]

    def _ordered(self) -> list[Action]:
        """The recommended actions as the answer names them: its next step first."""
        look = self.view.next_step.unrepaired(self.view).look
        ordered = writes_first(self._actions())
        return sorted(ordered, key=lambda action: look is not None and action.id != look.action)

    def repaint(self) -> None:
        width, ordered = self.content_size.width, self._ordered()
        command = self._look.command if self._look is not None else ordered[0].command if ordered else ""
        lacks = bool(ordered) and self._look is None and not command
        self.set_class(lacks or len(list(_command_lines(command, width, 2))) > 1, "-long")
        super().repaint()

    def below_summary(self, width: int, height: int) -> list[Line]:
        """How the title's action is done; then the others. Each command stands under its own title."""
        lines = list(self._lines_below(width, height))[:height]
        still = " nothing runs from here " if lines and self._recommended() and not runs_here(self.view) else ""
        if still and cells(plain(lines[-1].left)) + cells(still) <= width:
            lines[-1] = Line(lines[-1].left, [(still, "dim")])
        return lines

    def _lines_below(self, width: int, height: int) -> Iterator[Line]:
        look, ordered = self._look, self._ordered()
        if look is not None:
            yield from _command_lines(look.command, width, height) if look.command else [_plain(_how(look))]
            return
        if not ordered:
            yield from (_plain(words) for words in self._why_lines()[1:])
        others, lacks = ordered[1:], bool(ordered) and not ordered[0].command
        if lacks:
            # What finds out what is lacking comes before any other repair.
            others.sort(key=lambda action: (action.effect != "read", not action.command))
        elif ordered:
            yield from _command_lines(ordered[0].command, width, height)
        for action in others:
            yield _titled(action)
            if lacks and action.command:
                yield from _command_lines(action.command, width, height - 1)

    def _action(self, key: str) -> Action:
        return next(action for action in self._actions() if action.id == key)


def _former(action: Action, part: str) -> Line:
    why = f"no longer recommended: {sanitised(action.not_recommended)}"
    if part == "why":
        return Line([(INDENT, "dim"), (why, "dim")])
    name: Part = (f"  –      {sanitised(action.action)}", "dim")
    return Line([name] if part == "former" else [name, (f"  {why}", "dim")])


def _command_lines(command: str, width: int, height: int) -> Iterator[Line]:
    """The command in at most `height` lines; one that is too long for them begins further left, and then is cut."""
    words = f"$ {sanitised(command)}"
    indent = INDENT
    lines = wrap(words, max(width - len(indent), 20))
    if len(lines) > height:
        indent, lines = "", wrap(words, max(width, 20))
    last = max(height - 1, 0)
    rest = [cut(" ".join(lines[last:]), width - len(indent))] if lines[last:] else []
    for line in (*lines[:last], *rest):
        yield Line([(f"{indent}{line}", "measured")])


def _plain(words: str) -> Line:
    return Line([(f"{INDENT}{words}", "dim")])


def _titled(action: Action) -> Line:
    note = "" if action.command else f" · {sanitised(action.command_note)}"
    return Line([(f"{action.priority:>3} ", "dim"), (sanitised(action.action), "text"), (note, "dim")])


def _how(look: NextLook) -> str:
    """How it is done where no command does it."""
    return "N asks it, read-only" if look.how == "asks" else "no command: no source of this incident holds it"


def _terms(action: Action, waits: str) -> str:
    """Its risk and time and what it `waits` for; of one without a command why there is none."""
    costs = [f"risk {action.risk}", f"~{duration(action.estimated_duration_s)}"]
    of = [f"playbook {sanitised(action.playbook)}"] if action.playbook else []
    # Whether it can run at all comes before what it would cost.
    parts = [*costs, waits, *of] if action.command else [sanitised(action.command_note), *of]
    return " · ".join(part for part in parts if part)


def _fit(text: str, width: int) -> str:
    short = cut(text, width)
    return short + " " * (width - cells(short))
