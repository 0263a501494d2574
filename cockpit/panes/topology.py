"""Topology: who calls whom around the leading cause, who is slow, who is calm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.topology import TopologyPane

    return TopologyPane


PANE = PaneSpec(
    id="topology",
    title="Topology",
    key="3",
    place="right",
    order=2,
    size=Size(6),
    load_widget=_widget,
    tall_only=True,
)
