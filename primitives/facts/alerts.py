"""Facts about alerts."""

import operator
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.quantities import moment
from primitives.terms import Trust

__all__ = ["AlertState"]


class AlertState(FactBase):
    """An alert, as its provider stated it.

    `families` are the known kinds of error that its name and texts speak of (`disk_full`, `timeout`, ...), `points_at`
    the resource that they blame, where they name one beside the alert's own.
    """

    type: Literal["alert"] = "alert"
    trust: Trust = "reported"
    name: str
    state: str
    started_at: AwareDatetime | None = None
    value: float | None = None
    summary: str = ""
    families: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)
    points_at: str | None = Field(default=None, exclude_if=operator.not_)

    EXAMPLE: ClassVar = {
        "name": "HighLatency",
        "state": "firing",
        "started_at": "2026-11-23T14:30:00Z",
        "summary": "p95 over 0.8 s",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        del called  # its own words say what it is about
        since = f" since {moment(self.started_at)}" if self.started_at else ""
        summary = f": {shorten(self.summary)}" if self.summary else ""
        return f"alert {shorten(self.name)} {self.state}{since}{summary}"

    def named_resources(self) -> Iterator[str]:
        yield from super().named_resources()
        if self.points_at is not None:
            yield self.points_at
