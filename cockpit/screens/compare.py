"""Two moments of a replay side by side: what came between them, and what is believed in each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cockpit.screens.prompts import CLOSING, Modal, Prompt
from cockpit.widgets.draw import Line, Part, Styles, cut, sanitised
from cockpit.widgets.words import percent
from primitives.quantities import counted

if TYPE_CHECKING:
    from engine.incident import IncidentState
    from primitives.display_names import NameOf

__all__ = ["Moment", "MomentsPrompt", "differences"]

FACTS_SHOWN = 200
CHANGED = 0.005
"""Confidences closer than this are the same on the screen."""


class Moment(NamedTuple):
    """A state, and after how many events it was."""

    seq: int
    state: IncidentState


def differences(first: IncidentState, second: IncidentState, width: int, names: NameOf) -> Iterator[Line]:
    """The causes with their confidence then and later, and the facts that only the later one has."""
    yield Line([(" Causes", "text bold")])
    before = {known.id: known for known in first.hypotheses}
    after = {known.id: known for known in second.hypotheses}
    for name, known in {**before, **after}.items():
        was = percent(before[name].confidence) if name in before else "–"
        now = percent(after[name].confidence) if name in after else "–"
        same = name in before and name in after and abs(before[name].confidence - after[name].confidence) < CHANGED
        right: list[Part] = [(f"{was:>6} → {now:>6} ", "dim" if same else "text bold")]
        cause = cut(sanitised(known.cause), width - 24)
        yield Line([(f" {name:<4}", "dim"), (cause, "dim" if same else "text")], right)
    new = [fact for key, fact in second.facts.items() if key not in first.facts]
    judged = len(second.judgements) - len(first.judgements)
    yield Line()
    over = len(second.past_facts.keys() - first.past_facts.keys())
    past = f", {over} past" if over else ""
    yield Line([(f" {counted(len(new), 'new fact')}{past}, {counted(judged, 'new judgement')}", "text bold")])
    for fact in new[:FACTS_SHOWN]:
        yield Line([(f" {fact.id:<5}", "dim"), (sanitised(fact.fact.sentence(names)), "text")])
    if len(new) > FACTS_SHOWN:
        yield Line([(f" and {len(new) - FACTS_SHOWN} more", "dim")])


class MomentsPrompt(Modal):
    """The comparison, the earlier moment first."""

    BINDINGS: ClassVar[list[Any]] = [*CLOSING]

    def __init__(self, first: Moment, second: Moment, names: NameOf, styles: Styles) -> None:
        super().__init__()
        self._first, self._second = sorted((first, second), key=lambda moment: moment.seq)
        self._names = names
        self._styles = styles

    def prompt(self) -> Prompt:
        title = f"EVENT {self._first.seq} → EVENT {self._second.seq}"
        return Prompt(self._lines, self._styles, title, "j k scroll · Esc back")

    def _lines(self, width: int) -> list[Line]:
        return list(differences(self._first.state, self._second.state, width, self._names))
