"""The panes of the incident screen: one module each, found by itself.

A module `NAME.py` holds a `PaneSpec` called `PANE`. From it come the pane's place on the screen, its key, its line in
the help and in docs/keys.md. The first frame is drawn from these modules, so each imports its widget only in
`load_widget`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Literal

from primitives.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.widgets.draw import Styles
    from cockpit.widgets.pane import Pane
    from cockpit.widgets.view import View

__all__ = ["PLACES", "PaneSpec", "Place", "Size", "pane_specs"]

Place = Literal["left", "right", "bottom"]
PLACES: tuple[Place, ...] = ("left", "right", "bottom")
"""The left and the right column, and the full width below both; Tab goes through them in this order."""


@dataclass(frozen=True, slots=True)
class Size:
    """How high a pane is in two columns.

    In a column these are parts of the column's height; at the bottom they are lines, borders included. `tall` replaces
    `normal` in a terminal with many lines (`cockpit.screens.layout`), `replay` in a replay.
    """

    normal: int
    tall: int | None = None
    replay: int | None = None


@dataclass(frozen=True, slots=True)
class PaneSpec:
    """A pane: `id` names its widget, `title` is in its border, `key` gives it the focus.

    Panes with one key take turns: the key goes to the first of them, pressed again to the next, and in one column only
    one of them is shown. `order` sorts the panes of a place from the top. `subjects` are the kinds of `Subject` that
    the pane lists. A pane that `follows` shows what the cursor of another pane is on. Where `moves_time` holds, h and l
    move the time cursor. A pane that is `tall_only` takes turns with the others of its key also in two columns, unless
    the terminal has many lines. `key_words` describe the key in the help; the title does by default.
    """

    id: str
    title: str
    key: str
    place: Place
    order: int
    size: Size
    load_widget: Callable[[], type[Pane]]
    subjects: tuple[str, ...] = ()
    follows: bool = False
    moves_time: bool = False
    key_words: str = ""
    tall_only: bool = False

    @property
    def number(self) -> str:
        """What stands before the title: the key, for the first of the panes that share it."""
        return self.key if next(spec for spec in pane_specs() if spec.key == self.key) is self else ""

    def build(self, view: View, styles: Styles) -> Pane:
        """Make the widget."""
        pane = self.load_widget()(view, styles, id=self.id)
        pane.number, pane.pane_title = self.number, self.title
        return pane


@cache
def pane_specs() -> tuple[PaneSpec, ...]:
    """Every pane: the left column from the top, the right column, the bottom."""
    specs: list[PaneSpec] = [
        importlib.import_module(f"{__name__}.{module.name}").PANE for module in pkgutil.iter_modules(__path__)
    ]
    return tuple(sorted(specs, key=lambda spec: (PLACES.index(spec.place), spec.order, spec.id)))
