"""Facts about spans: an operation's own time, and where failures begin."""

import operator
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.quantities import counted, quantity

__all__ = ["MoreCalls", "SpanErrors", "SpanShift"]


class _OfSpans(FactBase):
    """`peer` is what the operation calls, where that writes no spans itself: its time is the peer's.

    `onset` is when the trouble began, give or take seconds, where only the spans say so.
    """

    peer: str = Field(default="", exclude_if=operator.not_)
    onset: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)
    onset_uncertainty_s: float | None = Field(default=None, exclude_if=lambda value: value is None)


class SpanShift(_OfSpans):
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
        own = f"waits for {called(self.peer)}" if self.peer else "own time"
        return f"{self.resource_name(called)} {shorten(self.operation)} {own} {before} → {now}{calls}"


class SpanErrors(_OfSpans):
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


class MoreCalls(FactBase):
    """An operation makes more calls of another one each time than it used to, and they don't fail: no retries.

    `baseline` and `current` are calls each time.
    """

    type: Literal["more_calls"] = "more_calls"
    operation: str
    called: str
    called_operation: str
    baseline: float
    current: float
    samples: int

    EXAMPLE: ClassVar = {
        "resource": "api",
        "operation": "GET /orders",
        "called": "stock",
        "called_operation": "GET /stock/{id}",
        "baseline": 1.0,
        "current": 24.0,
        "samples": 80,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        times = f"{self.baseline:.3g} → {self.current:.3g} times"
        what = f"{called(self.called)} {shorten(self.called_operation)}"
        return f"{self.resource_name(called)} {shorten(self.operation)} calls {what} {times} each"
