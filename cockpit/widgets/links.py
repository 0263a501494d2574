"""The ids in a text (F36, H8, S3, A1, N2) as links: which of them are known, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from cockpit.widgets.draw import Line, Part
from cockpit.widgets.view import Subject
from primitives.patterns import lazy_pattern

if TYPE_CHECKING:
    from engine.incident import IncidentState

__all__ = ["Links", "subject_of_id"]

_ID = lazy_pattern(r"\b(?:[FHSAN]\d{1,7}|A-[0-9a-f]{8})\b")


def subject_of_id(state: IncidentState, name: str) -> Subject | None:
    """What an id of an incident stands for; None where it knows none of that name."""
    if name in state.facts:
        return Subject("fact", name)
    if name in state.steps:
        return Subject("step", name)
    if name in state.notes:
        return Subject("note", name)
    if state.hypothesis(name) is not None:
        return Subject("hypothesis", name)
    return Subject("action", name) if any(action.id == name for action in state.actions) else None


class Links:
    """The links of a text that is drawn line by line; `chosen` is the id that Enter opens."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.chosen = ""

    def marked(self, lines: Iterable[Line], own: str, known: Callable[[str], bool]) -> list[Line]:
        """The lines with the ids in them marked; `own` is the text's own id, which leads nowhere."""
        self.names = []
        marked = [Line(list(self._parts(line.left, own, known)), line.right) for line in lines]
        if self.chosen not in self.names:
            self.chosen = ""
        if not self.chosen:
            return marked
        return [Line([_chosen(part, self.chosen) for part in line.left], line.right) for line in marked]

    def _parts(self, parts: Iterable[Part], own: str, known: Callable[[str], bool]) -> Iterator[Part]:
        for text, spec in parts:
            at = 0
            for match in _ID.finditer(text):
                name = match[0]
                if name == own or not known(name):
                    continue
                if name not in self.names:
                    self.names.append(name)
                yield text[at : match.start()], spec
                yield name, "focus"
                at = match.end()
            yield text[at:], spec

    def move(self, by: int) -> None:
        """Choose the next link, or the one before, around the ends."""
        if not self.names:
            return
        at = self.names.index(self.chosen) + by if self.chosen in self.names else (0 if by > 0 else -1)
        self.chosen = self.names[at % len(self.names)]


def _chosen(part: Part, name: str) -> Part:
    return (part[0], "focus bold reverse") if part == (name, "focus") else part
