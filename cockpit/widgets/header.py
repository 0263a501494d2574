"""The two lines at the top: what is wrong and whether it still is; what was asked, of which sources, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.strip import Strip
from textual.widget import Widget

from cockpit.severity import severity_role
from cockpit.widgets.beginnings import beginning, moved_most, unsampled_end, wrong_workload
from cockpit.widgets.condition_words import condition_sign, condition_word, day_of, short_metric, since
from cockpit.widgets.draw import Line, Part, Styles, cells, cut, draw, plain, sanitised
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.last_bad import unmeasured_words
from cockpit.widgets.presence_words import presence_parts
from cockpit.widgets.readings import reading_parts
from cockpit.widgets.suffering import felt_by_users
from cockpit.widgets.words import PHASES, SPINNER, clock, elapsed, precise, unit_once

if TYPE_CHECKING:
    from cockpit.widgets.view import View
    from engine.condition import Condition
    from engine.incident import IncidentState

__all__ = ["Header"]

WITH_WHO = WITH_COST = 100
"""Cells from which on who opened it, and what it cost, are shown."""

RECORDING = "recorded"
"""The name of the source that answers from a bundle (`primitives.telemetry`, which no frame waits for)."""

SOURCE_SIGNS = {
    "reachable": ("✓", "good"),
    "answered": ("✓", "good"),
    "partial": ("◑ in part", "warning"),
    "denied": ("✗ denied", "bad"),
    "unreachable": ("✗ unreachable", "bad"),
    "not_configured": ("–", "dim"),
}


class Form(NamedTuple):
    """What the first line tells: the metric's whole name, its normal level, since when, for how long.

    With `brief` the run's time and cost are left out, with `short` how old a live condition is. Without `mode` the
    second line says whether this is a recording.
    """

    whole_name: bool = True
    normal: bool = True
    time: bool = True
    length: bool = False
    brief: bool = True
    short: bool = True
    mode: bool = True


FORMS = (
    Form(length=True, brief=False, short=False),
    Form(brief=False, short=False),
    Form(short=False),
    Form(),
    Form(whole_name=False),
    Form(mode=False),
    Form(whole_name=False, mode=False),
    Form(whole_name=False, time=False, mode=False),
    Form(normal=False, mode=False),
    Form(whole_name=False, normal=False, mode=False),
    Form(whole_name=False, normal=False, time=False, mode=False),
)
"""Longest first. Since when stands in the second line where the first one has no room for it."""


SIGN_WORDS, BESIDE_SIGN = 60, 17
"""Cells of what the first sign was, at most, and of its time."""
LEAST_WORDS = 8
LEAST_QUERY = 8
"""Cells of the query: a shorter part of it tells nothing."""
LEAST_SIGN = 32
"""Cells of what the first sign was, at least: of less nobody knows whose it is and what happened."""
BESIDE_SIGNS = 4
"""Cells of the blanks and the point around the first sign."""
LEAST_NAME = 10
"""Cells of what is wrong, at least: beside a sign and words of nothing nobody knows what they are about."""


def _fitted(parts: list[Part], room: int) -> list[Part]:
    """The parts with the name, the second of them, cut so that all the others fit, the last ones as far as they do."""
    sign, (name, style), *rest = parts
    least = min(cells(name.rstrip()) + 1, LEAST_NAME)
    while rest and room - cells(plain([sign, *rest])) < least:
        words, role = rest.pop()
        left = room - least - cells(plain([sign, *rest]))
        if left > LEAST_WORDS:
            rest.append((cut(words, left), role))
            break
    width = max(room - cells(plain([sign, *rest])), 1)
    return [sign, (f"{cut(name.rstrip(), width - 1)} ", style), *rest]


def _joined(sources: list[Part], end: list[Part]) -> list[Part]:
    """The sources and what follows them, which begins with a point only behind something."""
    return [*sources, *(end if sources or end[0][0] != " · " else end[1:])]


class Header(Widget):
    """The header."""

    def __init__(self, view: View, styles: Styles) -> None:
        super().__init__(id="header")
        self.view = view
        self.text_styles = styles
        self._strips: list[Strip] = []
        self._since_told = self._mode_told = self._normal_told = True
        self._steps = (0, 0)

    def repaint(self) -> None:
        """Bring the screen up to date with the view."""
        width = self.size.width
        if not width:
            return
        ground = "focus" if self.view.mode == "REPLAY" else "bar"
        strips = [
            draw(self._first(width), width, self.text_styles, ground),
            draw(self._second(width), width, self.text_styles, ground),
        ]
        if strips != self._strips:
            self._strips = strips
            self.refresh()

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y].adjust_cell_length(self.size.width)
        return self.text_styles.blank(self.size.width, "bar")

    def on_resize(self) -> None:
        self.repaint()

    def _first(self, width: int) -> Line:
        state = self.view.state
        if state is None or state.opened is None:
            return self._inverted(
                Line([(" ○ ", "dim"), (sanitised(self.view.title or "CloudOps"), "text bold")], self._analysis(width))
            )
        left: list[Part] = []
        right: list[Part] = []
        steps = state.current_steps
        self._steps = (sum(step.status not in ("waiting", "running") for step in steps), len(steps))
        # The longest form that fits: the number and the word are never cut.
        for form in FORMS:
            left = self._wrong(state, self.view.condition, form)
            right = self._analysis(width, brief=form.brief, mode=form.mode or not self._told_below(width))
            self._since_told, self._mode_told, self._normal_told = form.time, form.mode, form.normal
            if cells(plain(left)) + cells(plain(right)) < width:
                return self._inverted(Line(left, right))
        right = self._analysis(width, brief=True, mode=FORMS[-1].mode or not self._told_below(width), terse=True)
        return self._inverted(Line(_fitted(left, width - cells(plain(right)) - 1), right))

    def _wrong(self, state: IncidentState, condition: Condition, form: Form) -> list[Part]:
        """What is wrong: the metric that raised the alarm with its newest value, or else the alert's title."""
        assert state.opened is not None
        sign, word, role = condition_sign(condition) if state.facts else ("○", "", "dim")
        shift, reading = condition.shift, reading_parts(self.view, condition.shift)
        parts: list[Part] = [(f" {sign} ", f"{role} bold")]
        if shift is None:
            title = sanitised(state.opened.title or self.view.title)
            # A person's question doesn't say what is wrong.
            asked = title == sanitised(self.view.query)
            parts.append((wrong_workload(self.view) or title if asked else title, "text bold"))
            if reading:
                return [*parts, (" · ", "dim"), *reading]
        else:
            metric = sanitised(short_metric(shift.metric, short=not form.whole_name))
            parts.append((f"{sanitised(shift.resource_name(self.view.names))} {metric} ", "text bold"))
            if reading:
                # Watched: what it is now says more than what it was when the alarm came.
                return [*parts, *reading]
            value = shift.reading(shift.latest if shift.latest is not None else shift.current)
            was = "was " if shift.latest is None else ""
            parts.append((f"{was}{unit_once(value, shift.metric)}", f"{role} bold"))
            if form.normal:
                normal = unit_once(shift.reading(shift.baseline), shift.metric)
                # Where the recording begins with the trouble nobody knows what is normal.
                what = "normal" if shift.is_normal_known else "at first"
                parts.append((f" ({what} {normal})", "dim"))
            if form.time:
                parts.append((since(shift, self.view, time=True, length=form.length), "dim"))
        words = condition_word(condition, self.view, short=form.short) if word else ""
        if word and condition.state == "unknown" and shift is None:
            words = unmeasured_words(self.view, words, short=form.short)
        return [*parts, (f" · {words}" if words else "", f"{role} bold")]

    def _analysis(self, width: int, *, brief: bool = False, mode: bool = True, terse: bool = False) -> list[Part]:
        """The state of the analysis: another thing than the incident's. `brief`: without its time and cost.

        `terse`: what is wrong needs the room.
        """
        state = self.view.state
        _, word, role = PHASES[state.phase] if state else ("", "opening", "focus")
        parts: list[Part] = []
        if self.view.severity:
            severity = sanitised(self.view.severity, 12).upper()
            parts += [(severity, f"{severity_role(self.view.severity)} bold"), (" · ", "dim")]
        if state and state.phase == "planned" and self.view.mode == "REPLAY":
            # Whoever looks at the past can't run it.
            word = "PLAN WAITED"
        if state and state.cancelling and not state.ended:
            word, role = "cancelling", "warning"
        if state and state.phase == "investigating":
            ended, planned = self._steps
            word = f"{SPINNER[self.view.spinner % len(SPINNER)]} {'' if terse else 'analysing '}{ended} of {planned}"
        if self.view.problem:
            word, role = "✗ CONNECTION LOST" if state else "✗ PROBLEM", "bad"
        brief = brief or width < WITH_COST
        if width < WITH_COST:
            word = word.removeprefix("analysis ")
        if not self._told_below(width):
            parts.append((word, f"{role} bold" if role != "dim" else "dim"))
            if not terse and (not brief or not (state and state.ended)):
                parts.append((f" {elapsed(self.view.elapsed_s)}", "dim"))
            parts.append((" · ", "dim"))
        parts = [*parts, self._mode()] if mode else parts[:-1]
        if not brief and state is not None:
            cost = state.finished.cost_usd if state.finished else 0.0
            parts += [(" · ", "dim"), (f"${cost:.2f}", "dim")]
        return [*parts, (" ", "text")]

    def _told_below(self, width: int) -> bool:
        """Whether the second line tells that the analysis has ended: the first one has little room."""
        state = self.view.state
        return width < WITH_WHO and state is not None and state.ended and not self.view.problem

    def _who(self, state: IncidentState, width: int) -> list[Part]:
        """Who else is here; alone, where there is room, who opened it."""
        if present := presence_parts(self.view, short=width < WITH_WHO):
            return [(" · ", "dim"), *present]
        if width < WITH_WHO:
            return []
        name = state.opened_by.name if state.opened_by else ""
        return [(f" · ◆ {sanitised(name, 20)}" + (" (attached)" if self.view.attached else ""), "change")]

    def _mode(self) -> Part:
        playback = self.view.playback
        if playback is not None:
            time = precise(playback.time) if playback.time else "--:--:--"
            if playback.scale == "incident" and self.view.cursor is not None:
                return (f"REPLAY incident {precise(self.view.cursor)} · {playback.speed:g}×", "text bold")
            return (f"REPLAY {time} · {playback.speed:g}×", "text bold")
        if self.view.mode != "LIVE":
            return ("○ NOT LIVE" if self.view.mode == "RECORDED" else f"○ {self.view.mode}", "measured")
        state = self.view.state
        # What isn't refreshed any more is no live view.
        frozen = state is not None and state.ended and not self.view.watched
        return ("○ SNAPSHOT", "warning") if frozen else ("◉ LIVE", "good bold")

    def _second(self, width: int) -> Line:
        state = self.view.state
        if self.view.problem:
            return self._inverted(Line([(f"   {sanitised(self.view.problem)}", "bad bold")]))
        if state is None or state.opened is None:
            return self._inverted(Line([("   ", "dim")], [("reading the incident ", "dim")]))
        end, said = self._end(state, width), self._question(state)
        failed, least = (self._sources(state, named=False, well=False, short=short) for short in (False, True))
        left = self._when(state, width - cells(plain([*least, *end])), wide=width >= WITH_WHO)
        terse = self._end(state, width, terse=True)
        fuller = self._when(state, width - cells(plain([*least, *terse])), wide=width >= WITH_WHO)
        # What the incident does is worth more than which run of the analysis tells it.
        if cells(plain(fuller)) > cells(plain(left)) or cells(plain([*left, *least, *end])) >= width:
            left, end = fuller, terse
        # All names where there is room beside the question, else those that didn't answer and a count.
        for sources in (self._sources(state, named=True), self._sources(state, named=False), failed):
            right = _joined(sources, end)
            if cells(plain([*left, *said, *right])) < width:
                return self._inverted(Line([*left, *said], right))
        # The day, its zone and what was measured are worth more than why a source did not answer.
        right = _joined(failed, end)
        if cells(plain([*left, *right])) >= width:
            right = _joined(least, end)
        room = width - cells(plain([*left, *right])) - BESIDE_SIGNS
        return self._inverted(Line([*left, *said] if room >= LEAST_QUERY else left, right))

    def _question(self, state: IncidentState) -> list[Part]:
        """What was asked, unless the first line says it."""
        assert state.opened is not None
        query = sanitised(self.view.query)
        asked = query == sanitised(state.opened.title or self.view.title)
        told = asked and not (self.view.condition.shift is None and wrong_workload(self.view))
        return [(f" · “{query}”", "dim")] if query and not told else []

    def _when(self, state: IncidentState, width: int, *, wide: bool) -> list[Part]:
        """The time cursor, since when, the usual level, the day, and what tells of the beginning, in `width` cells.

        In a `wide` terminal also what users feel; in a narrow one the answer tells it.
        """
        assert state.opened is not None
        left: list[Part] = [("   ", "dim")]
        if self.view.cursor is not None:
            left.append((f"⌖ {precise(self.view.cursor)} · ", "focus bold"))
        shift = self.view.condition.shift
        if shift is not None and not self._since_told and (begun := since(shift, self.view, time=True, length=False)):
            left.append((f"{begun.removeprefix(' · ')} · ", "text"))
        normal: list[Part] = []
        if shift is not None and not self._normal_told and not reading_parts(self.view, shift):
            what = "normal" if shift.is_normal_known else "at first"
            normal = [(f"{what} {unit_once(shift.reading(shift.baseline), shift.metric)} · ", "text")]
        day, silent = f"{day_of(state.opened.now)} UTC", unsampled_end(self.view)
        if silent and normal and cells(plain([*left, *normal])) + cells(day) + cells(silent) + 3 > width:
            normal = []  # how old the number is says more than what is normal, which the first fact tells too
        # A number is told whole or not at all.
        left_room = width - cells(plain([*left, *normal])) - cells(day) - 3
        silent = next(
            (words for words in (silent, unsampled_end(self.view, short=True)) if cells(words) <= left_room), ""
        )
        left += [*normal, (day, "text")]
        left += [(f" · {silent}", "warning")] if silent else []
        felt = felt_by_users(self.view)
        if felt and wide and cells(plain(left)) + cells(felt) + 3 <= width:
            left.append((f" · {felt}", "bad"))
        # What never left its normal range began at no time.
        if (shift is None or shift.polarity != "present") and self.view.condition.state != "normal":
            left.append((f" · {self._signs(width - cells(plain(left)) - BESIDE_SIGNS)}", "text"))
        return left

    def _end(self, state: IncidentState, width: int, *, terse: bool = False) -> list[Part]:
        """Who is here, and which run of the analysis it is or whether it has ended; `terse`: in one word, or not."""
        end = self._who(state, width)
        if self._told_below(width):
            word = PHASES[state.phase][1]
            terse = terse or self.view.condition.shift is None
            end.append((f" · {word.removeprefix('analysis ') if terse else word}", "dim"))
            end += [] if self._mode_told else [(" · ", "dim"), self._mode()]
        elif state.execution_id and not terse:
            end.append((f" · {sanitised(state.execution_id, 20)}", "dim"))
        return [*end, (" ", "text")]

    def _signs(self, room: int) -> str:
        """Since when, where the metric that raised the alarm doesn't tell it; what moved most where that is known."""
        begun = beginning(self.view)
        first = f"{begun.word} {clock(begun.at)}" if begun is not None else "since when is not known"
        if begun is not None and begun.is_last_seen:
            first = f"usual message {first}"
        sign = begun.sign.fact if begun is not None and begun.sign is not None else None
        # A metric's own words, or the state that stands above, are told anyway.
        if sign is not None and sign.type not in ("metric_shift", "workload_state"):
            # Its line has its time, which stands in front here. A part of it would be a number of nobody knows what.
            left = min(room - cells(first) - BESIDE_SIGNS, SIGN_WORDS)
            what = plain(fact_line(sign, self.view.names, left + BESIDE_SIGN)[0])
            first = f"{first} · {cut(what, left)}" if left >= LEAST_SIGN else first
        return " · ".join(words for words in (first, moved_most(self.view, room - cells(first) - 3)) if words)

    def _sources(self, state: IncidentState, *, named: bool, well: bool = True, short: bool = False) -> list[Part]:
        """Each source and whether it answered; not `named`: those that didn't, and, with `well`, how many did.

        With `short` a sign alone says that one did not.
        """
        statuses = {source.name: source.status for source in state.sources}
        covered = {entry.source: entry.status for entry in state.opened.coverage} if state.opened else {}
        parts: list[Part] = []
        answered = 0
        for name, status in {**statuses, **covered}.items():
            sign, role = SOURCE_SIGNS[status]
            if not named and role in ("good", "dim"):
                answered += role == "good" and name != RECORDING
                continue
            parts.append(("  " if parts else "", "dim"))
            if name == RECORDING and role == "good":
                parts.append(("from a recording", "dim"))
                continue
            parts += [(f"{sanitised(name, 20)} ", "dim"), (sign[:1] if short else sign, role)]
        if not named and well and answered:
            counted = f"{answered} source{'' if answered == 1 else 's'} "
            parts = [(counted, "dim"), ("✓", "good"), ("  " if parts else "", "dim"), *parts]
        return parts

    def _inverted(self, line: Line) -> Line:
        """In a replay the header is inverted, so that it can't be taken for the present."""
        if self.view.mode != "REPLAY":
            return line

        def turned(parts: list[Part]) -> list[Part]:
            return [(text, "ground bold" if "bold" in spec else "ground") for text, spec in parts]

        return Line(turned(list(line.left)), turned(list(line.right)))
