"""Actions on AWS are proposed with arguments from typed evidence; what no fact states gives no command."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import SEEN, change, concluded, graph, limit

from primitives.actions.proposal import Proposed
from primitives.actions.target import Target
from primitives.facts import ConfigurationDifference, Fact, Location, Observed
from primitives.records import Change
from primitives.remediations.registry import remediations

PLACE = "eu-north-1:210987654321"
SERVICE = f"arn:aws:ecs:{PLACE}:service/clinic/booking"
FUNCTION = f"arn:aws:lambda:{PLACE}:function:remind"
DATABASE = f"arn:aws:rds:{PLACE}:db:ledger"
TABLE = f"arn:aws:dynamodb:{PLACE}:table/seats"
MACHINE = f"arn:aws:ec2:{PLACE}:instance/i-0123456789abcdef0"
GROUP = "pressers_AWS::AutoScaling::AutoScalingGroup"


def made(name: str, resource: str, *, before: Any = None, after: Any = None, origin: str = "", **more: Any) -> Fact:
    """A change with what it made of what."""
    known = change(name, resource, after=after, **more)
    assert known.change is not None
    record = Change.model_validate({**known.change.model_dump(), "before": before, "origin": origin or None})
    return known.model_copy(update={"change": record})


def differs(resource: str, kind: str, path: str, before: Any, after: Any) -> Fact:
    return ConfigurationDifference(resource=resource, kind=kind, path=path, before=before, after=after, **SEEN)


def proposed(name: str, resource: str, *facts: Fact, **more: Any) -> str | None:
    """The command of what a remediation proposes; None where it proposes none."""
    target = Target(resource, facts=facts, platforms=("aws",), **more)
    proposal = remediations()[name].propose(target)
    return remediations()[name].command(proposal.arguments) if isinstance(proposal, Proposed) else None


def deployed(name: str = "d7", old: str = "booking:6", new: str = "booking:7", **more: Any) -> Fact:
    return made(name, SERVICE, before={"version": old}, after={"version": new}, origin="ecs", **more)


BLAMED: dict[str, Any] = {"cause_id": "deployment_regression", "change": "d7"}


def test_a_service_goes_back_to_what_the_blamed_deployment_replaced() -> None:
    command = "aws ecs update-service --cluster clinic --service booking --task-definition booking:6"
    assert proposed("rollback_ecs_service", SERVICE, deployed(), **BLAMED) == f"{command} --region eu-north-1"
    assert proposed("rollback_ecs_service", SERVICE, deployed(), cause_id="rollout_stuck") == (
        f"{command} --region eu-north-1"
    )


@pytest.mark.parametrize(
    "facts",
    [
        (),
        (deployed(old=""),),
        (deployed(old="latest"),),
        (deployed(), deployed("d8", "booking:7", "booking:8", minutes_before=2)),
    ],
    ids=["nothing known", "nothing before", "no task definition", "another one followed"],
)
def test_a_service_whose_way_back_is_not_known_is_not_rolled_back(facts: tuple[Fact, ...]) -> None:
    assert proposed("rollback_ecs_service", SERVICE, *facts, **BLAMED) is None


def test_what_is_no_service_of_ecs_is_not_rolled_back_there() -> None:
    for resource in (FUNCTION, "shop/deployment/booking", f"arn:aws:ecs:{PLACE}:service/booking"):
        fact = made("d7", resource, before={"version": "booking:6"}, after={"version": "booking:7"})
        assert proposed("rollback_ecs_service", resource, fact, **BLAMED) is None


def test_capacity_goes_back_to_what_it_was() -> None:
    lowered = differs(SERVICE, "ecs_service", "desiredCount", 6, 0)
    assert "--desired-count 6" in (proposed("scale_ecs_service", SERVICE, lowered) or "")
    assert proposed("scale_ecs_service", SERVICE) is None
    lowered = differs(GROUP, "auto_scaling_group", "DesiredCapacity", 4, 1)
    assert "--desired-capacity 4" in (proposed("scale_instance_group", GROUP, lowered) or "")
    lowered = differs(FUNCTION, "concurrency", "ReservedConcurrentExecutions", 50, 0)
    assert "executions 50" in (proposed("set_reserved_concurrency", FUNCTION, lowered) or "")
    assert proposed("set_reserved_concurrency", FUNCTION) is None
    reads = differs(TABLE, "table", "ReadCapacityUnits", 100, 5)
    writes = differs(TABLE, "table", "WriteCapacityUnits", 40, 5)
    assert "ReadCapacityUnits=100,WriteCapacityUnits=40" in (proposed("set_table_capacity", TABLE, reads, writes) or "")
    assert proposed("set_table_capacity", TABLE, reads) is None


def test_a_group_whose_name_says_no_place_is_where_its_source_states() -> None:
    lowered = differs(GROUP, "auto_scaling_group", "DesiredCapacity", 4, 1)
    stated = Location(platform="aws", account="210987654321", region="eu-north-1")
    placed = graph({GROUP: "workload"}, locations={GROUP: stated})
    assert (proposed("scale_instance_group", GROUP, lowered, placed) or "").endswith("--region eu-north-1")
    proposal = remediations()["scale_instance_group"].propose(Target(GROUP, facts=(lowered, placed)))
    assert isinstance(proposal, Proposed)
    assert proposal.arguments.unstated_place == ""


def moved(name: str, version: str, **more: Any) -> Fact:
    return made(name, FUNCTION, after={"name": "live", "functionVersion": version}, **more)


def test_an_alias_goes_back_to_where_it_pointed() -> None:
    earlier = moved("d6", "11", minutes_before=60)
    command = "aws lambda update-alias --function-name remind --name live --function-version 11 --region eu-north-1"
    assert proposed("rollback_function", FUNCTION, earlier, moved("d7", "12"), **BLAMED) == command
    assert proposed("rollback_function", FUNCTION, moved("d7", "12"), **BLAMED) is None
    later = moved("d8", "13", minutes_before=1)
    assert proposed("rollback_function", FUNCTION, earlier, moved("d7", "12"), later, **BLAMED) is None
    before = differs(FUNCTION, "aliases", "live.version", "11", "12")
    assert proposed("rollback_function", FUNCTION, before, moved("d7", "12"), **BLAMED) == command


def test_a_parameter_of_a_database_goes_back_where_both_sides_are_known() -> None:
    after = {"work_mem": "64", "apply_method": "immediate", "parameter_group": "ledger-pg"}
    blamed = made("d7", DATABASE, after=after, kind="configuration", origin="rds")
    was = differs(DATABASE, "db_parameters", "work_mem", "4096", "64")
    assert "ParameterName=work_mem,ParameterValue=4096,ApplyMethod=immediate" in (
        proposed("set_database_parameter", DATABASE, blamed, was, change="d7") or ""
    )
    assert proposed("set_database_parameter", DATABASE, blamed, change="d7") is None
    assert proposed("set_database_parameter", DATABASE, was) is None


def test_settings_that_are_deployed_by_themselves_go_back() -> None:
    stored = made("d7", SERVICE, after={"parameter": "/kiosk/limit", "version": 3}, kind="configuration", origin="ssm")
    assert "/kiosk/limit:2" in (proposed("restore_parameter", SERVICE, stored, change="d7") or "")
    ids = {"applicationId": "abc1234", "environmentId": "env1234", "configurationProfileId": "pro1234"}
    flags = [
        made(name, SERVICE, after={**ids, "configurationVersion": version}, kind="feature_flag", minutes_before=minutes)
        for name, version, minutes in (("d6", "4", 60), ("d7", "5", 5))
    ]
    said = proposed("rollback_app_configuration", SERVICE, *flags, change="d7") or ""
    assert "--configuration-version 4" in said
    assert proposed("rollback_app_configuration", SERVICE, flags[1], change="d7") is None
    off = made("d7", SERVICE, after={"name": "nightly"}, kind="configuration", summary="events: DisableRule (nightly)")
    assert "enable-rule --name nightly" in (proposed("enable_rule", SERVICE, off, change="d7") or "")
    assert proposed("disable_rule", SERVICE, off, change="d7") is None


def test_an_instance_is_rebooted_where_its_own_check_fails() -> None:
    def ill(what: str) -> Fact:
        return Observed(
            resource=MACHINE, kind="instance_status", subject=what, details={"message": f"{what} is impaired"}, **SEEN
        )

    assert "i-0123456789abcdef0" in (proposed("reboot_instance", MACHINE, ill("InstanceStatus")) or "")
    assert proposed("reboot_instance", MACHINE, ill("SystemStatus")) is None
    assert proposed("reboot_instance", MACHINE) is None


def test_what_a_person_has_to_choose_is_not_proposed() -> None:
    for name in ("resize_database", "set_storage_bound", "refresh_instances"):
        for resource in (DATABASE, GROUP):
            assert proposed(name, resource, limit(resource, "cpu_utilization", 0.99)) is None


def test_a_bad_deployment_on_ecs_is_answered_by_its_rollback() -> None:
    from incident_facts import share, shift

    facts = (shift(SERVICE), share(SERVICE, 0.95), deployed())
    writes = [action for action in concluded(facts).actions if action.effect != "read"]
    assert [action.primitive for action in writes[:1]] == ["rollback_ecs_service"]
    assert writes[0].arguments["task_definition"] == "booking:6"
