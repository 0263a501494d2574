"""The audit trail of an incident as records: what people and actions did, why, by which rule, and the outcome."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from cockpit.plain import PlainReport
from cockpit.run_words import run_words
from engine.events import (
    ActionBody,
    ActionDispatched,
    ActionDispatching,
    ActionMeasured,
    ActionPreviewed,
    ActionVerified,
    Event,
)
from engine.incident import IncidentState
from primitives.text import safe_line

__all__ = ["COLUMNS", "as_csv", "as_json_lines", "as_text", "records"]

COLUMNS: Final = (
    "time", "execution_id", "seq", "who_kind", "who", "event", "what", "run", "action", "primitive", "resource",
    "arguments", "why", "facts", "rule", "verdict", "policy", "identity", "approved_by", "digest", "request", "fence",
    "request_id", "outcome", "hash",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def records(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """A record for each event that a person caused, or that is about a run of an action; in the order of the log."""
    state, report = IncidentState(), PlainReport(color=False, width=120)
    for event in events:
        state.apply(event)
        about_run = isinstance(event.body, ActionBody) and not isinstance(event.body, ActionMeasured)
        if about_run or event.who.kind != "engine":
            yield _record(event, state, report)


def as_json_lines(found_records: Iterable[dict[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(orjson.dumps(record).decode() + "\n" for record in found_records)


def as_csv(found_records: Iterable[dict[str, Any]]) -> str:
    """A table with a header. What a spreadsheet would take for a formula gets an apostrophe in front (OWASP)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for record in found_records:
        writer.writerow({name: _cell(record.get(name)) for name in COLUMNS})
    return text.getvalue()


def as_text(found_records: Iterable[dict[str, Any]]) -> str:
    """A few lines a record, for a person."""
    lines = []
    for record in found_records:
        lines.append(f"{record['time']}  #{record['seq']}  {record['who']}  {record['what']}")
        if record["event"] in ("action_previewed", "action_dispatching"):
            details = ((name, record.get(name)) for name in ("why", "rule", "identity", "request", "digest"))
            lines += [f"    {name}: {safe_line(_cell(value), limit=600)}" for name, value in details if value]
    return "".join(f"{line}\n" for line in lines)


def _record(event: Event, state: IncidentState, report: PlainReport) -> dict[str, Any]:
    body = event.body
    if isinstance(body, ActionBody):
        what, of_run = run_words(body, event.who), _of_run(event, state, body.run)
    else:
        what, of_run = " ".join(report.tell(state, event).split()) or body.type.replace("_", " "), {}
    return {
        "time": event.time.isoformat().replace("+00:00", "Z"), "execution_id": event.execution_id, "seq": event.seq,
        "who_kind": event.who.kind, "who": safe_line(event.who.name), "event": body.type,
        "what": safe_line(what, limit=600), **of_run, "hash": event.hash,
    }  # fmt: skip


def _of_run(event: Event, state: IncidentState, run_id: str) -> dict[str, Any]:
    run = state.runs[run_id]
    hypothesis = state.hypothesis(run.action.hypothesis)
    known: dict[str, Any] = {
        "run": run_id, "action": run.action.id, "primitive": run.action.primitive, "resource": run.action.resource,
        "arguments": run.action.arguments, "why": run.action.hypothesis if hypothesis is None else hypothesis.words,
        "facts": [] if hypothesis is None else [weight.fact for weight in hypothesis.evidence_for],
        "approved_by": [who.name for who in run.approvals],
    }  # fmt: skip
    if run.plan is not None:
        plan = run.plan
        known |= {
            "rule": plan.rule, "verdict": plan.verdict, "policy": plan.policy, "identity": plan.identity,
            "digest": run.digest, "resource": plan.resource,
        }  # fmt: skip
    match event.body:
        case ActionPreviewed(plan=plan):
            known["request"] = plan.preview.call.model_dump(mode="json")
        case ActionDispatching(fence=fence):
            known["request"] = run.plan.preview.call.model_dump(mode="json") if run.plan else None
            known["fence"] = fence
        case ActionDispatched(outcome=outcome, request_id=request_id):
            known |= {"outcome": outcome, "request_id": request_id}
        case ActionVerified(outcome=outcome):
            known["outcome"] = outcome
        case _:
            pass
    return known


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text
