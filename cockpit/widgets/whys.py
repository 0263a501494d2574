"""Why the leading cause is so, where its own words say only what raised the alarm: as far as a fact tells it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cockpit.widgets.draw import cells, sanitised
from cockpit.widgets.log_words import message_words
from cockpit.widgets.words import clock
from primitives.patterns import lazy_pattern
from primitives.text import ELLIPSIS

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.hypotheses import Hypothesis
    from engine.incident import IncidentState
    from primitives.facts import Fact

__all__ = ["NOT_KNOWN", "why_words"]

NOT_KNOWN = "why is not known yet"
COUNTED = 2_000
"""Facts that are looked through."""
LONGEST = 120
"""Cells of a reason that a message states: a longer one is told by the message's own line."""

# How a message states the reason of what it says.
_BECAUSE = lazy_pattern(r"(?i)\b(?:due to|because(?: of)?|caused by|owing to|as a result of)\s+\S")


def why_words(view: View) -> str:
    """What a message says of the reason: `“…due to a long transaction on orders-db.” 11:43`; `NOT_KNOWN` without any.

    Empty where the leading cause says more than the alarm did, or something else that speaks for it does.
    """
    state = view.state
    if state is None or not state.ended or not state.hypotheses or view.drill:
        return ""
    best = state.hypotheses[0]
    if not _repeats_alarm(state, best):
        return ""
    told = (_stated(fact, view, _families(best)) for fact in _of_its_kind(state, best))
    return next(filter(None, told), "") or ("" if _has_other(state, best) else NOT_KNOWN)


def _repeats_alarm(state: IncidentState, best: Hypothesis) -> bool:
    """Whether the cause is what the alarm's own metric measures, of the same resource."""
    symptom = state.opened.symptom if state.opened is not None else None
    if symptom is None or symptom.metric is None or symptom.resource != best.resource or best.change is not None:
        return False
    return _is_of(best, symptom.metric)


def _is_of(best: Hypothesis, metric: str) -> bool:
    # The catalogue is there by the time that there is a cause; the first frame must not wait for it.
    from engine.reason.catalogue import causes_of_metric

    return best.cause_id in causes_of_metric(metric)


def _families(best: Hypothesis) -> frozenset[str]:
    from engine.reason.catalogue import causes

    return frozenset(causes()[best.cause_id].families)


def _of_its_kind(state: IncidentState, best: Hypothesis) -> list[Fact]:
    """The messages and alerts of the cause's kind, whoever wrote them: first those that speak for it, then its own."""
    from engine.condition import stands

    families, cited = _families(best), {item.fact for item in best.evidence_for}
    known = [
        each for each in islice(state.current_facts, COUNTED)
        if each.fact.polarity == "present" and stands(state.judgements.get(each.id))
        and (each.id in cited or _kinds(each.fact) & families)
    ]  # fmt: skip
    known.sort(key=lambda each: (each.id not in cited, each.fact.resource != best.resource))
    return [each.fact for each in known]


def _kinds(fact: Fact) -> frozenset[str]:
    match fact.type:
        case "log_pattern" if fact.count and fact.family is not None:
            return frozenset({fact.family})
        case "alert":
            return frozenset(fact.families)
        case _:
            return frozenset()


def _stated(fact: Fact, view: View, families: frozenset[str]) -> str:
    """The part of a message from `due to` on, and when it was written; empty where that is the cause once more."""
    match fact.type:
        case "log_pattern" if fact.count:
            words, at = message_words(fact, view.names), fact.first_seen
        case "alert":
            words, at = sanitised(fact.summary), fact.started_at
        case _:
            return ""
    because = _BECAUSE.search(words)
    if because is None or cells(words[because.start() :]) > LONGEST or _says(words[because.end() - 1 :], families):
        return ""
    begin = ELLIPSIS if because.start() else ""
    return f"“{begin}{words[because.start() :]}”{f' {clock(at)}' if at is not None else ''}"


def _says(words: str, families: frozenset[str]) -> bool:
    """Whether they are of one of these kinds: a disk that is full due to insufficient space tells no reason."""
    from primitives.analysis.error_families import pattern_of

    patterns = (pattern_of(family) for family in families)
    return any(pattern is not None and pattern.search(words.lower()) is not None for pattern in patterns)


def _has_other(state: IncidentState, best: Hypothesis) -> bool:
    """Whether something speaks for the cause that is neither the alarm's metric nor a message of the same kind."""
    families = _families(best)
    for item in best.evidence_for:
        known = state.facts.get(item.fact)
        if known is None or known.fact.type == "alert" or _kinds(known.fact) & families:
            continue
        metric = getattr(known.fact, "metric", "")
        if known.fact.resource != best.resource or not metric or not _is_of(best, metric):
            return True
    return False
