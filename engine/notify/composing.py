"""Composes the notice of an event from the state after it."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Final
from urllib.parse import quote

from engine.condition import condition_of
from engine.events import (
    ActionBody,
    ActionDispatched,
    ActionVerified,
    Event,
    IncidentClosed,
    IncidentOpened,
    InvestigationFinished,
    NoteAdded,
    SymptomChanged,
)
from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.naming import display_names
from engine.notify.notice import Notice, NoticeCause, NoticeKind
from engine.notify.origin import Origin, origin_of
from primitives.display_names import DisplayNames
from primitives.quantities import counted
from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["compose", "compose_escalation", "compose_result", "compose_test", "compose_unattended"]

_MOST_EVIDENCE: Final = 3
_MOST_OTHERS: Final = 2
_MOST_SERVICES: Final = 8
_LONGEST: Final = 300
_UNLIKELY: Final = 0.05
"""A cause that is less likely isn't worth a line in a message."""

_CONDITIONS: Final = {
    "bad": "still bad", "returned": "bad again", "recovering": "recovering", "recovered": "recovered",
    "normal": "never left its normal range", "unknown": "not measured",
}  # fmt: skip
_OUTCOMES: Final = {
    "accepted": "The platform accepted it; whether it helps is measured next.",
    "refused": "The platform refused it.",
    "unknown": "Its outcome is not known; it is read back from the target.",
}
_VERIFIED: Final = {
    "verified": "It helped: the metric is normal again.",
    "not_improved": "It has not helped.",
    "inconclusive": "Whether it helped can't be told: there were no samples.",
}
# This version never closes by recovery (`recovered`); a later one may.
_CLOSED: Final = {
    "person": "A person closed it.",
    "recovered": "It was closed because it recovered.",
    "age": "It was closed because nothing had happened to it for long.",
}
_REDACTOR: Final = Redactor()


def compose(kind: NoticeKind, event: Event, state: IncidentState, *, link: str = "") -> Notice:
    """The notice of `event`; `state` is the one after it, `link` a template with `{execution_id}`."""
    notice = _basis(kind, state, link)
    return notice.model_copy(update={"revision": event.seq, "at": event.time, "said": _said(kind, event, state)})


def compose_escalation(first: Notice, state: IncidentState, minutes: float) -> Notice:
    """The notice that nobody has answered `first` for `minutes`, with what is known by now."""
    link = first.link
    now = _basis("escalated", state, "")
    said = f"{first.heading}: nobody has answered for {_minutes(minutes)}."
    return now.model_copy(
        update={"revision": first.revision, "at": first.at, "said": said, "waits": first.waits, "link": link}
    )


def _minutes(number: float) -> str:
    return f"{number:g} minute{'' if number == 1 else 's'}"


def compose_unattended(state: IncidentState, minutes: float, link: str) -> Notice:
    """The notice that nobody has taken an alert for `minutes`. It has the same revision each time, so the same key."""
    notice = _basis("escalated", state, link)
    said = f"Nobody has taken its alert for {_minutes(minutes)}."
    return notice.model_copy(update={"revision": 1, "said": said, "waits": "The alert waits for a person to take it."})


def compose_result(state: IncidentState, link: str) -> Notice:
    """The notice of an investigation's end, for a run that sends no other. `state` is after the end."""
    finished = state.finished
    assert finished is not None
    notice = _basis("failed" if finished.status == "failed" else "concluded", state, link)
    return notice.model_copy(update={"said": _finished(finished, state), "at": state.updated_at or notice.at})


def compose_test(receiver: str, now: datetime, link: str) -> Notice:
    """A notice that tries a receiver: made up, and says so."""
    return Notice.model_validate({
        "kind": "test",
        "execution_id": "exec-00000000",
        "incident_id": "inc-00000000",
        "revision": 1,
        "at": now,
        "title": "Test of notifications: nothing is wrong",
        "severity": "info",
        "services": ("shop/deployment/till-api",),
        "said": f"Somebody tried the receiver {receiver}.",
        "condition": "never left its normal range",
        "cause": {"words": "No cause: this is a test", "confidence": 0.99, "evidence": ("a made-up fact",)},
        "next_step": "Nothing is to be done.",
        "open_command": "cloudops incidents",
        "link": _link(link, "exec-00000000", "inc-00000000"),
        "ids": {},
    })  # fmt: skip


def _basis(kind: NoticeKind, state: IncidentState, link: str) -> Notice:
    opened = state.opened
    assert opened is not None, "a log begins with its opening"
    names, origin = display_names(state), origin_of(opened)
    action = next((each for each in state.actions if each.recommended), None)
    causes = [hypothesis for hypothesis in state.hypotheses if hypothesis.confidence >= _UNLIKELY]
    return Notice(
        kind=kind,
        execution_id=state.execution_id,
        incident_id=state.incident_id,
        revision=state.seq,
        at=state.opened_at or opened.now,
        title=_line(opened.title) or _line(opened.query) or state.execution_id,
        severity=origin.severity,
        services=_services(origin, opened, names),
        condition=_CONDITIONS[condition_of(state).state],
        cause=_cause(causes[0], state, names) if causes else None,
        others=tuple(_line(f"{each.cause} ({100 * each.confidence:.0f} %)") for each in causes[1 : 1 + _MOST_OTHERS]),
        next_step=_line(action.action) if action else "",
        command=_line(action.command) if action else "",
        waits=_waits(kind, state),
        open_command=_line(f"cloudops attach {shlex.quote(state.execution_id)}"),
        link=_link(link, state.execution_id, state.incident_id),
        ids={name: _line(value) for name, value in origin.ids.items()},
    )


def _link(template: str, execution_id: str, incident_id: str) -> str:
    """The link. Ids are quoted: the id in a bundle must not change where the link leads."""
    return template.replace("{execution_id}", quote(execution_id, safe="")).replace(
        "{incident_id}", quote(incident_id, safe="")
    )


def _line(text: str) -> str:
    return _REDACTOR.redact(safe_line(text, limit=_LONGEST))


def _services(origin: Origin, opened: IncidentOpened, names: DisplayNames) -> tuple[str, ...]:
    """What it is about, as people call it: the alert's service, the symptom's resource, what was asked about."""
    symptom = [opened.symptom.resource] if opened.symptom is not None else []
    resources = [_line(names(resource)) for resource in (*symptom, *opened.focus)]
    return tuple(dict.fromkeys([*map(_line, origin.services), *resources]))[:_MOST_SERVICES]


def _cause(hypothesis: Hypothesis, state: IncidentState, names: DisplayNames) -> NoticeCause:
    facts = [state.facts[item.fact] for item in hypothesis.evidence_for if item.fact in state.facts]
    return NoticeCause(
        words=_line(hypothesis.cause),
        confidence=round(hypothesis.confidence, 4),
        evidence=tuple(_line(known.fact.sentence(names)) for known in facts[:_MOST_EVIDENCE]),
    )


def _waits(kind: NoticeKind, state: IncidentState) -> str:
    if kind == "plan_waiting":
        return "The read-only plan waits for a person to confirm it in a terminal."
    run = state.remediation.unfinished
    if run is None or run.status != "previewed":
        return ""
    whom = "another person" if run.approvals else "a person"
    asked = _line(run.requested_by.name)
    return f"{asked} asked for the action {run.id}; it waits for {whom} to approve it in a terminal."


def _said(kind: NoticeKind, event: Event, state: IncidentState) -> str:
    who = _line(event.who.name)
    match event.body:
        case InvestigationFinished():
            return _finished(event.body, state)
        case SymptomChanged():
            return f"Since {event.body.since:%H:%M:%S} UTC."
        case NoteAdded():
            return _line(f"{who}: {event.body.text}")
        case IncidentClosed():
            return _line(" ".join(filter(None, (_CLOSED[event.body.reason], event.body.because))))
        case ActionDispatched():
            return _of_action(event.body, state, f"{_OUTCOMES[event.body.outcome]} {event.body.detail}")
        case ActionVerified():
            return _of_action(event.body, state, f"{_VERIFIED[event.body.outcome]} {event.body.detail}")
        case _:
            pass
    if isinstance(event.body, ActionBody):
        return _of_action(event.body, state, state.runs[event.body.run].detail)
    if kind == "plan_waiting":
        return f"{len(state.steps)} read-only steps are planned."
    return f"Opened by {who}." if kind == "opened" else ""


def _finished(body: InvestigationFinished, state: IncidentState) -> str:
    if body.status == "failed":
        return _line(body.problem) or "It ended with a fault."
    ended = "was cancelled" if body.status == "cancelled" else "finished"
    return f"It {ended} after {body.duration_s:.0f} s with {counted(len(state.current_facts), 'fact')}."


def _of_action(body: ActionBody, state: IncidentState, words: str) -> str:
    run = state.runs[body.run]
    return _line(f"{run.id} {run.action.action}: {run.status.replace('_', ' ')}. {words}".strip())
