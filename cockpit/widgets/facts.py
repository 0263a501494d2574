"""The facts: what is known, in the order in which it was found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from cockpit.widgets.draw import Line, Part, sanitised
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.symptom_cache import kept_facts
from cockpit.widgets.view import Subject
from cockpit.widgets.words import fact_sign, judged_words

if TYPE_CHECKING:
    from engine.incident import FoundFact

__all__ = ["FactsPane"]


class FactsPane(RowPane):
    """The facts, a line each."""

    empty = "nothing is known yet"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found: list[FoundFact] = []
        self._rows: list[Row] = []
        self._counts = {"absent": 0, "unknown": 0}

    def rows(self) -> Sequence[Row]:
        state = self.view.state
        if state is None:
            return ()
        # What is listed already stays as it is, but for what an earlier moment of a replay doesn't have yet.
        if (kept := kept_facts(state, self._found)) < len(self._found):
            for found_fact in self._found[kept:]:
                self._count(found_fact, -1)
            self._found, self._rows = self._found[:kept], self._rows[:kept]
        for key, found_fact in islice(state.facts.items(), kept, None):
            self._rows.append(Row(key))
            self._found.append(found_fact)
            self._count(found_fact, 1)
        return self._rows

    def _count(self, found_fact: FoundFact, by: int) -> None:
        if found_fact.fact.polarity in self._counts:
            self._counts[found_fact.fact.polarity] += by

    def subject_of(self, key: str) -> Subject:
        return Subject("fact", key)

    def matches(self, key: str, text: str) -> bool:
        assert self.view.state is not None
        return text in f"{key} {self.view.state.facts[key].fact.sentence(self.view.names)}".lower()

    def copied(self, key: str) -> str:
        assert self.view.state is not None
        return f"{key} {self.view.state.facts[key].fact.sentence(self.view.names)}"

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        del width
        assert self.view.state is not None
        fact = self.view.state.facts[row.key].fact
        sign, role = fact_sign(fact)
        weight = " bold" if selected else ""
        judged = self.view.state.judgements.get(row.key)
        quiet = fact.polarity == "absent" or (judged is not None and judged.verdict != "pinned")
        words = ("dim" if quiet else "text") + weight
        parts: list[Part] = [(f" {row.key:>4} ", "dim"), (f"{sign} ", role)]
        if judged is not None:
            parts.append(
                (f"{judged_words(judged, with_time=False)} · ", "focus" if judged.verdict == "pinned" else "warning")
            )
        return Line([*parts, (sanitised(fact.sentence(self.view.names)), words)])

    def footing(self) -> str:
        self.rows()
        if not self._rows:
            return ""
        parts = [f"{len(self._rows)} known"] + [f"{count} {word}" for word, count in self._counts.items() if count]
        return " · ".join(parts)

    def summary(self) -> Line:
        newest = self.view.state and next(reversed(self.view.state.facts.values()), None)
        if not newest:
            return Line([(self.empty, "dim")])
        sign, role = fact_sign(newest.fact)
        words = sanitised(newest.fact.sentence(self.view.names))
        return Line([(f"{sign} ", role), (words, "dim")], [(f"{self.footing()} ", "dim")])
