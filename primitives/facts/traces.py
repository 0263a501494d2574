"""Facts about spans: an operation's own time, and where failures begin."""

from typing import ClassVar, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.quantities import counted, quantity

__all__ = ["SpanErrors", "SpanShift"]


class SpanShift(FactBase):
    """An operation's own time (its children's taken away) moved; seconds, per span."""

    type: Literal["span_shift"] = "span_shift"
    operation: str
    baseline: float
    current: float
    calls_per_trace: float | None = None
    baseline_calls_per_trace: float | None = None
    score: float
    samples: int

    EXAMPLE: ClassVar = {
        "resource": "api",
        "operation": "GET /orders",
        "baseline": 0.02,
        "current": 0.4,
        "score": 40.0,
        "samples": 80,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        before, now = quantity(self.baseline, "s"), quantity(self.current, "s")
        calls = ""
        if self.calls_per_trace is not None and self.baseline_calls_per_trace is not None:
            calls = f", calls a request {self.baseline_calls_per_trace:.3g} → {self.calls_per_trace:.3g}"
        return f"{self.resource_name(called)} {shorten(self.operation)} own time {before} → {now}{calls}"


class SpanErrors(FactBase):
    """Spans that fail by themselves: the deepest failing ones, none of whose children failed."""

    type: Literal["span_errors"] = "span_errors"
    operation: str
    errors: int
    total: int
    baseline_ratio: float | None = None
    message: str = ""

    EXAMPLE: ClassVar = {
        "resource": "api",
        "operation": "GET /orders",
        "errors": 12,
        "total": 80,
        "message": "deadline exceeded",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        name = self.resource_name(called, "any resource")
        if self.polarity == "absent":
            return f"no span of {name} failed"
        why = f": {shorten(self.message)}" if self.message else ""
        return f"{name} {shorten(self.operation)} failed in {self.errors} of {counted(self.total, 'span')}{why}"
