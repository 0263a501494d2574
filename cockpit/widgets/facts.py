"""The facts: what is known, the most telling first; what is calm, and what is past, is folded to a count each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from cockpit.widgets.draw import Line, Part, cells, cut, dimmed, plain, sanitised, wrap
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.fact_order import FactGroup, FactOrder, is_calm
from cockpit.widgets.fact_times import happened_at
from cockpit.widgets.fact_weight import aside_reason
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.symptom_cache import kept_facts
from cockpit.widgets.view import Subject
from cockpit.widgets.words import clock, fact_sign, judged_words
from primitives.quantities import counted

if TYPE_CHECKING:
    from textual.strip import Strip

    from engine.incident import FoundFact, IncidentState
    from engine.state.supersession import AskedAgain
    from primitives.records import Symptom

__all__ = ["FactsPane"]

CALM = "calm"
"""The key of the line that stands for what is calm."""

PAST = "past"
"""The key of the line that stands for what was asked again."""

ASIDE = "aside"
"""The key of the line that stands for what moved after the detection, in one short sample, or hardly."""

LEAST_TELLING = 3
"""Lines of what tells something below which nothing is put aside."""

FOLDS = (ASIDE, CALM, PAST)

SIGN_WIDTH = 3
"""Cells of a fact's sign and the blanks around it."""

BESIDE_FOOTING, BESIDE_SUMMARY, UNSIZED = 8, 20, 60
"""Cells of a pane that its footing, and its summary behind its title, can't have; and the width before it has one."""

MOST_RESTS = 3
"""Further lines that one fact may take where there is room."""

ORDERED = 2_000
"""Facts up to which they are ordered and folded; more are listed as they were found, so that no frame waits."""


class FactsPane(RowPane):
    """The facts, a line for each family of them."""

    empty = "nothing is known yet"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made: tuple[object, list[Row]] = (None, [])
        self._groups: dict[str, FactGroup] = {}
        self._calm: list[str] = []
        self._aside: list[str] = []
        self._past: Mapping[str, AskedAgain] = {}
        self._order: tuple[object, int, FactOrder] | None = None
        self._found: list[FoundFact] = []
        self._flat: list[Row] = []
        self._unknown = 0
        self._asked: tuple[object, str] = (None, "")
        self._room = (0, 0)
        self._rests: dict[tuple[str, str], str] = {}
        self.open: frozenset[str] = frozenset()

    def rows(self) -> Sequence[Row]:
        state = self.view.state
        if state is None:
            return ()
        self._take_in(state)
        self._past = state.past_facts
        if self._lists_all(state):
            return self._flat
        best = state.hypotheses[0] if state.hypotheses else None
        gone = self.view.cursor if self.view.hides_later else None
        key = (state.execution_id, state.facts_version, best, tuple(state.judgements), self.open, self._room, gone)
        if key != self._made[0]:
            self._made = (key, self._with_rests(self._ordered(state)))
        return self._made[1]

    def _with_rests(self, rows: list[Row]) -> list[Row]:
        """The rows, and where there is room below them the rest of those that one line cuts, the first ones first."""
        width, height = self._room
        spare = height - len(rows)
        self._rests = {}
        if spare <= 0:
            return rows
        whole: list[Row] = []
        for row in rows:
            whole.append(row)
            rests = self._rests_of(row, width) if row.key not in FOLDS and spare > 0 else []
            most = min(spare, MOST_RESTS)
            if len(rests) > most > 0:
                rests[most - 1] = cut(f"{rests[most - 1]}  ", width - SIGN_WIDTH - 2).rstrip(" …") + "…"
            for number, words in enumerate(rests[:most], start=1):
                self._rests[row.key, str(number)] = words
                whole.append(Row(row.key, str(number)))
                spare -= 1
        return whole

    def _rests_of(self, row: Row, width: int) -> list[str]:
        """What of a sentence does not fit on its first line."""
        line = self._line(row, width, selected=False, whole=True)
        words = [text for text, _ in line.left[1:]]
        room = width - cells(plain(line.right)) - SIGN_WIDTH - 1
        if len(words) != 1 or cells(words[0]) <= room:
            return []
        first = wrap(words[0], room)[0]
        return wrap(words[0][len(first) :].strip(), width - SIGN_WIDTH - 2)

    def visible_lines(self, width: int, height: int) -> list[Strip]:
        self._room = (width, height)
        return super().visible_lines(width, height)

    def _lists_all(self, state: IncidentState) -> bool:
        """Whether every fact has a line of its own, in the order in which they were found."""
        return bool(self.filter) or len(state.facts) > ORDERED

    def _take_in(self, state: IncidentState) -> None:
        """Keep up with the facts: those that are listed stay, but for what an earlier moment of a replay lacks."""
        kept = kept_facts(state, self._found)
        for known in self._found[kept:]:
            self._unknown -= known.fact.polarity == "unknown"
        del self._found[kept:], self._flat[kept:]
        if self._order is not None and kept < self._order[1]:
            self._order = None
        for known in state.facts_after(kept):
            self._found.append(known)
            self._flat.append(Row(known.id))
            self._unknown += known.fact.polarity == "unknown"

    def _ordered(self, state: IncidentState) -> list[Row]:
        best = state.hypotheses[0] if state.hypotheses else None
        weights = {item.fact: item.weight for item in (*best.evidence_for, *best.evidence_against)} if best else {}
        order = self._order_of(state)
        order.weigh(weights, best.resource if best is not None else None)
        groups, self._calm = order.groups(), order.calm
        if self.view.hides_later:
            groups = [group for group in groups if not self._is_later(state, group.lead)]
        self._groups = {group.lead: group for group in groups}
        aside = [group.lead for group in groups if order.is_aside(group)]
        self._aside = aside if len(aside) > 1 and len(groups) - len(aside) >= LEAST_TELLING else []
        rows = [Row(group.lead) for group in groups if group.lead not in set(self._aside)]
        for fold in FOLDS:
            keys = self._folded(fold)
            rows += [Row(fold)] if keys else []
            rows += [Row(key) for key in keys] if fold in self.open else []
        return rows

    def _folded(self, fold: str) -> list[str]:
        """The facts that the line stands for."""
        if fold == ASIDE:
            return self._aside
        return self._calm if fold == CALM else list(self._past)

    def _fold_of(self, key: str | None) -> str:
        """The line that `key` is, or that stands for it; empty for a fact that is never folded away."""
        return next((fold for fold in FOLDS if key == fold or key in self._folded(fold)), "")

    def _order_of(self, state: IncidentState) -> FactOrder:
        """The current facts in their order: those that joined are taken in, unless what orders the others is new."""
        symptom = self._symptom()
        detected = state.opened.detected_at if state.opened is not None else None
        made_for = (symptom, detected, tuple(state.judgements), tuple(self._past))
        if self._order is None or self._order[0] != made_for:
            self._order = (made_for, 0, FactOrder(symptom, state.judgements, detected))
        _, taken, order = self._order
        for known in self._found[taken:]:
            if known.id not in self._past:
                order.take(known)
        self._order = (made_for, len(self._found), order)
        return order

    def _is_later(self, state: IncidentState, key: str) -> bool:
        return self.view.is_later(happened_at(state.facts[key].fact))

    def subject_of(self, key: str) -> Subject:
        return Subject("fact", key) if key not in FOLDS else Subject()

    def matches(self, key: str, text: str) -> bool:
        assert self.view.state is not None
        return text in f"{key} {self.view.state.facts[key].fact.sentence(self.view.names)}".lower()

    def copied(self, key: str) -> str:
        assert self.view.state is not None
        keys = self._folded(key) if key in FOLDS else [key]
        return "\n".join(f"{each} {self.view.state.facts[each].fact.sentence(self.view.names)}" for each in keys)

    def select(self, key: str) -> None:
        # A fact that is folded away is unfolded before the cursor goes to it.
        if key not in FOLDS and (fold := self._fold_of(key)):
            self.open |= {fold}
        super().select(key)

    def toggle(self, *, unfold: bool | None = None) -> bool:
        """List what is calm or past, or fold it again."""
        key = self.current_key()
        fold = self._fold_of(key)
        if not fold or (key != fold and fold not in self.open):
            return False
        is_open = fold not in self.open if unfold is None else unfold
        self.open = self.open | {fold} if is_open else self.open - {fold}
        if not is_open:
            self.key = fold
        self.repaint()
        return True

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        return self._line(row, width, selected=selected, whole=(row.key, "1") in self._rests)

    def _line(self, row: Row, width: int, *, selected: bool, whole: bool) -> Line:
        """`whole`: all of a sentence, of which further lines tell the rest."""
        assert self.view.state is not None
        state = self.view.state
        if row.key in FOLDS:
            sign = "▾" if row.key in self.open else "▸"
            return Line([(f" {sign} {len(self._folded(row.key))} {self._fold_words(state, row.key)}", "dim")])
        if row.part:
            return Line([(" " * (SIGN_WIDTH + 1), "dim"), (self._rests.get((row.key, row.part), ""), "text")])
        fact = state.facts[row.key].fact
        sign, role = fact_sign(fact)
        group = None if self._lists_all(state) else self._groups.get(row.key)
        others = [state.facts[key].fact for key in group.others] if group is not None else []
        parts: list[Part] = [(f" {sign} ", "dim" if is_calm(fact) else role)]
        judged = state.judgements.get(row.key)
        style = " bold" if selected else ""
        if judged is not None:
            pinned = judged.verdict == "pinned"
            parts.append((f"{judged_words(judged, with_time=False)} · ", "focus" if pinned else "warning"))
            style += "" if pinned else " strike"
        symptom = self._symptom()
        at = symptom.resource if symptom is not None else None
        words, right = fact_line(fact, self.view.names, width - 4, others, at, whole=whole)
        past = row.key in self._past
        if past:
            parts = [(f" {sign} ", "dim"), ("past · ", "dim"), *parts[1:]]
        quiet = past or is_calm(fact) or (judged is not None and judged.verdict != "pinned")
        for text, spec in words:
            name, *more = spec.split()
            parts.append((text, " ".join(["dim" if quiet and name == "text" else name, *more]) + style))
        if (row.key, "1") in self._rests:
            text, spec = parts[-1]
            parts[-1] = (wrap(text, width - cells(plain(right)) - SIGN_WIDTH - 1)[0], spec)
        return dimmed(Line(parts, right)) if past or self._is_later(state, row.key) else Line(parts, right)

    def _symptom(self) -> Symptom | None:
        opened = self.view.state.opened if self.view.state is not None else None
        return opened.symptom if opened is not None else None

    def _calm_words(self, state: IncidentState) -> str:
        """Of what is calm what a person would ask first: the kinds of changes that there were none of."""
        kinds = [
            sanitised(state.facts[key].fact.sentence(self.view.names)).partition(" in the ")[0]
            for key in self._calm
            if state.facts[key].fact.type == "change"
        ]
        return " · ".join(kinds[:3]) or "l lists them"

    def _fold_words(self, state: IncidentState, fold: str) -> str:
        if fold == ASIDE:
            return self._aside_words(state)
        return f"as always: {self._calm_words(state)}" if fold == CALM else self._past_words(state)

    def _aside_words(self, state: IncidentState) -> str:
        """When what is put aside moved."""
        detected = state.opened.detected_at if state.opened is not None else None
        reasons = Counter(aside_reason(state.facts[key].fact, detected) for key in self._aside)
        words = {"later": f"after the {self.view.alarm}", "once": "in one sample", "hardly": "hardly"}
        told = [f"{reasons[why]} {how}" for why, how in words.items() if reasons[why]]
        return f"less telling: moved {', '.join(told)}"

    def _past_words(self, state: IncidentState) -> str:
        """Since when the newest of what is past is past."""
        steps = {by.step for by in self._past.values()}
        times = [at for step in steps if (at := state.steps[step].started_at) is not None]
        return f"past: asked again{f' at {clock(max(times))}' if times else ''}"

    def footing(self) -> str:
        state = self.view.state
        if state is None or not state.facts:
            return ""
        self.rows()
        parts = [counted(len(state.facts) - len(self._past), "fact")]
        parts += [f"{len(self._past)} past"] if self._past else []
        parts += [f"{len(self._calm)} calm"] if self._calm and not self._lists_all(state) else []
        unknown = self._unknown - sum(state.facts[key].fact.polarity == "unknown" for key in self._past)
        parts += [self._unknown_words(state, unknown, cells(" · ".join(parts)))] if unknown else []
        if self.view.cursor is not None:
            later = sum(self._is_later(state, known.id) for known in islice(state.current_facts, ORDERED))
            parts.insert(0, f"{later} later{', hidden' if self.view.hides_later else ''}")
        return " · ".join(parts)

    def _unknown_words(self, state: IncidentState, count: int, beside: int) -> str:
        """What nobody could answer by name, beside so many cells, else how many questions."""
        key = (state.execution_id, state.facts_version)
        if key != self._asked[0]:
            gaps = (known.fact for known in islice(state.current_facts, ORDERED) if known.fact.polarity == "unknown")
            questions = dict.fromkeys(sanitised(getattr(fact, "question", "")).replace("_", " ") for fact in gaps)
            self._asked = (key, ", ".join(questions) if all(questions) else "")
        words, room = f"not known: {self._asked[1]}", self.size.width or UNSIZED
        if self._asked[1] and beside + cells(words) + (BESIDE_SUMMARY if self.folded else BESIDE_FOOTING) <= room:
            return words
        return f"{counted(count, 'question')} open"

    def summary(self) -> Line:
        state = self.view.state
        return Line([(self.footing() if state is not None and state.facts else self.empty, "dim")])

    def below_summary(self, width: int, height: int) -> list[Line]:
        self._room = (width, height)
        rows = [row for row in self.rows() if row.key not in FOLDS]
        return [self.line(row, width, selected=False) for row in rows[:height]]
