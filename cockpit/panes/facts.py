"""Facts: what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.facts import FactsPane

    return FactsPane


PANE = PaneSpec(
    id="facts",
    title="Facts",
    key="1",
    place="left",
    order=1,
    size=Size(14),
    load_widget=_widget,
    subjects=("fact",),
    key_words="facts (again: plan)",
)
