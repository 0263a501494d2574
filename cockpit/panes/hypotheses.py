"""Hypotheses: what is believed, and how sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.hypotheses import HypothesesPane

    return HypothesesPane


PANE = PaneSpec(
    id="hypotheses",
    title="Hypotheses",
    key="2",
    place="right",
    order=2,
    size=Size(5, tall=11),
    load_widget=_widget,
    subjects=("hypothesis",),
)
