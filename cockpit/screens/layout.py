"""Which panes are seen, and how: two columns, one column with the others folded, one pane alone, or only a sentence."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from cockpit.panes import pane_specs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from textual.screen import Screen

    from cockpit.panes import PaneSpec
    from cockpit.widgets.pane import Pane

__all__ = [
    "ABOVE",
    "ANSWER_LINES",
    "ANSWER_LINES_IN_COLUMN",
    "FIRST_FOCUS",
    "MIN_HEIGHT",
    "MIN_WIDTH",
    "Arrangement",
    "Box",
    "arrange",
    "arrangement",
    "boxes",
    "is_too_small",
    "pane_css",
    "split_width",
]

Arrangement = Literal["too-small", "wide", "column", "stack", "full"]

MIN_WIDTH, MIN_HEIGHT = 60, 20
HEADER_LINES = 2
ANSWER_LINES, ANSWER_LINES_IN_COLUMN = 6, 4
"""The answer's lines, borders included, in two columns and in one."""
ABOVE = HEADER_LINES + ANSWER_LINES
FIRST_FOCUS = "hypotheses"
"""The pane that has the focus at first."""
WIDE_WIDTH, WIDE_HEIGHT = 100, 30
TALL_HEIGHT = 48
"""Lines from which on three actions are shown with their commands whole."""
STACK_HEIGHT = 48
"""Lines from which on a narrow terminal shows the panes one below the other instead of folding them."""
LEFT_SHARE, LEFT_MIN, LEFT_MAX = 0.44, 42, 90


class Box(NamedTuple):
    """A pane's place on the screen, in cells."""

    spec: PaneSpec
    left: int
    top: int
    width: int
    height: int


def is_too_small(width: int, height: int) -> bool:
    """Whether nothing but a sentence fits."""
    return width < MIN_WIDTH or height < MIN_HEIGHT


def arrangement(width: int, height: int, zoom: int) -> Arrangement:
    """What fits into the terminal, at this zoom (0 none, 1 one column, 2 one pane)."""
    if is_too_small(width, height):
        return "too-small"
    if zoom >= 2:
        return "full"
    if zoom == 0 and width < WIDE_WIDTH and height >= STACK_HEIGHT:
        return "stack"
    return "column" if zoom == 1 or width < WIDE_WIDTH or height < WIDE_HEIGHT else "wide"


def split_width(width: int) -> int:
    """The left column's width in two columns."""
    return max(LEFT_MIN, min(LEFT_MAX, int(width * LEFT_SHARE)))


def bottom_lines(spec: PaneSpec, height: int) -> int:
    """The lines of a pane at the bottom in two columns, borders included."""
    size = spec.size
    if height >= TALL_HEIGHT and size.tall is not None:
        return size.tall
    return size.normal


def boxes(specs: Sequence[PaneSpec], width: int, height: int) -> list[Box]:
    """Where each pane is in two columns, between the header and the answer, and a footer of one line."""
    specs = [spec for spec in specs if height >= TALL_HEIGHT or not spec.tall_only]
    bottom = [(spec, bottom_lines(spec, height)) for spec in specs if spec.place == "bottom"]
    upper = height - ABOVE - 1 - sum(lines for _, lines in bottom)
    left = split_width(width)
    columns = ("left", 0, left), ("right", left, width - left)
    placed = [box for place, edge, size in columns for box in _column(specs, place, (edge, size), upper, height)]
    top = ABOVE + upper
    for spec, lines in bottom:
        placed.append(Box(spec, 0, top, width, lines))
        top += lines
    return placed


def _column(specs: Sequence[PaneSpec], place: str, across: tuple[int, int], lines: int, height: int) -> Iterator[Box]:
    here = [spec for spec in specs if spec.place == place]
    parts = [spec.size.tall if height >= TALL_HEIGHT and spec.size.tall else spec.size.normal for spec in here]
    edges = [0, *(int(lines * sum(parts[: at + 1]) / sum(parts)) for at in range(len(parts)))]
    for spec, (top, bottom) in zip(here, pairwise(edges), strict=True):
        yield Box(spec, across[0], ABOVE + top, across[1], bottom - top)


def pane_css(specs: Sequence[PaneSpec]) -> str:
    """The panes' heights in two columns, as rules of the stylesheet."""
    rules: list[str] = []
    for spec in specs:
        unit, size = "" if spec.place == "bottom" else "fr", spec.size
        sizes = {"": size.normal, ".-replay": size.replay, ".-tall": size.tall}
        rules += [f".-wide{name} #{spec.id} {{ height: {lines}{unit}; }}" for name, lines in sizes.items() if lines]
    return "\n".join(rules)


@cache
def sharing_keys() -> frozenset[str]:
    """The ids of the panes that take turns with one that needs a tall terminal."""
    keys = {spec.key for spec in pane_specs() if spec.tall_only}
    return frozenset(spec.id for spec in pane_specs() if spec.key in keys)


def arrange(
    screen: Screen[None], panes: Sequence[Pane], current: Pane, how: Arrangement, *, hidden: Collection[Pane]
) -> None:
    """Show the panes in the arrangement `how`; those `hidden` are left out in one column."""
    tall = screen.size.height >= TALL_HEIGHT
    sharing = sharing_keys()
    for name in ("too-small", "wide", "column", "stack", "full"):
        screen.set_class(name == how, f"-{name}")
    screen.set_class(tall, "-tall")
    # The first screen shows what to do next whole; a pane that somebody went to has the room.
    screen.set_class(current.id == FIRST_FOCUS, "-answering")
    for pane in panes:
        alone = how in ("column", "stack") or (how == "wide" and not tall and pane.id in sharing)
        pane.display = pane is current if how == "full" else not alone or pane not in hidden
        pane.fold(how == "column" and pane is not current)
    screen.query_one("#left").styles.width = split_width(screen.size.width) if how == "wide" else "100%"
    for name in ("upper", "left", "right"):
        container = screen.query_one(f"#{name}")
        here = container in current.ancestors
        container.set_class(here, "-here")
        container.set_class(not here, "-rest")
        container.display = how != "full" or here
