"""What an engineer says of facts and causes, by keys: pin, refute or exclude, undo, add a fact, ask on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.screens.incident import IncidentScreen
from cockpit.screens.prompts import LinePrompt
from cockpit.widgets.draw import sanitised
from cockpit.widgets.rows import RowPane
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from cockpit.widgets.view import Subject
    from engine.port import Statement

__all__ = ["JudgingScreen"]

_NOTHING = "put the cursor on a fact or a hypothesis first"


class OptionalLinePrompt(LinePrompt):
    """A line that may be empty: gives `=` and what was typed, or nothing at all."""

    def answer_of(self, typed: str) -> str:
        return f"={typed}"


class JudgingScreen(IncidentScreen):
    """An incident that people may say something of; `catch_up` fetches what came of it."""

    def catch_up(self) -> None:
        """Follow the log on from what is shown."""
        raise NotImplementedError

    def action_pin(self) -> None:
        """The fact is certain, or the hypothesis right."""
        from engine.port import HoldHypothesis, PinFact

        subject = self._subject()
        if subject is not None:
            fact = subject.kind == "fact"
            self._say(PinFact(fact=subject.id) if fact else HoldHypothesis(hypothesis=subject.id))

    def action_refute(self) -> None:
        """The fact is wrong, or it isn't the hypothesis; asks why."""
        from engine.port import Exclude, RefuteFact

        subject = self._subject()
        if subject is None:
            return
        fact = subject.kind == "fact"
        statement: Statement = RefuteFact(fact=subject.id) if fact else Exclude(what=subject.id)
        title = f"{subject.id} IS WRONG" if fact else f"IT ISN'T {subject.id}"
        self._ask(title, "why? It is kept with your name, and may be empty.", lambda why: self._say(statement, why))

    def action_undo(self) -> None:
        """Take back what was said of the fact or the hypothesis."""
        from engine.port import Undo

        subject = self._subject()
        if subject is not None:
            self._say(Undo(what=subject.id))

    def action_fact(self) -> None:
        """Add a fact about what the cursor is on."""
        from engine.port import AddFact

        about = self._resource()
        where = f"about {sanitised(about)}" if about else "about no resource"
        hint = f"what do you know? It is read as a log message would be, {where}."

        def added(text: str) -> None:
            if text.strip():
                self._say(AddFact(text=text, about=about))

        self._ask("ADD A FACT", hint, added)

    def action_next(self) -> None:
        """Run the next best diagnostic."""
        from engine.port import AskNext

        try:
            self._command(AskNext(**self.app.settings.live_request()))
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)

    def action_diagnostic(self) -> None:
        """Run the look that the cursor is on."""
        from engine.act.looks import look_of
        from engine.port import RunDiagnostic

        subject = self.current.subject if isinstance(self.current, RowPane) else self.view.subject
        if self.view.state is None or subject.kind != "action":
            self.app.show_notice("put the cursor on a look in pane 5; N runs the next best diagnostic")
            return
        try:
            action = look_of(self.view.state, subject.id)
            target = action.arguments
            self._command(RunDiagnostic(primitive=action.primitive, target=target, **self.app.settings.live_request()))
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)

    def _subject(self) -> Subject | None:
        subject = self.current.subject if isinstance(self.current, RowPane) else self.view.subject
        if subject.kind in ("fact", "hypothesis"):
            return subject
        self.app.show_notice(_NOTHING)
        return None

    def _resource(self) -> str | None:
        state = self.view.state
        subject = self.current.subject if isinstance(self.current, RowPane) else self.view.subject
        if state is None:
            return None
        if subject.kind == "fact" and subject.id in state.facts:
            return state.facts[subject.id].fact.resource
        if subject.kind == "hypothesis":
            return next((hypothesis.resource for hypothesis in state.hypotheses if hypothesis.id == subject.id), None)
        return None

    def _ask(self, title: str, hint: str, answered: Any) -> None:
        def told(answer: str | None) -> None:
            if answer:
                answered(answer.removeprefix("="))

        self.app.push_screen(OptionalLinePrompt(title, hint, self.app.text_styles), told)

    def _say(self, statement: Statement, because: str = "") -> None:
        from engine.port import Judge

        self._command(Judge(statements=(statement,), because=because))

    def _command(self, command: Any) -> None:
        if not self.execution_id or self.view.state is None:
            self.app.show_notice("nothing is known yet")
            return
        self.run_worker(self._heeded(command), group="judging")

    async def _heeded(self, command: Any) -> None:
        state = self.view.state
        ended = state is not None and state.ended
        try:
            await self.port.send(self.execution_id, command)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
            return
        if ended:
            self.catch_up()
