"""CloudWatch's metrics of a test's own making, percentiles too, in the shapes that botocore's models document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cases.fake_aws import Call, Reply, as_json

Level = Callable[[float], float | None]
"""The value of the period that begins at a time (seconds since the epoch); None where there is no sample."""


@dataclass(frozen=True)
class MadeMetric:
    """One metric; every statistic of it has the same level."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    level: Level

    def document(self) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


def answering(metrics: list[MadeMetric]) -> Callable[[Call], Reply | None]:
    """A rule that answers ListMetrics and GetMetricData."""
    by_key = {_key(metric.document()): metric for metric in metrics}

    def rule(call: Call) -> Reply | None:
        if call.operation not in ("ListMetrics", "GetMetricData"):
            return None
        asked = json.loads(call.body)
        if call.operation == "ListMetrics":
            known = [metric.document() for metric in metrics if metric.namespace == asked.get("Namespace")]
            return as_json({"Metrics": known})
        return as_json({"MetricDataResults": [_result(query, asked, by_key) for query in asked["MetricDataQueries"]]})

    return rule


def _key(document: dict[str, Any]) -> tuple[Any, ...]:
    pairs = sorted((each["Name"], each["Value"]) for each in document["Dimensions"])
    return document["Namespace"], document["MetricName"], tuple(pairs)


def _result(query: dict[str, Any], asked: dict[str, Any], known: dict[Any, MadeMetric]) -> dict[str, Any]:
    metric, period = known.get(_key(query["MetricStat"]["Metric"])), query["MetricStat"]["Period"]
    times = range(int(asked["StartTime"]), int(asked["EndTime"]), period) if metric else ()
    samples = [(time, level) for time in times if metric and (level := metric.level(time)) is not None]
    return {
        "Id": query["Id"], "Label": query["Id"], "StatusCode": "Complete",
        "Timestamps": [time for time, _ in samples], "Values": [level for _, level in samples],
    }  # fmt: skip


def stepping(before: float, after: float, at: float, noise: float = 0.02) -> Level:
    """A level that changes at a time, with a little noise that repeats."""

    def level(time: float) -> float:
        wave = 1.0 + noise * (((time // 60 * 7_919) % 101) / 50.0 - 1.0)
        return (after if time >= at else before) * wave

    return level
