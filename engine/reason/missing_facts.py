"""Missing facts that would separate the first two causes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.hypotheses import Hypothesis
from engine.reason.catalogue import causes
from engine.reason.fact_index import FactIndex
from primitives.display_names import DisplayNames
from primitives.facts import (
    ChangeFound,
    Dependencies,
    LogPattern,
    MetricAtLimit,
    OwnShare,
    SourceGap,
    SpanShift,
)
from primitives.quantities import short_id
from primitives.text import safe_line

__all__ = ["unanswered", "would_change"]

_MAX: Final = 4


def would_change(case: FactIndex, hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    """At most four lines, the most useful first. For a running investigation: it doesn't rank again, so it is quick.

    At the end `engine.reason.sensitivity` finds by ranking again what each fact decides.
    """
    named = [hypothesis for hypothesis in hypotheses if hypothesis.resource is not None][:2]
    confirmations = [_confirmation(hypothesis, case.names) for hypothesis in named if hypothesis.confidence < 0.9]
    return tuple(dict.fromkeys(map(safe_line, (*confirmations, *unanswered(case, hypotheses)))))[:_MAX]


def unanswered(case: FactIndex, hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    """What no source could answer, though it would separate the causes."""
    named = [hypothesis for hypothesis in hypotheses if hypothesis.resource is not None][:2]
    asked = {gap.question for _, gap in case.of(SourceGap)}
    missing = []
    if not case.of(OwnShare) and not case.of(SpanShift) and "spans" in asked:
        missing.append("traces, which would show whose own time grew")
    if not case.of(ChangeFound) and "changes" in asked:
        missing.append("the record of changes before the onset")
    if not case.of(LogPattern) and "logs" in asked:
        missing.append("logs of the leading resources")
    if not case.of(Dependencies):
        missing.append("the topology, which would tell cause from effect")
    if not case.of(MetricAtLimit) and any(causes()[hypothesis.cause_id].metrics for hypothesis in named):
        missing.append("the limits of what looks full")
    return tuple(missing)


def _confirmation(hypothesis: Hypothesis, names: DisplayNames) -> str:
    resource = names(hypothesis.resource or "")
    if hypothesis.change is not None:
        return f"whether {resource} recovers without {short_id(hypothesis.change)}, or only the new version is affected"
    diagnostic = causes()[hypothesis.cause_id].diagnostic.replace("_", " ")
    return f"{diagnostic} of {resource}: more on “{hypothesis.cause}”"
