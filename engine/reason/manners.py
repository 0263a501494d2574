"""How a resource misbehaves, in a few words, where a fact that speaks for it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.reason.candidates import Candidate
from primitives.facts import Fact, LogPattern, MetricShift, MoreCalls, SpanErrors, SpanShift
from primitives.patterns import lazy_pattern

__all__ = ["manner_of"]

_THROWS: Final = lazy_pattern(r"(?i)exception|traceback|panic:|\bstack ?trace\b")


def manner_of(candidate: Candidate, facts: Mapping[str, Fact]) -> str:
    """What it does, by the heaviest fact about the resource that speaks for the cause; empty where none says it."""
    for item in sorted(candidate.evidence, key=lambda item: -item.weight):
        fact = facts.get(item.fact)
        if item.weight > 0 and fact is not None and fact.resource == candidate.key.resource and (said := _said(fact)):
            return said
    return ""


def _said(fact: Fact) -> str:
    match fact:
        case LogPattern(count=0):
            return "usual messages stopped"
        case LogPattern() if _THROWS.search(fact.example or fact.template):
            return "throws exceptions"
        case LogPattern():
            return "logs new errors" if fact.baseline_count == 0 else "logs errors"
        case SpanErrors():
            return "fails requests"
        case MetricShift(kind="errors" | "availability"):
            return "fails"
        case MetricShift(kind="latency"):
            return "slow"
        case SpanShift() if fact.current > fact.baseline:
            return "slow"
        case MoreCalls():
            return "makes more calls"
        case _:
            return ""
