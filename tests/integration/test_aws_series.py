"""CloudWatch's metrics as series, against moto's server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases.fake_aws import ACCOUNT, REGION, Call, FakeAws, running
from cases.fake_server import Reply

from primitives.backends.aws.metrics.families import FAMILIES
from primitives.records import Window
from primitives.telemetry import Answer, Backend, Budget, SeriesQuery

NOW = datetime.now(UTC).replace(second=30, microsecond=0)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
BALANCER = "app/front/50dc6c495c0c9188"


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        yield fake


@pytest.fixture
def aws(started: FakeAws) -> FakeAws:
    started.reset()
    return started


@pytest.fixture
async def source(aws: FakeAws) -> AsyncIterator[Backend]:
    backend = aws.source(NOW)
    yield backend
    await backend.close()


def put(aws: FakeAws, namespace: str, name: str, dimensions: dict[str, str], values: dict[int, float]) -> None:
    """A value so many minutes ago."""
    aws.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name, "Value": value, "Timestamp": NOW - timedelta(minutes=ago, seconds=10),
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
            }
            for ago, value in values.items()
        ],
    )  # fmt: skip


def of(answer: Answer[Any], metric: str) -> list[tuple[str, list[float]]]:
    return [(part.resource, part.values.tolist()) for part in answer.records if part.metric.name == metric]


async def test_a_database_has_its_levels_under_its_arn(aws: FakeAws, source: Backend) -> None:
    put(aws, "AWS/RDS", "DatabaseConnections", {"DBInstanceIdentifier": "orders"}, {20: 40.0, 10: 44.0, 5: 95.0})
    put(aws, "AWS/RDS", "DatabaseConnections", {"EngineName": "postgres"}, {20: 400.0})
    answer = await source.ask(SeriesQuery(window=WINDOW))
    arn = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders"
    assert of(answer, "database_connections") == [(arn, [40.0, 44.0, 95.0])]
    assert {part.resource for part in answer.records} == {arn}


async def test_errors_are_a_share_of_the_requests_also_where_none_were_counted(aws: FakeAws, source: Backend) -> None:
    balancer = {"LoadBalancer": BALANCER}
    put(aws, "AWS/ApplicationELB", "RequestCount", balancer, {20: 600.0, 10: 600.0})
    put(aws, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", balancer, {10: 60.0})
    answer = await source.ask(SeriesQuery(window=WINDOW))
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/{BALANCER}"
    assert of(answer, "error_ratio") == [(arn, [0.0, 0.1])]
    assert of(answer, "requests") == [(arn, [10.0, 10.0])]


async def test_percentiles_that_cannot_be_had_leave_the_rest(aws: FakeAws, source: Backend) -> None:
    put(aws, "AWS/Lambda", "Duration", {"FunctionName": "bill"}, {10: 1500.0})
    aws.rule = lambda call: Reply(500, b"") if b'"Stat": "p' in call.body else None
    answer = await source.ask(SeriesQuery(window=WINDOW))
    assert of(answer, "latency_average") == [(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bill", [1.5])]
    assert answer.status == "partial"
    assert "percentiles: cloudwatch:GetMetricData failed" in (answer.detail or "")


async def test_a_period_that_has_not_ended_is_no_fall(aws: FakeAws, source: Backend) -> None:
    put(aws, "AWS/SQS", "NumberOfMessagesSent", {"QueueName": "mail"}, {10: 60.0, 0: 1.0})
    answer = await source.ask(SeriesQuery(window=WINDOW))
    assert of(answer, "messages_sent") == [(f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail", [1.0])]


async def test_operations_of_a_table_are_one_series(aws: FakeAws, source: Backend) -> None:
    for operation, count in (("GetItem", 3.0), ("PutItem", 4.0)):
        put(aws, "AWS/DynamoDB", "ThrottledRequests", {"TableName": "carts", "Operation": operation}, {10: count})
    answer = await source.ask(SeriesQuery(window=WINDOW))
    assert of(answer, "throttled_requests") == [(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/carts", [7.0])]


async def test_what_exceeds_the_budget_is_left_out_and_said(aws: FakeAws) -> None:
    for number in range(4):
        put(aws, "AWS/SQS", "NumberOfMessagesSent", {"QueueName": f"mail-{number}"}, {10: 60.0})
    few = aws.source(NOW, most_metrics=3)
    answer = await few.ask(SeriesQuery(window=WINDOW))
    assert len(answer.records) == 3
    assert (answer.completeness, answer.status) == ("cut", "partial")
    assert "1 of 4 metrics were left out" in (answer.detail or "")
    free = await aws.source(NOW).ask(SeriesQuery(window=WINDOW, budget=Budget(usd=0.0)))
    assert (free.records, free.completeness) == ((), "cut")
    assert aws.asked("GetMetricData") == 1


async def test_filters_by_resource_kind_and_name_are_asked_for_alone(aws: FakeAws, source: Backend) -> None:
    for queue in ("mail", "bills"):
        put(aws, "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue}, {10: 60.0})
        put(aws, "AWS/SQS", "NumberOfMessagesSent", {"QueueName": queue}, {10: 60.0})
    mail = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"
    answer = await source.ask(SeriesQuery(window=WINDOW, resources=(mail,), kinds=("saturation",)))
    assert [(part.resource, part.metric.name) for part in answer.records] == [(mail, "age_of_oldest_message")]
    assert (await source.ask(SeriesQuery(window=WINDOW, metrics=("no_such",)))).records == ()


async def test_a_long_window_is_read_in_longer_periods_within_the_limit_of_a_call(
    aws: FakeAws, source: Backend
) -> None:
    put(aws, "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "mail"}, {10: 60.0})
    long = Window(start=NOW - timedelta(days=3), end=NOW)
    [series] = (await source.ask(SeriesQuery(window=long))).records
    assert series.values.tolist() == [60.0]
    assert float(series.times[0]) % 300 == 0 or aws.asked("GetMetricData") == 1


async def test_metrics_that_may_not_be_listed_are_a_refusal(aws: FakeAws, source: Backend) -> None:
    aws.rule = lambda call: Reply(403, b"") if call.operation == "ListMetrics" else None
    with pytest.raises(Exception, match="prod: not allowed: cloudwatch:ListMetrics"):
        await source.ask(SeriesQuery(window=WINDOW))


async def test_a_namespace_that_is_throttled_is_a_gap(aws: FakeAws, source: Backend) -> None:
    put(aws, "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "mail"}, {10: 60.0})

    def rule(call: Call) -> Reply | None:
        return Reply(429, b"") if call.operation == "ListMetrics" and b"AWS/Kafka" in call.body else None

    aws.rule = rule
    answer = await source.ask(SeriesQuery(window=WINDOW))
    assert of(answer, "age_of_oldest_message")
    assert answer.detail == "cloudwatch:ListMetrics was throttled: try again in a minute"


def test_no_family_names_a_metric_of_ours_twice() -> None:
    for family in FAMILIES:
        names = [measure.metric.name for measure in family.measures]
        assert len(names) == len(set(names)), family
    keys = [(family.namespace, family.dimensions) for family in FAMILIES]
    assert len(keys) == len(set(keys))
