"""Which panes are seen, and how: two columns, one column with the others folded, one pane alone, or only a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.screen import Screen

    from cockpit.widgets.pane import Pane

__all__ = [
    "MIN_HEIGHT",
    "MIN_WIDTH",
    "Arrangement",
    "arrange",
    "arrangement",
    "heights",
    "is_too_small",
    "split_width",
]

Arrangement = Literal["too-small", "wide", "column", "full"]

MIN_WIDTH, MIN_HEIGHT = 60, 20
WIDE_WIDTH, WIDE_HEIGHT = 100, 30
ROOMY_HEIGHT, TALL_HEIGHT = 36, 48
"""Lines from which on two actions, and three, are shown with their commands whole."""
LEFT_SHARE, LEFT_MIN, LEFT_MAX = 0.41, 42, 84


def is_too_small(width: int, height: int) -> bool:
    """Whether nothing but a sentence fits."""
    return width < MIN_WIDTH or height < MIN_HEIGHT


def arrangement(width: int, height: int, zoom: int) -> Arrangement:
    """What fits into the terminal, at this zoom (0 none, 1 one column, 2 one pane)."""
    if is_too_small(width, height):
        return "too-small"
    if zoom >= 2:
        return "full"
    return "column" if zoom == 1 or width < WIDE_WIDTH or height < WIDE_HEIGHT else "wide"


def split_width(width: int) -> int:
    """The left column's width in two columns."""
    return max(LEFT_MIN, min(LEFT_MAX, int(width * LEFT_SHARE)))


def heights(height: int, *, replay: bool = False) -> tuple[int, int, int]:
    """The lines of the two columns, of the timeline and of the remediation pane, borders included."""
    timeline, remediation = (5 if replay else 4), (8 if height >= TALL_HEIGHT else 6 if height >= ROOMY_HEIGHT else 5)
    return height - 3 - timeline - remediation, timeline, remediation


def arrange(screen: Screen[None], panes: Sequence[Pane], current: Pane, how: Arrangement, *, hidden: Pane) -> None:
    """Show the panes in the arrangement `how`; `hidden` is the one of plan and facts that one column leaves out."""
    for name in ("too-small", "wide", "column", "full"):
        screen.set_class(name == how, f"-{name}")
    screen.set_class(screen.size.height >= ROOMY_HEIGHT, "-roomy")
    screen.set_class(screen.size.height >= TALL_HEIGHT, "-tall")
    for pane in panes:
        pane.display = pane is current if how == "full" else how != "column" or pane is not hidden
        pane.fold(how == "column" and pane is not current)
    screen.query_one("#left").styles.width = split_width(screen.size.width) if how == "wide" else "100%"
    for name in ("upper", "left", "right"):
        container = screen.query_one(f"#{name}")
        here = container in current.ancestors
        container.set_class(here, "-here")
        container.set_class(not here, "-rest")
        container.display = how != "full" or here
