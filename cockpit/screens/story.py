"""The story so far on one screen: for whoever joins late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from cockpit.screens.prompts import CLOSING, Modal, Prompt
from cockpit.widgets.answer import Answer
from cockpit.widgets.condition_words import condition_sign, condition_word
from cockpit.widgets.draw import Line, Styles, sanitised, wrap
from cockpit.widgets.marks import marks_of
from cockpit.widgets.presence_words import here_words
from cockpit.widgets.words import PHASES, judged_words, percent, precise
from primitives.quantities import counted

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.incident import IncidentState

__all__ = ["StoryScreen"]

CAUSES_SHOWN, MARKS_SHOWN = 3, 12


class StoryScreen(Modal):
    """What is wrong, what is believed, what happened when, who said what, and what waits."""

    BINDINGS: ClassVar[list[Any]] = [*CLOSING]

    def __init__(self, view: View, styles: Styles) -> None:
        super().__init__()
        self._view = view
        self._styles = styles

    def prompt(self) -> Prompt:
        prompt = Prompt(self._lines, self._styles, "THE STORY SO FAR", "j k scroll · Esc back")
        prompt.add_class("-help")
        return prompt

    def _lines(self, width: int) -> list[Line]:
        state = self._view.state
        assert state is not None
        sections = (
            ("Now", self._now(state, width)),
            ("Believed", self._believed(state, width)),
            ("When", self._when(width)),
            ("Here", _here(self._view)),
            ("Said", _said(state, width)),
            ("Waits", _waits(state)),
        )
        lines: list[Line] = []
        for title, section in sections:
            listed = list(section)
            if listed:
                lines += [Line([(f" {title}", "focus bold")]), *listed]
        return lines

    def _now(self, state: IncidentState, width: int) -> Iterator[Line]:
        sign, _, role = condition_sign(self._view.condition)
        word = condition_word(self._view.condition, self._view, short=False)
        title = sanitised(state.opened.title) if state.opened is not None else ""
        yield Line([(f"   {sign} {word} ", f"{role} bold"), (f"· {title}", "text")])
        asked = f"asked “{sanitised(self._view.query)}” · " if self._view.query else ""
        who = f"opened by {sanitised(state.opened_by.name)}" if state.opened_by is not None else ""
        _, phase, _ = PHASES[state.phase]
        past = len(state.past_facts)
        before = f", and {past} of before it was asked again" if past else ""
        facts = f"{counted(len(state.facts) - past, 'fact')}{before}"
        for line in wrap(f"{asked}{who} · {phase} · {facts}", width - 4):
            yield Line([(f"   {line}", "dim")])

    def _believed(self, state: IncidentState, width: int) -> Iterator[Line]:
        if self._view.drill:
            return
        for known in state.hypotheses[:CAUSES_SHOWN]:
            yield Line(
                [(f"   {known.id:<4}", "dim"), (sanitised(known.cause), "text")],
                [(f"{percent(known.confidence)} ", "text bold")],
            )
        answer = Answer(self._view, self._styles, id="story-answer")
        yield from (Line([("  ", "dim"), *line.left]) for line in answer.lines(width - 4)[1:3])

    def _when(self, width: int) -> Iterator[Line]:
        for mark in marks_of(self._view)[-MARKS_SHOWN:]:
            words = sanitised(mark.description or mark.label)
            for number, line in enumerate(wrap(words, max(width - 17, 10))):
                begin = f"   {precise(mark.time)} {mark.sign} " if number == 0 else " " * 14
                yield Line([(begin, mark.role if number == 0 else "dim"), (line, "text")])


def _here(view: View) -> Iterator[Line]:
    """Who else looks at it now, and at what."""
    yield from (Line([("   ◇ ", "change"), (here_words(viewer, view.me_id), "text")]) for viewer in view.others)


def _said(state: IncidentState, width: int) -> Iterator[Line]:
    """Every judgement and note, with who and when."""
    said = [(f"{key} {judged_words(judged)}", "warning") for key, judged in state.judgements.items()]
    said += [(f"{note.id} {note.by.name} at {note.at:%H:%M}: {note.text}", "text") for note in state.notes.values()]
    for words, role in said:
        for number, line in enumerate(wrap(sanitised(words, 2_000), width - 6)):
            yield Line([("   " if number == 0 else "     ", "dim"), (line, role)])


def _waits(state: IncidentState) -> Iterator[Line]:
    """What waits for a person."""
    if state.phase == "planned":
        yield Line([("   y runs the plan, which only reads", "warning bold")])
    for run in state.runs.values():
        if run.status == "previewed":
            yield Line([(f"   {run.id} waits for approval: {sanitised(run.action.action)}", "warning bold")])
