"""Pane 2: what is believed and how sure, with what speaks for and against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cockpit.widgets.draw import Line, Part, bar, draw, sanitised
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from cockpit.widgets.words import percent

if TYPE_CHECKING:
    from textual.strip import Strip

    from engine.hypotheses import Evidence, Hypothesis

__all__ = ["HypothesesPane"]

BAR_WIDTH = 12
CLOSED, STRONGEST, ALL = 0, 1, 2
"""How far a hypothesis is unfolded."""

SHOWN = 4
"""Evidence shown of the best hypothesis unasked: its rivals must stay in sight."""

MIND_FROM_HEIGHT = 6
SHARP_MINUS = "−"


class HypothesesPane(RowPane):
    """A tree: hypotheses, best first, and their evidence. The best one is open unless somebody closes it."""

    empty = "nothing is believed yet"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._levels: dict[str, int] = {}

    def rows(self) -> Sequence[Row]:
        state = self.view.state
        if state is None:
            return ()
        listed: list[Row] = []
        for hypothesis in state.hypotheses:
            listed.append(Row(hypothesis.id))
            listed.extend(_below(hypothesis, ALL if self.filter else self._level(hypothesis.id)))
        return listed

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        state = self.view.state
        mind = (
            " · ".join(sanitised(condition) for condition in state.would_change) if state and state.hypotheses else ""
        )
        if not mind or self.filter or height < MIND_FROM_HEIGHT:
            return super().visible_lines(width, height)
        # However long the list is, what would change the ranking stays in sight below it.
        parts: list[Part] = [("   would change my mind: ", "warning"), (mind, "dim")]
        return [*super().visible_lines(width, height - 1), draw(Line(parts), width, self.text_styles)]

    def _level(self, key: str) -> int:
        assert self.view.state is not None
        return self._levels.get(key, STRONGEST if key == self.view.state.hypotheses[0].id else CLOSED)

    def subject_of(self, key: str) -> Subject:
        hypothesis, item = self._parts(key)
        return Subject("fact", item.fact) if item else Subject("hypothesis", hypothesis.id)

    def matches(self, key: str, text: str) -> bool:
        hypothesis, item = self._parts(key)
        words = [hypothesis.cause, hypothesis.cause_id, hypothesis.resource or ""]
        words += [self._reason(evidence) for evidence in ([item] if item else hypothesis.evidence)]
        return text in " ".join(words).lower()

    def copied(self, key: str) -> str:
        hypothesis, item = self._parts(key)
        if item:
            return f"{item.fact} {self._reason(item)}"
        return f"{hypothesis.id} {hypothesis.cause} ({percent(hypothesis.confidence)})"

    def toggle(self, *, unfold: bool | None = None) -> bool:
        selected = self.look()
        if selected is None:
            return False
        hypothesis, _ = self._parts(selected)
        key, level = hypothesis.id, self._level(hypothesis.id)
        more = level == STRONGEST and len(_shown_evidence(hypothesis)) > SHOWN
        if unfold is False or (unfold is None and level != CLOSED and not more):
            self._levels[key], self.key = CLOSED, key
        else:
            self._levels[key] = ALL if more else max(level, STRONGEST)
        self.repaint()
        return True

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        hypothesis, item = self._parts(row.key)
        if row.part == "more":
            more = len(_shown_evidence(hypothesis)) - SHOWN
            return Line([("     ", "dim"), (f"and {more} weaker: l unfolds them", "dim")])
        if row.part == "note":
            return Line([("     ", "dim"), (sanitised(hypothesis.note), "dim")])
        if item:
            return self._evidence(item, selected=selected)
        return self._belief(hypothesis, width, selected=selected)

    def _belief(self, hypothesis: Hypothesis, width: int, *, selected: bool) -> Line:
        sign = "▾" if self._level(hypothesis.id) else "▸"
        best = self.view.state is not None and hypothesis is self.view.state.hypotheses[0]
        words = "text bold" if selected or best else "text"
        left: list[Part] = [(f" {sign} ", "focus" if best else "dim"), (sanitised(hypothesis.cause), words)]
        size = BAR_WIDTH if width >= 60 else 6
        full = bar(hypothesis.confidence, size)
        return Line(
            left,
            [
                (full, "focus"),
                ("·" * (size - len(full)), "faint"),
                (f" {percent(hypothesis.confidence):>5} ", "text bold"),
            ],
        )

    def _reason(self, item: Evidence) -> str:
        found_fact = self.view.state.facts.get(item.fact) if self.view.state else None
        sentence = found_fact.fact.sentence() if found_fact else ""
        return " · ".join(words for words in (item.why, sentence) if words)

    def _evidence(self, item: Evidence, *, selected: bool) -> Line:
        words = sanitised(self._reason(item))
        sign, role = ("+", "good") if item.weight > 0 else (SHARP_MINUS, "bad")
        weight = f"{sign}{abs(item.weight):.1f}"
        spec = ("text" if item.weight > 0 else "dim") + (" bold" if selected else "")
        return Line([(f"     {sign} ", role), (f"{item.fact:<4} ", "dim"), (words, spec)], [(f"{weight:>5} ", role)])

    def footing(self) -> str:
        count = len(self.view.state.hypotheses) if self.view.state else 0
        return f"{count} live · weights in log-odds" if count else ""

    def summary(self) -> Line:
        state = self.view.state
        if state is None or not state.hypotheses:
            return Line([(self.empty, "dim")])
        best = state.hypotheses[0]
        return Line([(sanitised(best.cause), "text")], [(f"{percent(best.confidence)} ", "text bold")])

    def _parts(self, key: str) -> tuple[Hypothesis, Evidence | None]:
        assert self.view.state is not None
        wanted, _, number = key.partition("/")
        hypothesis = next(hypothesis for hypothesis in self.view.state.hypotheses if hypothesis.id == wanted)
        return hypothesis, _shown_evidence(hypothesis)[int(number)] if number else None


def _shown_evidence(hypothesis: Hypothesis) -> list[Evidence]:
    """Strongest first, whichever way it points: what speaks against it must not hide behind what speaks for it."""
    shown = [*hypothesis.evidence_for, *hypothesis.evidence_against]
    return sorted(shown, key=lambda item: -abs(item.weight)) if len(shown) > SHOWN else shown


def _below(hypothesis: Hypothesis, level: int) -> list[Row]:
    if level == CLOSED:
        return []
    count = len(_shown_evidence(hypothesis))
    rows = [
        Row(f"{hypothesis.id}/{number}", "evidence") for number in range(count if level == ALL else min(count, SHOWN))
    ]
    if count > SHOWN and level != ALL:
        rows.append(Row(hypothesis.id, "more"))
    if hypothesis.note:
        rows.append(Row(hypothesis.id, "note"))
    return rows
