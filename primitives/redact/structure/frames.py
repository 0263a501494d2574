"""What the readers of structure make of a text: frames of entries, whose values are places in the text.

A frame is an object of JSON, a list, an element of XML, a row of a table, a block of YAML: whatever the notation, one
set of rules decides which of its values are secret.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Entry", "Frame", "Leaf", "Span"]

Span = tuple[int, int]


class Leaf(NamedTuple):
    """A plain value: its place in the text, without its quotes."""

    start: int
    end: int
    quoted: bool = False


class Frame:
    """A value that has entries. `key` is the name it has in the frame around it, `labels` the words before it."""

    __slots__ = ("entries", "key", "labels", "style")

    def __init__(self, key: str = "", style: str = "", labels: tuple[str, ...] = ()) -> None:
        self.key = key
        self.style = style
        self.labels = labels
        self.entries: list[Entry] = []


Entry = tuple[str, Leaf | Frame]
