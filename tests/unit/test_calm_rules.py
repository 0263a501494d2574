"""The text of an alert rule that doesn't fire is a template, and tells nothing that happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from primitives.outputs.calm_rules import is_calm_rule
from primitives.outputs.structures import said_in
from primitives.outputs.texts import outputs
from primitives.records import Observation

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
TEXT = "checkout's error rate exceeded 2 %: connection refused by its database"
CALM: list[dict[str, Any]] = [
    {"name": "Errors", "query": "sum:errors{service:x} > 2", "message": TEXT, "overall_state": "OK"},
    {"AlarmName": "errors", "Threshold": 2, "StateValue": "OK", "message": TEXT},
    {"alertRule": "errors", "expr": "rate(errors[5m]) > 2", "state": "inactive", "description": TEXT},
]
OTHERS: list[dict[str, Any]] = [
    {"name": "Errors", "query": "sum:errors{service:x} > 2", "message": TEXT, "overall_state": "Alert"},
    {"status": "ok", "message": TEXT},
    {"query": "SELECT 1", "state": "idle in transaction", "message": TEXT},
]


@pytest.mark.parametrize("rule", CALM)
def test_a_rule_that_does_not_fire_is_not_read(rule: dict[str, Any]) -> None:
    assert is_calm_rule(rule)
    assert list(outputs(Observation(time=NOW, resource="checkout", kind="monitor", data=rule))) == []
    assert list(said_in({"monitors": [rule]}, "checkout", {}, NOW)) == []


@pytest.mark.parametrize("told", OTHERS)
def test_what_fires_and_what_is_no_rule_is_read(told: dict[str, Any]) -> None:
    assert not is_calm_rule(told)
    assert next(output.lines for output in outputs(Observation(time=NOW, resource="checkout", kind="x", data=told)))
