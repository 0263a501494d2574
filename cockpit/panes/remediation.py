"""Remediation: what could be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.panes import PaneSpec, Size

if TYPE_CHECKING:
    from cockpit.widgets.pane import Pane

__all__ = ["PANE"]


def _widget() -> type[Pane]:
    from cockpit.widgets.remediation import RemediationPane

    return RemediationPane


PANE = PaneSpec(
    id="remediation",
    title="Remediation",
    key="5",
    place="bottom",
    order=2,
    size=Size(5, tall=8),
    load_widget=_widget,
    subjects=("action",),
)
