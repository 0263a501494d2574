"""Facts as lines of a list.

A line has the telling words and the number first, so that what a narrow pane cuts is the least of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.widgets.change_words import change_words
from cockpit.widgets.draw import Part, cells, cut, cut_middle, plain, sanitised
from cockpit.widgets.fact_order import STATISTIC
from cockpit.widgets.fact_times import began_with, happened_at, when_told
from cockpit.widgets.log_words import quoted_words
from cockpit.widgets.short_names import LEAST_WHO, cut_name, whose_metric
from cockpit.widgets.words import clock, levels, part_of_it, unit_once, worst_levels
from primitives.quantities import counted, reading, times
from primitives.terms import FAILURES

if TYPE_CHECKING:
    from datetime import datetime

    from primitives.display_names import NameOf
    from primitives.facts import (
        AlertState,
        Fact,
        LogPattern,
        MetricAtLimit,
        MetricShift,
        MoreCalls,
        Observed,
        OwnShare,
        ReplicaComparison,
        SpanShift,
    )
    from primitives.records import Change

__all__ = ["fact_line"]

LEAST_QUOTE = 18
"""Cells of a message, at least."""
WITH_LAST_SEEN = 40
"""Cells from which on a line tells when a message was seen last; in less room that it stopped says more."""


def fact_line(
    fact: Fact,
    names: NameOf,
    width: int,
    others: Sequence[Fact] = (),
    at: str | None = None,
    *,
    whole: bool = False,
) -> tuple[list[Part], list[Part]]:
    """The words of a fact's line and what stands at its right edge (how many times as much, since when).

    `at` is the resource that need not be named: the one with the symptom. `whole`: a message is told to its end, which
    goes on in further lines.
    """
    who = "" if fact.resource is None or fact.resource == at else f"{names(fact.resource)} "
    match fact.type:
        case "metric_shift" if fact.ran_out_at is not None:
            return _ran_out(fact, width, who, names)
        case "metric_shift" if fact.polarity == "present":
            return _shift(fact, width, others, who, names)
        case "metric_at_limit" if fact.polarity == "present":
            return _at_limit(fact, width, who, names)
        case "change" if fact.change is not None:
            return _changed(fact.change, names, width)
        case "log_pattern" if fact.polarity == "present":
            return _messages(fact, names, width, who, others, whole=whole)
        case "span_shift" if fact.polarity == "present":
            return _own_time(fact, who)
        case "more_calls" if fact.polarity == "present":
            return _calls(fact, names, who)
        case "source_gap" if others:
            return _gaps([fact, *others])
        case "alert" if fact.summary:
            return _alert(fact, width)
        case "observation" if "statement" in fact.details and "load" in fact.details:
            return _busiest(fact, width, who, names)
        case "own_share" if fact.polarity == "present":
            return _share(fact, names, width)
        case _:
            words = _replicas(fact, who, width) if fact.type == "replica_comparison" else ""
            return [(words or _unnamed(fact.sentence(names), fact, names, at), "text")], []


def _unnamed(sentence: str, fact: Fact, names: NameOf, at: str | None) -> str:
    """The sentence without the name of the resource that need not be named."""
    named = f"{sanitised(names(at))} " if at is not None and fact.resource == at else ""
    return sanitised(sentence).removeprefix(named)


def _at(time: datetime | None, *, short: bool = False) -> list[Part]:
    width = 5 if short else 8
    return [(f" {clock(time) if time is not None else '':>{width}} ", "dim")]


def _told_at(words: str) -> list[Part]:
    return [(f" {words} ", "dim")]


def _last_seen(time: datetime) -> list[Part]:
    """A time that is no beginning says so."""
    return [(f" last seen {clock(time.replace(second=0, microsecond=0))} ", "dim")]


def _shift(
    fact: MetricShift, width: int, others: Sequence[Fact], who: str, names: NameOf
) -> tuple[list[Part], list[Part]]:
    role = "bad" if fact.worse and fact.ended is None else "text"
    before, during = levels(fact)
    metric = sanitised(fact.metric.replace("_", " "))
    name = sanitised(who) + metric
    factor = times(fact.baseline, fact.level).strip(" ()").replace(" times", "")
    factor = f"×{factor}" if factor and not factor.endswith("%") else factor
    # How many times as much gives way to the worst, that to the name, and the name to the numbers.
    forms: list[tuple[list[Part], tuple[str, str]]] = []
    for told in (*worst_levels(fact, during), (during, " once" if fact.is_single_peak else "")):
        when = when_told(fact, climbs=fact.is_climbing and bool(told[1]))
        rights = ([(f" {factor}", role), *_told_at(when[0])], *(_told_at(words) for words in when))
        forms += [(right, told) for right in rights]
    room = width - cells(name) - cells(f" {before} → ") - 1
    fitting = (form for form in forms if cells(plain(form[0])) + cells("".join(form[1])) <= room)
    right, (level, worst) = next(fitting, forms[-1])
    moved: list[Part] = [(f" {before} → ", "dim"), (level, f"{role} bold"), (worst, role)]
    room = width - cells(plain(moved)) - 1 - cells(plain(right))
    left: list[Part] = [(whose_metric(sanitised(who.rstrip()), metric, room, names), "text"), *moved]
    if fact.ended is not None:
        left.append((f", normal again after {clock(fact.ended)}", "dim"))
    elif fact.back_at is not None:
        back = f", normal again {clock(fact.back_at)}"
        left += [(back, "dim")] if cells(name + back) <= room else []
        room -= cells(back)
    also = " ".join(statistic for other in others if began_with(other, fact) and (statistic := _statistic(other)))
    if also and cells(name) + cells(also) + 7 <= room:
        left.append((f" · {also} too", "dim"))
    return left, right


def _ran_out(fact: MetricShift, width: int, who: str, names: NameOf) -> tuple[list[Part], list[Part]]:
    """Whose time ended, and when: the numbers say nothing more."""
    right, ended = _at(fact.ran_out_at), " ran out"
    room = width - cells(ended) - cells(plain(right))
    return [
        (whose_metric(sanitised(who.rstrip()), sanitised(fact.metric.replace("_", " ")), room, names), "text"),
        (ended, "bad bold"),
    ], right


def _statistic(fact: Fact) -> str:
    match = STATISTIC.search(getattr(fact, "metric", ""))
    return sanitised(match[0].strip(" _")) if match else ""


def _at_limit(fact: MetricAtLimit, width: int, who: str, names: NameOf) -> tuple[list[Part], list[Part]]:
    whole = fact.reading(fact.limit) == "100 %"
    limit = unit_once(fact.reading(fact.limit), fact.metric)
    share = fact.reading(fact.peak) if whole else f"{100 * fact.ratio:.0f} % of {limit}"
    right = _at(fact.since)
    room = width - cells(share) - cells(plain(right)) - 2
    name = whose_metric(sanitised(who.rstrip()), sanitised(fact.metric.replace("_", " ")), room, names)
    return [(name, "text"), (f" {share}", "bad bold")], right


def _messages(
    fact: LogPattern, names: NameOf, width: int, who: str, others: Sequence[Fact], *, whole: bool
) -> tuple[list[Part], list[Part]]:
    """How often, how grave, who and what; of messages that no longer come how many kinds of them."""
    kinds = counted(len(others) + 1, "usual message")
    if fact.count:
        begin, right = (
            f"{fact.count} ×{' new' if fact.baseline_count == 0 else ''} {fact.severity} ",
            _at(fact.first_seen),
        )
        end = ""
    else:
        # Of several the last that was written tells when they stopped.
        last = max((time for each in (fact, *others) if (time := happened_at(each)) is not None), default=None)
        begin, right = "", _last_seen(last) if last is not None and width >= WITH_LAST_SEEN else []
        end = f"no longer logs {f'{kinds}: ' if others else ''}"
    room = width - cells(begin + end) - cells(plain(right)) - 3
    name = sanitised(who.rstrip())
    if not fact.count and cells(name) + LEAST_QUOTE > room and not whole:
        # That they stopped, and whose they were, says more than how one of them began.
        room = width - cells(plain(right)) - 1
        stopped = f"{kinds} stopped"
        if cells(f"{name}: {stopped}") > room:
            stopped = stopped.replace("usual ", "")
        if cells(f"{cut_name(name, LEAST_WHO, names)}: {stopped}") > room:
            # Who wrote them matters more than when the last of them came.
            room, right = width - 1, []
        name = cut_name(name, max(room - cells(stopped) - 2, LEAST_WHO), names) if name else ""
        return [(f"{name}{': ' if name else ''}{stopped}", "text")], right
    if name and right and cells(name) + LEAST_QUOTE > room and fact.first_seen is not None:
        # The sign in front is that of an error.
        begin = begin.removesuffix(f"{fact.severity} ") if fact.severity in FAILURES else begin
        right = _at(fact.first_seen.replace(second=0, microsecond=0), short=True)
        room = width - cells(begin + end) - cells(plain(right)) - 3
    if name:
        # The message says more than the end of a long name.
        name = f"{cut_name(name, max(room - LEAST_QUOTE, LEAST_WHO), names)} "
    room -= cells(name)
    message = quoted_words(fact, names, room if whole else max(room, LEAST_WHO), whole=whole, among=bool(others))
    return [(f"{begin}{name}{end}{message}", "text")], right


def _calls(fact: MoreCalls, names: NameOf, who: str) -> tuple[list[Part], list[Part]]:
    """What is called more often, and how often; the operation that calls it is the least of it."""
    called = "" if fact.called == fact.resource else f"{names(fact.called)} "
    times: list[Part] = [(f" {fact.baseline:.3g} → ", "dim"), (f"{fact.current:.3g} times ", "text bold")]
    what = sanitised(f"{who}calls {called}{fact.called_operation}")
    return [(what, "text"), (sanitised(f" in each {fact.operation}"), "dim")], times


def _own_time(fact: SpanShift, who: str) -> tuple[list[Part], list[Part]]:
    """Whose operation, and its own time before and now."""
    before, now = (reading(value, "s") for value in (fact.baseline, fact.current))
    moved: list[Part] = [(f" own {before} → ", "dim"), (f"{now} ", "text bold")]
    return [(sanitised(f"{who}{fact.operation}"), "text")], moved


def _gaps(facts: Sequence[Fact]) -> tuple[list[Part], list[Part]]:
    """What one source could not answer for one reason, on one line."""
    asked = ", ".join(dict.fromkeys(sanitised(getattr(fact, "question", "")) for fact in facts))
    first = facts[0]
    return [(f"{sanitised(getattr(first, 'status', '')).replace('_', ' ')}: {asked}", "text")], []


def _share(fact: OwnShare, names: NameOf, width: int) -> tuple[list[Part], list[Part]]:
    """Whose the symptom is, as a part of it: what a resource takes itself, or by calling others more often.

    Not what these take each time: beside its own time of one operation `itself makes` would be a contradiction.
    """
    share, who = f"up to {part_of_it(fact.share)}", sanitised(fact.resource_name(names))
    forms = ((" of the symptom arises in ", ": own time or added calls"), (" of the symptom arises in ", ""))
    fitting = (form for form in forms if cells(share + who + "".join(form)) <= width)
    middle, end = next(fitting, (" of it arises in ", ""))
    who = cut_name(who, max(width - cells(share + middle), LEAST_WHO), names)
    return [(share, "text bold"), (f"{middle}{who}{end}", "text")], []


def _replicas(fact: ReplicaComparison, who: str, width: int) -> str:
    """What new replicas do otherwise than the old ones, with both numbers: cut before them it reads as not ready."""
    telling = fact.telling
    if fact.polarity != "present" or telling is None:
        return ""
    single = fact.new == 1
    how, short = {
        "worse": (f"{'is' if single else 'are'} worse than the old", "worse"),
        "silent": (f"{'is' if single else 'are'} not serving", "not serving"),
    }.get(telling.verdict, (f"{'differs' if single else 'differ'} from the old", "differs" if single else "differ"))
    begin, values = counted(fact.new, "new replica"), sanitised(fact.values)
    of = f" of {sanitised(who.rstrip())}" if who else ""
    few = sanitised(telling.few_words)
    told = (
        f"{begin}{of} {how}: {values} ({sanitised(fact.change, 60)})", f"{begin}{of} {how}: {values}",
        f"{begin}{of} {short}: {values}", f"{begin}{of} {short}: {few}",
        f"new replica{'' if single else 's'}{of} {short}: {few}", f"new{of} {short}: {few}",
    )  # fmt: skip
    return next((words for words in told if cells(words) <= width), told[-1])


def _alert(fact: AlertState, width: int) -> tuple[list[Part], list[Part]]:
    """The alert's own words, with their end, which often says what went on; its sign says that it is an alert."""
    right = _at(fact.started_at) if fact.started_at is not None else []
    room = width - cells(plain(right))
    summary = sanitised(fact.summary)
    named = f"{sanitised(fact.name)}: {summary}"
    return [(named if cells(named) <= room else cut_middle(summary, room), "text")], right


def _busiest(fact: Observed, width: int, who: str, names: NameOf) -> tuple[list[Part], list[Part]]:
    """What keeps a database busy: the statement, and how many of its sessions."""
    load, total = (float(fact.details.get(key) or 0.0) for key in ("load", "total"))
    of = f"{load:.3g} of {total:.3g} sessions" if total >= load else f"{load:.3g} sessions"
    of = f"{load:.3g} % of its load" if fact.details.get("shares") else of
    name = f"{cut_name(sanitised(who.rstrip()), max(LEAST_WHO, width // 5), names)} " if who else ""
    user = f" by {sanitised(fact.details['user'])}" if fact.details.get("user") else ""
    statement = sanitised(fact.details["statement"])
    room = width - cells(name) - cells(of) - 2
    # The table comes first in a statement; who runs it is told where the whole statement leaves room.
    told = f"{statement}{user}" if cells(statement + user) <= room else cut(statement, room)
    return [(name, "text"), (told, "text")], [(f" {of} ", "text bold")]


def _changed(change: Change, names: NameOf, width: int) -> tuple[list[Part], list[Part]]:
    right = _at(change.time)
    room = width - cells(plain(right)) - 1
    what = change_words(change, room)
    who = f" · {names(change.resource)}" if change.resource and names(change.resource) not in what else ""
    if cells(what) + LEAST_WHO >= room:
        who = ""  # so little of it would tell nothing
    return [(sanitised(what), "text"), (sanitised(who), "dim")], right
