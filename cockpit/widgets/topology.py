"""The topology around the leading cause as a small tree: callers above, what it calls below, each with its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cockpit.widgets.draw import Line, Part, sanitised
from cockpit.widgets.rows import Row, RowPane
from cockpit.widgets.view import Subject
from cockpit.widgets.words import direction_sign, levels
from primitives.quantities import counted, times

if TYPE_CHECKING:
    from engine.incident import IncidentState
    from primitives.facts import Fact

__all__ = ["Node", "TopologyPane", "state_of", "tree_around"]

CALLERS, CALLED, DEPTH = 4, 12, 2
"""Callers and called ones that are listed of a resource, and how many levels below the cause."""


FELT = ("latency", "errors")
"""The kinds of metrics that whoever calls a resource feels: they are told before all others."""


class Node(NamedTuple):
    """A resource with what is drawn before its name."""

    resource: str
    branch: str


class TopologyPane(RowPane):
    """A line a resource; Enter opens what is known of it."""

    empty = "no dependencies are known"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made: tuple[object, list[Row]] = (None, [])
        self._branches: dict[str, str] = {}
        self._about: dict[str, list[Fact]] = {}

    def rows(self) -> Sequence[Row]:
        state = self.view.state
        if state is None:
            return ()
        centre = self._centre(state)
        key = (state.execution_id, state.facts_version, centre)
        if key != self._made[0]:
            nodes = tree_around(centre, _edges(state)) if centre is not None else []
            self._branches = {node.resource: node.branch for node in nodes}
            self._about = {node.resource: [] for node in nodes}
            for known in state.current_facts:
                if known.fact.resource in self._about:
                    self._about[known.fact.resource].append(known.fact)
            self._made = (key, [Row(node.resource) for node in nodes])
        return self._made[1]

    def _centre(self, state: IncidentState) -> str | None:
        if state.hypotheses and state.hypotheses[0].resource is not None:
            return state.hypotheses[0].resource
        symptom = state.opened.symptom if state.opened is not None else None
        return symptom.resource if symptom is not None else None

    def subject_of(self, key: str) -> Subject:
        return Subject("resource", key)

    def line(self, row: Row, width: int, *, selected: bool) -> Line:
        del width
        state = self.view.state
        assert state is not None
        facts = [fact for fact in self._about.get(row.key, []) if not self.view.is_later(getattr(fact, "onset", None))]
        sign, words, role = state_of(facts)
        centre = row.key == self._centre(state)
        name = sanitised(self.view.names(row.key))
        parts: list[Part] = [(f" {self._branches.get(row.key, '')}", "faint"), (f"{sign} ", role)]
        return Line([*parts, (name, "text bold" if centre or selected else "text")], [(f"{words} ", role)])

    def footing(self) -> str:
        count = len(self.rows())
        return f"{counted(count, 'resource')} · Enter: what is known of it" if count else ""

    def summary(self) -> Line:
        return Line([(f"{counted(len(self.rows()), 'resource')} around the cause", "dim")])


def _edges(state: IncidentState) -> list[tuple[str, str]]:
    edges: dict[tuple[str, str], None] = {}
    for known in state.current_facts:
        if known.fact.type == "dependencies":
            edges |= {(source, target): None for source, target, kind in known.fact.edges if kind != "owns"}
    return list(edges)


def tree_around(centre: str, edges: Iterable[tuple[str, str]]) -> list[Node]:
    """The callers of `centre`, itself, and what it calls; each resource once, and no more than a person reads."""
    calls: dict[str, list[str]] = {}
    callers: list[str] = []
    for source, target in edges:
        calls.setdefault(source, []).append(target)
        if target == centre and source != centre:
            callers.append(source)
    if not callers and centre not in calls:
        return []
    shown = {centre, *callers[:CALLERS]}
    nodes = [Node(caller, "") for caller in callers[:CALLERS]]
    nodes.append(Node(centre, "└▸ " if callers else ""))
    return [*nodes, *_below(centre, calls, shown, "   " if callers else "", DEPTH)]


def _below(source: str, calls: dict[str, list[str]], shown: set[str], indent: str, depth: int) -> list[Node]:
    targets = [target for target in dict.fromkeys(calls.get(source, ())) if target not in shown][:CALLED]
    shown |= set(targets)
    nodes: list[Node] = []
    for number, target in enumerate(targets, 1):
        last = number == len(targets)
        nodes.append(Node(target, f"{indent}{'└▸ ' if last else '├▸ '}"))
        if depth > 1:
            nodes += _below(target, calls, shown, f"{indent}{'   ' if last else '│  '}", depth - 1)
    return nodes


def state_of(facts: Sequence[Fact]) -> tuple[str, str, str]:
    """Sign, words and colour: what is worst of a resource, or that it is calm, or that nothing is known of it."""
    shifts = [fact for fact in facts if fact.type == "metric_shift" and fact.polarity == "present" and fact.worse]
    if shifts:
        worst = max(shifts, key=lambda fact: (fact.kind in FELT, abs(fact.score)))
        before, during = levels(worst)
        factor = times(worst.baseline, worst.current).strip(" ()").replace(" times", "")
        more = f" ×{factor}" if factor and not factor.endswith("%") else ""
        return direction_sign(worst), f"{sanitised(worst.metric.replace('_', ' '))} {before} → {during}{more}", "bad"
    if any(fact.type in ("metric_at_limit", "workload_state") and fact.polarity == "present" for fact in facts):
        return "✗", "at its limit or unhealthy", "bad"
    if any(fact.polarity != "unknown" for fact in facts):
        return "·", "calm", "good"
    return "?", "not looked at", "dim"
