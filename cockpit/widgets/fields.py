"""A label and its text, as lines of a detail."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.widgets.draw import Line, cells, wrap

__all__ = ["fields"]

LABEL_WIDTH = 11


def fields(label: str, text: str, width: int, role: str = "text") -> Iterator[Line]:
    """A label and its text, in as many lines as it takes; a long label moves its text to the right."""
    size = max(LABEL_WIDTH, cells(label) + 1)
    for number, line in enumerate(wrap(text, max(width - size - 2, 10)) or [""]):
        yield Line([(f" {label if number == 0 else '':<{size}}", "dim"), (line, role)])
