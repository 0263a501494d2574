"""Alert rules that don't fire, as monitoring systems describe them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["is_calm_rule"]

_RULE_STATES: Final = ("overallstate", "statevalue", "monitorstate", "state", "status")
_CALM: Final = ("ok", "normal", "inactive", "resolved", "green")
_RULE: Final = ("query", "expr", "expression", "condition", "threshold", "alarmname", "alertrule", "evaluationperiods")


def is_calm_rule(node: Any) -> bool:
    """Whether it describes an alert rule that doesn't fire: its text is a template, which tells nothing that happened.

    Datadog, "Monitors" API (overall_state); Amazon CloudWatch, DescribeAlarms (StateValue);
    Grafana, alert rules (state).
    """
    if not isinstance(node, Mapping):
        return False
    words = {str(key).replace("_", "").lower(): value for key, value in node.items()}
    state = next((words[key] for key in _RULE_STATES if isinstance(words.get(key), str)), "")
    return state.lower() in _CALM and any(key in words for key in _RULE)
