"""An action keeps its id for life; what is no longer recommended stays in the queue and says why."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import pytest
from incident_facts import NOW, STORY, concluded

from cockpit.plain import render_text
from cockpit.postmortem import render_html, render_markdown
from engine.act.identity import action_id, canonical
from engine.act.queue import queue
from engine.deciders.judge import judge
from engine.events import ConclusionReached, Who, decode_body, encode_body
from engine.hypotheses import Action
from engine.incident import IncidentState
from engine.port import Exclude, Judge, Statement, Undo
from engine.report import report
from engine.state.actions import ActionsState

PERSON = Who(kind="person", name="ada")


def after(state: IncidentState, *statements: Statement, now: datetime = NOW) -> IncidentState:
    """The state after a person said something of a concluded investigation."""
    changed = state.fork()
    for _, body in judge(state, Judge(statements=statements, because="seen it"), PERSON, now).events:
        match body.type:
            case "hypotheses_ranked":
                changed.investigation.hypotheses = body.hypotheses
            case "conclusion_reached":
                changed.investigation.findings, changed.investigation.gaps = body.findings, body.gaps
                changed.remediation = ActionsState(body.actions)
            case _:
                changed.apply_statement(body, PERSON)
    return changed


def ids(state: IncidentState, *, recommended: bool) -> list[str]:
    return [action.id for action in state.actions if action.recommended is recommended]


def test_an_id_is_the_digest_of_primitive_and_arguments() -> None:
    action = concluded(STORY).actions[0]
    given = {name: value for name, value in action.arguments.items() if value is not None}
    document = json.dumps({"arguments": given, "primitive": action.primitive}, sort_keys=True, separators=(",", ":"))
    assert action.id == f"A-{hashlib.sha256(document.encode()).hexdigest()[:8]}"


def test_an_optional_argument_that_is_not_given_makes_no_other_action() -> None:
    assert canonical("roll_back", {"name": "api", "revision": None}) == canonical("roll_back", {"name": "api"})
    assert canonical("roll_back", {"name": "api", "revision": 3}) != canonical("roll_back", {"name": "api"})
    assert canonical("roll_back", {"a": "1", "b": "2"}) == canonical("roll_back", {"b": "2", "a": "1"})


def test_an_id_that_is_taken_is_lengthened() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    assert action_id(b"x", ()) == f"A-{digest[:8]}"
    assert action_id(b"x", {f"A-{digest[:8]}", f"A-{digest[:9]}"}) == f"A-{digest[:10]}"


def test_excluding_a_hypothesis_renames_no_action() -> None:
    before = concluded(STORY)
    answered = before.actions[0]
    excluded = after(before, Exclude(what=answered.hypothesis))
    kept = next(action for action in excluded.actions if action.id == answered.id)
    assert (kept.primitive, kept.arguments, kept.command) == (answered.primitive, answered.arguments, answered.command)
    assert not kept.recommended
    assert (kept.priority, kept.not_recommended) == (0, "H1 has 0 % confidence now")
    assert set(ids(before, recommended=True)) <= {action.id for action in excluded.actions}
    assert [action.priority for action in excluded.actions if action.recommended] == list(
        range(1, len(ids(excluded, recommended=True)) + 1)
    )


@pytest.mark.parametrize(
    ("confidence", "reason"),
    [
        (0.004, "H1 is ruled out now (0 % confidence)"),
        (0.06, "H1 is unlikely now (6 % confidence)"),
        (0.4, "what is known of H1 now asks for another action"),
    ],
)
def test_a_look_that_is_withdrawn_says_how_unlikely_its_cause_is(confidence: float, reason: str) -> None:
    state = concluded(STORY)
    look = state.actions[0].model_copy(update={"id": "A-1", "effect": "read", "arguments": {"resource": "elsewhere"}})
    state.remediation.proposed = (look,)
    first = state.hypotheses[0]
    state.investigation.hypotheses = (first.model_copy(update={"confidence": confidence}), *state.hypotheses[1:])
    withdrawn = next(action for action in queue(state) if action.id == "A-1")
    assert (first.id, withdrawn.not_recommended) == ("H1", reason)


def test_an_action_that_is_recommended_again_has_its_old_id() -> None:
    before = concluded(STORY)
    excluded = after(before, Exclude(what="H1"))
    again = after(excluded, Undo(what="H1"))
    assert ids(again, recommended=True) == ids(before, recommended=True)
    assert all(action.not_recommended == "" for action in again.actions if action.recommended)


def test_an_action_of_an_old_log_keeps_its_old_id() -> None:
    state = concluded(STORY)
    state.remediation.proposed = tuple(
        action.model_copy(update={"id": f"A{number}"}) for number, action in enumerate(state.actions, start=1)
    )
    assert queue(state) == state.actions
    excluded = after(state, Exclude(what="H1"))
    assert "A1" in ids(excluded, recommended=False)


def test_an_event_written_before_actions_could_be_withdrawn_still_reads() -> None:
    body = ConclusionReached(findings=(), gaps=(), actions=concluded(STORY).actions)
    document = json.loads(encode_body(body))
    for action in document["actions"]:
        del action["recommended"], action["not_recommended"]
        action["id"] = "A1"
    read = decode_body(json.dumps(document))
    assert isinstance(read, ConclusionReached)
    assert [(action.id, action.recommended) for action in read.actions] == [("A1", True)] * len(read.actions)


@pytest.fixture
def excluded() -> IncidentState:
    return after(concluded(STORY), Exclude(what="H1"))


def former(state: IncidentState) -> Action:
    return next(action for action in state.actions if not action.recommended)


def test_the_json_report_holds_former_actions_apart(excluded: IncidentState) -> None:
    told = report(excluded)
    assert [action.id for action in told.recommended_actions] == ids(excluded, recommended=True)
    assert [action.id for action in told.former_actions] == ids(excluded, recommended=False)
    assert told.former_actions[0].not_recommended == former(excluded).not_recommended


def test_reports_say_that_an_action_is_no_longer_recommended_and_show_no_command_for_it(
    excluded: IncidentState,
) -> None:
    action = former(excluded)
    text = render_text(excluded)
    assert f"{action.action}  (no longer recommended: {action.not_recommended})" in " ".join(text.split()).replace(
        "(no longer", " (no longer"
    )
    assert f"$ {action.command}" not in text
    markdown = render_markdown(excluded, ())
    assert "## Actions no longer recommended" in markdown
    assert action.command not in markdown
    assert "Actions no longer recommended" in render_html(excluded, ())
