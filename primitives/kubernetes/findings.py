"""What the analysis functions yield: a state of an object, with what identifies the fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from primitives.dataclass import dataclass
from primitives.terms import Bearing

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One state of one object (see `states.STATES` for what each means).

    `object` is the object's identifier and `kind` its Kubernetes kind, `resource` the workload that owns it. Findings
    that agree in resource, state, container and `variant` are one finding of several objects; `count` says of how
    many. `details` hold only what JSON has. `events` is how often the event behind it occurred (0: none), and
    `reported` marks what rests on text that the workload itself wrote. `bearing` and its reason in words come from
    `primitives.kubernetes.relevance`, as `hurt`: whether its resource is in trouble now, None where that isn't known.
    """

    state: str
    object: str
    kind: str
    resource: str
    container: str | None = None
    message: str = ""
    exit_code: int | None = None
    restarts: int | None = None
    count: int = 1
    since: datetime | None = None
    last_seen: datetime | None = None
    events: int = 0
    variant: str = ""
    reported: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    bearing: Bearing = "active"
    bearing_reason: str = ""
    hurt: bool | None = None
