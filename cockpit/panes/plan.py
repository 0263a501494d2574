"""Plan: the steps, what each does, and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.plan import PlanPane

    return PlanPane


PANE = PaneSpec(
    id="plan",
    title="Plan",
    key="1",
    place="left",
    order=2,
    size=Size(5),
    load_widget=_widget,
    subjects=("step",),
)
