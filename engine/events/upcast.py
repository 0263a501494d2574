"""Converts bodies of older versions when they are read.

A body's shape changes only together with its `version`. Anyone who raises a version adds the function that converts a
document of the version before; the golden logs (`tests/golden`) must still fold to the same state. This is also true
when a model inside a body changes (a hypothesis, an action): a default that is filled in changes the bytes, and the
chain's hashes cover the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["upcast"]

Document = dict[str, Any]
Upcaster = Callable[[Document], Document]


def _same(document: Document) -> Document:
    """The newer version only added fields, whose defaults mean what the older version meant."""
    return document


def _on_the_investigations_clock(document: Document) -> Document:
    return {**document, "clock": "investigation"}


UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {
    ("conclusion_reached", 1): _same,
    ("fact_added", 1): _on_the_investigations_clock,
    ("fact_judged", 1): _on_the_investigations_clock,
}
"""By a body's type and its old version: the function that makes a document of the next version."""


def upcast(document: Document, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> Document:
    """Bring an old body's document to the newest version of its type, one version at a time."""
    while isinstance(version := document.get("version", 1), int):
        step = upcasters.get((str(document.get("type")), version))
        if step is None:
            break
        document = {**step(document), "version": version + 1}
    return document
