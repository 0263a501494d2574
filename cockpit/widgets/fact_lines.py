"""Facts as lines of a list.

A line has the telling words and the number first, so that what a narrow pane cuts is the least of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Part, cells, cut, plain, sanitised
from cockpit.widgets.fact_order import STATISTIC
from cockpit.widgets.log_words import message_words
from cockpit.widgets.words import clock, levels, unit_once
from primitives.quantities import times
from primitives.text import ELLIPSIS

if TYPE_CHECKING:
    from datetime import datetime

    from primitives.display_names import NameOf
    from primitives.facts import Fact, LogPattern, MetricAtLimit, MetricShift, OwnShare
    from primitives.records import Change

__all__ = ["fact_line"]

LEAST_WHO = 7
"""Cells of a resource's name that still tell whose a metric is."""


def fact_line(
    fact: Fact, names: NameOf, width: int, others: Sequence[Fact] = (), at: str | None = None
) -> tuple[list[Part], list[Part]]:
    """The words of a fact's line and what stands at its right edge (how many times as much, since when).

    `at` is the resource that need not be named: the one with the symptom.
    """
    who = "" if fact.resource is None or fact.resource == at else f"{names(fact.resource)} "
    match fact.type:
        case "metric_shift" if fact.polarity == "present":
            return _shift(fact, width, others, who)
        case "metric_at_limit" if fact.polarity == "present":
            return _at_limit(fact, width, who)
        case "change" if fact.change is not None:
            return _changed(fact.change, names)
        case "log_pattern" if fact.polarity == "present" and fact.count:
            return _messages(fact, names, who)
        case "log_pattern" if fact.polarity == "present" and fact.last_seen is not None:
            words = fact.model_copy(update={"last_seen": None}).sentence(names)
            return [(_unnamed(words, fact, names, at), "text")], _at(fact.last_seen)
        case "source_gap" if others:
            return _gaps([fact, *others])
        case "own_share" if fact.polarity == "present":
            return _share(fact, names)
        case _:
            return [(_unnamed(fact.sentence(names), fact, names, at), "text")], []


def _unnamed(sentence: str, fact: Fact, names: NameOf, at: str | None) -> str:
    """The sentence without the name of the resource that need not be named."""
    named = f"{sanitised(names(at))} " if at is not None and fact.resource == at else ""
    return sanitised(sentence).removeprefix(named)


def _at(time: datetime | None, *, short: bool = False) -> list[Part]:
    width = 5 if short else 8
    return [(f" {clock(time) if time is not None else '':>{width}} ", "dim")]


def _shift(fact: MetricShift, width: int, others: Sequence[Fact], who: str) -> tuple[list[Part], list[Part]]:
    role = "bad" if fact.worse and fact.ended is None else "text"
    before, during = levels(fact)
    metric = sanitised(fact.metric.replace("_", " "))
    name = sanitised(who) + metric
    factor = times(fact.baseline, fact.current).strip(" ()").replace(" times", "")
    factor = f"×{factor}" if factor and not factor.endswith("%") else factor
    moved: list[Part] = [(f" {before} → ", "dim"), (during, f"{role} bold")]
    right = [(f" {factor}", role), *_at(fact.onset)]
    room = width - cells(plain(moved)) - 1
    # How many times as much gives way to the name, and the name to the numbers.
    if cells(name) + cells(plain(right)) > room:
        right = _at(fact.onset)
    if cells(name) + cells(plain(right)) > room and fact.onset is not None:
        right = _at(fact.onset.replace(second=0, microsecond=0), short=True)
    room -= cells(plain(right))
    left: list[Part] = [(_shortened(sanitised(who), metric, room), "text"), *moved]
    if fact.ended is not None:
        left.append((f", normal again after {clock(fact.ended)}", "dim"))
    also = " ".join(statistic for other in others if (statistic := _statistic(other)))
    if also and cells(name) + cells(also) + 7 <= room:
        left.append((f" · {also} too", "dim"))
    return left, right


def _statistic(fact: Fact) -> str:
    match = STATISTIC.search(getattr(fact, "metric", ""))
    return sanitised(match[0].strip(" _")) if match else ""


def _shortened(who: str, metric: str, room: int) -> str:
    """Both names; in less room the end of who it is, then the beginning of what was measured."""
    if cells(who + metric) <= room or room < 2:
        return who + metric
    left = room - cells(metric) - 1
    if left > LEAST_WHO:
        return f"{cut(who.rstrip(), left)} {metric}"
    begin = cut(who.rstrip(), min(LEAST_WHO, room // 3)) if who and room > 2 * LEAST_WHO else ""
    return f"{begin or ELLIPSIS}{metric[cells(begin or ELLIPSIS) - room :]}"


def _at_limit(fact: MetricAtLimit, width: int, who: str) -> tuple[list[Part], list[Part]]:
    whole = fact.reading(fact.limit) == "100 %"
    limit = unit_once(fact.reading(fact.limit), fact.metric)
    share = fact.reading(fact.peak) if whole else f"{100 * fact.ratio:.0f} % of {limit}"
    right = _at(fact.since)
    room = width - cells(share) - cells(plain(right)) - 2
    name = _shortened(sanitised(who), sanitised(fact.metric.replace("_", " ")), room)
    return [(name, "text"), (f" {share}", "bad bold")], right


def _messages(fact: LogPattern, names: NameOf, who: str) -> tuple[list[Part], list[Part]]:
    new = " new" if fact.baseline_count == 0 else ""
    words = f"{fact.count} ×{new} {fact.severity} {who}“{message_words(fact, names)}”"
    return [(sanitised(words), "text")], _at(fact.first_seen)


def _gaps(facts: Sequence[Fact]) -> tuple[list[Part], list[Part]]:
    """What one source could not answer for one reason, on one line."""
    asked = ", ".join(dict.fromkeys(sanitised(getattr(fact, "question", "")) for fact in facts))
    first = facts[0]
    return [(f"{sanitised(getattr(first, 'status', '')).replace('_', ' ')}: {asked}", "text")], []


def _share(fact: OwnShare, names: NameOf) -> tuple[list[Part], list[Part]]:
    share = f"up to {100 * min(fact.share, 1.0):.0f} %"
    who = sanitised(fact.resource_name(names))
    return [(f"{who} itself makes ", "text"), (share, "text bold"), (" of the symptom", "text")], []


def _changed(change: Change, names: NameOf) -> tuple[list[Part], list[Part]]:
    # The engine is there by the time that there is a fact; the first frame must not wait for it.
    from primitives.facts import change_name

    what = change_name(change)
    who = f" · {names(change.resource)}" if change.resource and names(change.resource) not in what else ""
    return [(sanitised(what), "text"), (sanitised(who), "dim")], _at(change.time)
