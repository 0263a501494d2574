"""The names that several actions share mean each of them wherever an action is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from incident_facts import graph, opened, state_with

from cockpit.cli import main
from engine.act.playbook_files import parse_playbook
from engine.act.playbooks import Playbook, PlaybookMatch, PlaybookStep
from engine.act.policy import Subject
from engine.act.policy_file import parse_policy
from engine.act.proposals import proposals
from engine.hypotheses import Hypothesis
from primitives.errors import UsageError
from primitives.facts import Location
from primitives.remediations.registry import ALIASES, named, remediations
from primitives.terms import IncidentClass

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ON_EACH_PLATFORM = {
    "RollbackDeployment": ("rollback_deployment", "rollback_ecs_service", "rollback_function"),
    "ScaleResource": ("scale_workload", "scale_ecs_service", "scale_instance_group", "set_table_capacity"),
    "RestartService": ("restart_workload", "redeploy_ecs_service", "reboot_instance", "reboot_database"),
    "UpdateConfiguration": ("update_configuration", "set_database_parameter", "restore_parameter"),
}


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_stands_for_what_does_the_same_on_each_platform(alias: str) -> None:
    meant = {entry.name for entry in named(alias)}
    assert meant >= set(ON_EACH_PLATFORM[alias])
    assert {entry.operations.platform for entry in named(alias) if entry.operations} == {"kubernetes", "aws"}


def test_a_name_stands_for_itself_and_an_unknown_one_for_nothing() -> None:
    assert named("delete_pod") == (remediations()["delete_pod"],)
    assert named("rollbackdeployment") == ()


@pytest.mark.parametrize(
    ("patterns", "primitive", "denied"),
    [
        ("RollbackDeployment", "rollback_deployment", True),
        ("RollbackDeployment", "rollback_function", True),
        ("RollbackDeployment", "scale_workload", False),
        ("R*", "redeploy_ecs_service", True),
        (["!RestartService"], "reboot_instance", False),
        (["!RestartService"], "drain_node", True),
        (["ScaleResource", "!scale_ecs_service"], "scale_workload", True),
        (["ScaleResource", "!scale_ecs_service"], "scale_ecs_service", False),
    ],
)
def test_a_rule_may_name_it(patterns: Any, primitive: str, denied: bool) -> None:
    rules = [{"name": "r", "match": {"primitive": patterns}, "verdict": "deny"}]
    policy = parse_policy(json.dumps({"policy": {"rules": rules}}).encode(), "p.yaml")
    entry = remediations()[primitive]
    ruling = policy.ruling(Subject(entry.name, entry.effect, alias=entry.alias), NOON)
    assert (ruling.verdict == "deny") is denied


def test_check_judges_each_action_that_it_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy:\n  rules:\n    - {name: aws, match: {primitive: RestartService, platform: aws}, verdict: deny}\n"
    )
    assert main(["policy", "check", "--file", str(path), "--action", "RestartService"]) == 4
    shown = capsys.readouterr().out
    assert "restart_workload: confirm, by the rule default/write" in shown
    assert "redeploy_ecs_service: deny, by the rule aws" in shown


def test_check_says_that_a_rule_names_no_action(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.yaml"
    patterns = '["restart_worklaod", "!RestartService", "scale_*", "fly_*"]'
    path.write_text(f"policy:\n  rules:\n    - {{name: a, match: {{primitive: {patterns}}}, verdict: deny}}\n")
    assert main(["policy", "check", "--file", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules_without_action"] == ["a: restart_worklaod", "a: fly_*"]
    assert main(["policy", "check", "--file", str(path)]) == 0
    assert "this rule gives: a: restart_worklaod" in capsys.readouterr().out


def proposed(kind: str, place: Location, step: PlaybookStep) -> list[tuple[str, dict[str, Any]]]:
    """What a playbook with this step offers for a cause on `mail`."""
    system = graph({"mail": kind}, locations={"mail": place})
    book = Playbook(name="a", match=PlaybookMatch(), steps=(step,))  # type: ignore[call-arg]
    state = state_with((system,), opened(playbooks=(book,), platform=("kubernetes", "aws")))
    state.investigation.hypotheses = (
        Hypothesis(
            id="H1", cause="no threads left", cause_id="threads_exhausted", resource="mail", prior=-3.0,
            cause_class=IncidentClass.RESOURCE_SATURATION, confidence=0.6,
        ),
    )  # fmt: skip
    return [(action.primitive, dict(action.arguments)) for action in proposals(state) if action.playbook]


IN_CLUSTER = Location(platform="kubernetes", namespace="post", workload="deployment")
ON_AWS = Location(platform="aws", region="eu-central-1")


def test_a_playbook_may_name_it_and_means_what_fits_the_resource() -> None:
    ((name, arguments),) = proposed("service", IN_CLUSTER, PlaybookStep(do="RestartService"))
    assert (name, arguments["name"]) == ("restart_workload", "mail")
    ((name, arguments),) = proposed("database", ON_AWS, PlaybookStep(do="RestartService"))
    assert (name, arguments["instance"]) == ("reboot_database", "mail")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"namespace": "post", "kind": "deployment", "name": "mail", "replicas": 3}, "scale_workload"),
        ({"account": "1", "region": "eu-central-1", "cluster": "post", "service": "mail", "tasks": 3},
         "scale_ecs_service"),
    ],
)  # fmt: skip
def test_the_arguments_of_a_step_say_which_is_meant(given: dict[str, Any], meant: str) -> None:
    ((name, _),) = proposed("service", IN_CLUSTER, PlaybookStep(do="ScaleResource", arguments=given))
    assert name == meant


def test_a_playbook_file_with_it_is_checked() -> None:
    text = "playbook:\n  name: a\n  for: {{}}\n  steps:\n    - do: ScaleResource\n      arguments: {}\n"
    assert parse_playbook(text.format("{replicas: 4}").encode(), "p.yaml").steps[0].do == "ScaleResource"
    with pytest.raises(UsageError, match=r"p\.yaml:6: .*ScaleResource has no wings"):
        parse_playbook(text.format("{wings: 4}").encode(), "p.yaml")
    with pytest.raises(UsageError, match=r"p\.yaml:6: .*no single action of ScaleResource has all of them"):
        parse_playbook(text.format("{replicas: 4, tasks: 4}").encode(), "p.yaml")
