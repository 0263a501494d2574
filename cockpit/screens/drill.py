"""A drill: a replay that hides what is believed, asks for the diagnosis, then shows and scores it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cockpit.drill import CAUSE, EARLY, RESOURCE, causes_to_choose, chosen_cause, right_cause, score_of
from cockpit.screens.prompts import CLOSING, LinePrompt, Modal, Prompt
from cockpit.screens.replay import ReplayScreen
from cockpit.widgets.draw import Line, Styles, sanitised, wrap
from cockpit.widgets.words import percent
from primitives.errors import CloudopsError
from primitives.quantities import counted

if TYPE_CHECKING:
    from cockpit.drill import Score
    from engine.hypotheses import Hypothesis
    from engine.incident import IncidentState

__all__ = ["DrillResult", "DrillScreen"]

HIDDEN: dict[str, Any] = {
    "hypotheses": (), "would_change": (), "decisive": (), "findings": (), "gaps": (), "classification": None,
}  # fmt: skip


class DrillScreen(ReplayScreen):
    """The replay without hypotheses, findings and actions until the diagnosis is made."""

    _whole: IncidentState | None = None
    _asking = False

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.view.drill = True

    def begin(self) -> None:
        super().begin()
        self.app.show_notice("DRILL: f shows the next fact, A says what it is")

    def shown(self, state: IncidentState) -> IncidentState:
        self._whole = state
        if not self.view.drill:
            return state
        masked = state.replaced(**HIDDEN).copy()
        masked.remediation.proposed = ()
        masked.remediation.runs.clear()
        return masked

    def near(self) -> IncidentState | None:
        return self._whole

    def footer_keys(self) -> list[tuple[str, str]]:
        keys = super().footer_keys()
        if not self.view.drill:
            return keys
        return [("?", "help"), ("f", "next fact"), ("A", "SAY WHAT IT IS"), *keys[2:]]

    def action_diagnose(self) -> None:
        """Ask what it is."""
        if not self.view.drill:
            self.app.show_notice("the drill is over; D in the list starts another")
        elif self.recording is not None and not self._asking:
            self._asking = True
            self.run_worker(self._ask_for_cause(), group="drill", exclusive=True)

    async def _ask_for_cause(self) -> None:
        try:
            end = await self.port.state(self.execution_id)
            right_cause(end)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
            return
        finally:
            self._asking = False
        self._pause()
        choices = causes_to_choose(end)
        listed = "\n".join(f"{number}  {sanitised(known.cause)}" for number, known in enumerate(choices, 1))
        prompt = ChoicePrompt(listed, self.app.text_styles)
        self.app.push_screen(prompt, lambda typed: self._answered(typed, choices, end))

    def _answered(self, typed: str | None, choices: list[Hypothesis], end: IncidentState) -> None:
        if not typed:
            return
        try:
            chosen = chosen_cause(choices, typed)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
            return
        seen = len(self._whole.facts) if self._whole is not None else 0
        score = score_of(chosen, seen, end)
        self.view.drill = False
        self.action_seek_end(1)
        self.app.push_screen(DrillResult(chosen, right_cause(end), score, self.app.text_styles))


class ChoicePrompt(LinePrompt):
    """What there is to choose from with its numbers, and a line for one of it."""

    def __init__(
        self,
        listed: str,
        styles: Styles,
        *,
        title: str = "WHAT IS IT?",
        hint: str = "a number, or words of a cause · Enter shows what it was",
    ) -> None:
        super().__init__(title, hint, styles)
        self._listed = listed

    def _lines(self, width: int) -> list[Line]:
        choices = [Line([(part, "text")]) for line in self._listed.splitlines() for part in wrap(line, width)]
        return [*choices, Line(), *super()._lines(width)]


class DrillResult(Modal):
    """What was chosen, what it was, and the points for it."""

    BINDINGS: ClassVar[list[Any]] = [*CLOSING]

    def __init__(self, chosen: Hypothesis, right: Hypothesis, score: Score, styles: Styles) -> None:
        super().__init__()
        self._chosen = chosen
        self._right = right
        self._score = score
        self._styles = styles

    def prompt(self) -> Prompt:
        return Prompt(self._lines, self._styles, f"DRILL: {self._score.total} OF 100", "Esc shows why")

    def _lines(self, width: int) -> list[Line]:
        score, right = self._score, self._right
        same = self._chosen.id == right.id
        sign, role = ("✓ right", "good bold") if same else ("✗ not that", "bad bold")
        lines = [Line([(f"{sign}: ", role), (sanitised(self._chosen.cause), "text bold")])]
        if not same:
            lines.append(Line([("It was: ", "dim"), (sanitised(right.cause), "text bold")]))
        lines.append(Line())
        for points, most, words in (
            (score.cause, CAUSE, "the cause"),
            (score.resource, RESOURCE, "the resource"),
            (score.early, EARLY, f"said after {score.seen} of {counted(score.facts, 'fact')}"),
        ):
            lines.append(Line([(f"{points:>4} of {most}  ", "focus bold" if points else "dim"), (words, "text")]))
        truth = f"Scored against the investigation, which is {percent(right.confidence)} sure and can be wrong."
        return [*lines, Line(), *(Line([(line, "dim")]) for line in wrap(truth, width))]
