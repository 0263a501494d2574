"""Answers that are cut, altered or of another version end no question: what can't be read counts as left out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primitives.answers import decode_answer, encode_answer
from primitives.backends.aws import AwsSettings
from primitives.backends.aws.backend import AwsBackend
from primitives.backends.aws.client import AwsClient, Listing, Place
from primitives.clock import ManualClock
from primitives.errors import SourceError
from primitives.records import Window
from primitives.redact import Redactor
from primitives.sanitise import Cleaner
from primitives.telemetry import (
    AlertsQuery,
    ChangesQuery,
    ConfigurationQuery,
    CountByLabel,
    LogsQuery,
    ObservationsQuery,
    ProbesQuery,
    SeriesQuery,
    TopologyQuery,
    sanitise_answer,
)

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=2), end=NOW)
ARN = "arn:aws:rds:eu-west-1:123456789012:db:till"
WORDS = (
    "Arn", "LoadBalancerArn", "TargetGroupArn", "serviceArn", "serviceName", "taskDefinition", "taskDefinitionArn",
    "containerDefinitions", "environment", "name", "value", "image", "FunctionArn", "FunctionName", "LastModified",
    "Environment", "Variables", "DBInstanceArn", "DBInstanceIdentifier", "Endpoint", "Address", "DBParameterGroups",
    "SourceIdentifier", "Message", "Date", "EventCategories", "AutoScalingGroupName", "Instances", "InstanceId",
    "StartTime", "StatusCode", "Attributes", "QueueArn", "RedrivePolicy", "Table", "TableArn", "Dimensions", "Name",
    "Value", "MetricName", "MetricDataResults", "Id", "Timestamps", "Values", "AlarmName", "StateValue", "Namespace",
    "StateReasonData", "HistoryData", "Timestamp", "Events", "EventId", "EventName", "EventSource", "EventTime",
    "CloudTrailEvent", "Resources", "ResourceName", "logGroupName", "storedBytes", "events", "timestamp", "message",
    "logStreamName", "createdAt", "deployments", "tasks", "containers", "exitCode", "stoppedAt", "group", "results",
    "status", "queryId", "statistics", "bytesScanned", "NextToken", "nextToken", "services", "taskDefinitions",
    "TargetHealthDescriptions", "TargetHealth", "Target", "State", "Port", "Protocol", "Type", "LastModifiedDate",
)  # fmt: skip
TEXTS = st.sampled_from((
    "", ARN, "till", "ALARM", "q0", "{", '{"recentDatapoints": [1, null]}', "2026-05-04T09:30:00Z", "9999", "-1",
    "AWS/RDS", "DBInstanceIdentifier", "CPUUtilization", "unhealthy", "http://[::1", "Running", "Complete",
    "\x00\ud800",
    "Updated parameter max_connections to 20 with apply method immediate", "/ecs/till", "$LATEST", "iam.amazonaws.com",
))  # fmt: skip
TIMES = st.sampled_from((NOW - timedelta(minutes=9), datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 5, 4, 9, 59)))  # noqa: DTZ001
LEAVES = st.one_of(TEXTS, TIMES, st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats())
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=8)),
    max_leaves=25,
)
QUESTIONS = (
    SeriesQuery(window=WINDOW), AlertsQuery(window=WINDOW), TopologyQuery(window=WINDOW), ChangesQuery(window=WINDOW),
    ConfigurationQuery(window=WINDOW), ObservationsQuery(window=WINDOW), ProbesQuery(window=WINDOW),
    LogsQuery(window=WINDOW), LogsQuery(window=WINDOW, reduction=CountByLabel()),
)  # fmt: skip


class AnyClient(AwsClient):
    """Answers whatever it was given, in turn."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__(AwsSettings(region="eu-west-1"), source="any")
        self.answers, self.at = answers, 0

    def _next(self) -> Any:
        self.at += 1
        return self.answers[self.at % len(self.answers)]

    async def place(self) -> Place:
        return Place("123456789012", "eu-west-1", "aws", "reader")

    async def call(self, service: str, operation: str, *, region: str = "", **params: Any) -> dict[str, Any]:
        answer = self._next()
        return answer if isinstance(answer, dict) else {}

    async def pages(
        self, service: str, operation: str, key: str, *, most: int = 9, region: str = "", **params: Any
    ) -> Listing:
        answer = self._next()
        return Listing([item for item in answer if item] if isinstance(answer, list) else [answer] if answer else [])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANSWERS, min_size=1, max_size=12))
def test_any_answers_are_answers_or_one_line(answers: list[Any]) -> None:
    asyncio.run(ask_everything(answers))


async def ask_everything(answers: list[Any]) -> None:
    read = AwsSettings(region="eu-west-1", log_groups=("/ecs/till",))
    backend = AwsBackend(read, clock=ManualClock(NOW), name="any")
    backend._client = AnyClient(answers)
    for question in QUESTIONS:
        try:
            answer = await backend.ask(question)
        except SourceError:
            continue
        decode_answer(encode_answer(sanitise_answer(answer, Cleaner(Redactor()))))
