"""The leading hypotheses → actions of the catalogue that answer them, on targets that are really known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from engine.hypotheses import Action, Hypothesis
from engine.incident import IncidentState
from engine.reason.catalogue import causes
from primitives.facts import ConfigurationDifference, Dependencies, WorkloadState
from primitives.remediations.registry import Remediation, Target, remediations
from primitives.text import safe_line

__all__ = ["proposals"]

_MIN_CONFIDENCE: Final = 0.1
_MAX_ACTIONS: Final = 5
_LOOK: Final = ("inspect_object", "inspect_database", "inspect_function")
"""Read-only actions, for what no remediation answers."""
_QUANTITY: Final = re.compile(r"(\d+)(Ki|Mi|Gi)")


def proposals(state: IncidentState) -> tuple[Action, ...]:
    """At most five, in the order of the hypotheses that they answer; identifiers and priorities are the caller's."""
    found: dict[str, Action] = {}
    for one in state.hypotheses:
        if one.resource is None or one.confidence < _MIN_CONFIDENCE or len(found) >= _MAX_ACTIONS:
            continue
        for action in _of_hypothesis(state, one):
            found.setdefault(action.command, action)
    return tuple(list(found.values())[:_MAX_ACTIONS])


def _of_hypothesis(state: IncidentState, one: Hypothesis) -> Iterator[Action]:
    cause = causes()[one.cause_id]
    target = _target(state, one)
    names = [name for name in cause.remediations if name != "rollback_deployment" or _can_roll_back(state, one)]
    fitting = False
    for name in (*names, *_LOOK):
        if fitting and name in _LOOK and one.confidence >= 0.5:
            return
        action = _action(remediations()[name], target, one)
        if action is not None:
            yield action
            fitting = True
            if name not in _LOOK:
                return


def _can_roll_back(state: IncidentState, one: Hypothesis) -> bool:
    """Only what a recent rollout changed can be rolled back."""
    if one.cause_id == "deployment_regression":
        return one.change is not None
    rolled = {"RevisionChanged", "RolloutStuck", "ProgressDeadlineExceeded", "RolloutInProgress"}
    return any(
        isinstance(found.fact, WorkloadState) and found.fact.resource == one.resource and found.fact.state in rolled
        for found in state.facts.values()
    )


def _target(state: IncidentState, one: Hypothesis) -> Target:
    assert one.resource is not None
    assert state.opened is not None
    kinds: dict[str, str] = {}
    container = limit = replicas = None
    for found in state.facts.values():
        fact = found.fact
        if isinstance(fact, Dependencies):
            kinds.update(fact.resources)
        if isinstance(fact, WorkloadState) and fact.resource == one.resource and fact.state == "OOMKilled":
            container, limit = fact.container, _doubled(str(fact.details.get("memory_limit", "")))
        if isinstance(fact, WorkloadState) and fact.resource == one.resource and fact.state == "ScaledToZero":
            earlier = fact.details.get("earlier_replicas")
            replicas = earlier if isinstance(earlier, int) and earlier > 0 else 1
        if (
            isinstance(fact, ConfigurationDifference)
            and fact.resource == one.resource
            and fact.path.endswith("replicas")
        ):
            replicas = fact.before if isinstance(fact.before, int) and fact.before > 0 else replicas
    kind = kinds.get(one.resource)
    return Target(one.resource, kind, state.opened.platform, _change_name(one), container, limit, replicas)


def _change_name(one: Hypothesis) -> str:
    if one.change is None:
        return "the latest rollout"
    short = one.change[:12] if re.fullmatch(r"[0-9a-f]{40}", one.change) else one.change
    return f"deployment {short}"


def _doubled(quantity: str) -> str | None:
    match = _QUANTITY.fullmatch(quantity)
    return f"{2 * int(match[1])}{match[2]}" if match else None


def _action(remediation: Remediation, target: Target, one: Hypothesis) -> Action | None:
    arguments = remediation.fit(target)
    if arguments is None:
        return None
    title = remediation.title.format(resource=target.resource, change=target.change)
    return Action(
        id="",
        action=safe_line(title),
        priority=0,
        primitive=remediation.name,
        arguments=arguments.model_dump(mode="json"),
        command=remediation.command(arguments),
        effect=remediation.effect,
        risk=remediation.risk,
        estimated_duration_s=remediation.estimated_duration_s,
        requires_approval=remediation.requires_approval,
        hypothesis=one.id,
        urgency=_urgency(remediation, one),
        resource=target.resource,
    )


def _urgency(remediation: Remediation, one: Hypothesis) -> Literal["HIGH", "MEDIUM", "LOW"]:
    if remediation.effect == "read":
        return "LOW"
    return "HIGH" if one.confidence >= 0.6 else "MEDIUM" if one.confidence >= 0.3 else "LOW"
