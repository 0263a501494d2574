"""Structured outputs (JSON of clouds' command lines) as lines: each state, reason and message on what it is of.

A dictionary that names itself (`DBInstanceIdentifier`, `serviceName`, `FunctionName`, ...: the AWS API references of
RDS, ECS, Lambda, Elastic Load Balancing and CloudWatch) is what its states are of, where that is a known resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.identity import parse_id
from primitives.outputs.calm_rules import is_calm_rule
from primitives.outputs.readings import Reading, alarmed

__all__ = ["Said", "said_in"]

_SAYS: Final = ("message", "reason", "description", "statereason", "stoppedreason", "statusreason", "error", "output",
                "rolloutstatereason", "statereasonreason", "lastupdatestatusreason", "errormessage", "healthstatus",
                "title", "summary", "cause", "detail", "log", "text")  # fmt: skip
_STATES: Final = ("status", "state", "dbinstancestatus", "phase", "health", "rolloutstate", "cachenodestatus")
_NAMES: Final = ("DBInstanceIdentifier", "DBClusterIdentifier", "SourceIdentifier", "serviceName", "FunctionName",
                 "CacheClusterId", "LoadBalancerName", "TargetGroupName", "AutoScalingGroupName", "InstanceId",
                 "resource", "service", "name")  # fmt: skip
_CODES: Final = ("exitCode", "ExitCode", "exit_code")
_DATES: Final = ("stoppedAt", "StoppedAt", "FinishedAt", "Date", "timestamp", "eventTime")
# 128 + SIGTERM.
_TERMINATED: Final = 143
_MOST: Final = 4_000
_DEEP: Final = 12


@dataclass(frozen=True, slots=True)
class Said:
    """A line, or a container that ended with an error (`code`), of `resource`."""

    resource: str
    line: str
    container: str = ""
    code: int | None = None
    out_of_memory: bool = False
    reading: Reading | None = None


def said_in(structure: Any, resource: str, known: Mapping[str, str], since: datetime) -> Iterator[Said]:
    """What it says; `known` are resources by identifier and by short name. What is dated before `since` is over."""
    pending: list[tuple[Any, str, int]] = [(structure, resource, 0)]
    visited = 0
    while pending and visited < _MOST:
        node, owner, depth = pending.pop()
        visited += 1
        if isinstance(node, Mapping):
            if _is_over(node, since) or is_calm_rule(node):
                continue
            owner = _named(node, known) or owner
            if ended := _ended(node, owner):
                yield ended
            if reading := alarmed(owner, node):
                yield Said(owner, "", reading=reading)
            yield from (Said(owner, line) for line in _lines(node))
            node = list(node.values())
        if isinstance(node, list) and depth < _DEEP:
            pending += [(child, owner, depth + 1) for child in reversed(node) if isinstance(child, Mapping | list)]


def _is_over(node: Mapping[Any, Any], since: datetime) -> bool:
    dated = (*_DATES, "createdAt") if "message" in node else _DATES
    text = next((node[key] for key in dated if isinstance(node.get(key), str)), "")
    try:
        moment = datetime.fromisoformat(text) if text else since
    except ValueError:
        return False
    return moment.tzinfo is not None and moment < since


def _ended(node: Mapping[Any, Any], owner: str) -> Said | None:
    """A container that ended with an error, as ECS' tasks and Docker's inspection tell it; SIGTERM is a wanted end."""
    code = next((node[key] for key in _CODES if isinstance(node.get(key), int)), None)
    if not code or code == _TERMINATED:
        return None
    reason = node.get("reason")
    killed = node.get("OOMKilled") is True or (isinstance(reason, str) and "OutOfMemory" in reason)
    return Said(owner, str(reason or "")[:400], str(node.get("name") or "")[:100], code, killed)


def _named(node: Mapping[Any, Any], known: Mapping[str, str]) -> str | None:
    for key in _NAMES:
        value = node.get(key)
        if isinstance(value, str) and (resource := known.get(value) or known.get(parse_id(value).short)):
            return resource
    return None


def _lines(node: Mapping[Any, Any]) -> Iterator[str]:
    for key, value in node.items():
        word = str(key).lower()
        if isinstance(value, str) and word in _SAYS:
            yield from value[:20_000].splitlines()[:200]
        elif isinstance(value, str) and word in _STATES:
            yield f"status: {value[:200]}"
