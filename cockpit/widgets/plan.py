"""The plan: its steps, with state, target, duration and result."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from cockpit.widgets.draw import Line, Part, bar, cut, dimmed, sanitised
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from cockpit.widgets.words import SPINNER, STEPS, seconds
from primitives.quantities import counted

if TYPE_CHECKING:
    from engine.incident import IncidentState, Step

__all__ = ["PlanPane", "asked_again_in"]

PROGRESS_WIDTH = 9
MOST_SIGNS = 24
WITH_RESULTS_FROM_HEIGHT = 6
"""Lines from which on each step shows what came of it; the detail does at any height."""

MOST_FOLDED = 12
"""Steps whose signs a folded pane shows."""

NOTHING_TO_SEE = ("∅", "nothing to see", "dim")
NOT_ANSWERED = ("?", "not answered", "warning")
"""Of a step that completed and found that all is as always, or that nobody could tell."""


class PlanPane(RowPane):
    """The plan."""

    empty = "no plan yet"
    _longest_name = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._again: dict[str, str] = {}

    def rows(self) -> Sequence[Row]:
        state = self.view.state
        if state is None:
            return ()
        listed: list[Row] = []
        self._longest_name = 0
        self._again = asked_again_in(state)
        with_results = self.content_size.height >= WITH_RESULTS_FROM_HEIGHT
        for key, step in state.steps.items():
            self._longest_name = max(self._longest_name, len(step.plan.primitive))
            listed.append(Row(key))
            if with_results and _result(step):
                listed.append(Row(key, "result"))
        return listed

    def subject_of(self, key: str) -> Subject:
        return Subject("step", key)

    def matches(self, key: str, text: str) -> bool:
        step = self._step(key)
        return text in f"{step.plan.primitive} {step.plan.target} {step.summary}".lower()

    def copied(self, key: str) -> str:
        step = self._step(key)
        return f"{step.plan.primitive} {step.plan.target}: {step.summary}"

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        step = self._step(row.key)
        if row.part:
            return Line([("   ", "dim"), (sanitised(_result(step)), "bad" if step.status == "failed" else "dim")])
        sign, word, role = self._state(step)
        if step.status == "running":
            sign = SPINNER[self.view.spinner % len(SPINNER)]
        name_width = min(self._longest_name, 24, max(12, width - 22))
        name = f"{cut(sanitised(step.plan.primitive), name_width):<{name_width}}  "
        weight = " bold" if selected else ""
        left: list[Part] = [(f" {sign} ", role), (name, ("dim" if step.status == "waiting" else "text") + weight)]
        left.append((sanitised(step.plan.target), "dim"))
        line = Line(left, self._right(step, word, role))
        # Of a recorded incident the steps ran in another time than the incident's.
        live = self.view.state is not None and self.view.state.live
        over = row.key in self._again or (live and self.view.is_later(step.started_at))
        return dimmed(line) if over else line

    def _right(self, step: Step, word: str, role: str) -> list[Part]:
        if step.status == "running" and step.total > 0:
            share = step.done / step.total
            full = bar(share, PROGRESS_WIDTH)
            return [(full, "focus"), ("·" * (PROGRESS_WIDTH - len(full)), "faint"), (f" {100 * share:3.0f} % ", "text")]
        if (again := self._again.get(step.plan.id)) is not None:
            return [(f"asked again in {again} ", "dim")]
        if step.status == "completed" and step.duration_s is not None:
            return [(f"{seconds(step.duration_s)} ", "dim")]
        return [(f"{word} ", role)]

    def _state(self, step: Step) -> tuple[str, str, str]:
        """A step that ended well and found nothing that is there is not the same as one that did."""
        state = self.view.state
        if step.status != "completed" or state is None or not step.facts:
            return STEPS[step.status] if step.status != "completed" else NOTHING_TO_SEE
        # The first one that is there decides; a step may have thousands.
        polarities: set[str] = set()
        for key in step.facts:
            if key in state.facts:
                polarities.add(state.facts[key].fact.polarity)
                if "present" in polarities:
                    return STEPS["completed"]
        return NOT_ANSWERED if polarities == {"unknown"} else NOTHING_TO_SEE

    def heading(self) -> str:
        state = self.view.state
        steps = islice(state.current_steps, MOST_SIGNS) if state is not None else ()
        return f"Plan {''.join(self._state(step)[0] for step in steps)}".strip()

    def footing(self) -> str:
        state = self.view.state
        if state is None or not state.steps:
            return ""
        steps = state.current_steps
        ended = sum(1 for step in steps if step.status not in ("waiting", "running"))
        again = len(state.steps) - len(steps)
        return f"{ended} of {counted(len(steps), 'step')}{f' · {again} asked again' if again else ''}"

    def summary(self) -> Line:
        state = self.view.state
        if state is None or not state.steps:
            return Line([(self.empty, "dim")])
        signs: list[Part] = []
        for step in islice(state.current_steps, MOST_FOLDED):
            sign, _, role = self._state(step)
            signs.append((f"{sign} ", role))
        running = next((step for step in state.steps.values() if step.status == "running"), None)
        words = f"{sanitised(running.plan.primitive)} running" if running else ""
        return Line([*signs, (words, "dim")], [(f"{self.footing()} ", "dim")])

    def _step(self, key: str) -> Step:
        assert self.view.state is not None
        return self.view.state.steps[key]


def asked_again_in(state: IncidentState) -> dict[str, str]:
    """The steps that a later one asked again, with that one."""
    return {step.plan.supersedes: step.plan.id for step in state.steps.values() if step.plan.supersedes}


def _result(step: Step) -> str:
    return step.note if step.status == "running" else step.summary
