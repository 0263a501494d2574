"""The postmortem of a stored incident, as Markdown and as one self-contained HTML page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, assert_never

from cockpit.explanation_text import judgement_lines
from cockpit.live_words import live_words
from cockpit.plain import close_reason
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
    ReadingTaken,
    SourcesChecked,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
)
from engine.incident import IncidentState
from engine.naming import display_names
from engine.report import ActionPart, Report, report
from engine.state.same_statement import says_the_same
from primitives.dataclass import dataclass
from primitives.facts import AlertState, ChangeFound, MetricShift
from primitives.quantities import counted, duration, probability
from primitives.text import safe_line

__all__ = ["is_shown", "render_html", "render_markdown"]

_SHOWN_CAUSES: Final = 5
_LEAST_ADJUSTMENT: Final = 0.05
# Everything that Markdown or HTML in Markdown could read as markup.
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading with paragraphs, rows of a table (the first is its head) or items of a list; plain text throughout."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    commands: tuple[tuple[str, str], ...] = ()


def render_markdown(state: IncidentState, events: Sequence[Event]) -> str:
    """The postmortem as Markdown; what came from outside is escaped. Of the events only those that `is_shown` count."""
    parts = [f"# {_escaped(_title(state))}\n"]
    parts += [_markdown(section) for section in _sections(state, events)]
    return "\n".join(parts)


def render_html(state: IncidentState, events: Sequence[Event]) -> str:
    """The postmortem as one HTML page without scripts or anything from elsewhere; everything is escaped."""
    title = html.escape(_title(state))
    body = "\n".join(_html(section) for section in _sections(state, events))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _title(state: IncidentState) -> str:
    return f"Postmortem: {safe_line(state.opened.title) if state.opened else state.execution_id}"


def _sections(state: IncidentState, events: Sequence[Event]) -> list[_Section]:
    content = report(state)
    judgements = tuple(judgement_lines(state, display_names(state)))
    return [
        _summary(state, content),
        _timeline(state, events),
        _Section("Key findings", items=content.key_findings or ("none",)),
        _causes(content),
        *([_Section("What engineers said", items=judgements)] if judgements else []),
        _Section("Recommended actions", paragraphs=_unproposed(state, content),
                 commands=tuple((_action(action), action.command) for action in content.recommended_actions)),
        *_former_actions(content),
        _Section("What is not known", items=content.gaps or ("nothing that was asked for",)),
        _Section("What was looked at", rows=(("Step", "Result", "Why"), *(
            (f"{step.id} {step.primitive}", f"{step.status}: {step.summary}", step.reason) for step in content.steps))),
        _Section("Facts", rows=(("Fact", "Statement", "Source", "Trust"), *(
            (fact.id, fact.statement, fact.source, fact.trust) for fact in content.facts if not fact.asked_again_by))),
        *_past_facts(content),
    ]  # fmt: skip


def _past_facts(content: Report) -> tuple[_Section, ...]:
    """What was so at first, where a watched incident was asked again: it is part of the story, and not of now."""
    past = [fact for fact in content.facts if fact.asked_again_by]
    rows = (("Fact", "Statement then", "Asked again in"), *(
        (fact.id, fact.statement, f"{fact.asked_again_by}{f', as {fact.newer_fact}' if fact.newer_fact else ''}")
        for fact in past))  # fmt: skip
    return (_Section("Facts of before it was asked again", rows=rows),) if past else ()


def _summary(state: IncidentState, content: Report) -> _Section:
    best = content.likely_root_causes[0] if content.likely_root_causes else None
    cause = (
        f"Most likely cause: {best.cause} ({probability(best.confidence)} confidence)." if best else "No cause found."
    )
    rows = (
        ("What", ""),
        ("Incident", content.incident.id),
        ("Execution", content.execution_id),
        ("Query", content.incident.query),
        ("Detected", _time(content.incident.detected_at)),
        ("Class", ", ".join((content.classification.primary_class, *content.classification.secondary_classes))),
        ("Investigation", f"{content.status}, {duration(content.duration_s)}, ${content.cost_usd:.2f}"),
        ("Log", f"{counted(state.seq, 'event')}, last hash {state.hash[:16]}"),
    )
    return _Section("Summary", paragraphs=(cause,), rows=rows)


def _timeline(state: IncidentState, events: Sequence[Event]) -> _Section:
    moments: list[tuple[datetime, str]] = []
    names = display_names(state)
    blamed = {hypothesis.change for hypothesis in state.hypotheses[:_SHOWN_CAUSES]}
    left_out, past = 0, state.past_facts
    for found_fact in state.facts.values():
        fact = found_fact.fact
        newer = past[found_fact.id].fact if found_fact.id in past else ""
        if newer and says_the_same(fact, state.facts[newer].fact):
            continue
        if isinstance(fact, ChangeFound) and fact.change is not None:
            if fact.change.resource is None and fact.change.id not in blamed:
                left_out += 1
                continue
            moments.append((fact.change.time, fact.sentence(names)))
        elif isinstance(fact, MetricShift) and fact.polarity == "present" and fact.worse and fact.onset:
            moments.append((fact.onset, fact.sentence(names)))
        elif isinstance(fact, AlertState) and fact.started_at:
            moments.append((fact.started_at, fact.sentence(names)))
    moments += [(event.time, text) for event in events if (text := _happened(event))]
    ordered = sorted(dict.fromkeys(moments), key=lambda pair: pair[0])
    rows = (("Time (UTC)", "What"), *((_time(at), safe_line(text)) for at, text in ordered))
    more = f"{counted(left_out, 'change')} without a known resource left out; the facts below have them."
    return _Section("Timeline", paragraphs=(more,) if left_out else (), rows=rows)


def is_shown(event: Event) -> bool:
    """Whether the postmortem's timeline shows the event."""
    return bool(_happened(event))


def _happened(event: Event) -> str:  # noqa: C901, PLR0912 - one branch a type of event
    who = f"{event.who.kind} {event.who.name}"
    if isinstance(event.body, ActionMeasured):
        return ""
    if isinstance(event.body, ActionBody):
        return run_words(event.body, event.who)
    if isinstance(event.body, LiveBody):
        told = not isinstance(event.body, ReadingTaken)
        return "; ".join(live_words(event.body)) if told else ""
    match event.body:
        case IncidentOpened():
            return f"investigation opened by {who}"
        case IncidentClassified(classification=known):
            return f"classified as {known.primary_class}"
        case PlanConfirmed():
            return f"plan confirmed by {who}"
        case StepFinished(step=step, status=status):
            return f"step {step} {status}"
        case FactAdded(id=fact):
            return f"{fact} added by {who}"
        case FactJudged(fact=fact, verdict=verdict, carried_from=older) if older:
            return f"{fact} {verdict} as {older}, which it measures again"
        case FactJudged(fact=fact, verdict=verdict):
            return f"{fact} {verdict or 'taken for what it was'}, says {who}"
        case ConclusionReached():
            return "conclusion reached"
        case InvestigationResumed(reason=reason):
            return f"investigation resumed: {reason}"
        case InvestigationCancelled():
            return f"investigation cancelled by {who}"
        case InvestigationFinished(status=status):
            return f"investigation {status}"
        case NoteAdded(text=text, at=at):
            return f"note by {who}{f', about {at:%H:%M:%S}' if at is not None else ''}: {text}"
        case IncidentClosed() as body:
            return f"incident closed {close_reason(body, event.who)}"
        case SourcesChecked() | PlanProposed() | StepAdded() | StepStarted() | StepProgressed():
            return ""
        case AnswerRecorded() | FactFound() | HypothesesRanked():
            return ""
        case _:
            assert_never(event.body)


def _causes(content: Report) -> _Section:
    rows = [("Cause", "Confidence", "For", "Against", "Beside the facts")]
    for cause in content.likely_root_causes[:_SHOWN_CAUSES]:
        against = "; ".join(f"{item.why} ({item.fact})" for item in cause.evidence_against)
        beside = "; ".join(f"{item.label} ({item.weight:+.1f})" for item in cause.adjustments
                           if item.hypothesis is not None and abs(item.weight) >= _LEAST_ADJUSTMENT)  # fmt: skip
        name, confidence = f"{cause.id} {cause.cause}", probability(cause.confidence)
        rows.append((name, confidence, "; ".join(cause.evidence[:4]), against or "–", beside or "–"))
    return _Section("Likely root causes", rows=tuple(rows))


def _action(action: ActionPart) -> str:
    asks = ", requires approval" if action.requires_approval else ""
    note = f"; {action.command_note}" if action.command_note else ""
    return f"{action.action} ({action.urgency} priority, risk {action.risk}{asks}{note})"


def _former_actions(content: Report) -> tuple[_Section, ...]:
    items = tuple(f"{action.action} ({action.not_recommended})" for action in content.former_actions)
    return (_Section("Actions no longer recommended", items=items),) if items else ()


def _unproposed(state: IncidentState, content: Report) -> tuple[str, ...]:
    why = why_no_repair(state) or ("" if content.recommended_actions else "none proposed")
    return (f"{why[:1].upper()}{why[1:]}.",) if why else ()


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", safe_line(text, limit=2000))


def _markdown(section: _Section) -> str:
    lines = [f"## {section.title}\n"]
    lines += [f"{_escaped(text)}\n" for text in section.paragraphs]
    lines += [f"- {_escaped(text)}" for text in section.items]
    for text, command in section.commands:
        if not command:
            lines.append(f"- {_escaped(text)}\n")
            continue
        fence = "`" * max(3, _longest_run(command, "`") + 1)
        lines += [f"- {_escaped(text)}\n", f"  {fence}sh", f"  {safe_line(command, limit=2000)}", f"  {fence}\n"]
    for number, row in enumerate(section.rows):
        lines.append("| " + " | ".join(_escaped(cell) for cell in row) + " |")
        if number == 0:
            lines.append("|" + " --- |" * len(row))
    return "\n".join(lines) + "\n"


def _longest_run(text: str, letter: str) -> int:
    return max((len(run) for run in re.findall(f"{letter}+", text)), default=0)


def _html(section: _Section) -> str:
    parts = [f"<h2>{html.escape(section.title)}</h2>"]
    parts += [f"<p>{_safe(text)}</p>" for text in section.paragraphs]
    if section.items:
        parts.append("<ul>" + "".join(f"<li>{_safe(text)}</li>" for text in section.items) + "</ul>")
    for text, command in section.commands:
        shown = f"<pre>{_safe(command)}</pre>" if command else ""
        parts.append(f"<p>{_safe(text)}</p>{shown}")
    if section.rows:
        head, *rows = section.rows
        parts.append(
            f"<table><thead>{_row(head, 'th')}</thead><tbody>{''.join(_row(row, 'td') for row in rows)}</tbody></table>"
        )
    return "\n".join(parts)


def _row(cells: Iterable[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_safe(cell)}</{tag}>" for cell in cells) + "</tr>"


def _safe(text: str) -> str:
    return html.escape(safe_line(text, limit=2000))


_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}td,th{border:1px solid #d0d7de;padding:.3rem .6rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#f3f5f7}pre{background:#f3f5f7;"
    "padding:.6rem;overflow-x:auto}h2{margin-top:2rem;border-bottom:1px solid #d0d7de}"
)
