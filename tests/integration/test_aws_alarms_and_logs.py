"""Alarms with their history, and logs: records, and counts that the server makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases.aws_account import DATABASE, SERVICE, build_shop, write_log
from cases.fake_aws import ACCOUNT, REGION, Call, FakeAws, Reply, as_json, documented, refused, running

from primitives.records import Window
from primitives.telemetry import AlertsQuery, Backend, Budget, CountByLabel, LogsQuery

LONG_AGO = timedelta(days=2)


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        build_shop(fake)
        now = datetime.now(UTC)
        lines = {
            now - timedelta(minutes=40): "GET /orders 200",
            now - timedelta(minutes=30): "WARN pool is nearly empty",
            now - timedelta(minutes=5): "ERROR sorry, too many clients already",
            now - timedelta(minutes=4): "GET /orders 500",
        }
        write_log(fake, "/ecs/orders", lines)
        write_log(fake, "/somebody/else", {now - timedelta(minutes=5): "ERROR not ours"})
        yield fake


def window(now: datetime) -> Window:
    return Window(start=now - timedelta(hours=1), end=now)


def alarm(state: str, since: datetime, **more: Any) -> dict[str, Any]:
    points = json.dumps({"recentDatapoints": [88.0, 96.0]})
    return {
        "AlarmName": "orders-db connections", "AlarmDescription": "The database runs out of connections",
        "StateValue": state, "StateReason": "Threshold Crossed: 1 datapoint [96.0] was greater than 90",
        "StateReasonData": points, "StateTransitionedTimestamp": since, "Namespace": "AWS/RDS",
        "MetricName": "DatabaseConnections", "Statistic": "Average",
        "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "orders-db"}], **more,
    }  # fmt: skip


def turned(time: datetime, state: str) -> dict[str, Any]:
    data = json.dumps({"version": "1.0", "oldState": {"stateValue": "?"}, "newState": {"stateValue": state}})
    return {
        "AlarmName": "orders-db connections", "Timestamp": time, "HistoryItemType": "StateUpdate", "HistoryData": data,
    }  # fmt: skip


def told(*alarms: dict[str, Any], history: tuple[dict[str, Any], ...] = ()) -> Any:
    answers = {
        "DescribeAlarms": documented("cloudwatch", "DescribeAlarms", {"MetricAlarms": list(alarms)}),
        "DescribeAlarmHistory": documented("cloudwatch", "DescribeAlarmHistory", {"AlarmHistoryItems": list(history)}),
    }
    return lambda call: answers.get(call.operation)


async def test_an_alarm_names_its_resource_metric_and_start(aws: FakeAws, source: Backend, now: datetime) -> None:
    since = now - timedelta(minutes=12)
    aws.rule = told(alarm("ALARM", since), alarm("OK", now - LONG_AGO, AlarmName="quiet"))
    [alert] = (await source.ask(AlertsQuery(window=window(now)))).records
    assert (alert.name, alert.state, alert.resource) == ("orders-db connections", "firing", DATABASE)
    assert alert.started_at is not None
    assert abs(alert.started_at - since) < timedelta(seconds=1)
    assert alert.labels["metric"] == "database_connections"
    assert alert.value == 96.0
    assert alert.summary == "The database runs out of connections"


async def test_an_alarm_that_fired_and_is_over_is_told_from_its_history(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    fired, over = now - timedelta(minutes=30), now - timedelta(minutes=20)
    aws.rule = told(alarm("OK", over), history=(turned(fired, "ALARM"), turned(over, "OK")))
    [alert] = (await source.ask(AlertsQuery(window=window(now)))).records
    assert alert.state == "resolved"
    assert alert.started_at is not None
    assert abs(alert.started_at - fired) < timedelta(seconds=1)


async def test_without_history_the_alarms_of_now_are_told(aws: FakeAws, source: Backend, now: datetime) -> None:
    current = told(alarm("ALARM", now - timedelta(minutes=2)))
    aws.rule = lambda call: Reply(403, b"") if call.operation == "DescribeAlarmHistory" else current(call)
    answer = await source.ask(AlertsQuery(window=window(now)))
    assert len(answer.records) == 1
    assert (answer.status, answer.coverage) == ("partial", ())
    assert "not allowed: cloudwatch:DescribeAlarmHistory" in (answer.detail or "")


async def test_an_alarm_on_something_else_is_of_its_first_dimension(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    own = alarm("ALARM", now - timedelta(minutes=2), Namespace="Shop", Dimensions=[{"Name": "Desk", "Value": "four"}])
    aws.rule = told(own)
    [alert] = (await source.ask(AlertsQuery(window=window(now)))).records
    assert (alert.resource, "metric" in alert.labels) == ("four", False)


async def test_records_are_of_the_service_that_writes_the_group(aws: FakeAws, source: Backend, now: datetime) -> None:
    answer = await source.ask(LogsQuery(window=window(now)))
    written = [record.body for record in answer.records if record.resource == SERVICE]
    assert written[0] == "GET /orders 200"
    assert len(written) == 4
    assert not any("not ours" in record.body for record in answer.records)
    assert (answer.status, answer.completeness) == ("answered", "complete")
    # What the platform announces is among them.
    assert any(record.attributes.get("source") == "aws.rds" for record in answer.records)


async def test_a_group_that_the_settings_name_is_read_too(aws: FakeAws, now: datetime) -> None:
    backend = aws.source(now, log_groups=["/somebody/else"])
    answer = await backend.ask(LogsQuery(window=window(now)))
    assert [record.body for record in answer.records if record.resource == "/somebody/else"] == ["ERROR not ours"]


async def test_only_what_is_asked_for_is_read(aws: FakeAws, source: Backend, now: datetime) -> None:
    answer = await source.ask(LogsQuery(window=window(now), resources=(SERVICE,), severities=("ERROR",)))
    assert [record.body for record in answer.records] == ["ERROR sorry, too many clients already"]
    assert all(b"Exception" in call.body for call in aws.calls if call.operation == "FilterLogEvents")


async def test_of_more_than_the_budget_the_newest_are_read(aws: FakeAws, source: Backend, now: datetime) -> None:
    answer = await source.ask(LogsQuery(window=window(now), resources=(SERVICE,), budget=Budget(rows=1)))
    assert [record.body for record in answer.records] == ["GET /orders 500"]
    assert (answer.completeness, answer.coverage) == ("cut", ())


COUNT = CountByLabel(labels=("resource",), step_s=60.0)


def counting(rows: list[list[dict[str, str]]], status: str = "Complete", scanned: float = 5e6) -> Any:
    results = {"results": rows, "status": status, "statistics": {"bytesScanned": scanned, "recordsMatched": 9.0}}
    answers = {
        "StartQuery": documented("logs", "StartQuery", {"queryId": "q-1"}),
        "GetQueryResults": documented("logs", "GetQueryResults", results),
        "StopQuery": documented("logs", "StopQuery", {"success": True}),
    }
    return lambda call: answers.get(call.operation)


async def test_counts_are_made_by_the_server(aws: FakeAws, source: Backend, now: datetime) -> None:
    minute = (now - timedelta(minutes=5)).replace(second=0, microsecond=0)
    cells = {"t": f"{minute:%Y-%m-%d %H:%M:%S.000}", "@log": f"{ACCOUNT}:/ecs/orders", "@logStream": "app/1", "n": "41"}
    aws.rule = counting([[{"field": field, "value": value} for field, value in cells.items()]])
    answer = await source.ask(LogsQuery(window=window(now), resources=(SERVICE,), reduction=COUNT, text=("clients",)))
    [counted] = answer.records
    assert (dict(counted.labels), counted.values.tolist()) == ({"resource": SERVICE}, [41.0])
    assert counted.times.tolist() == [minute.timestamp()]
    assert answer.reduction == COUNT
    [started] = [json.loads(call.body) for call in aws.calls if call.operation == "StartQuery"]
    assert "filter @message like /(?i)(clients)/" in started["queryString"]
    assert aws.asked("FilterLogEvents") == 0


async def test_a_count_that_would_cost_too_much_is_not_made(aws: FakeAws, source: Backend, now: datetime) -> None:
    made = int((now - timedelta(days=10)).timestamp() * 1000)
    groups = {"logGroups": [{"logGroupName": "/ecs/orders", "storedBytes": 10**15, "creationTime": made}]}
    aws.rule = lambda call: as_json(groups) if call.operation == "DescribeLogGroups" else None
    with pytest.raises(Exception, match=r"would scan about 4\d\d\d\.\d GB \(2\d\.\d\d USD\), which is over the budget"):
        await source.ask(LogsQuery(window=window(now), resources=(SERVICE,), reduction=COUNT))
    assert aws.asked("StartQuery") == 0


async def test_a_count_that_takes_too_long_is_stopped(aws: FakeAws, source: Backend, now: datetime) -> None:
    aws.rule = counting([], status="Running")
    with pytest.raises(Exception, match="the count took longer than 14 s"):
        await source.ask(LogsQuery(window=window(now), resources=(SERVICE,), reduction=COUNT))
    assert aws.asked("StopQuery") == 1


async def test_a_group_that_may_not_be_read_is_a_gap(aws: FakeAws, source: Backend, now: datetime) -> None:
    def rule(call: Call) -> Reply | None:
        return refused("AccessDeniedException") if call.operation == "FilterLogEvents" else None

    aws.rule = rule
    answer = await source.ask(LogsQuery(window=window(now), resources=(SERVICE,)))
    assert (answer.status, answer.records) == ("partial", ())
    assert answer.detail == "/ecs/orders: not allowed: logs:FilterLogEvents"
    assert REGION not in answer.detail
