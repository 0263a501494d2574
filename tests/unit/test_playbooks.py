"""Playbooks: checked with the line, chosen for a cause, and their steps first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from incident_facts import graph, opened, state_with

from cockpit.cli import cloudops
from cockpit.widgets.describe import describe_action
from cockpit.widgets.draw import plain
from engine.act.playbook_files import parse_playbook, read_playbooks
from engine.act.playbooks import Playbook, PlaybookMatch, PlaybookStep, Preconditions
from engine.act.proposals import proposals
from engine.events import IncidentOpened
from engine.hypotheses import Action, Hypothesis
from engine.incident import IncidentState
from primitives.errors import UsageError
from primitives.terms import IncidentClass

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "playbook.example.yaml"
SYSTEM = graph({"api": "service", "db": "database"}, ("api", "db"))
BEGIN = "playbook:\n  name: a\n  for: {}\n"
FULL = Hypothesis(
    id="H1", cause="no threads left", cause_id="threads_exhausted", cause_class=IncidentClass.RESOURCE_SATURATION,
    resource="api", prior=-3.0, confidence=0.6,
)  # fmt: skip


def playbook(*steps: PlaybookStep, **more: Any) -> Playbook:
    return Playbook(**{"name": "threads", "match": PlaybookMatch(), "steps": steps, **more})


def proposed(*playbooks: Playbook, confidence: float = 0.6, others: tuple[Hypothesis, ...] = ()) -> tuple[Action, ...]:
    known = state(*playbooks)
    known.investigation.hypotheses = (FULL.model_copy(update={"confidence": confidence}), *others)
    return proposals(known)


def state(*playbooks: Playbook) -> IncidentState:
    return state_with((SYSTEM,), opened(playbooks=playbooks, labels={"team": "front"}))


def test_its_steps_come_first_in_their_order_and_say_whose_they_are() -> None:
    usual = [action.primitive for action in proposed()]
    assert usual == ["restart_workload"]
    scaling = PlaybookStep(do="scale_workload", arguments={"replicas": 4, "namespace": "shop", "kind": "deployment",
                                                            "name": "api"})  # fmt: skip
    actions = proposed(playbook(PlaybookStep(look="inspect_object"), scaling))
    assert [(action.primitive, action.playbook) for action in actions] == [
        ("inspect_object", "threads"), ("scale_workload", "threads"), ("restart_workload", ""),
    ]  # fmt: skip
    assert actions[1].arguments["replicas"] == 4
    assert actions[1].requires_approval


def test_a_step_may_be_about_another_resource() -> None:
    (look, *_) = proposed(playbook(PlaybookStep(look="inspect_object", target="shop/deployment/mail")))
    assert (look.resource, look.playbook) == ("shop/deployment/mail", "threads")
    assert "mail" in look.command


def test_a_step_that_lacks_an_argument_says_so_and_can_not_run() -> None:
    (action, *_) = proposed(playbook(PlaybookStep(do="scale_workload", arguments={"namespace": "shop"})))
    assert action.command == ""
    assert action.command_note == "no command: kind not known"


RIVAL = FULL.model_copy(update={"id": "H2", "cause_id": "cpu_saturated", "confidence": 0.2})


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({"match": PlaybookMatch(cause=("threads_*",))}, True),
        ({"match": PlaybookMatch(cause=("!threads_exhausted",))}, False),
        ({"match": PlaybookMatch(cause_class=(IncidentClass.WORKLOAD_FAILURE,))}, False),
        ({"match": PlaybookMatch(resource=("a*",), labels={"team": ("front",)})}, True),
        ({"match": PlaybookMatch(labels={"team": ("back",)})}, False),
        ({"when": Preconditions(confidence=0.7)}, False),
        ({"when": Preconditions(without=("cpu_*",))}, False),
        ({"when": Preconditions(without=("io_*",))}, True),
    ],
)
def test_it_holds_for_what_it_says(more: dict[str, Any], holds: bool) -> None:
    actions = proposed(playbook(PlaybookStep(look="inspect_object"), **more), others=(RIVAL,))
    assert any(action.playbook for action in actions) is holds


def test_nothing_is_changed_for_an_unlikely_cause_whatever_it_says() -> None:
    steps = (PlaybookStep(do="restart_workload"), PlaybookStep(look="inspect_object"))
    actions = proposed(playbook(*steps, when=Preconditions(confidence=0.0)), confidence=0.2)
    assert all(action.effect == "read" for action in actions)


def test_of_several_the_first_by_name_holds() -> None:
    first, second = (playbook(PlaybookStep(look="inspect_object"), name=name) for name in ("a", "b"))
    assert {action.playbook for action in proposed(second, first)} == {"a", ""}


def test_the_detail_has_its_note_and_whom_to_ask() -> None:
    book = playbook(PlaybookStep(do="restart_workload", because="it frees them"), ask=("#oncall\x1b[31m",), note="slow")
    (action, *_) = proposed(book)
    text = "\n".join(plain(line.left) for line in describe_action(action, state(book), 80))
    for words in ("threads", "it frees them", "slow", "#oncall"):
        assert words in text
    assert "\x1b" not in text


def test_old_events_keep_their_bytes() -> None:
    assert "playbooks" not in opened().model_dump(mode="json")
    assert "playbook" not in proposed()[0].model_dump(mode="json")
    book = playbook(PlaybookStep(look="inspect_object"))
    again = IncidentOpened.model_validate(opened(playbooks=(book,)).model_dump(mode="json"))
    assert again.playbooks == (book,)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("playbook: [\n", 2, ""),
        ("oops: 1\n", 1, "playbook: is required"),
        (f"{BEGIN}  steps: []\n", 4, "steps"),
        (f"{BEGIN}  steps:\n    - look: inspect_object\n  stops: []\n", 6, "there is no such key"),
        (f"{BEGIN}  steps:\n    - do: fly\n", 5, "there is no such action"),
        (f"{BEGIN}  steps:\n    - look: fly\n", 5, "there is no such look"),
        (f"{BEGIN}  steps:\n    - because: x\n", 5, "expected `look` or `do`"),
        (f"{BEGIN}  steps:\n    - do: scale_workload\n      arguments: {{wings: 2}}\n", 6, "has no wings"),
        (f"{BEGIN}  when: {{confidence: 2}}\n  steps:\n    - look: inspect_object\n", 4, "less than or equal to 1"),
    ],
)
def test_a_wrong_file_is_one_line_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_playbook(text.encode(), "p.yaml")
    words = str(refused.value)
    assert re.match(rf"p\.yaml:{line}:", words), words
    assert says in words
    assert "\n" not in words


def test_the_example_is_right_and_the_commands_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "a.yaml").write_bytes(EXAMPLE.read_bytes())
    monkeypatch.setenv("CLOUDOPS_PLAYBOOKS", str(folder))
    run = CliRunner()
    result = run.invoke(cloudops, ["playbook", "validate", str(EXAMPLE)], standalone_mode=False)
    assert (result.return_value, "payments pool" in result.output) == (0, True)
    shown = run.invoke(cloudops, ["playbook", "list"], standalone_mode=False).output
    assert shown.strip() in (ROOT / "docs" / "playbooks.md").read_text()
    assert "the report can wait" in run.invoke(cloudops, ["playbook", "show", "Payments Pool"]).output
    (folder / "b.yaml").write_bytes(EXAMPLE.read_bytes())
    (folder / "c.yaml").mkdir()
    problems = [file.problem for file in read_playbooks(folder) if file.problem]
    assert ["of this name already" in problems[0], "no regular file" in problems[1]] == [True, True]
    assert run.invoke(cloudops, ["playbook", "validate"], standalone_mode=False).return_value == 2
