"""The hypotheses, each with its confidence and its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from cockpit.widgets.draw import LATER_SIGN, Line, Part, bar, cut_around, dimmed, sanitised
from cockpit.widgets.fact_times import happened_at
from cockpit.widgets.reasons import follows
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from cockpit.widgets.words import percent
from primitives.quantities import counted

if TYPE_CHECKING:
    from engine.hypotheses import Adjustment, FactWeight, Hypothesis

    Item = FactWeight | Adjustment

__all__ = ["HypothesesPane"]

BAR_WIDTH = 12
BESIDE_CAUSE = 11
"""Cells of the sign, the confidence and the blanks in the line of a hypothesis."""
FOLLOWS = ("↳ follows from it", "↳ follows")
"""Instead of a bar and a confidence, of what may be a consequence of the best one: it is no rival."""
CLOSED, STRONGEST, ALL = 0, 1, 2
"""How far a hypothesis is unfolded."""

SHOWN = 2
"""Facts shown of the best hypothesis unasked: the others must stay in sight."""

OPEN_FROM_HEIGHT = 6
"""Lines from which on the best hypothesis shows its facts unasked."""

LEAST_ADJUSTMENT = 0.05
"""Smaller adjustments, in log-odds, are only in the detail."""

LEAST_LISTED = 0.01
"""Hypotheses below this confidence are folded to a count."""

REST, WOULD_CHANGE = "rest", "would_change"
"""The keys of the line for those, and of the lines that say what would change the ranking."""

SHARP_MINUS = "−"


class HypothesesPane(RowPane):
    """A tree: hypotheses, best first, with their facts and adjustments. The best is open where there is room for it."""

    empty = "nothing is believed yet"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._levels: dict[str, int] = {}
        self.open = False

    def rows(self) -> Sequence[Row]:
        state = self.view.state
        if state is None:
            return ()
        listed: list[Row] = []
        unlikely = set() if self.filter else self._unlikely()
        for hypothesis in state.hypotheses:
            if self.open or hypothesis.id not in unlikely:
                listed.append(Row(hypothesis.id))
                listed.extend(_below(hypothesis, ALL if self.filter else self._level(hypothesis.id)))
        if unlikely:
            listed.append(Row(REST))
        if state.hypotheses and not self.filter:
            listed += [Row(f"{WOULD_CHANGE}/{number}") for number in range(len(state.would_change))]
        return listed

    def _unlikely(self) -> set[str]:
        """The hypotheses that are folded to a count; a single one is listed: its line would be as long."""
        assert self.view.state is not None
        ids = {known.id for known in self.view.state.hypotheses[1:] if known.confidence < LEAST_LISTED}
        return ids if len(ids) > 1 else set()

    def _level(self, key: str) -> int:
        assert self.view.state is not None
        open_first = key == self.view.state.hypotheses[0].id and self.content_size.height >= OPEN_FROM_HEIGHT
        return self._levels.get(key, STRONGEST if open_first else CLOSED)

    def subject_of(self, key: str) -> Subject:
        if key == REST:
            return Subject()
        if (condition := self._condition(key)) is not None:
            return Subject("would_change", condition)
        hypothesis, item = self._parts(key)
        if item is None:
            return Subject("hypothesis", hypothesis.id)
        if (fact := getattr(item, "fact", None)) is not None:
            return Subject("fact", fact)
        return Subject("hypothesis", getattr(item, "hypothesis", None) or hypothesis.id)

    def matches(self, key: str, text: str) -> bool:
        if key == REST:
            return False
        hypothesis, item = self._parts(key)
        words = [hypothesis.cause, hypothesis.cause_id, hypothesis.resource or ""]
        words += [self._reason(each) for each in ([item] if item else _items(hypothesis))]
        return text in " ".join(words).lower()

    def _condition(self, key: str) -> str | None:
        """What would change the ranking, where the row says that."""
        kind, _, number = key.partition("/")
        state = self.view.state
        return state.would_change[int(number)] if kind == WOULD_CHANGE and state is not None else None

    def copied(self, key: str) -> str:
        if key == REST:
            return ""
        if (condition := self._condition(key)) is not None:
            return condition
        hypothesis, item = self._parts(key)
        if item:
            return f"{_name(item)} {self._reason(item)}"
        return f"{hypothesis.id} {hypothesis.cause} ({percent(hypothesis.confidence)})"

    def toggle(self, *, unfold: bool | None = None) -> bool:
        selected = self.current_key()
        if selected is None or self._condition(selected) is not None:
            return False
        if selected == REST:
            self.open = not self.open if unfold is None else unfold
            self.repaint()
            return True
        hypothesis, _ = self._parts(selected)
        key, level = hypothesis.id, self._level(hypothesis.id)
        more = level == STRONGEST and len(_items(hypothesis)) > len(_strongest(hypothesis))
        if unfold is False or (unfold is None and level != CLOSED and not more):
            self._levels[key], self.key = CLOSED, key
        else:
            self._levels[key] = ALL if more else max(level, STRONGEST)
        self.repaint()
        return True

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        if row.key == REST:
            return self._rest()
        if (condition := self._condition(row.key)) is not None:
            return Line([("   ⇄ would change it: ", "warning"), (sanitised(condition), "text" if selected else "dim")])
        hypothesis, item = self._parts(row.key)
        if row.part == "more":
            more = len(_items(hypothesis)) - min(SHOWN, len(_strongest(hypothesis)))
            return Line([("     ", "dim"), (f"and {more} more with their weights: l unfolds them", "dim")])
        if row.part == "note":
            return Line([("     ", "dim"), (sanitised(hypothesis.note), "dim")])
        if item:
            return self._item(item, selected=selected)
        return self._belief(hypothesis, width, selected=selected)

    def _rest(self) -> Line:
        rest = len(self._unlikely())
        under = f"under {percent(LEAST_LISTED)}{'' if rest == 1 else ' each'}"
        words = f" {'▾' if self.open else '▸'} {counted(rest, 'other')} {under}"
        return Line([(words, "dim")])

    def _belief(self, hypothesis: Hypothesis, width: int, *, selected: bool) -> Line:
        sign = "▾" if self._level(hypothesis.id) else "▸"
        best = self.view.state is not None and hypothesis is self.view.state.hypotheses[0]
        words = "text bold" if selected or best else "text"
        size = BAR_WIDTH if width >= 60 else 6
        name = sanitised(self.view.names(hypothesis.resource)) if hypothesis.resource is not None else ""
        cause = cut_around(sanitised(hypothesis.cause), name, width - size - BESIDE_CAUSE)
        left: list[Part] = [(f" {sign} ", "focus" if best else "dim"), (cause, words)]
        full = bar(hypothesis.confidence, size)
        if not best and self.view.state is not None and follows(hypothesis, self.view.state.hypotheses[0]):
            # No rival: it may well be true too.
            return Line(left, [(f"{FOLLOWS[0 if width >= 60 else 1]:<{size + 6}} ", "dim")])
        return Line(
            left,
            [
                (full, "focus"),
                ("·" * (size - len(full)), "faint"),
                (f" {percent(hypothesis.confidence):>5} ", "text bold"),
            ],
        )

    def _reason(self, item: Item) -> str:
        state = self.view.state
        if state is None:
            return ""
        if (adjustment := _adjustment(item)) is not None:
            other = state.hypothesis(adjustment.hypothesis) if adjustment.hypothesis is not None else None
            return " · ".join(words for words in (adjustment.label, other.cause if other else "") if words)
        entry = state.facts.get(getattr(item, "fact", ""))
        sentence = entry.fact.sentence(self.view.names) if entry else ""
        return " · ".join(words for words in (getattr(item, "why", ""), sentence) if words)

    def _item(self, item: Item, *, selected: bool) -> Line:
        words = sanitised(self._reason(item))
        sign, role = ("+", "good") if item.weight > 0 else (SHARP_MINUS, "bad")
        weight = f"{sign}{abs(item.weight):.1f}"
        if _adjustment(item) is not None:
            sign, role = "↳", "dim"
        state = self.view.state
        known = state.facts.get(getattr(item, "fact", "")) if state is not None else None
        later = known is not None and self.view.is_later(happened_at(known.fact))
        spec = ("text" if item.weight > 0 and role != "dim" else "dim") + (" bold" if selected else "")
        sign = LATER_SIGN if later else sign
        line = Line([(f"     {sign} ", role), (f"{_name(item):<4} ", "dim"), (words, spec)], [(f"{weight:>5} ", role)])
        return dimmed(line) if later else line

    def empty_words(self) -> str:
        return "hidden in a drill: A says what it is" if self.view.drill else self.empty

    def footing(self) -> str:
        count = len(self.view.state.hypotheses) if self.view.state else 0
        return f"{count} considered, each by itself · Enter shows why" if count else ""

    def summary(self) -> Line:
        state = self.view.state
        if state is None or not state.hypotheses:
            return Line([(self.empty, "dim")])
        best = state.hypotheses[0]
        return Line([(sanitised(best.cause), "text")], [(f"{percent(best.confidence)} ", "text bold")])

    def _parts(self, key: str) -> tuple[Hypothesis, Item | None]:
        assert self.view.state is not None
        wanted, _, own = key.partition("/")
        hypothesis = next(known for known in self.view.state.hypotheses if known.id == wanted)
        return hypothesis, next((item for item in _items(hypothesis) if _key(item) == own), None)


def _adjustment(item: Item) -> Adjustment | None:
    # Told apart by a field, since the engine is imported after the first frame.
    return cast("Adjustment", item) if hasattr(item, "kind") else None


def _name(item: Item) -> str:
    """The id of its fact, or of the hypothesis that an adjustment comes from."""
    return getattr(item, "fact", None) or getattr(item, "hypothesis", None) or "–"


def _key(item: Item) -> str:
    """Tells the rows of one hypothesis apart, also after the next ranking."""
    return f"{getattr(item, 'kind', 'fact')}-{_name(item)}"


def _items(hypothesis: Hypothesis) -> list[Item]:
    """What it consists of: the facts for it, the facts against it, the adjustments; strongest first in each."""
    adjustments = sorted(
        (item for item in hypothesis.adjustments if abs(item.weight) >= LEAST_ADJUSTMENT),
        key=lambda item: -abs(item.weight),
    )
    return [*hypothesis.evidence_for, *hypothesis.evidence_against, *adjustments]


def _strongest(hypothesis: Hypothesis) -> list[Item]:
    """The facts that weigh most, in their order; a fact against it takes a place where it outweighs one for it."""
    items = [*hypothesis.evidence_for, *hypothesis.evidence_against]
    kept = sorted(items, key=lambda item: -abs(item.weight))[:SHOWN]
    return [item for item in items if item in kept]


def _below(hypothesis: Hypothesis, level: int) -> list[Row]:
    if level == CLOSED:
        return []
    items = _items(hypothesis)
    shown = items if level == ALL else _strongest(hypothesis)
    rows = [Row(f"{hypothesis.id}/{_key(item)}", "item") for item in shown]
    if len(shown) < len(items) and level == STRONGEST:
        rows.append(Row(hypothesis.id, "more"))
    if hypothesis.note:
        rows.append(Row(hypothesis.id, "note"))
    return rows
