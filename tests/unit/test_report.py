"""What is told of an investigation: the report object, the text, the events, the postmortem."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from incident_facts import NOW, STORY, concluded, shift, state_with

from cockpit.plain import PlainReport, event_line, render_text
from cockpit.postmortem import render_html, render_markdown
from engine.events import Event, PlanConfirmed, Who
from engine.incident import IncidentState
from engine.report import VOLATILE, report, without_volatile
from engine.schemas import documents, text, write
from primitives.records import Symptom

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"
HOSTILE = "\x1b]8;;http://evil\x07<script>alert(1)</script>[@click=app.quit]\u202e| `x` *y*\x1b[31m"


def test_the_report_agrees_with_its_published_schema() -> None:
    schema = json.loads((PUBLISHED / "report.schema.json").read_text())
    document = json.loads(report(concluded(STORY)).model_dump_json())
    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_published_schemas_are_those_of_the_models(tmp_path: Path) -> None:
    write(tmp_path)
    for name, document in documents().items():
        assert (tmp_path / name).read_text() == text(document)
        assert (PUBLISHED / name).read_text() == text(document), "run: python -m engine.schemas"


def test_the_schema_marks_exactly_the_volatile_fields() -> None:
    schema = documents()["report.schema.json"]
    marked = {name for name, field in schema["properties"].items() if field.get("x-volatile")}
    steps = {
        f"steps[].{name}"
        for name, field in schema["$defs"]["StepPart"]["properties"].items()
        if field.get("x-volatile")
    }
    assert marked | steps == set(VOLATILE)


def test_the_keys_are_the_contracts_in_its_order() -> None:
    document = report(concluded(STORY)).model_dump(mode="json")
    contract = ["schema", "execution_id", "incident", "classification", "steps", "facts", "key_findings",
                "likely_root_causes", "recommended_actions", "gaps", "duration_s", "cost_usd"]  # fmt: skip
    assert [key for key in document if key in contract] == contract
    best = document["likely_root_causes"][0]
    assert {
        "id",
        "cause",
        "cause_id",
        "cause_class",
        "resource",
        "change",
        "confidence",
        "evidence",
        "evidence_for",
    } <= set(best)
    assert best["evidence_for"][0].keys() >= {"fact", "weight"}


def test_two_runs_differ_in_the_volatile_fields_alone() -> None:
    first, second = concluded(STORY), concluded(STORY)
    second.execution_id = "exec-ffffffff"
    second.steps["S1"].started_at, second.steps["S1"].duration_s = NOW + timedelta(hours=1), 9.9
    assert second.finished is not None
    second.investigation.finished = second.finished.model_copy(update={"duration_s": 7.0})
    one, other = report(first).model_dump(mode="json"), report(second).model_dump(mode="json")
    assert one != other
    assert without_volatile(one) == without_volatile(other)


def test_every_cause_cites_facts_or_says_that_there_is_no_evidence() -> None:
    told = report(concluded(STORY))
    known = {fact.id for fact in told.facts}
    for cause in told.likely_root_causes:
        cited = {item.fact for item in (*cause.evidence_for, *cause.evidence_against)}
        assert cited <= known
        assert cited or "No direct evidence found" in cause.evidence[0]


def test_an_incident_that_was_never_opened_has_no_report() -> None:
    with pytest.raises(ValueError, match="nothing was opened"):
        report(IncidentState())


def test_the_text_tells_the_story() -> None:
    told = render_text(concluded(STORY), width=100)
    order = ["Investigating: api latency", "Incident class: PERFORMANCE_DEGRADATION", "Diagnostic Plan (1 step):",
             "✓ Step 1: completed", "KEY FINDINGS:", "LIKELY ROOT CAUSES:",
             "Deployment v2.3.1 made api slower (",
             "    For: ", "No direct evidence found", "RECOMMENDED ACTIONS:", "$ kubectl rollout undo deployment/api",
             "Execution ID: exec-00000001   Duration: 1.2 s   Cost: $0.00"]  # fmt: skip
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    assert "\x1b" not in told


@pytest.mark.parametrize("width", [40, 60, 100, 120])
def test_the_text_keeps_within_its_width_but_for_commands(width: int) -> None:
    lines = render_text(concluded(STORY), width=width).splitlines()
    assert all(len(line) <= width for line in lines if "$ " not in line and not line.startswith(("✓", "Execution ID")))


def test_colours_are_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = render_text(concluded(STORY), color=True, width=100)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_text(concluded(STORY), width=100)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in render_text(concluded(STORY), color=True, width=100)


def hostile() -> IncidentState:
    symptom = Symptom(resource=HOSTILE, metric="latency_p95", direction="above")
    state = concluded((shift(HOSTILE),))
    assert state.opened is not None
    state.opened = state.opened.model_copy(update={"title": HOSTILE, "query": HOSTILE, "symptom": symptom})
    return state


def test_outside_text_drives_no_terminal_and_no_page() -> None:
    state = hostile()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", render_text(state, width=100))
    page = render_html(state, ())
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?<!\\)[`*<]", render_markdown(state, ()).split("## Summary")[0])


def test_the_postmortem_has_its_parts_in_both_forms() -> None:
    state = concluded(STORY)
    event = Event("exec-00000001", "inc-1", 1, NOW, Who(kind="person", name="ada"), PlanConfirmed(), "0" * 64, "1" * 64)
    markdown, page = render_markdown(state, (event,)), render_html(state, (event,))
    for part in ("Summary", "Timeline", "Key findings", "Likely root causes", "Recommended actions", "Facts"):
        assert f"## {part}" in markdown
        assert f"<h2>{part}</h2>" in page
    assert "plan confirmed by person ada" in markdown
    assert "http" not in re.sub(r"<style>.*?</style>", "", page)


def test_an_event_is_one_line_of_json_with_its_envelope() -> None:
    event = Event("exec-1", "inc", 3, NOW, Who(kind="engine", name="cloudops"), PlanConfirmed(), "0" * 64, "1" * 64)
    line = event_line(event)
    assert "\n" not in line
    assert json.loads(line) == {
        "execution_id": "exec-1", "incident_id": "inc", "seq": 3, "time": "2026-10-14T14:50:00Z",
        "who": {"kind": "engine", "name": "cloudops"}, "body": {"type": "plan_confirmed", "version": 1},
        "previous": "0" * 64, "hash": "1" * 64,
    }  # fmt: skip


def test_a_replay_that_stops_early_says_where_it_stands() -> None:
    state = state_with(STORY)
    state.investigation.phase = "investigating"
    assert "as it stood at 14:50" in PlainReport(width=80).stopped(state)
    assert PlainReport(width=80).stopped(concluded(STORY)) == ""
