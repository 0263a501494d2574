"""The actions of the keys `p x u c b N`: judge facts and causes, write notes, and run the next best diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.screens.incident import IncidentScreen
from cockpit.screens.prompts import LinePrompt
from cockpit.widgets.draw import cut, sanitised
from cockpit.widgets.rows import RowPane
from cockpit.widgets.words import past_words, percent, precise
from primitives.errors import CloudopsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cockpit.screens.prompts import Modal
    from cockpit.widgets.view import Subject
    from engine.port import Statement

__all__ = ["ABOUT_WIDTH", "JudgingScreen"]

_NO_SUBJECT = "put the cursor on a fact or a hypothesis first"
_UNDO = "u undoes"
ABOUT_WIDTH = 60
"""Cells of a subject's words in a notice."""


class OptionalLinePrompt(LinePrompt):
    """A line that may be empty: gives `=` and what was typed, or nothing at all. The answer is kept for good."""

    writes = "all"

    def answer_of(self, typed: str) -> str:
        return f"={typed}"


class JudgingScreen(IncidentScreen):
    """An incident that people may say something of; `catch_up` fetches what came of it."""

    _judged: Subject | None = None
    """What the last judgement was of that was made here and not taken back."""

    def catch_up(self) -> None:
        """Follow the log on from what is shown."""
        raise NotImplementedError

    def action_pin(self) -> None:
        """Pin the fact, or mark the hypothesis as right."""
        from engine.port import HoldHypothesis, PinFact

        subject = self._subject()
        if subject is None:
            return
        if subject.kind == "fact":
            self._judge(PinFact(fact=subject.id), f"{subject.id} pinned · {_UNDO}", of=subject)
        else:
            held = HoldHypothesis(hypothesis=subject.id)
            self._judge(held, f"{subject.id} marked as right · {_UNDO}", of=subject)

    def action_refute(self) -> None:
        """Refute the fact, or exclude the hypothesis; asks why."""
        from engine.port import Exclude, RefuteFact

        subject = self._subject()
        if subject is None:
            return
        fact = subject.kind == "fact"
        statement: Statement = RefuteFact(fact=subject.id) if fact else Exclude(what=subject.id)
        verdict = "refuted" if fact else "excluded"
        title = f"{'REFUTE' if fact else 'EXCLUDE'} {subject.id}?"
        hint = "why? It is kept with your name, and may be empty."
        done, words = f"{subject.id} {verdict} · {_UNDO}", self.subject_words()
        self._ask(
            title,
            hint,
            lambda why: self._judge(statement, done, of=subject, because=why),
            about=words,
            why_not=lambda: self._gone(subject),
        )

    def action_undo(self) -> None:
        """Take back what was said of the row under the cursor; where that is nothing, the last judgement made here."""
        subject = self._subject(or_none=self._judged is not None)
        names = [each.id for each in (subject, self._judged) if each is not None]
        if names and self._known():
            self.run_worker(self._undo_first(list(dict.fromkeys(names))), group="judging")

    async def _undo_first(self, names: list[str]) -> None:
        from engine.port import Judge, Undo

        problem: CloudopsError | None = None
        for name in names:
            try:
                await self._send_and_tell(Judge(statements=(Undo(what=name),)), f"{name}: judgement taken back")
            except UsageError as error:
                problem = problem or error
            except CloudopsError as error:
                problem = error
                break
            else:
                self._judged = None
                return
        self.app.show_notice(str(problem), problem=True)

    def action_comment(self) -> None:
        """Write a note."""
        hint = "what should the others know? No reasoning reads it; :story lists all notes."
        self._ask("WRITE A NOTE", hint, self._note)

    def action_bookmark(self) -> None:
        """Write a note about the moment of the time cursor, else about now."""
        moment = self.view.cursor or self.view.now or self.app.clock.now()
        hint = f"why is {precise(moment)} worth coming back to? It stands on the timeline, and j and k stop at it."
        self._ask(f"BOOKMARK {precise(moment)}", hint, lambda text: self._note(text or "bookmark", moment))

    def _note(self, text: str, moment: datetime | None = None) -> None:
        from engine.port import AddNote

        if text.strip():
            words = cut(sanitised(text.strip()), ABOUT_WIDTH)
            done = f"noted: “{words}”" if moment is None else f"bookmarked {precise(moment)}: “{words}”"
            self._command(AddNote(text=text, at=moment), done)

    def action_next(self) -> None:
        """Run the next best diagnostic."""
        from engine.port import AskNext

        try:
            self._command(AskNext(**self.app.settings.live_request()), "the next best diagnostic runs")
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)

    def action_close_incident(self) -> None:
        """Close the incident; asks why."""
        from engine.port import CloseIncident

        state = self.view.state
        title = sanitised(state.opened.title) if state is not None and state.opened is not None else ""
        hint = "why? Nothing can be added to a closed incident. The reason is kept with your name, and may be empty."

        def close(why: str) -> None:
            self._command(CloseIncident(because=why), "the incident is closed")

        self._ask("CLOSE THE INCIDENT?", hint, close, about=f"{self.execution_id}  {title}")

    def subject_words(self) -> str:
        """The fact or hypothesis under the cursor, in words; empty where there is none."""
        state, subject = self.view.state, self._under_cursor()
        if state is None:
            return ""
        if subject.kind == "fact" and subject.id in state.facts:
            return f"{subject.id}  {sanitised(state.facts[subject.id].fact.sentence(self.view.names))}"
        if subject.kind == "hypothesis":
            for hypothesis in state.hypotheses:
                if hypothesis.id == subject.id:
                    return f"{subject.id}  {sanitised(hypothesis.cause)} ({percent(hypothesis.confidence)})"
        return ""

    def _under_cursor(self) -> Subject:
        return self.current.subject if isinstance(self.current, RowPane) else self.view.subject

    def _subject(self, *, or_none: bool = False) -> Subject | None:
        """What a key judges. The cursor stays on it, wherever the next ranking puts it. Says so where it is nothing."""
        if isinstance(self.current, RowPane) and (key := self.current.current_key()) is not None:
            self.current.select(key)
        subject = self._under_cursor()
        if subject.kind in ("fact", "hypothesis"):
            return subject
        if not or_none:
            self.app.show_notice(_NO_SUBJECT)
        return None

    def _resource(self) -> str | None:
        state, subject = self.view.state, self._under_cursor()
        if state is None:
            return None
        if subject.kind == "fact" and subject.id in state.facts:
            return state.facts[subject.id].fact.resource
        if subject.kind == "hypothesis":
            return next((hypothesis.resource for hypothesis in state.hypotheses if hypothesis.id == subject.id), None)
        return None

    def closed_words(self) -> str:
        """Who closed the incident, for a dialog that would add something to it; empty while it is open."""
        closed = self.view.state.closed if self.view.state is not None else None
        if closed is None:
            return ""
        return f"{closed.by.name} closed the incident at {precise(closed.at)} UTC: nothing can be added any more."

    def _gone(self, subject: Subject) -> str:
        """Why nothing can be said of a fact or a hypothesis any more."""
        state = self.view.state
        if state is None or (closed := self.closed_words()):
            return closed if state is not None else ""
        if subject.kind == "fact" and (past := state.past_facts.get(subject.id)) is not None:
            return f"{subject.id} is {past_words(past)}."
        if subject.kind == "hypothesis" and all(each.id != subject.id for each in state.hypotheses):
            return f"{subject.id} is no longer among the hypotheses."
        return ""

    def push_dialog(
        self, prompt: Modal, answered: Callable[[str | None], None], why_not: Callable[[], str] | None = None
    ) -> None:
        """A dialog about this incident, which goes on under it."""
        prompt.why_not = why_not or self.closed_words
        self.app.push_screen(prompt, answered)

    def _ask(
        self,
        title: str,
        hint: str,
        answered: Callable[[str], None],
        *,
        about: str = "",
        why_not: Callable[[], str] | None = None,
    ) -> None:
        def closed(answer: str | None) -> None:
            if answer:
                answered(answer.removeprefix("="))

        self.push_dialog(OptionalLinePrompt(title, hint, self.app.text_styles, about=about), closed, why_not)

    def _judge(self, statement: Statement, done: str, *, of: Subject | None = None, because: str = "") -> None:
        from engine.port import Judge

        self._command(Judge(statements=(statement,), because=because), done, of=of)

    def _known(self) -> bool:
        known = bool(self.execution_id) and self.view.state is not None
        if not known:
            self.app.show_notice("nothing is known yet")
        return known

    def _command(self, command: Any, done: str, *, of: Subject | None = None) -> None:
        if self._known():
            self.run_worker(self._send_command(command, done, of), group="judging")

    async def _send_command(self, command: Any, done: str, of: Subject | None) -> None:
        try:
            await self._send_and_tell(command, done)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
        else:
            self._judged = of or self._judged

    async def _send_and_tell(self, command: Any, done: str) -> None:
        state = self.view.state
        ended = state is not None and state.ended
        await self.port.send(self.execution_id, command)
        self.app.show_notice(done)
        if ended:
            self.catch_up()
