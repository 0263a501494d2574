"""What X-Ray, AWS Health and AWS Config say of an account's resources, in the shapes of botocore's models."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases.aws_account import DATABASE, FUNCTION, QUEUE, SERVICE, build_function, build_shop, trail_answer, trail_event
from cases.fake_aws import ACCOUNT, REGION, FakeAws, Reply, documented, refused, running

from primitives.records import Window
from primitives.telemetry import Backend, ChangesQuery, LogsQuery, SpansQuery, TopologyQuery

GRAPH, SUMMARIES, TRACES = "POST /ServiceGraph", "POST /TraceSummaries", "POST /Traces"
EVENT = f"arn:aws:health:{REGION}::event/RDS/AWS_RDS_OPERATIONAL_ISSUE/AWS_RDS_OPERATIONAL_ISSUE_4711"


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        fake.places = build_shop(fake)
        build_function(fake)
        yield fake


@pytest.fixture
def aws(started: FakeAws) -> FakeAws:
    started.forget_calls()
    return started


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


@pytest.fixture
async def source(aws: FakeAws, now: datetime) -> AsyncIterator[Backend]:
    backend = aws.source(now)
    yield backend
    await backend.close()


def window(now: datetime) -> Window:
    return Window(start=now - timedelta(hours=7), end=now)


def answering(**replies: Reply) -> Any:
    """A rule that answers operations; those of X-Ray are called by their path."""
    paths = {"GetServiceGraph": GRAPH, "GetTraceSummaries": SUMMARIES, "BatchGetTraces": TRACES}
    known = {paths.get(name, name): reply for name, reply in replies.items()}
    return lambda call: known.get(call.operation)


def graph() -> Reply:
    def node(place: int, name: str, kind: str, *calls: int, names: tuple[str, ...] = ()) -> dict[str, Any]:
        return {"ReferenceId": place, "Name": name, "Names": list(names or (name,)), "Type": kind,
                "Edges": [{"ReferenceId": target} for target in calls]}  # fmt: skip

    return documented("xray", "GetServiceGraph", {"Services": [
        node(0, "orders", "client", 1), node(1, "orders", "AWS::ECS::Container", 2, 4, 5),
        node(2, "send-mail", "AWS::Lambda", 3), node(3, "send-mail", "AWS::Lambda::Function"),
        node(4, "prices.example.com", "remote"), node(5, "sessions", "AWS::DynamoDB::Table"),
    ]})  # fmt: skip


async def test_who_calls_whom_is_read_from_the_service_graph(aws: FakeAws, source: Backend, now: datetime) -> None:
    aws.rule = answering(GetServiceGraph=graph())
    (topology,) = (await source.ask(TopologyQuery(window=window(now)))).records
    edges = {(edge.source, edge.target) for edge in topology.edges if edge.kind == "calls"}
    assert {(SERVICE, FUNCTION), (SERVICE, "prices.example.com"), (SERVICE, "sessions")} <= edges
    kinds = {resource.id: resource.kind for resource in topology.resources}
    assert (kinds["prices.example.com"], kinds["sessions"], kinds[FUNCTION]) == ("external", "database", "function")
    # Who sends requests from outside is no resource.
    assert (SERVICE, SERVICE) not in edges
    [asked] = [json.loads(call.body) for call in aws.calls if call.operation == GRAPH]
    assert asked["EndTime"] - asked["StartTime"] == pytest.approx(3600, abs=1)


def trace(now: datetime) -> Reply:
    began = now.timestamp() - 600
    segment = {
        "id": "70de5b6f19ff9a0a", "trace_id": "1-581cf771-a006649127e371903a2de979", "name": "orders",
        "start_time": began, "end_time": began + 2.5, "fault": True, "origin": "AWS::ECS::Container",
        "http": {"request": {"method": "POST", "url": "https://shop.example.com/orders"}, "response": {"status": 502}},
        "subsegments": [{
            "id": "53995c3f42cd8ad8", "name": "orders-db", "start_time": began + 0.1, "end_time": began + 2.4,
            "namespace": "remote", "fault": True,
            "cause": {"exceptions": [{"message": "too many connections", "type": "OperationalError"}]},
        }],
    }  # fmt: skip
    unfinished = {"id": "aaaaaaaaaaaaaaaa", "name": "orders", "start_time": began, "in_progress": True}
    documents = [json.dumps(segment), json.dumps(unfinished), "{", json.dumps({"name": "orders"})]
    segments = [{"Id": str(number), "Document": document} for number, document in enumerate(documents)]
    return documented("xray", "BatchGetTraces", {"Traces": [{"Id": segment["trace_id"], "Segments": segments}]})


async def test_segments_are_spans_of_the_resources_that_other_services_know(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    summaries = documented("xray", "GetTraceSummaries", {"TraceSummaries": [
        {"Id": "1-581cf771-a006649127e371903a2de979", "HasFault": True}
    ]})  # fmt: skip
    aws.rule = answering(GetTraceSummaries=summaries, BatchGetTraces=trace(now))
    lately = Window(start=now - timedelta(seconds=50 * 60), end=now)
    answer = await source.ask(SpansQuery(window=lately))
    spans = {(span.span_id, span.parent_span_id): span for span in answer.records}
    own, call = spans["70de5b6f19ff9a0a", None], spans["53995c3f42cd8ad8", "70de5b6f19ff9a0a"]
    assert {span.span_id for span in answer.records} == {own.span_id, call.span_id}
    assert (own.resource, own.status, own.duration_s) == (SERVICE, "error", pytest.approx(2.5))
    assert own.attributes["http.response.status_code"] == 502
    assert own.attributes["span.kind"] == "server"
    assert (call.resource, call.attributes["span.kind"], call.attributes["peer.service"]) == (
        SERVICE, "client", "orders-db",
    )  # fmt: skip
    assert call.attributes["exception.message"] == "too many connections"
    # From all over the window, and none of another time.
    asked = [json.loads(call.body) for call in aws.calls if call.operation == SUMMARIES]
    assert len(asked) == 6
    assert min(each["StartTime"] for each in asked) == pytest.approx(lately.start.timestamp(), abs=1)
    assert not (await source.ask(SpansQuery(window=lately, resources=("somebody else",)))).records
    assert not answer.coverage


async def test_many_hours_are_asked_in_parts_that_x_ray_takes(aws: FakeAws, source: Backend, now: datetime) -> None:
    aws.rule = answering(GetTraceSummaries=documented("xray", "GetTraceSummaries", {"TraceSummaries": []}))
    await source.ask(SpansQuery(window=Window(start=now - timedelta(days=3), end=now)))
    asked = [json.loads(call.body) for call in aws.calls if call.operation == SUMMARIES]
    assert max(each["EndTime"] - each["StartTime"] for each in asked) <= 6 * 3600 + 1


async def test_traces_that_may_not_be_read_are_a_denial_that_names_the_permission(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    aws.rule = answering(GetTraceSummaries=refused("AccessDeniedException", 403))
    with pytest.raises(Exception, match="not allowed: xray:GetTraceSummaries"):
        await source.ask(SpansQuery(window=window(now)))


async def test_what_aws_announces_is_told_of_the_resource_that_it_affects(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    began = now - timedelta(minutes=40)
    event = {
        "arn": EVENT, "service": "RDS", "eventTypeCode": "AWS_RDS_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
        "region": REGION, "startTime": began, "endTime": began + timedelta(minutes=30), "statusCode": "closed",
    }  # fmt: skip
    wide = {**event, "arn": f"{EVENT}-2", "service": "SQS", "eventTypeCode": "AWS_SQS_OPERATIONAL_ISSUE",
            "statusCode": "open"}  # fmt: skip
    said = "We are investigating connectivity issues affecting some database instances."
    details = {"successfulSet": [{"event": event, "eventDescription": {"latestDescription": said}}]}
    entities = {"entities": [{"eventArn": EVENT, "entityValue": "orders-db"}]}
    aws.rule = answering(
        DescribeEvents=documented("health", "DescribeEvents", {"events": [event, wide]}),
        DescribeEventDetails=documented("health", "DescribeEventDetails", details),
        DescribeAffectedEntities=documented("health", "DescribeAffectedEntities", entities),
    )
    told = [record for record in (await source.ask(LogsQuery(window=window(now)))).records
            if record.attributes.get("source") == "aws.health"]  # fmt: skip
    by_resource = {record.resource: record for record in told if "ended" not in record.body}
    assert by_resource[DATABASE].body == f"AWS_RDS_OPERATIONAL_ISSUE: {said}"
    assert (by_resource[DATABASE].severity, by_resource[DATABASE].time) == ("ERROR", began)
    assert "sqs_AWS::Health::Service" in by_resource
    assert [record.resource for record in told if "has ended" in record.body] == [DATABASE]
    # One address for all regions.
    assert any(call.operation == "DescribeEvents" and call.service == "health" for call in aws.calls)


async def test_without_a_support_plan_nothing_is_said_and_nothing_is_missing(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    aws.rule = answering(DescribeEvents=refused("SubscriptionRequiredException"))
    answer = await source.ask(TopologyQuery(window=window(now)))
    assert "health" not in (answer.detail or "")


def recorded(item: str, time: datetime, configuration: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AWS::RDS::DBInstance", "resourceId": "db-ABC", "resourceName": "orders-db", "arn": DATABASE,
        "configurationItemCaptureTime": time, "configurationItemStatus": "OK", "configurationStateId": item,
        "configuration": json.dumps(configuration), **more,
    }  # fmt: skip


def selected(*rows: dict[str, Any]) -> Reply:
    return documented("config", "SelectResourceConfig", {"Results": [json.dumps(row) for row in rows]})


async def test_what_a_recorded_configuration_differs_in_is_a_change(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    changed = (now - timedelta(minutes=30)).replace(microsecond=0)
    before = {"dBInstanceClass": "db.r6g.large", "maxAllocatedStorage": 100, "latestRestorableTime": "1",
              "endpoint": {"port": 5432}, "itemCount": 4}  # fmt: skip
    after = {**before, "dBInstanceClass": "db.t3.micro", "latestRestorableTime": "2", "itemCount": 5}
    history = [recorded("2", changed, after), recorded("1", changed - timedelta(days=2), before)]
    row = {"resourceId": "db-ABC", "resourceType": "AWS::RDS::DBInstance", "resourceName": "orders-db",
           "arn": DATABASE}  # fmt: skip
    other = {"resourceId": "x", "resourceType": "AWS::EC2::Volume", "arn": "arn:aws:ec2:eu-west-1:1:volume/x"}
    event = trail_event(changed + timedelta(seconds=20), "ModifyDBInstance", "rds.amazonaws.com",
                        {"dBInstanceIdentifier": "orders-db"}, (DATABASE,))  # fmt: skip
    aws.rule = answering(
        SelectResourceConfig=selected(row, other),
        LookupEvents=trail_answer(event),
        GetResourceConfigHistory=documented("config", "GetResourceConfigHistory", {"configurationItems": history}),
    )
    answer = await source.ask(ChangesQuery(window=window(now)))
    (change,) = [each for each in answer.records if each.origin == "config"]
    assert (change.resource, change.kind, change.time) == (DATABASE, "configuration", changed)
    assert change.summary == "AWS::RDS::DBInstance orders-db: dBInstanceClass"
    assert (change.before, change.after) == (
        {"dBInstanceClass": "db.r6g.large"}, {"dBInstanceClass": "db.t3.micro"},
    )  # fmt: skip
    # Who made it is in CloudTrail, and it is one change.
    assert change.actor == "kim"
    assert not [each for each in answer.records if each.origin == "cloudtrail"]
    # What no other service knows isn't asked about.
    assert aws.asked("GetResourceConfigHistory") == 1


async def test_what_was_deleted_is_a_change_of_infrastructure(aws: FakeAws, source: Backend, now: datetime) -> None:
    gone = now - timedelta(minutes=5)
    history = [recorded("2", gone, {}, configurationItemStatus="ResourceDeleted"), recorded("1", gone, {"a": 1})]
    row = {"resourceId": "mail", "resourceType": "AWS::SQS::Queue", "resourceName": "mail", "arn": QUEUE}
    aws.rule = answering(
        SelectResourceConfig=selected(row),
        GetResourceConfigHistory=documented("config", "GetResourceConfigHistory", {"configurationItems": history}),
    )
    (change,) = [each for each in (await source.ask(ChangesQuery(window=window(now)))).records
                 if each.origin == "config"]  # fmt: skip
    assert (change.resource, change.kind) == (QUEUE, "infrastructure")
    assert change.summary == "AWS::SQS::Queue mail was deleted"


@pytest.mark.parametrize(
    ("code", "status", "gap"),
    [("NoAvailableConfigurationRecorderException", 400, False), ("AccessDeniedException", 403, True)],
)
async def test_config_that_is_off_is_no_gap_and_one_that_is_denied_is(
    aws: FakeAws, source: Backend, now: datetime, code: str, status: int, gap: bool
) -> None:
    aws.rule = answering(SelectResourceConfig=refused(code, status))
    answer = await source.ask(ChangesQuery(window=window(now)))
    assert ("not allowed: config:SelectResourceConfig" in (answer.detail or "")) == gap
    assert ACCOUNT not in (answer.detail or "")


@pytest.mark.parametrize("rows", [["{"], ["[]"], ["null", json.dumps({"arn": 3})], []])
async def test_rows_that_are_none_end_nothing(aws: FakeAws, source: Backend, now: datetime, rows: list[str]) -> None:
    aws.rule = answering(SelectResourceConfig=documented("config", "SelectResourceConfig", {"Results": rows}))
    assert (await source.ask(ChangesQuery(window=window(now)))).status in ("answered", "partial")
    assert not aws.asked("GetResourceConfigHistory")
