"""The detail of what the cursor is on, with the chart of its metric."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.strip import Strip

from cockpit.widgets.beginnings import beginning, measured, onset_range, symptom_fact
from cockpit.widgets.chart import Chart, chart, time_at, value_at
from cockpit.widgets.chart_companions import Companions, band_of, legend
from cockpit.widgets.chart_window import ChartWindow
from cockpit.widgets.draw import Line, cells, draw, sanitised, wrap
from cockpit.widgets.links import Links, subject_of_id
from cockpit.widgets.marks import Mark, marks_of
from cockpit.widgets.pane import Pane
from cockpit.widgets.runs import describe_rest, describe_run, fact_of_run, run_of_fact, target_of
from cockpit.widgets.subject_text import describe_subject, subject_heading
from cockpit.widgets.timeline import TimelinePane
from cockpit.widgets.view import Subject
from cockpit.widgets.words import apart, precise
from primitives.quantities import duration, reading

if TYPE_CHECKING:
    from textual import events

    from engine.incident import FoundFact, IncidentState
    from primitives.records import Series

__all__ = ["DetailPane"]

CHART_MIN_HEIGHT = 6
CHART_MAX_HEIGHT = 22
BESIDE_SUMMARY, BESIDE_TITLE = 16, 8
"""Cells of a folded pane's number and title, and of a title's number and borders."""
BEFORE_ONSET, LEAST_BEFORE_ONSET = 4, timedelta(minutes=20)
"""How much of the time before the onset the symptom's chart shows, as a multiple of the time since, and at least."""
EARLIER = 0.35
"""How much of the time before the window the chart shows, as a part of the window."""


class DetailPane(Pane):
    """The detail; `charts` holds the series of facts that somebody fetched, or why there is none."""

    class Wanted(Message):
        """The series of a fact is to be shown and not there yet; `answers` are further ones with its samples."""

        def __init__(self, fact: str, answers: tuple[str, ...] = ()) -> None:
            super().__init__()
            self.fact = fact
            self.answers = answers

    class Chosen(Message):
        """The id that was clicked on is to be gone to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.charts: dict[str, Series | str] = {}
        self.companions = Companions()
        self.top = 0
        self.links = Links()
        self._asked: set[tuple[str, tuple[str, ...]]] = set()
        self._about = Subject()
        self._lines = 0
        self._neighbours: tuple[object, frozenset[str]] = (None, frozenset())
        self._drawn: tuple[object, list[Strip]] = (None, [])
        self._shown_chart: tuple[Chart, int, int, int] | None = None
        self.window = ChartWindow()
        self._whole: tuple[datetime, datetime] | None = None

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        subject = self.view.subject
        if subject != self._about:
            self._about, self.top = subject, 0
            self.window.reset()
        self._shown_chart = None
        strips = [draw(line, width, self.text_styles) for line in self._runs(subject, width)]
        if strips:
            # What became of an action comes first, with the chart that proves it.
            strips += self._chart(subject, width, len(strips), max(height - len(strips), CHART_MIN_HEIGHT + 2))
            strips += [draw(line, width, self.text_styles) for line in self._runs(subject, width, rest=True)]
        strips += [draw(line, width, self.text_styles) for line in self._describe(subject, width)]
        if subject.kind != "action":
            strips += self._chart(subject, width, len(strips), max(height - len(strips), 0))
        self._lines = len(strips)
        self.top = max(0, min(self.top, self._lines - height))
        return strips[self.top : self.top + height]

    def _runs(self, subject: Subject, width: int, *, rest: bool = False) -> list[Line]:
        """The runs of an action, the latest first: what came of them, then the rest."""
        state = self.view.state
        if state is None or subject.kind != "action":
            return []
        runs = list(state.remediation.runs_of(subject.id))
        if not rest:
            return [line for run in runs for line in describe_run(run, width)]
        lines = [line for run in runs for line in describe_rest(run, width)]
        return [Line(), *lines, Line()] if lines else [Line()] if runs else []

    def _describe(self, subject: Subject, width: int) -> list[Line]:
        state = self.view.state
        if state is None:
            return [Line([(" nothing to show yet", "dim")])]
        if subject.kind == "symptom" and self._symptom() is not None:
            return []
        lines = describe_subject(subject, state, width, self.view.names, self._last(subject.id))
        lines = self._findings(state, width) if lines is None else lines
        return self.links.marked(lines, subject.id, lambda name: subject_of_id(state, name) is not None)

    def _symptom(self) -> FoundFact | None:
        """The fact of the metric that raised the alarm, where its samples were recorded."""
        state = self.view.state
        if state is None:
            return None
        found_fact = symptom_fact(self.view)
        return found_fact if found_fact is not None and _has_series(found_fact) else None

    def _last(self, fact: str) -> float | None:
        """The newest sample of a fact's series, where that was fetched."""
        series = self.charts.get(fact)
        return (
            float(series.values[-1])
            if series is not None and not isinstance(series, str) and len(series.values)
            else None
        )

    def _findings(self, state: IncidentState, width: int) -> list[Line]:
        """What was found, each in whole sentences, and what could not be."""
        said = [("•", "focus", "text", finding.statement) for finding in state.findings]
        said += [("?", "warning", "dim", gap) for gap in state.gaps]
        lines = [
            Line([(f" {sign if number == 0 else ' '} ", role), (words, style)])
            for sign, role, style, sentence in said
            for number, words in enumerate(wrap(sanitised(sentence), max(width - 4, 10)))
        ]
        return lines or [Line([(" put the cursor on a step, a fact, a hypothesis or an action", "dim")])]

    @property
    def chart(self) -> Chart | None:
        """The chart that is on the screen."""
        return self._shown_chart[0] if self._shown_chart is not None else None

    def zoom_chart(self, by: int) -> None:
        """Show half as much of the chart's time around the time cursor, or twice as much."""
        if self._whole is not None:
            self.window.zoom(self._whole, by, self.view.cursor)

    def pan_chart(self, by: int) -> None:
        """Show an earlier or a later part of it."""
        if self._whole is not None:
            self.window.pan(self._whole, by)

    def charted(self, subject: Subject) -> FoundFact | None:
        """The fact whose metric belongs to the subject: the fact itself, or a hypothesis's strongest one."""
        state = self.view.state
        if state is None:
            return None
        if subject.kind == "symptom":
            return self._symptom()
        if subject.kind == "fact":
            found_fact = state.facts.get(subject.id)
            return found_fact if found_fact and _has_series(found_fact) else None
        if subject.kind == "hypothesis" and (hypothesis := state.hypothesis(subject.id)) is not None:
            candidates = [*hypothesis.evidence_for, *hypothesis.evidence_against]
            known = (state.facts.get(item.fact) for item in candidates)
            return next((found_fact for found_fact in known if found_fact and _has_series(found_fact)), None)
        if subject.kind == "action":
            run = next((run for run in state.remediation.runs_of(subject.id) if run.dispatched_at is not None), None)
            return fact_of_run(state, run) if run is not None else None
        if subject.kind == "step" and subject.id in state.steps:
            own = (state.facts[key] for key in state.steps[subject.id].facts)
            return next((found_fact for found_fact in own if _has_series(found_fact)), None)
        return None

    def _chart(self, subject: Subject, width: int, above: int, room: int) -> list[Strip]:
        found_fact = self.charted(subject)
        if found_fact is None or (subject.kind not in ("fact", "symptom") and room < CHART_MIN_HEIGHT + 1):
            return []
        series = self.charts.get(found_fact.id)
        run = run_of_fact(self.view.state, found_fact.fact) if self.view.state is not None else None
        wanted = (found_fact.id, run.samples if run is not None else ())
        self._ask(*wanted)
        if series is None:
            return [draw(Line([("   fetching the samples …", "dim")]), width, self.text_styles)]
        if isinstance(series, str):
            return [draw(Line([(f"   no chart: {sanitised(series)}", "dim")]), width, self.text_styles)]
        fact: Any = found_fact.fact
        strips: list[Strip] = []
        if subject.kind not in ("fact", "symptom"):
            strips.append(
                draw(
                    Line([(f" {found_fact.id} ", "dim"), (sanitised(fact.sentence(self.view.names)), "dim")]),
                    width,
                    self.text_styles,
                )
            )
            room -= 1
        if subject.kind != "symptom" or self.view.cursor is not None:
            strips.append(draw(self._reading(series, fact), width, self.text_styles))
            room -= 1
        height = max(CHART_MIN_HEIGHT, min(CHART_MAX_HEIGHT, room))
        self._whole = self._range(series, fact)
        start, end = self.window.of(self._whole)
        what = Chart(
            series=series,
            start=start,
            end=end,
            band=band_of(fact),
            limit=getattr(fact, "limit", None) or series.metric.limit,
            marks=self._marks(fact, start),
            cursor=self.view.cursor,
            worse_above=series.metric.worse != "lower",
            target=target_of(run) if run is not None else None,
            hides_later=self.view.hides_later,
            **self.companions.beside(found_fact, series, self.view, self.charts, self._ask),
        )
        listed = legend(what, series.metric.name.replace("_", " "), self.view.cursor)
        if listed.left:
            strips.append(draw(listed, width, self.text_styles))
            height = max(CHART_MIN_HEIGHT, min(CHART_MAX_HEIGHT, room - 1))
        samples = (found_fact.id, len(series.times), what.target, what.drawn_beside)
        self._shown_chart = (what, width, height, above + len(strips))
        key = (samples, what.hides_later, width, height, tuple(what.marks), what.cursor, start, end, self.text_styles)
        if key != self._drawn[0]:
            self._drawn = (key, chart(what, width, height, self.text_styles))
        return strips + self._drawn[1]

    def _ask(self, fact: str, answers: tuple[str, ...] = ()) -> None:
        """Have the samples of a fact fetched, once."""
        if (fact, answers) not in self._asked:
            self._asked.add((fact, answers))
            self.post_message(self.Wanted(fact, answers))

    def turn_companions(self) -> str:
        """Show the next of what can stand beside the chart's own series; says what that is."""
        state, charted = self.view.state, self.charted(self.view.subject)
        assert state is not None
        return self.companions.turn(state, charted, self.charts)

    def _reading(self, series: Series, fact: Any) -> Line:
        metric, statistic = sanitised(fact.metric).replace("_", " "), series.metric.statistic
        how = "" if statistic == "value" or statistic in metric.split() else f" ({statistic})"
        name = f" {sanitised(fact.resource)} {metric}{how}"
        cursor = self.view.cursor
        if cursor is None:
            return Line([(name, "dim")], [("h l move the time cursor ", "dim")] if self.has_focus else [])
        value = value_at(series, cursor)
        value_shown = (
            "no sample" if value is None else reading(value, series.metric.unit, series.metric.kind, fact.metric)
        )
        when = f"at {precise(cursor)} "
        return Line([(name, "dim")], [(f"{value_shown} ", "focus bold"), (when, "dim")])

    def _range(self, series: Series, fact: Any) -> tuple[datetime, datetime]:
        """The incident's window and a part of the time before it, where there are samples."""
        state = self.view.state
        assert state is not None
        assert state.opened is not None
        window = fact.window or state.opened.window
        end = max(window.end, state.opened.window.end)
        if len(series.times) and run_of_fact(state, fact) is not None:
            # What came after the action belongs to it.
            end = max(end, datetime.fromtimestamp(float(series.times[-1]), end.tzinfo))
        first = datetime.fromtimestamp(float(series.times[0]), end.tzinfo) if len(series.times) else window.start
        early = window.start - (end - window.start) * EARLIER
        onset = getattr(fact, "onset", None)
        if self.view.subject.kind == "symptom" and onset is not None:
            # A short incident at the end of a long window would be a few cells.
            early = max(early, onset - max(BEFORE_ONSET * (end - onset), LEAST_BEFORE_ONSET))
            return max(first, early), end
        return max(first, early) if first < window.start else window.start, end

    def _marks(self, fact: Any, start: datetime) -> list[Mark]:
        near = self._near(fact.resource)
        begun = beginning(self.view)
        marks = [
            mark for mark in marks_of(self.view)
            if mark.label != "you" and mark.time >= start and (mark.resource is None or mark.resource in near)
            and (begun is None or mark.label != begun.word)
        ]  # fmt: skip
        onset = getattr(fact, "onset", None) or getattr(fact, "since", None)
        if getattr(fact, "onset", None) and self.view.state is not None and self.view.state.opened is not None:
            onset, _ = onset_range(fact, self.view.state.opened.detected_at)
        # A screen tells one beginning: what moved at another time has no onset of its own.
        if begun is not None and (self.view.subject.kind == "symptom" or onset == begun.at):
            marks.append(Mark(begun.at, "●", "warning", begun.word, 0))
        elif onset:
            marks.append(Mark(onset, "●", "warning", "moved", 0))
        return [mark for mark in marks if mark.time >= start]

    def _near(self, resource: str) -> frozenset[str]:
        """The resource, what it directly depends on and what it belongs to: what else changes is not its chart's."""
        state = self.view.state
        assert state is not None
        key = (state.execution_id, state.facts_version, resource)
        if key != self._neighbours[0]:
            edges = [
                edge
                for found_fact in state.current_facts
                if found_fact.fact.type == "dependencies"
                for edge in found_fact.fact.edges
            ]
            below = {sanitised(target) for source, target, _ in edges if source == resource}
            owners = {sanitised(source) for source, target, kind in edges if target == resource and kind == "owns"}
            self._neighbours = (key, frozenset({sanitised(resource)} | below | owners))
        return self._neighbours[1]

    def heading(self) -> str:
        state, subject = self.view.state, self.view.subject
        if state is None:
            return self.pane_title
        if subject.kind == "symptom" and (symptom := self._symptom()) is not None:
            metric = sanitised(getattr(symptom.fact, "metric", "")).replace("_", " ")
            name = f"{sanitised(symptom.fact.resource_name(self.view.names))} {metric}"
            told = f"{name} · normal range in grey"
            return told if cells(told) <= self.size.width - BESIDE_TITLE and not self.folded else name
        heading = subject_heading(subject, state, self.view.names)
        return heading or ("Key findings" if state.findings else self.pane_title)

    def footing(self) -> str:
        more = self._lines - self.top - max(self.content_size.height, 0)
        cursor, state = self.view.cursor, self.view.state
        if self.chart is not None and self.window.zoomed and self._whole is not None:
            part, whole = self.chart.end - self.chart.start, self._whole[1] - self._whole[0]
            return f"{duration(part.total_seconds())} of {duration(round(whole.total_seconds()))} · Z zooms out"
        parts = [f"{more} more line{'' if more == 1 else 's'} ↓"] if more > 0 else []
        if self.has_focus and self.links.names:
            parts.append("n next id · ⏎ goes to it" if not self.links.chosen else f"⏎ goes to {self.links.chosen}")
        subject = self.view.subject
        if state is not None and subject.kind == "fact" and subject.id in state.facts and cursor is None:
            fact: Any = state.facts[subject.id].fact
            parts.append(f"{sanitised(fact.source)} · {fact.trust} · seen {precise(fact.observed_at)}")
        if cursor is not None and state is not None and state.opened is not None:
            parts.append(f"{precise(cursor)} · {apart(cursor, state.opened.detected_at, f'the {self.view.alarm}')}")
        return " · ".join(parts)

    def summary(self) -> Line:
        if self.view.subject.kind == "symptom" and self.view.state is not None:
            room = self.content_size.width - BESIDE_SUMMARY
            moved = measured(self.view, beside=beginning(self.view), room=max(room, 1))
        else:
            moved = ""
        if moved:
            return Line([(moved, "dim")])
        heading = self.heading()
        return Line(
            [("nothing to show yet" if heading == self.pane_title else heading.removeprefix("Detail: "), "dim")]
        )

    def move(self, by: int) -> None:
        """Scroll by so many lines."""
        self.top = max(0, self.top + by)
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """A click on an id goes to it."""
        at = self.top + event.y - (0 if self.folded else 1)
        if (moment := self._time_at(at, event.x - 1)) is not None:
            self.post_message(TimelinePane.CursorMoved(moment))
        elif (name := self._link_at(at, event.x - (0 if self.folded else 1))) is not None:
            self.links.chosen = name
            self.post_message(self.Chosen())

    def _time_at(self, line: int, column: int) -> datetime | None:
        if self.folded or self._shown_chart is None:
            return None
        what, width, height, begin = self._shown_chart
        return time_at(what, width, height, column) if begin <= line < begin + height else None

    def _link_at(self, line: int, column: int) -> str | None:
        begin = 0
        for segment in self._strips[line - self.top] if 0 <= line - self.top < len(self._strips) else ():
            end = begin + segment.cell_length
            if begin <= column < end and segment.text in self.links.names:
                return segment.text
            begin = end
        return None

    def next_link(self, by: int) -> None:
        """Choose the next id in the text."""
        self.links.move(by)
        self.repaint()

    def on_mouse_scroll_down(self) -> None:
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        self.move(-3)


def _has_series(found_fact: FoundFact) -> bool:
    return (
        bool(getattr(found_fact.fact, "metric", None))
        and bool(found_fact.fact.answers)
        and found_fact.fact.resource is not None
    )
