"""Lambda's aliases and reserved concurrency, with answers as the API reference documents them."""

from __future__ import annotations

from typing import Any

import pytest
from cases.aws_actions import carry_out, failing, known, lost, progress, undo
from cases.fake_aws_world import PLACE, FakeAwsWorld

ARN = f"arn:aws:lambda:{PLACE.region}:{PLACE.account}:function:remind"
ALIAS = {"function": "remind", "alias": "live"}
BACK = {**ALIAS, "version": "11", "blamed": "12"}
LIMIT: dict[str, Any] = {"function": "remind"}


class Lambda:
    """A function with versions, one alias and a reserved concurrency."""

    def __init__(self, **alias: Any) -> None:
        self.alias = {"AliasArn": f"{ARN}:live", "Name": "live", "FunctionVersion": "12", "RevisionId": "r-1", **alias}
        self.reserved: int | None = 0
        self.status = "Successful"
        self.world = FakeAwsWorld(
            {
                "lambda:GetAlias": lambda _: dict(self.alias), "lambda:GetFunctionConfiguration": self.version,
                "lambda:GetFunctionConcurrency": lambda _: self.concurrency(),
            },
            {
                "lambda:UpdateAlias": self.update, "lambda:PutFunctionConcurrency": self.reserve,
                "lambda:DeleteFunctionConcurrency": self.reserve,
            },
        )  # fmt: skip

    def version(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        states = {"10": "Failed", "11": "Active", "12": "Active", None: "Active"}
        version = asked.get("Qualifier")
        if version not in states:
            return None
        return {"FunctionArn": ARN, "State": states[version], "LastUpdateStatus": self.status}

    def concurrency(self) -> dict[str, Any]:
        return {} if self.reserved is None else {"ReservedConcurrentExecutions": self.reserved}

    def update(self, asked: dict[str, Any]) -> None:
        assert asked["RevisionId"] == self.alias["RevisionId"]
        self.alias |= {"FunctionVersion": asked["FunctionVersion"], "RevisionId": f"{asked['RevisionId']}+"}

    def reserve(self, asked: dict[str, Any]) -> None:
        self.reserved = asked.get("ReservedConcurrentExecutions")


async def test_an_alias_goes_back_and_forward_with_the_revision_that_was_read() -> None:
    functions = Lambda()
    preview = await carry_out(functions.world, "rollback_function", **BACK)
    [call] = functions.world.sent
    assert (call.target, call.parameters["resources"]) == (f"{ARN}:live", [ARN, f"{ARN}:live"])
    assert preview.diff == "-version: '12'\n+version: '11'"
    assert (await progress(functions.world, "rollback_function", preview, **BACK)).state == "converged"
    await undo(functions.world, "rollback_function", preview, **BACK)
    assert functions.alias["FunctionVersion"] == "12"
    assert (await progress(functions.world, "rollback_function", preview, **BACK)).state == "failed"


async def test_an_alias_that_was_written_since_makes_another_plan() -> None:
    functions = Lambda()
    _, args, operations = known("rollback_function", **BACK)
    first = await operations.preview(functions.world, args, "exec-1.R1")
    functions.alias["RevisionId"] = "r-2"
    second = await operations.preview(functions.world, args, "exec-1.R1")
    assert (first.version != second.version, first.call.parameters != second.call.parameters) == (True, True)


@pytest.mark.parametrize(("fault", "outcome"), [("drop-after", "accepted"), ("drop-before", "unknown")])
async def test_an_answer_that_was_lost_is_read_from_the_alias(fault: str, outcome: str) -> None:
    assert (await lost(Lambda().world, fault, "rollback_function", **BACK))[0] == outcome


@pytest.mark.parametrize(
    ("alias", "arguments", "says"),
    [
        ({"RoutingConfig": {"AdditionalVersionWeights": {"13": 0.1}}}, {},
         "a part of its traffic goes to 13: a deployment is under way; instead: aws deploy stop-deployment"),
        ({"FunctionVersion": "13"}, {}, "it points at 13, not at 12"),
        ({}, {"version": "10"}, "it is Failed"),
        ({}, {"version": "9"}, "there is no such version"),
        ({"FunctionVersion": "11"}, {"blamed": None}, "nothing would change"),
    ],
)  # fmt: skip
async def test_an_alias_that_can_not_be_moved_says_why(
    alias: dict[str, Any], arguments: dict[str, Any], says: str
) -> None:
    assert says in await failing(Lambda(**alias).world, "rollback_function", **{**BACK, **arguments})


async def test_an_alias_that_is_gone_is_refused() -> None:
    functions = Lambda()
    functions.world.answers["lambda:GetAlias"] = None
    assert "there is no arn:aws:lambda" in await failing(functions.world, "rollback_function", **BACK)


async def test_a_reserved_concurrency_is_set_and_set_back() -> None:
    functions = Lambda()
    wanted = {**LIMIT, "concurrency": 50}
    preview = await carry_out(functions.world, "set_reserved_concurrency", **wanted)
    assert functions.reserved == 50
    assert (await progress(functions.world, "set_reserved_concurrency", preview, **wanted)).state == "converged"
    await undo(functions.world, "set_reserved_concurrency", preview, **wanted)
    assert functions.reserved == 0
    assert (await progress(functions.world, "set_reserved_concurrency", preview, **wanted)).state == "failed"


async def test_a_concurrency_that_was_none_is_taken_away_again() -> None:
    functions = Lambda()
    functions.reserved = None
    preview = await carry_out(functions.world, "set_reserved_concurrency", **LIMIT, concurrency=5)
    await undo(functions.world, "set_reserved_concurrency", preview, **LIMIT, concurrency=5)
    assert functions.reserved is None
    assert [call.operation for call in functions.world.sent] == ["DeleteFunctionConcurrency"]
    functions.status = "InProgress"
    said = await failing(functions.world, "set_reserved_concurrency", **LIMIT, concurrency=5)
    assert "an update of it is under way" in said


def test_the_commands_of_a_person() -> None:
    front = "--function-name remind"
    for primitive, arguments, said in (
        ("rollback_function", BACK, f"aws lambda update-alias {front} --name live --function-version 11"),
        ("set_reserved_concurrency", {**LIMIT, "concurrency": 5},
         f"aws lambda put-function-concurrency {front} --reserved-concurrent-executions 5"),
        ("set_reserved_concurrency", LIMIT, f"aws lambda delete-function-concurrency {front}"),
    ):  # fmt: skip
        remediation, args, _ = known(primitive, **arguments)
        assert remediation.command(args) == f"{said} --region eu-north-1"
