"""The text report, written event by event while the investigation runs, and events as NDJSON."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, assert_never

import orjson

from cockpit.explanation_text import adjustment_words, judgement_lines, waterfall_lines
from cockpit.live_words import live_words
from cockpit.run_words import run_words
from engine.act.proposals import why_no_repair
from engine.events import (
    ActionBody,
    ActionMeasured,
    AnswerRecorded,
    ConclusionReached,
    Event,
    FactAdded,
    FactFound,
    FactJudged,
    HypothesesRanked,
    IncidentClassified,
    IncidentClosed,
    IncidentOpened,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
    LiveBody,
    NoteAdded,
    PlanConfirmed,
    PlanProposed,
    SourcesChecked,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
)
from engine.hypotheses import Action, FactWeight, Hypothesis
from engine.incident import IncidentState, Step
from engine.name_ties import tie_lines
from engine.naming import NamesOfState
from primitives.display_names import NameOf
from primitives.quantities import bound, counted, duration, moment, probability, unbound
from primitives.text import safe_json, safe_line

__all__ = ["PlainReport", "close_reason", "event_line", "render_text"]

_MIN_WIDTH: Final = 40
_MAX_WIDTH: Final = 120
_REASON: Final = 130  # characters: enough to know the fact again, which stands whole above or in the cockpit
_SHOWN_CAUSES: Final = 5
_SHOWN_TIES: Final = 40
_SHOWN_EVIDENCE: Final = 3
_MIN_CONFIDENCE: Final = 0.01
_NO_ACTION: Final = "none: no known action fits a resource that is known"
_MARKS: Final = {"completed": "✓", "failed": "✗", "timed_out": "✗", "cancelled": "-"}
_STYLES: Final = {"title": "1", "good": "32", "bad": "31", "warn": "33", "dim": "2"}


def report_width() -> int:
    """Columns to fill: the terminal's or `COLUMNS`, between 40 and 120."""
    return max(_MIN_WIDTH, min(_MAX_WIDTH, shutil.get_terminal_size((100, 24)).columns))


class PlainReport:
    """Tells an investigation in plain text: `tell` gives what each event adds, so that it can be shown as it happens.

    With `color` headings and marks get ANSI colours; nothing relies on them, and `NO_COLOR` forbids them. Everything
    from outside has gone through `safe_line`. With `explain` each cause has its waterfall: every fact's part of it.
    """

    def __init__(self, *, color: bool = False, width: int | None = None, explain: bool = False) -> None:
        self._color = color and not os.environ.get("NO_COLOR")
        self._width = width or report_width()
        self._explain = explain
        self._names = NamesOfState()

    def tell(self, state: IncidentState, event: Event) -> str:  # noqa: C901, PLR0912 - one branch a type of event
        """What `event` adds, `state` being the state after it; empty when it adds nothing to read."""
        body = event.body
        if isinstance(body, ActionMeasured):
            return ""
        if isinstance(body, ActionBody):
            return self._wrapped(run_words(body, event.who), "  ")
        if isinstance(body, LiveBody):
            return "".join(
                self._wrapped(f"  {line}", "    ") for line in live_words(body, self._names.of(state), event.time)
            )
        match body:
            case IncidentOpened():
                return self._opened(body)
            case IncidentClassified():
                return self._classified(state)
            case PlanProposed():
                return self._plan(state)
            case StepAdded():
                return self._added(state, state.steps[body.step.id])
            case StepFinished():
                return self._step(state, state.steps[body.step])
            case FactAdded():
                return self._wrapped(f"+ {body.id} {body.fact.sentence(self._names.of(state))}", "  ")
            case FactJudged():
                return self._judged(state, event.who.name, body)
            case ConclusionReached():
                return self._conclusion(state)
            case HypothesesRanked() if state.concluded:
                return self._would_change(state)
            case InvestigationFinished():
                return self._footer(state, body)
            case InvestigationResumed():
                return self._wrapped(f"Resumed: {body.reason}", "  ")
            case InvestigationCancelled():
                return self._wrapped(f"Cancelled by {event.who.name}", "  ")
            case NoteAdded():
                about = f", about {body.at:%H:%M:%S}" if body.at is not None else ""
                return self._wrapped(f"Note {body.id} by {event.who.name}{about}: {body.text}", "  ")
            case IncidentClosed():
                return self._wrapped(f"Closed {close_reason(body, event.who)}", "  ")
            case SourcesChecked() | PlanConfirmed() | StepStarted() | StepProgressed() | AnswerRecorded() | FactFound():
                return ""
            case HypothesesRanked():
                return ""
            case _:
                assert_never(body)

    def _added(self, state: IncidentState, step: Step) -> str:
        number, plan = list(state.steps).index(step.plan.id) + 1, step.plan
        return self._wrapped(f"+ Step {number}: {plan.primitive} ({plan.target}) why: {plan.reason}", "  ")

    def _judged(self, state: IncidentState, by: str, body: FactJudged) -> str:
        verdict = {"withdrawn": "taken back", None: "as it was found again"}.get(body.verdict, body.verdict)
        because = f", because {body.because}" if body.because else ""
        sentence = state.facts[body.fact].fact.sentence(self._names.of(state))
        if body.carried_from:
            by = f"{state.judgements[body.fact].by} as {body.carried_from}, which it measures again"
        return self._wrapped(f"! {body.fact} {verdict} by {by}{because} ({sentence})", "  ")

    def stopped(self, state: IncidentState) -> str:
        """What to say where the events end before the investigation does (a replay up to a moment)."""
        if state.ended or state.opened is None:
            return ""
        at = f" at {moment(state.updated_at)}" if state.updated_at else ""
        text = "" if state.concluded or not state.hypotheses else self._causes(state)
        return text + self._wrapped(f"… as it stood{at}, after event {state.seq} (phase: {state.phase})", "  ")

    def whole(self, state: IncidentState) -> str:
        """All that `tell` has said by `state`, steps in the order of the plan."""
        if state.opened is None:
            return ""
        parts = [self._opened(state.opened)]
        if state.classification:
            parts.append(self._classified(state))
        if state.steps:
            parts.append(self._plan(state))
        for step in state.steps.values():
            parts.append(self._added(state, step) if step.added else "")
            parts.append(self._step(state, step) if step.status in _MARKS else "")
        if state.concluded:
            parts.append(self._conclusion(state))
        parts.append(self._footer(state, state.finished) if state.finished else self.stopped(state))
        return "".join(parts)

    def _opened(self, body: IncidentOpened) -> str:
        head = self._styled("title", "Investigating: ") + self._wrapped(body.query, "  ", taken=15)
        warnings = "".join(self._wrapped(f"! {warning}", "  ", style="warn") for warning in body.warnings)
        return head + warnings

    def _classified(self, state: IncidentState) -> str:
        known = state.classification
        assert known is not None
        secondary = ", ".join(known.secondary_classes) or "none"
        check = self._styled("good", "✓")
        return (
            f"{check} Incident class: {known.primary_class}\n"
            f"{check} Secondary classes: {secondary}\n"
            f"{check} Confidence: {known.confidence:.2f}\n"
        )

    def _plan(self, state: IncidentState) -> str:
        steps = [step.plan for step in state.steps.values() if not step.added]
        lines = [self._styled("title", f"\nDiagnostic Plan ({counted(len(steps), 'step')}):") + "\n"]
        names = [f"{step.primitive} ({step.target})" for step in steps]
        column = min(max(map(len, names), default=0), self._width // 2)
        for number, (step, name) in enumerate(zip(steps, names, strict=True), start=1):
            lines.append(self._wrapped(f"{number:>3}. {name:{column}} why: {step.reason}", "     "))
        return "".join(lines) + "\n"

    def _step(self, state: IncidentState, step: Step) -> str:
        number = list(state.steps).index(step.plan.id) + 1
        mark = _MARKS[step.status]
        style = "good" if step.status == "completed" else "bad" if mark == "✗" else "dim"
        text = f"Step {number}: {step.status.replace('_', ' ')} ({step.summary})"
        return self._styled(style, mark) + " " + self._wrapped(text, "    ", taken=2)

    def _conclusion(self, state: IncidentState) -> str:
        parts = [self._heading("KEY FINDINGS")]
        parts += [self._bullet(finding.statement) for finding in state.findings] or ["  none\n"]
        if said := list(judgement_lines(state, self._names.of(state))):
            parts.append(self._heading("SAID BY ENGINEERS"))
            parts += [self._bullet(line) for line in said]
        parts.append(self._causes(state))
        parts.append(self._actions(state))
        if state.gaps:
            parts.append(self._heading("NOT KNOWN"))
            parts += [self._bullet(gap) for gap in state.gaps]
        parts.append(self._would_change(state))
        parts.append(self._ties(state) if self._explain else "")
        return "".join(parts)

    def _ties(self, state: IncidentState) -> str:
        """Which names of several sources were tied, those of the causes first, or left alone as ambiguous; and why."""
        lines = list(tie_lines(state.watch.ties, (hypothesis.resource for hypothesis in state.hypotheses)))
        if more := len(lines[_SHOWN_TIES:]):
            lines[_SHOWN_TIES:] = [f"and {more} more, which --json has"]
        return self._heading("NAMES TIED ACROSS SOURCES") + "".join(map(self._bullet, lines)) if lines else ""

    def _would_change(self, state: IncidentState) -> str:
        text = "".join(self._bullet(line) for line in state.would_change)
        return self._heading("WOULD CHANGE THIS") + text if text else ""

    def _causes(self, state: IncidentState) -> str:
        likely = [
            hypothesis
            for hypothesis in state.hypotheses
            if hypothesis.confidence >= _MIN_CONFIDENCE and not hypothesis.note
        ][:_SHOWN_CAUSES]
        # A hypothesis with a note is shown even where nothing speaks for it.
        blamed = {hypothesis.resource for hypothesis in likely}
        unheard = [
            hypothesis
            for hypothesis in state.hypotheses
            if hypothesis.note and hypothesis.resource and hypothesis.resource not in blamed
        ]
        shown = [*likely, *unheard[:1]]
        text = "".join(self._cause(state, hypothesis) for hypothesis in shown)
        return self._heading("LIKELY ROOT CAUSES") + (text or "  none\n")

    def _cause(self, state: IncidentState, hypothesis: Hypothesis) -> str:
        names = self._names.of(state)
        note = f" {hypothesis.note}" if hypothesis.note else ""
        lines = [self._bullet(f"{hypothesis.cause} ({probability(hypothesis.confidence)} confidence){note}")]
        reasons = {
            "For": _reasons(state, hypothesis.evidence_for, names),
            "Against": _reasons(state, hypothesis.evidence_against, names),
            "Also": adjustment_words(hypothesis, state),
        }
        for name, words in reasons.items():
            if words:
                lines.append(self._wrapped(f"    {name}: {words}", " " * (6 + len(name)), dim=True))
        if self._explain:
            bars = waterfall_lines(hypothesis, state, self._width - 6, names)
            waterfall = "".join(f"      {line}\n" for line in bars)
            lines.append("    Why, in log-odds:\n" + self._styled("dim", waterfall))
        return "".join(lines)

    def _actions(self, state: IncidentState) -> str:
        recommended = [action for action in state.actions if action.recommended]
        text = "".join(map(self._action, recommended)) + self._command_notes(recommended)
        if why := why_no_repair(state):
            text += self._wrapped(f"  {why}", "  ")
        former = "".join(self._former_action(action) for action in state.actions if not action.recommended)
        return self._heading("RECOMMENDED ACTIONS") + (text or f"  {_NO_ACTION}\n") + former

    def _former_action(self, action: Action) -> str:
        text = f"{action.action}  (no longer recommended: {action.not_recommended})"
        return self._wrapped(f"  –  {text}", "     ", dim=True)

    def _action(self, action: Action) -> str:
        asks = ", requires approval" if action.requires_approval else ""
        of = f", playbook: {action.playbook}" if action.playbook else ""
        text = f"{action.priority}. {action.action}  ({action.urgency} PRIORITY, risk: {action.risk}{asks}{of})"
        text = self._wrapped(f"  {text}", "     ")
        if action.command:
            # A command is never wrapped: it must paste as it stands.
            text += f"     $ {safe_line(action.command, limit=2000)}\n"
        elif action.command_note:
            text += self._wrapped(f"     {action.command_note}", "     ", dim=True)
        return text

    def _command_notes(self, actions: Sequence[Action]) -> str:
        """What to choose before commands act in the right place: said once for all of them."""
        notes = dict.fromkeys(action.command_note for action in actions if action.command and action.command_note)
        return self._wrapped(f"  To run a command, {'; '.join(notes)}.", "  ", dim=True) if notes else ""

    def _footer(self, state: IncidentState, body: InvestigationFinished) -> str:
        problem = self._wrapped(f"✗ {body.status}: {body.problem}", "  ", style="bad") if body.problem else ""
        took = duration(round(body.duration_s, 1))
        line = f"Execution ID: {state.execution_id}   Duration: {took}   Cost: ${body.cost_usd:.2f}"
        if body.status == "cancelled":
            line += "   (cancelled)"
        return problem + "\n" + line + "\n"

    def _heading(self, text: str) -> str:
        return "\n" + self._styled("title", f"{text}:") + "\n"

    def _bullet(self, text: str) -> str:
        return self._wrapped(f"  • {text}", "    ")

    def _wrapped(self, text: str, indent: str, *, taken: int = 0, style: str = "", dim: bool = False) -> str:
        """`text` made safe and wrapped to the width, further lines indented; `taken` columns stand before it."""
        lead = len(text) - len(text.lstrip(" "))
        wrapper = textwrap.TextWrapper(
            width=self._width,
            initial_indent=" " * lead + "\0" * taken,
            subsequent_indent=indent,
            break_long_words=True,
            break_on_hyphens=False,
        )
        lines = wrapper.wrap(bound(safe_line(text, limit=4000).strip(" "))) or [""]
        whole = unbound("\n".join(lines).replace("\0", ""))
        return self._styled("dim" if dim else style, whole) + "\n"

    def _styled(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color and style else text


def close_reason(body: IncidentClosed, who: Who) -> str:
    """Who closed the incident, and why, in words that follow "closed"."""
    match body.reason:
        case "person":
            words = f"by {who.name}"
        case "recovered":
            words = "because it recovered"
        case "age":
            words = "because nothing happened to it for long"
        case _:
            assert_never(body.reason)
    return f"{words}: {body.because}" if body.because else words


def _reasons(state: IncidentState, evidence: Iterable[FactWeight], names: NameOf) -> str:
    """The strongest facts, in words: what the fact says, else why it weighs; what is the same is said once."""
    facts_by_reason: dict[str, list[str]] = {}
    for item in evidence:
        found_fact = state.facts.get(item.fact)
        sentence = safe_line(found_fact.fact.sentence(names), limit=_REASON) if found_fact else item.fact
        facts_by_reason.setdefault(item.why if item.weight < 0 else sentence, []).append(item.fact)
    return "; ".join(
        f"{words} ({', '.join(dict.fromkeys(facts))})"
        for words, facts in islice(facts_by_reason.items(), _SHOWN_EVIDENCE)
    )


def render_text(state: IncidentState, *, color: bool = False, width: int | None = None, explain: bool = False) -> str:
    """The whole report on a state at once; the same text as `PlainReport.tell` gives event by event."""
    plain = PlainReport(color=color, width=width, explain=explain)
    return plain.whole(state)


def event_line(event: Event) -> str:
    """An event as one line of JSON (NDJSON), without the newline; the body as it is stored."""
    document: Mapping[str, Any] = {
        "execution_id": event.execution_id,
        "incident_id": event.incident_id,
        "seq": event.seq,
        "time": event.time.isoformat().replace("+00:00", "Z"),
        "who": event.who.model_dump(mode="json"),
        "body": event.body.model_dump(mode="json", by_alias=True),
        "previous": event.previous,
        "hash": event.hash,
    }
    return safe_json(orjson.dumps(document).decode())
