"""What the services of an account say of their resources, against moto's server; what moto lacks, as documented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases.aws_account import (
    DATABASE,
    FUNCTION,
    GROUP_OF_INSTANCES,
    QUEUE,
    SERVICE,
    build_function,
    build_shop,
    build_workers,
    trail_answer,
    trail_event,
)  # fmt: skip
from cases.fake_aws import ACCOUNT, REGION, FakeAws, Reply, as_json, documented, refused, refused_xml, running

from primitives.analysis.setting_edges import across_edges
from primitives.analysis.setting_rules import in_conflict
from primitives.analysis.setting_values import settings_of
from primitives.clock import ManualClock
from primitives.records import Window
from primitives.sources import define_source, open_source
from primitives.telemetry import (
    Answer,
    Backend,
    ChangesQuery,
    ConfigurationQuery,
    LogsQuery,
    ObservationsQuery,
    ProbesQuery,
    TopologyQuery,
)


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        fake.places = build_shop(fake)
        build_function(fake)
        build_workers(fake)
        yield fake


def window(now: datetime) -> Window:
    return Window(start=now - timedelta(hours=7), end=now)


def snapshots(answer: Answer[Any], resource: str, kind: str) -> list[Any]:
    return [each.document for each in answer.records if (each.resource, each.kind) == (resource, kind)]


async def test_a_request_goes_from_the_balancer_to_the_database(aws: FakeAws, source: Backend, now: datetime) -> None:
    answer = await source.ask(TopologyQuery(window=window(now)))
    [topology] = answer.records
    assert (answer.status, answer.detail) == ("answered", None)
    edges = {(edge.source, edge.target, edge.kind) for edge in topology.edges}
    balancer, group = aws.places["balancer"], aws.places["group"]
    assert {(balancer, group, "calls"), (group, SERVICE, "calls"), (SERVICE, DATABASE, "calls")} <= edges
    assert {(SERVICE, QUEUE, "calls"), (SERVICE, "pay.example.com", "calls"), (FUNCTION, QUEUE, "reads")} <= edges
    kinds = {resource.id: resource.kind for resource in topology.resources}
    assert kinds[SERVICE] == "service"
    assert (kinds[DATABASE], kinds[QUEUE], kinds[FUNCTION]) == ("database", "queue", "function")
    assert (kinds["pay.example.com"], kinds["smtp.example.com"]) == ("external", "external")
    assert [target for origin, target, kind in edges if origin == GROUP_OF_INSTANCES and kind == "owns"]
    # What no ARN names is where its source is, or nothing could be done to it.
    [group_of_instances] = [each for each in topology.resources if each.id == GROUP_OF_INSTANCES]
    assert dict(group_of_instances.attributes) == {"platform": "aws", "account": ACCOUNT, "region": REGION}


async def test_the_task_definition_of_before_is_there_to_compare(source: Backend, now: datetime) -> None:
    answer = await source.ask(ConfigurationQuery(window=window(now)))
    before, after = snapshots(answer, SERVICE, "task_definition")
    assert [each["containerDefinitions"][0]["image"] for each in (before, after)] == ["orders:1", "orders:2"]
    assert "revision" not in after
    assert snapshots(answer, DATABASE, "db_parameters") == [{"max_connections": "20"}]


async def test_settings_that_contradict_each_other_are_seen(aws: FakeAws, source: Backend, now: datetime) -> None:
    settings = settings_of((await source.ask(ConfigurationQuery(window=window(now)))).records)
    [topology] = (await source.ask(TopologyQuery(window=window(now)))).records
    within = {(each.rule, each.resource) for known in settings.values() for each in in_conflict(known, now)}
    assert ("no_concurrency", FUNCTION) in within
    assert ("at_most", GROUP_OF_INSTANCES) in within
    edges = [(edge.source, edge.target) for edge in topology.edges]
    assert ("seen_again_too_soon", QUEUE) in {(each.rule, each.resource) for each in across_edges(settings, edges)}


async def test_a_deployment_is_a_change_with_its_versions(source: Backend, now: datetime) -> None:
    answer = await source.ask(ChangesQuery(window=window(now)))
    [deployed] = [each for each in answer.records if each.resource == SERVICE]
    assert deployed.summary == "ECS deployed orders:2 in place of orders:1"
    assert (deployed.before["images"], deployed.after["images"]) == ({"app": "orders:1"}, {"app": "orders:2"})
    [made] = [each for each in answer.records if each.resource == FUNCTION]
    assert made.kind == "deployment"


async def test_the_balancers_checks_are_of_the_service_behind_it(aws: FakeAws, source: Backend, now: datetime) -> None:
    unhealthy = b"""<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member>
      <Target><Id>10.0.0.7</Id><Port>8080</Port></Target><TargetHealth><State>unhealthy</State>
      <Reason>Target.ResponseCodeMismatch</Reason>
      <Description>Health checks failed with these codes: [503]</Description></TargetHealth>
      </member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"""
    aws.rule = lambda call: Reply(200, unhealthy) if call.operation == "DescribeTargetHealth" else None
    [probe] = (await source.ask(ProbesQuery(window=window(now)))).records
    assert (probe.resource, probe.probe, probe.target) == (SERVICE, "http_get", "10.0.0.7:8080/healthz")
    assert (probe.result, probe.output) == (
        "failed", "Target.ResponseCodeMismatch: Health checks failed with these codes: [503]",
    )  # fmt: skip
    [told] = (await source.ask(ObservationsQuery(window=window(now), kinds=("target_health",)))).records
    assert told.resource == SERVICE


async def test_why_tasks_stopped_and_what_the_service_says_is_observed(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    recently = now - timedelta(minutes=4)
    task = {
        "taskArn": "t", "group": "service:orders", "stoppedAt": recently, "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited", "containers": [{"name": "app", "exitCode": 1}],
    }  # fmt: skip
    scaled = {**task, "stopCode": "ServiceSchedulerInitiated", "containers": [{"name": "app", "exitCode": 137}]}
    message = "(service orders) was unable to place a task because no container instance met all of its requirements."
    service = {
        "serviceArn": SERVICE, "serviceName": "orders", "taskDefinition": "orders:2",
        "events": [
            {"id": "e", "createdAt": recently, "message": message},
            {"id": "f", "createdAt": recently, "message": "(service orders) has reached a steady state."},
        ],
    }  # fmt: skip
    answers = {
        "ListTasks": documented("ecs", "ListTasks", {"taskArns": ["t"]}),
        "DescribeTasks": documented("ecs", "DescribeTasks", {"tasks": [task, scaled]}),
        "DescribeServices": documented("ecs", "DescribeServices", {"services": [service]}),
    }
    aws.rule = lambda call: answers.get(call.operation)
    told = (await source.ask(ObservationsQuery(window=window(now)))).records
    stopped = [each.data for each in told if each.kind == "stopped_task"]
    assert [each["containers"] for each in stopped] == [[{"name": "app", "exitCode": 1}], [{"name": "app"}]]
    assert [each.data["message"] for each in told if each.kind == "ecs_event"] == [message]


async def test_a_parameter_that_rds_announces_is_a_change_of_every_database_that_has_it(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    date = (now - timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    events = f"""<DescribeEventsResponse><DescribeEventsResult><Events><Event>
      <SourceIdentifier>orders-pg</SourceIdentifier><SourceType>db-parameter-group</SourceType>
      <Message>Updated parameter max_connections to 20 with apply method immediate</Message>
      <EventCategories><EventCategory>configuration change</EventCategory></EventCategories><Date>{date}</Date>
      </Event></Events></DescribeEventsResult></DescribeEventsResponse>"""
    aws.rule = lambda call: (
        Reply(200, events.encode()) if (call.service, call.operation) == ("rds", "DescribeEvents") else None
    )
    answer = await source.ask(ChangesQuery(window=window(now)))
    [change] = [each for each in answer.records if each.resource == DATABASE]
    assert (change.kind, change.origin) == ("configuration", "rds")
    assert change.after == {"max_connections": "20", "apply_method": "immediate", "parameter_group": "orders-pg"}


async def test_cloudtrail_says_who_and_what_it_reaches(aws: FakeAws, source: Backend, now: datetime) -> None:
    then = now - timedelta(minutes=20)
    group = {"dBParameterGroupName": "orders-pg", "parameters": [{"parameterName": "max_connections"}]}
    role = {"roleName": "mailer", "policyName": "send"}
    events = [
        trail_event(then, "ModifyDBParameterGroup", "rds.amazonaws.com", group),
        trail_event(then, "DeleteRolePolicy", "iam.amazonaws.com", role),
        trail_event(then, "UpdateService", "ecs.amazonaws.com", {"service": "orders", "taskDefinition": "orders:2"}),
        trail_event(then, "CreateLogStream", "logs.amazonaws.com", {"logGroupName": "x"}),
        trail_event(then, "RebootDBInstance", "rds.amazonaws.com", {}, ("orders-db",), errorCode="AccessDenied"),
    ]
    aws.rule = lambda call: trail_answer(*events) if call.operation == "LookupEvents" else None
    answer = await source.ask(ChangesQuery(window=window(now)))
    told = {(each.summary.partition(" (")[0], each.resource, each.kind) for each in answer.records if each.actor}
    assert ("rds: ModifyDBParameterGroup", DATABASE, "configuration") in told
    assert ("iam: DeleteRolePolicy", FUNCTION, "iam") in told
    assert ("ecs: UpdateService", SERVICE, "deployment") in told
    assert not any("LogStream" in summary or "Reboot" in summary for summary, _, _ in told)
    assert {each.actor for each in answer.records if each.origin == "cloudtrail"} == {"kim"}
    assert [entry.status for entry in answer.coverage] == ["answered", "answered"]
    assert all("up to 15 minutes late" in entry.source for entry in answer.coverage)


async def test_without_cloudtrail_its_kinds_are_unknown_and_the_rest_is_told(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    aws.rule = lambda call: refused("AccessDeniedException") if call.operation == "LookupEvents" else None
    answer = await source.ask(ChangesQuery(window=window(now)))
    assert [each.resource for each in answer.records if each.origin == "ecs"] == [SERVICE]
    assert {(entry.status, entry.detail) for entry in answer.coverage} == {
        ("denied", "not allowed: cloudtrail:LookupEvents")
    }
    assert {kind for entry in answer.coverage for kind in entry.kinds} >= {"iam", "deployment", "infrastructure"}


async def test_one_service_that_may_not_be_asked_is_a_gap_and_the_others_are_there(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    aws.rule = lambda call: refused_xml("AccessDenied", 403) if call.service == "rds" else None
    answer = await source.ask(TopologyQuery(window=window(now)))
    assert answer.status == "partial"
    assert "not allowed: rds:DescribeDBInstances" in (answer.detail or "")
    assert SERVICE in {resource.id for resource in answer.records[0].resources}
    assert answer.coverage == ()


async def test_what_was_deleted_meanwhile_is_no_gap(aws: FakeAws, source: Backend, now: datetime) -> None:
    aws.rule = lambda call: (
        refused_xml("TargetGroupNotFound") if call.operation == "DescribeTargetHealth" else
        refused("ResourceNotFoundException") if call.operation == "DescribeTable" else None
    )  # fmt: skip
    answer = await source.ask(TopologyQuery(window=window(now)))
    assert (answer.status, answer.detail) == ("answered", None)


async def test_nothing_may_be_read_is_a_denial(aws: FakeAws, source: Backend, now: datetime) -> None:
    aws.rule = lambda call: Reply(403, b"") if call.operation != "GetCallerIdentity" else None
    with pytest.raises(Exception, match="not allowed"):
        await source.ask(TopologyQuery(window=window(now)))


async def test_the_past_is_not_told_from_the_present(source: Backend, now: datetime) -> None:
    earlier = Window(start=now - timedelta(hours=9), end=now - timedelta(hours=8))
    for question in (TopologyQuery, ConfigurationQuery, ObservationsQuery, ProbesQuery):
        answer = await source.ask(question(window=earlier))
        assert (answer.status, answer.records) == ("not_recorded", ())


async def test_a_secure_parameter_is_never_read(aws: FakeAws) -> None:
    ssm = aws.client("ssm")
    for kind, name in (("String", "/orders/limit"), ("SecureString", "/orders/password")):
        for value in ("first-4711", "second-4712"):
            ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
    # The parameters must be older than the source's clock, however long it took to make them.
    later = datetime.now(UTC) + timedelta(seconds=1)
    source = aws.source(later)
    answer = await source.ask(ChangesQuery(window=window(later)))
    await source.close()
    told = {each.id: (each.before, each.after) for each in answer.records if each.origin == "ssm"}
    assert told == {
        "/orders/limit:2": (
            {"limit": "first-4711"},
            {"limit": "second-4712", "parameter": "/orders/limit", "version": 2},
        ),
        "/orders/password:2": (None, None),
    }
    [asked] = [call.body for call in aws.calls if call.operation == "GetParameterHistory"]
    assert b"password" not in asked
    assert b"WithDecryption" not in asked


async def test_what_a_database_waits_for_is_observed_where_it_is_watched(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    instance = b"""<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>
      <DBInstanceIdentifier>orders-db</DBInstanceIdentifier><DBInstanceArn>%s</DBInstanceArn>
      <DbiResourceId>db-ABC</DbiResourceId><PerformanceInsightsEnabled>true</PerformanceInsightsEnabled>
      <DBInstanceStatus>storage-full</DBInstanceStatus>
      </DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>""" % DATABASE.encode()
    statement = {"Dimensions": {"db.sql_tokenized.statement": "UPDATE orders SET state = ?"}, "Total": 4.2}
    wait = {"Dimensions": {"db.wait_event.name": "Lock:tuple", "db.wait_event.type": "Lock"}, "Total": 3.9}

    def rule(call: Any) -> Reply | None:
        if call.operation == "DescribeDimensionKeys":
            keys = [wait] if b"wait_event" in call.body else [statement]
            return documented("pi", "DescribeDimensionKeys", {"Keys": keys})
        return Reply(200, instance) if call.operation == "DescribeDBInstances" else None

    aws.rule = rule
    told = (await source.ask(ObservationsQuery(window=window(now)))).records
    assert {(each.kind, each.resource) for each in told} >= {
        ("top_sql", DATABASE), ("wait_event", DATABASE), ("db_instance_status", DATABASE),
    }  # fmt: skip
    [waited] = [each.data for each in told if each.kind == "wait_event"]
    assert waited == {"name": "Lock:tuple", "type": "Lock", "db_load_avg": 3.9}


async def test_a_quota_that_is_used_up_contradicts_itself(aws: FakeAws, source: Backend, now: datetime) -> None:
    usage = {
        "MetricNamespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions", "MetricDimensions": {"Type": "Usage"},
        "MetricStatisticRecommendation": "Maximum",
    }  # fmt: skip
    quota = {"QuotaName": "Concurrent executions", "Value": 1000.0, "UsageMetric": usage}
    quotas = documented("service-quotas", "ListServiceQuotas", {"Quotas": [quota]})
    used = as_json({"MetricDataResults": [{"Id": "q0", "Values": [640.0, 1000.0]}]})

    def rule(call: Any) -> Reply | None:
        if call.operation == "ListServiceQuotas":
            return quotas if b'"lambda"' in call.body else as_json({"Quotas": []})
        return used if call.operation == "GetMetricData" else None

    aws.rule = rule
    settings = settings_of((await source.ask(ConfigurationQuery(window=window(now)))).records)
    conflicts = {each.rule: each.resource for known in settings.values() for each in in_conflict(known, now)}
    assert conflicts["at_quota"] == "lambda_AWS::ServiceQuotas::Service"


def cut_in_half(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)


def with_other_values(reply: Reply) -> Reply:
    """Every number and text of it is another one."""
    body = reply.body.replace(b"1", b"x").replace(b"arn", b"<>").replace(b"true", b"7")
    return Reply(reply.status, body, reply.headers)


@pytest.mark.parametrize("alter", [cut_in_half, with_other_values])
async def test_answers_that_are_cut_or_altered_on_the_way_end_no_question(
    aws: FakeAws, source: Backend, now: datetime, alter: Callable[[Reply], Reply]
) -> None:
    aws.after = lambda call, reply: reply if call.operation == "GetCallerIdentity" else alter(reply)
    try:
        for question in (TopologyQuery, ConfigurationQuery, ObservationsQuery, ProbesQuery, ChangesQuery, LogsQuery):
            answer = await source.ask(question(window=window(now)))
            assert answer.status == "partial"
            assert "\n" not in (answer.detail or "")
    finally:
        aws.after = lambda call, reply: reply


async def test_a_later_question_looks_again(aws: FakeAws, now: datetime) -> None:
    clock = ManualClock(now)
    source = open_source("prod", define_source("prod", aws.settings(), {}), clock).backend
    await source.ask(TopologyQuery(window=window(now)))
    await source.ask(ProbesQuery(window=window(now)))
    assert aws.asked("DescribeTargetGroups") == 1
    await clock.sleep(60.0)
    await source.ask(ProbesQuery(window=window(clock.now())))
    assert aws.asked("DescribeTargetGroups") == 2
