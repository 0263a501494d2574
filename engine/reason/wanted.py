"""What would change the ranking: the facts not yet known that would separate the first two hypotheses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.hypotheses import Hypothesis
from engine.reason.case import Case
from engine.reason.catalogue import causes
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
from primitives.text import safe_line
from primitives.units import short_id

__all__ = ["unanswered", "would_change"]

_MAX: Final = 4


def would_change(case: Case, hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    """At most four lines, most separating first; while the investigation runs, when ranking again would take too long.

    At its end `engine.reason.sensitivity` says what each fact really carries.
    """
    named = [one for one in hypotheses if one.resource is not None][:2]
    found = [_confirmation(one, case.names) for one in named if one.confidence < 0.9]
    return tuple(dict.fromkeys(map(safe_line, (*found, *unanswered(case, hypotheses)))))[:_MAX]


def unanswered(case: Case, hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    """What nobody could be asked about, though it tells causes apart."""
    named = [one for one in hypotheses if one.resource is not None][:2]
    asked = {gap.question for _, gap in case.of(SourceGap)}
    found = []
    if not case.of(OwnShare) and not case.of(SpanShift) and "spans" in asked:
        found.append("traces, which would show whose own time grew")
    if not case.of(ChangeFound) and "changes" in asked:
        found.append("the record of changes before the onset")
    if not case.of(LogPattern) and "logs" in asked:
        found.append("logs of the leading resources")
    if not case.of(Dependencies):
        found.append("the topology, which would tell cause from effect")
    if not case.of(MetricAtLimit) and any(causes()[one.cause_id].metrics for one in named):
        found.append("the limits of what looks full")
    return tuple(found)


def _confirmation(one: Hypothesis, names: DisplayNames) -> str:
    resource = names(one.resource or "")
    if one.change is not None:
        return f"whether {resource} recovers without {short_id(one.change)}, or only the new version is affected"
    diagnostic = causes()[one.cause_id].diagnostic.replace("_", " ")
    return f"{diagnostic} of {resource}: more on “{one.cause}”"
