"""Rates that don't say what is counted are traffic; who takes more than usual and falls behind doesn't stand still."""

from __future__ import annotations

import pytest
from incident_facts import found, graph, opened, shift

from engine.reason.ranking import rank_facts
from primitives.facts import Fact, MetricShift

MILL = graph({"chute": "service", "grinder": "service", "bags": "queue"}, ("chute", "bags"), ("grinder", "bags"))


def lag(resource: str) -> MetricShift:
    return shift(resource, "kafka_consumergroup_lag", kind="saturation", baseline=90, current=400_000, unit="{message}")


def rate(resource: str, metric: str, current: float, unit: str = "1/s") -> MetricShift:
    return shift(resource, metric, kind="traffic", baseline=300, current=current, unit=unit)


def confidence(cause_id: str, *facts: Fact) -> float:
    answers = rank_facts(found(MILL, *facts), opened(), calibration=None).hypotheses
    return max((answer.confidence for answer in answers if answer.cause_id == cause_id), default=0.0)


@pytest.mark.parametrize("unit", ["1/s", "1/min", "{message}/s"])
def test_a_rate_that_multiplied_is_a_surge_where_it_enters(unit: str) -> None:
    facts = (rate("chute", "received_per_second", 4_000, unit), lag("grinder"))
    assert confidence("traffic_surge", *facts) > confidence("consumer_stalled", lag("grinder")) / 2
    assert confidence("traffic_surge", rate("chute", "bytes_per_second", 4_000, "By/s"), lag("grinder")) < 0.1


def test_who_takes_more_than_usual_is_not_stalled() -> None:
    alone = confidence("consumer_stalled", lag("grinder"))
    assert confidence("consumer_stalled", lag("grinder"), rate("grinder", "rows_written_per_second", 2_000)) < alone
    # As much as ever is what a stalled one of several partitions would leave, and less is what it leaves alone.
    assert confidence("consumer_stalled", lag("grinder"), rate("grinder", "rows_per_second", 310)) >= alone * 0.9
