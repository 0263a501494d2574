"""The answer, on top of the panes: the leading cause in a sentence, how sure it is, why, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part, bar, cells, cut, cut_around, draw, plain, sanitised, wrap
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.fact_order import BUSIEST, is_outage
from cockpit.widgets.fact_times import happened_at
from cockpit.widgets.log_words import message_words
from cockpit.widgets.next_step import LEAST_ROOM, NARROW, action_parts, after_look, look_parts, writes_first
from cockpit.widgets.pane import Pane
from cockpit.widgets.reasons import LEAST_QUOTE, follows, short_reason
from cockpit.widgets.runs import run_part
from cockpit.widgets.suffering import felt_by_users
from cockpit.widgets.whys import NOT_KNOWN, why_words
from cockpit.widgets.words import apart, minute, percent, precise
from primitives.quantities import counted

if TYPE_CHECKING:
    from textual.strip import Strip

    from engine.hypotheses import Hypothesis
    from engine.incident import IncidentState

__all__ = ["Answer"]

BAR_WIDTH = 24
REASONS, CONSIDERED = 3, 8
"""At most three reasons are shown, taken from the eight facts with the largest weights."""
LEAST_TOLD = 0.02
"""Other hypotheses below this confidence are not named."""
COUNTED = 2_000
"""Facts that are counted before and after the time cursor."""
ENOUGH = 2
"""Reasons in one line that are enough; for fewer a second line is taken."""
MOST_LINES = 2
"""Lines of reasons."""
RIVAL = 0.2
"""Confidence from which another cause is told beside the first one in any case."""
ROOM_TO_WRAP = 16
"""Cells that two lines lose because words stay whole."""
LEAST_BAR = 4
BESIDE_CAUSE = 5
"""Cells of the blanks in the cause's line."""


class Answer(Pane, can_focus=False):
    """Four lines. It takes no keys."""

    pane_title = "Answer"

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        return [draw(line, width, self.text_styles) for line in self.lines(width)[:height]]

    def heading(self) -> str:
        state, cursor = self.view.state, self.view.cursor
        if state is None or state.opened is None or cursor is None:
            return self.pane_title
        times = [happened_at(known.fact) for known in islice(state.current_facts, COUNTED)]
        dated = [time for time in times if time is not None]
        by_then = sum(time <= cursor for time in dated)
        when = f"{precise(cursor)}, {apart(cursor, state.opened.detected_at, f'the {self.view.alarm}')}"
        happened = f"{by_then} of {counted(len(dated), 'dated fact')} had happened"
        return f"Answer of the end · at the time cursor, {when}, {happened}"

    def lines(self, width: int) -> list[Line]:
        """What is believed, why, what else is possible, what comes next; the telling words first in each line."""
        state = self.view.state
        if state is None:
            return [Line([(" Reading the incident …", "dim")])]
        if state.phase == "planned":
            return [_plan_waits(state, replayed=self.view.mode == "REPLAY")]
        if self.view.drill:
            return [
                Line([(" DRILL ", "warning bold"), ("what would you say it is?  ", "text bold"), ("A", "focus bold"),
                      (" says it", "dim")]),
                Line([(f" {counted(len(state.facts), 'fact')} so far; f shows the next one. Fewer facts, more points.",
                       "dim")]),
            ]  # fmt: skip
        if not state.hypotheses:
            return [Line([(f" {_doing(state)}", "text")])]
        cause, reasons = self._cause(state, width), self._reasons(state, width)
        others, following = self._others(state, width), self._next(state, width)
        if len(reasons) > 1:
            # The hypotheses, which are always in sight, tell what else it could be.
            return [cause, *reasons, following]
        # Where there is little room, what to do next is worth more than what else it could be.
        return [cause, *reasons, following, others] if width < NARROW else [cause, *reasons, others, following]

    def _cause(self, state: IncidentState, width: int) -> Line:
        best = state.hypotheses[0]
        most = BAR_WIDTH if width >= NARROW else BAR_WIDTH // 2
        # The bar gives way to the words.
        room = width - cells(sanitised(best.cause)) - cells(percent(best.confidence)) - BESIDE_CAUSE
        size = min(most, room) if room >= LEAST_BAR else 0
        full = bar(best.confidence, size)
        role = "text bold" if state.ended else "focus bold"
        begin = " Best so far: " if not state.ended else " "
        right: list[Part] = [(f"{percent(best.confidence)} ", "text bold"), (full, "focus")]
        right += [("·" * (size - len(full)), "faint"), (" ", "text")]
        cause = self._cause_in(best, width - cells(begin) - cells(plain(right)) - 1)
        return Line([(begin, "dim"), (cause, role)], right)

    def _cause_in(self, hypothesis: Hypothesis, room: int) -> str:
        name = sanitised(self.view.names(hypothesis.resource)) if hypothesis.resource is not None else ""
        return cut_around(sanitised(hypothesis.cause), name, room)

    def _reasons(self, state: IncidentState, width: int) -> list[Line]:
        """The heaviest facts for it, whole, in one line or two; never the one that the line above has told."""
        if not state.ended and (doing := _doing(state)):
            return [Line([(f" {doing}", "dim")])]
        best = state.hypotheses[0]
        both = 2 * width - ROOM_TO_WRAP
        reasons = self._told(state, best, width)
        if not reasons or (len(reasons) < ENOUGH and not _rivalled(state)):
            reasons = self._told(state, best, both) or reasons or self._told(state, best, both, cut_first=True)
        why = why_words(self.view)
        if why and why != NOT_KNOWN:
            reasons = _led_by(why, reasons, width - 2)
        if reasons:
            told = " · ".join(reasons[:REASONS])
            if why == NOT_KNOWN and len(wrap(f"{told} · {why}", width - 2)) <= MOST_LINES:
                told = f"{told} · {why}"
            felt = felt_by_users(self.view) if width < NARROW else ""
            lines = len(wrap(told, width - 2))
            if felt and len(wrap(f"{told} · {felt}", width - 2)) == lines:
                told = f"{told} · {felt}"  # a wide header tells it
        elif best.evidence_for and (known := state.facts.get(best.evidence_for[0].fact)) is not None:
            told = sanitised(known.fact.sentence(self.view.names))
        else:
            return [Line([(f" {sanitised(best.note or 'no fact speaks for it directly')}", "dim")])]
        first, *rest = wrap(told, width - 2)
        return [Line([(f" {words}", "text")]) for words in (first, " ".join(rest)) if words]

    def _told(self, state: IncidentState, best: Hypothesis, width: int, *, cut_first: bool = False) -> list[str]:
        """The reasons that fit: of a first message as much as there is room for, and no message and no share twice.

        The heaviest one comes first at every width, after what says that nobody is served any more: none where it has
        no room, unless it is cut.
        """
        reasons: list[str] = []
        messages: list[str] = []
        shares: set[str | None] = set()
        weighed = (state.facts[item.fact].fact for item in best.evidence_for[:CONSIDERED] if item.fact in state.facts)
        for fact in sorted(weighed, key=lambda fact: not is_outage(fact)):
            if fact.type == "log_pattern":
                message = message_words(fact, self.view.names)
                if any(message in other or other in message for other in messages):
                    continue
                messages.append(message)
            elif fact.type == "own_share":
                # Metrics and spans each tell a share; the greater weight stands for both.
                if fact.resource in shares:
                    continue
                shares.add(fact.resource)
            quoted = LEAST_QUOTE if reasons else width
            words = short_reason(fact, self.view.names, best, state.opened, quoted)
            over = cells(words) + 2 - width
            if not reasons and over > 0:
                quoted = max(quoted - over, LEAST_QUOTE)
                words = short_reason(fact, self.view.names, best, state.opened, quoted)
            if words and not reasons and cells(words) + 2 > width:
                if not cut_first:
                    return []
                words = cut(words, width - 2)
            if words and words not in reasons and cells(" · ".join([*reasons, words])) + 2 <= width:
                reasons.append(words)
        return reasons

    def _others(self, state: IncidentState, width: int) -> Line:
        best, rest = state.hypotheses[0], [item for item in state.hypotheses[1:] if item.confidence >= LEAST_TOLD]
        follow = [item for item in rest if follows(item, best)]
        other = [item for item in rest if item not in follow]
        parts: list[Part] = []
        for label, items in (("Also possible: ", other), ("Follows from it: ", follow)):
            room = width - cells(plain(parts)) - cells(label) - 3
            if items and room > LEAST_ROOM:
                parts += [
                    ("  " if parts else " ", "dim"),
                    (label, "dim"),
                    (_named(items, room, sure=items is other), "dim"),
                ]
        if not parts and (told := self._recorded_with_it(state, width - 1)):
            return Line([(f" {told}", "dim")])
        return Line(parts or [(" Of the causes that it knows no other fits.", "dim")])

    def _recorded_with_it(self, state: IncidentState, width: int) -> str:
        """What was recorded beside the cause and may explain it: the statement that keeps its database busy."""
        best = state.hypotheses[0]
        for known in islice(state.current_facts, COUNTED):
            fact = known.fact
            if fact.type == "observation" and fact.kind == BUSIEST and fact.resource == best.resource:
                # An average over the recording says nothing of its end.
                span = fact.window
                when = f"{minute(span.start)}–{minute(span.end)} on average" if span is not None else "Recorded with it"
                left, right = fact_line(fact, self.view.names, width - cells(when) - 3, at=best.resource)
                return f"{when}: {plain(left)} ·{plain(right)}".rstrip()
        return ""

    def _next(self, state: IncidentState, width: int) -> Line:
        """What a person can do, before what lacks something; of these a write before a look."""
        run = state.remediation.latest if state.runs else None
        if run is not None and run.dispatched_at is not None:
            parts: list[Part] = [(" Done: ", "dim"), run_part(run), (f"  {sanitised(run.detail)}", "text")]
            return Line([(cut(text, width), role) for text, role in parts])
        room = width - cells(_NEXT[0])
        unrepaired = self.view.next_step.unrepaired(self.view)
        if unrepaired.look is not None:
            return Line([_NEXT, *look_parts(unrepaired, room)])
        if unrepaired.why:
            # How it is done, behind the semicolon, stands in pane 5 too.
            head = unrepaired.why.rpartition("; ")[0]
            told = head if head and cells(unrepaired.why) > room else unrepaired.why
            return Line([_NEXT, (cut(told, room), "warning")])
        recommended = writes_first(state.actions)
        if not recommended:
            nothing = f"{unrepaired.short or 'no action is proposed'}; nothing is left to ask"
            return Line([_NEXT, (cut(nothing, room) if state.ended else "the analysis goes on", "dim")])
        first = recommended[0]
        looks = [action for action in recommended if action.effect == "read" and action.command]
        if first.effect != "read" and not first.command and looks:
            return Line([_NEXT, *after_look(first, looks[0], room)])
        parts = [_NEXT, *action_parts(first, self.view, room)]
        for action in recommended[1:2]:
            words = action_parts(action, self.view, room)
            if cells(plain([*parts, *words])) + 8 <= width:
                parts += [("   then ", "dim"), *words]
        return Line(parts)


_NEXT: Part = (" Next: ", "dim")


def _led_by(why: str, reasons: list[str], width: int) -> list[str]:
    """The reason that a message states, and of the others as many as leave it in as few lines as it takes by itself."""
    most = min(len(wrap(why, width)), MOST_LINES)
    fitting = (reasons[:count] for count in range(REASONS - 1, 0, -1) if count <= len(reasons))
    more = (some for some in fitting if len(wrap(" · ".join([why, *some]), width)) <= most)
    return [why, *next(more, [])]


def _rivalled(state: IncidentState) -> bool:
    """Whether a second cause, which is no consequence of the first, is nearly as likely."""
    best, *rest = state.hypotheses
    return any(
        item.confidence >= RIVAL and item.cause_class.value != "UNKNOWN" and not follows(item, best) for item in rest
    )


def _plan_waits(state: IncidentState, *, replayed: bool) -> Line:
    steps = counted(len(state.steps), "read-only step")
    if replayed:
        return Line([(f" The plan of {steps} waited for a person here", "text")])
    return Line([(" The plan waits for you: ", "warning bold"), (f"y runs its {steps}", "text")])


def _doing(state: IncidentState) -> str:
    """What is being asked at the moment."""
    running = [step for step in state.steps.values() if step.status == "running"]
    if not running:
        if state.ended:
            return ""
        if not state.steps:
            return "Preparing the plan …"
        waiting = any(step.status == "waiting" for step in state.steps.values())
        return "The next step begins …" if waiting else "Every step has ended; concluding …"
    names = ", ".join(sanitised(step.plan.primitive) for step in running[:2])
    more = f" and {len(running) - 2} more" if len(running) > 2 else ""
    return f"Asking now: {names}{more}"


def _named(items: Sequence[Hypothesis], room: int, *, sure: bool) -> str:
    """The causes, with their confidence where that is `sure` to be read rightly, as many as fit; how many more."""
    told: list[str] = []
    for number, item in enumerate(items):
        how_sure = f" {percent(item.confidence)}" if sure else ""
        words = cut(sanitised(item.cause), room - cells(how_sure)) + how_sure
        more = len(items) - number - 1
        if told and cells(" · ".join([*told, words])) + (len(f" · {more} more") if more else 0) > room:
            return " · ".join([*told, f"{more + 1} more"])
        told.append(words)
    return " · ".join(told)
