"""Facts about log messages."""

import operator
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.quantities import moment
from primitives.terms import Severity

__all__ = ["LogPattern"]


class LogPattern(FactBase):
    """A pattern of log messages that is new or more frequent than before (count in the window against the baseline's).

    `family` names a known kind of error (`connection_refused`, `timeout`, `dns`, ...); `points_at` the resource that
    the messages blame, where they name one. `baseline_count` is scaled to the window's length. `ongoing` when the
    window began with it already, so that nobody saw it begin. Of one that is gone (`count` 0) `last_seen` is when it
    was logged last, in the window or before it. `announced` when its platform wrote it, no application. `read_until` is
    when the newest message of all that were read was written, whoever wrote it: after it nobody knows.
    """

    type: Literal["log_pattern"] = "log_pattern"
    template: str
    severity: Severity
    family: str | None = None
    count: int
    baseline_count: float | None = None
    first_seen: AwareDatetime | None = None
    last_seen: AwareDatetime | None = None
    points_at: str | None = None
    ongoing: bool = False
    example: str = ""
    announced: bool = Field(default=False, exclude_if=operator.not_)
    read_until: AwareDatetime | None = Field(default=None, exclude_if=operator.not_)

    EXAMPLE: ClassVar = {
        "resource": "api",
        "template": "connection to <ip> refused",
        "severity": "ERROR",
        "family": "connection_refused",
        "count": 41,
        "baseline_count": 0.0,
        "first_seen": "2026-11-23T14:30:00Z",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        name = self.resource_name(called, "any resource")
        if self.polarity == "absent":
            return f"no unusual log messages from {name}"
        if self.count == 0:
            last = f"; last at {moment(self.last_seen)}" if self.last_seen else ""
            return f"{name} stopped logging “{shorten(self.template)}” ({self.baseline_count:.0f} expected{last})"
        new = " (new)" if self.baseline_count == 0 else ""
        since = f" since {moment(self.first_seen)}" if self.first_seen else ""
        return f"{name} logged {self.count} × {self.severity}{new} “{shorten(self.template)}”{since}"

    def named_resources(self) -> Iterator[str]:
        yield from super().named_resources()
        if self.points_at is not None:
            yield self.points_at
