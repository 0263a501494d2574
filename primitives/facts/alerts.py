"""Facts about alerts."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.quantities import moment
from primitives.terms import Trust

__all__ = ["AlertState"]


class AlertState(FactBase):
    """An alert, as its provider stated it."""

    type: Literal["alert"] = "alert"
    trust: Trust = "reported"
    name: str
    state: str
    started_at: AwareDatetime | None = None
    value: float | None = None
    summary: str = ""

    EXAMPLE: ClassVar = {
        "name": "HighLatency",
        "state": "firing",
        "started_at": "2026-11-23T14:30:00Z",
        "summary": "p95 over 0.8 s",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        del called  # it names no resource
        since = f" since {moment(self.started_at)}" if self.started_at else ""
        summary = f": {shorten(self.summary)}" if self.summary else ""
        return f"alert {shorten(self.name)} {self.state}{since}{summary}"
