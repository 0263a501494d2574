"""Timeline: what happened when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.timeline import TimelinePane

    return TimelinePane


PANE = PaneSpec(
    id="timeline",
    title="Timeline",
    key="4",
    place="bottom",
    order=1,
    size=Size(4, replay=5),
    load_widget=_widget,
    moves_time=True,
)
