"""A fact as a reason, in a few words, for the line below the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.change_words import setting_words
from cockpit.widgets.draw import sanitised
from cockpit.widgets.log_words import quoted_words
from cockpit.widgets.words import levels, part_of_it
from primitives.quantities import duration

if TYPE_CHECKING:
    from engine.events import IncidentOpened
    from engine.hypotheses import Hypothesis
    from primitives.display_names import NameOf
    from primitives.facts import ChangeFound, Fact, LogPattern, MetricShift, OwnShare

__all__ = ["LEAST_QUOTE", "follows", "short_reason"]

LEAST_FOLLOWING = 0.3
"""Confidence below which a consequence is hardly there."""

LEAST_QUOTE = 48
"""Cells of a message that are told where other reasons follow."""


def short_reason(
    fact: Fact, names: NameOf, best: Hypothesis, opened: IncidentOpened | None, quoted: int = LEAST_QUOTE
) -> str:
    """The fact as a reason for `best`; empty where the cause or the header says the same already.

    Of a message at most `quoted` characters are told.
    """
    match fact.type:
        case "metric_shift" if _is_symptom(fact, opened):
            return ""
        case "metric_shift" if fact.polarity == "present":
            return _shift(fact, names, best)
        case "own_share" if fact.polarity == "present":
            return _share(fact, names)
        case "change" if fact.change is not None:
            return _change(fact, best)
        case "log_pattern" if fact.polarity == "present":
            return _messages(fact, names, best, quoted)
        case _:
            return sanitised(fact.sentence(names))


def follows(item: Hypothesis, best: Hypothesis) -> bool:
    """Whether it may well be true as a consequence of the best one, by the ranking's own adjustments."""
    return item.confidence >= LEAST_FOLLOWING and any(
        each.kind == "consequence" and each.hypothesis == best.id for each in item.adjustments
    )


def _is_symptom(shift: MetricShift, opened: IncidentOpened | None) -> bool:
    symptom = opened.symptom if opened is not None else None
    return symptom is not None and symptom.names(shift.resource, shift.metric)


def _whose(resource: str | None, names: NameOf, best: Hypothesis) -> str:
    """The resource's name and a space; empty for the resource that the cause names already."""
    return "" if resource is None or resource == best.resource else f"{sanitised(names(resource))} "


def _shift(fact: MetricShift, names: NameOf, best: Hypothesis) -> str:
    name = sanitised(fact.metric.replace("_", " "))
    return f"{_whose(fact.resource, names, best)}{name} {' → '.join(levels(fact))}"


def _share(fact: OwnShare, names: NameOf) -> str:
    # What it calls more often is its own too: that each request waits for many calls makes none of these slow.
    return f"up to {part_of_it(fact.share)} of it arises in {sanitised(fact.resource_name(names))}"


def _change(fact: ChangeFound, best: Hypothesis) -> str:
    assert fact.change is not None
    if fact.lead_s is None or fact.change.id != best.change:
        return sanitised(fact.sentence())
    moved = setting_words(fact.change)
    when = f"{duration(abs(fact.lead_s))} {'before' if fact.lead_s >= 0 else 'after'} the onset"
    return f"{moved}, {when}" if moved else when


def _messages(fact: LogPattern, names: NameOf, best: Hypothesis, quoted: int) -> str:
    quote = quoted_words(fact, names, quoted)
    if not fact.count:
        return f"{_whose(fact.resource, names, best)}no longer logs {quote}"
    new = "new " if fact.baseline_count == 0 else ""
    return f"{_whose(fact.resource, names, best)}{fact.count} {new}× {quote}"
