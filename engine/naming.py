"""Display names for the resources in an incident's state."""

from __future__ import annotations

from collections.abc import Iterable

from engine.events import IncidentOpened
from engine.incident import FoundFact, IncidentState
from primitives.display_names import DisplayNames
from primitives.identity import parse_id

__all__ = ["NamesOfState", "display_names", "names_of_facts"]


def display_names(state: IncidentState) -> DisplayNames:
    """The display names of all resources in the state."""
    return names_of_facts(state.opened, state.facts.values())


def names_of_facts(opened: IncidentOpened | None, facts: Iterable[FoundFact]) -> DisplayNames:
    """The display names of the resources that the opening and `facts` name."""
    names = DisplayNames()
    _add_opened(names, opened)
    _add_facts(names, facts)
    return names


class NamesOfState:
    """The display names of a growing state; each fact is read once. For code that shows one log at any position."""

    def __init__(self) -> None:
        self._names = DisplayNames()
        self._execution = ""
        self._read: list[FoundFact] = []

    def of(self, state: IncidentState) -> DisplayNames:
        """The display names of `state`."""
        if not self._continues(state):
            self._names, self._read, self._execution = DisplayNames(), [], state.execution_id
            _add_opened(self._names, state.opened)
        if len(state.facts) > len(self._read):
            new = state.facts_after(len(self._read))
            _add_facts(self._names, new)
            self._read += new
        return self._names

    def _continues(self, state: IncidentState) -> bool:
        """Whether the facts that were read are the first ones of `state`: facts only ever join a log."""
        if not self._read or state.execution_id != self._execution or len(state.facts) < len(self._read):
            return False
        last = self._read[-1]
        return state.facts.get(last.id) is last or state.facts.get(last.id) == last


def _add_opened(names: DisplayNames, opened: IncidentOpened | None) -> None:
    if opened is None:
        return
    named = [opened.symptom.resource] if opened.symptom is not None else []
    for resource in (*named, *opened.focus):
        # A short name may be what a person or an alarm calls a resource that the facts know by a longer one.
        if parse_id(resource).short != resource:
            names.add(resource)


def _add_facts(names: DisplayNames, facts: Iterable[FoundFact]) -> None:
    for entry in facts:
        names.add_all(entry.fact.named_resources())
