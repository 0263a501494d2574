"""Detail: everything about what the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.detail import DetailPane

    return DetailPane


PANE = PaneSpec(
    id="detail",
    title="Detail",
    key="3",
    place="right",
    order=1,
    size=Size(14, tall=15),
    load_widget=_widget,
    follows=True,
    moves_time=True,
)
