"""The calls of actions in the code, what each action says that it takes, and the policies are the same."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from click.testing import CliRunner

from cockpit.commands.doctor import command
from engine.act.roles import iam_documents
from primitives.actions.aws_calls import LOOKS, WRITES
from primitives.backends.aws.permissions import CALLS, NEVER, act_policy, act_trust, action_of, read_policy
from primitives.remediations.registry import permissions_of, remediations

ROOT = Path(__file__).parents[2]
CODE = [path for folder in ("actions", "remediations") for path in (ROOT / "primitives" / folder).glob("*.py")]
_READS = ("Describe", "Get", "List", "Lookup")


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text()) for path in CODE if path.name != "aws_calls.py")


def looks() -> Iterator[str]:
    """Every `world.read("service", "Operation", …)`."""
    for node in (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "read":
            texts = [str(part.value) for part in node.args if isinstance(part, ast.Constant)]
            yield from [":".join(texts)] if texts else []


def test_the_code_looks_at_what_the_table_says() -> None:
    assert set(looks()) == LOOKS
    texts = {node.value for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {call.partition(":")[2] for call in WRITES} <= texts


def test_every_call_is_one_that_aws_has() -> None:
    session = botocore.session.Session()
    for call in LOOKS | WRITES:
        service, _, operation = call.partition(":")
        assert operation in session.get_service_model(service).operation_names
        assert operation.startswith(_READS) == (call in LOOKS)


def test_what_the_actions_say_that_they_take_is_what_they_call() -> None:
    assert set(permissions_of("aws")) == LOOKS | WRITES
    for action in remediations().values():
        if action.operations is not None and action.operations.platform == "aws":
            assert len(set(action.permissions) & WRITES) >= 1, action.name
    assert not any(":" in permission for permission in permissions_of("kubernetes"))


def test_the_role_that_acts_may_do_that_and_is_denied_everything_else() -> None:
    look, act, nothing_else = act_policy()["Statement"]
    assert set(look["Action"]) == {action_of(*call.split(":")) for call in LOOKS}
    assert set(act["Action"]) == {action_of(*call.split(":")) for call in WRITES}
    assert nothing_else["Effect"] == "Deny"
    assert set(nothing_else["NotAction"]) == {*look["Action"], *act["Action"], "sts:GetCallerIdentity"}


def test_the_role_that_reads_is_denied_what_nothing_needs() -> None:
    allowed, never = read_policy()["Statement"]
    assert (never["Effect"], never["Action"]) == ("Deny", list(NEVER))
    needed = {*allowed["Action"], *act_policy()["Statement"][0]["Action"], *act_policy()["Statement"][1]["Action"]}
    for denied in NEVER:
        front = denied.removesuffix("*")
        assert not [action for action in needed if action == denied or (front != denied and action.startswith(front))]
    assert CALLS


def test_who_assumes_the_role_is_named_by_its_session() -> None:
    assume, tag = act_trust()["Statement"]
    assert (assume["Action"], tag["Action"]) == ("sts:AssumeRole", "sts:TagSession")
    assert assume["Condition"]["StringLike"]["sts:RoleSessionName"] == "cloudops-*"


@pytest.mark.parametrize("name", ["cloudops-read", "cloudops-act", "cloudops-act-trust"])
def test_the_files_are_what_the_code_makes(name: str) -> None:
    text = (ROOT / "docs" / "iam" / f"{name}.json").read_text()
    assert text == iam_documents()[f"{name}.json"], "run `make docs`"


def test_doctor_prints_what_acting_takes() -> None:
    printed = CliRunner().invoke(command, ["--policy", "aws", "--act"])
    assert json.loads(printed.output) == act_policy()
    cluster = CliRunner().invoke(command, ["--policy", "kubernetes", "--act"])
    assert "name: cloudops-act" in cluster.output
    assert CliRunner().invoke(command, ["--policy", "prometheus", "--act"]).exit_code != 0
