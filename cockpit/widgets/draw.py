"""Drawing of text lines: styled parts, fitted to a width in cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from primitives.dataclass import dataclass
from primitives.quantities import bound, unbound
from primitives.text import ELLIPSIS, safe_line

if TYPE_CHECKING:
    from themes import Palette

__all__ = [
    "LATER_SIGN",
    "Line",
    "Part",
    "Styles",
    "bar",
    "cells",
    "cut",
    "cut_around",
    "cut_middle",
    "dimmed",
    "draw",
    "plain",
    "sanitised",
    "wrap",
]

Part = tuple[str, str]
"""Words and their style: a role of the palette, then any of `bold`, `reverse`, `strike`, such as `bad bold`."""

LEAST_BOTH = 9
"""Cells from which on both ends of a text say something."""
LEAST_NAMED = 20
"""Cells of a name that is cut for the words around it: of fewer it would be taken for another one's."""

_BLOCKS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: parts from the left, and parts that end at the right edge and are never cut."""

    left: Sequence[Part] = ()
    right: Sequence[Part] = ()


LATER_SIGN = "◌"
"""Stands for what had not happened yet at the time cursor."""


def dimmed(line: Line) -> Line:
    """The line as it is drawn when the time cursor is before it: dim, with a sign of its own in front."""
    (first, spec), *rest = line.left or [("", "dim")]
    if len(first.strip()) == 1:
        left = [(f"{first[:1]}{LATER_SIGN}{first[2:]}", "dim"), *((text, _dim(each)) for text, each in rest)]
    else:
        left = [(f"{LATER_SIGN} ", "dim"), (first, _dim(spec)), *rest]
    return Line(left, [(text, _dim(each)) for text, each in line.right])


def _dim(spec: str) -> str:
    return " ".join(["dim", *(word for word in spec.split()[1:] if word == "strike")])


class Styles:
    """The styles of one palette."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._known: dict[tuple[str, str], Style] = {}

    def blank(self, width: int, ground: str = "ground") -> Strip:
        """An empty line."""
        return Strip.blank(width, self.style("text", ground))

    def style(self, spec: str, ground: str = "ground") -> Style:
        """The style that `spec` names, on the palette's colour `ground`."""
        known = self._known.get((spec, ground))
        if known is None:
            role, *words = spec.split()
            known = Style(
                color=getattr(self.palette, role),
                bgcolor=getattr(self.palette, ground),
                bold="bold" in words or None,
                reverse="reverse" in words or None,
                strike="strike" in words or None,
            )
            self._known[spec, ground] = known
        return known


def sanitised(text: object, limit: int = 500) -> str:
    """Outside text as one safe line."""
    return safe_line(str(text), limit=limit)


def cells(text: str) -> int:
    """How many cells `text` takes on the screen."""
    return cell_len(text)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; what is cut ends in `…`."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width > 0 else ""


def cut_middle(text: str, width: int, *, head: float = 0.4) -> str:
    """`text` in at most `width` cells without a part of its middle: of what is left `head` is its beginning.

    A name is told apart by its end, and a sentence often says at its end what went on.
    """
    if cells(text) <= width:
        return text
    if width < LEAST_BOTH or cells(text) != len(text):
        return cut(text, width)  # of wide letters no two halves can be counted
    begin = int((width - 1) * head)
    return f"{text[:begin].rstrip()}{ELLIPSIS}{text[len(text) - (width - 1 - begin) :]}"


def cut_around(text: str, name: str, width: int) -> str:
    """`text` in at most `width` cells: the `name` in it is cut before the words that say what happened to it."""
    over = cells(text) - width
    if over > 0 and name and name in text:
        text = text.replace(name, cut_middle(name, max(cells(name) - over, min(LEAST_NAMED, cells(name)))), 1)
    return cut(text, width)


def plain(parts: Iterable[Part]) -> str:
    """The words alone."""
    return "".join(text for text, _ in parts)


def bar(share: float, width: int) -> str:
    """A bar of `share` (0 to 1) of `width` cells, to an eighth of a cell, without what stays empty."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_BLOCKS[rest] if rest else "")


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken between words where that is possible but not in quantities."""
    lines: list[str] = []
    line = ""
    for word in bound(text).split(" "):
        candidate = f"{line} {word}" if line else word
        if cell_len(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        rest = word
        while cell_len(rest) > width > 0:
            head = set_cell_size(rest, width).rstrip()
            lines.append(head)
            rest = rest[max(len(head), 1) :]
        line = rest
    return [unbound(text) for text in ([*lines, line] if line or not lines else lines)]


def draw(line: Line, width: int, styles: Styles, ground: str = "ground") -> Strip:
    """The line in exactly `width` cells: the right parts at the right edge, the left ones cut where they must be."""
    right_width = sum(cell_len(text) for text, _ in line.right)
    room = width - right_width - (1 if line.right else 0)
    segments: list[Segment] = []
    used = 0
    for text, spec in line.left:
        length = cell_len(text)
        fits = used + length <= room
        shown = text if fits else cut(text, room - used)
        segments.append(Segment(shown, styles.style(spec, ground)))
        used += length if fits else cell_len(shown)
        if not fits:
            break
    segments.append(Segment(" " * (width - right_width - used), styles.style("text", ground)))
    segments.extend(Segment(text, styles.style(spec, ground)) for text, spec in line.right)
    return Strip(segments).adjust_cell_length(width, styles.style("text", ground))
