"""What a person tells and asks beside the plan: `f` a fact or a change, `d` a diagnostic by its form, `R` all again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cockpit.screens.drill import ChoicePrompt
from cockpit.screens.forms import FormPrompt, ReadingPrompt
from cockpit.screens.judging import ABOUT_WIDTH, JudgingScreen
from cockpit.start_modes import Start
from cockpit.widgets.beginnings import beginning
from cockpit.widgets.draw import cut, sanitised
from cockpit.widgets.words import apart, precise
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.act.request_forms import RequestForm
    from engine.said_changes import SaidChange

__all__ = ["RequestingScreen"]

_MOST_DIGITS = 5
"""Python reads no number of over 4,300 digits, and there are never so many candidates."""


class RequestingScreen(JudgingScreen):
    """An incident whose people add what they know, and ask for more."""

    # Facts

    def action_fact(self) -> None:
        """Add a fact about what the cursor is on; what tells of a change is read as one."""
        about = self._resource()
        where = f"about {sanitised(self.view.names(about))}" if about else "about no resource"
        hint = (
            f"what do you know? It is read as a log message would be, {where}; with a time and what was changed, as a "
            "change: “connection pool cut from 200 to 100 at 14:20”."
        )
        self._ask("ADD A FACT", hint, lambda text: self._said(text.strip(), about))

    def _said(self, text: str, about: str | None) -> None:
        from engine.said_changes import read_change

        state = self.view.state
        change = read_change(state, text, about) if state is not None and text else None
        if change is None:
            self._add(text, text, about)
            return
        onset = begun.at if (begun := beginning(self.view)) is not None else None

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self._add(change.document(onset), text, None)
            elif answer == "words":
                self._add(text, text, about)

        self.push_dialog(ReadingPrompt(self._reading(change), text, self.app.text_styles), answered)

    def _reading(self, change: SaidChange) -> list[tuple[str, str]]:
        """How the change was read, in rows of a label and words."""
        begun, day = beginning(self.view), f"{change.time:%Y-%m-%d}"
        away = f", {apart(change.time, begun.at, begun.name)}" if begun is not None else ""
        rows = [("when", f"{day} {precise(change.time)} UTC{away}")]
        named = self.view.names(change.resource) if change.resource is not None else "not known: no resource is named"
        rows += [("of what", named), ("kind", change.kind.replace("_", " "))]
        if change.before is not None and change.after is not None:
            rows.append(("from, to", f"{change.before} → {change.after}"))
        return [*rows, ("what", change.summary)]

    def _add(self, fact: str, said: str, about: str | None) -> None:
        from engine.port import AddFact

        if fact:
            words = cut(sanitised(said), ABOUT_WIDTH)
            self._judge(AddFact(text=fact, about=about), f"fact added: “{words}” · u on it undoes")

    # Diagnostics

    def action_diagnostic(self) -> None:
        """Run the look that the cursor is on in pane 5; elsewhere choose one and fill in what it looks at."""
        from engine.act.targeted_diagnostics import recommended_diagnostic

        state, subject = self.view.state, self._under_cursor()
        if state is None:
            self.app.show_notice("nothing is known yet")
            return
        if subject.kind != "action":
            self._choose_look()
            return
        try:
            action = recommended_diagnostic(state, subject.id)
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
        else:
            self._look(action.primitive, action.arguments, action.action)

    def _choose_look(self) -> None:
        from engine.act.request_forms import chosen_form, request_forms

        listed = "\n".join(f"{number}  {sanitised(form.title)}" for number, form in enumerate(request_forms(), 1))

        def chosen(typed: str | None) -> None:
            if not typed:
                return
            try:
                self._fill_in(chosen_form(typed))
            except CloudopsError as error:
                self.app.show_notice(str(error), problem=True)

        styles = self.app.text_styles
        prompt = ChoicePrompt(listed, styles, title="LOOK AT WHAT?", hint="a number, or words of it · it only reads")
        self.push_dialog(prompt, chosen)

    def _fill_in(self, form: RequestForm) -> None:
        from engine.act.request_forms import prefilled

        state = self.view.state
        assert state is not None

        def filled(answer: str | None) -> None:
            if answer:
                self._look(form.primitive, json.loads(answer), form.title)

        title, hint = sanitised(form.title).upper(), "It only reads. Fields with * must be filled in."
        known = prefilled(form, state, self._resource())
        self.push_dialog(FormPrompt(title, hint, form.fields, known, self.app.text_styles), filled)

    def _look(self, primitive: str, target: Any, words: str) -> None:
        from engine.port import RunDiagnostic

        try:
            request = RunDiagnostic(primitive=primitive, target=target, **self.app.settings.live_request())
        except CloudopsError as error:
            self.app.show_notice(str(error), problem=True)
        else:
            self._command(request, f"looking: {sanitised(words)}")

    # All again

    def action_choose_resource(self) -> None:
        """Choose one of the resources that fit the question, to ask about it alone."""
        state = self.view.state
        candidates = state.classification.candidates if state is not None and state.classification is not None else ()
        if len(candidates) < 2:
            self.app.show_notice("the question doesn't leave open which resource it means")
            return
        listed = "\n".join(f"{number}  {sanitised(name)}" for number, name in enumerate(candidates, 1))

        def chosen(typed: str | None) -> None:
            if not typed:
                return
            resource = _chosen(typed.strip(), candidates)
            if resource is None:
                self.app.show_notice(f"“{sanitised(typed, 60)}” is none of them, or several", problem=True)
            else:
                self.ask_about(resource)

        hint = "a number, or a part of its name · the question is asked about it alone"
        self.app.push_screen(ChoicePrompt(listed, self.app.text_styles, title="WHICH ONE?", hint=hint), chosen)

    def ask_about(self, resource: str) -> None:
        """Ask the same question about one resource alone."""
        raise NotImplementedError

    def action_again(self) -> None:
        """Ask the same question again, as of now: a new investigation of a live incident."""
        state = self.view.state
        if state is None or state.opened is None:
            self.app.show_notice("nothing is known yet")
        elif not state.live:
            self.app.show_notice("a recording answers the same again; r replays it")
        elif not state.ended:
            self.app.show_notice("it is still being asked; R asks again when it has ended")
        else:
            symptom = state.opened.symptom
            resource = symptom.resource if symptom is not None else next(iter(state.opened.focus), None)
            self.app.open_live(Start(query=state.opened.query, resource=resource))


def _chosen(typed: str, candidates: Sequence[str]) -> str | None:
    """The candidate of that number or name, or the only one whose name holds what was typed."""
    if typed.isdecimal() and len(typed) <= _MOST_DIGITS and 1 <= int(typed) <= len(candidates):
        return candidates[int(typed) - 1]
    fitting = [name for name in candidates if typed.lower() == name.lower()]
    fitting = fitting or [name for name in candidates if typed.lower() in name.lower()]
    return fitting[0] if len(fitting) == 1 else None
